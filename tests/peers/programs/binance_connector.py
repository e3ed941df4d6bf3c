"""
What binance-connector does with the calls that come as JSON on standard input.

It and python-binance both install a package `binance`, so each runs in an environment of its own.
"""

import json
import sys

from binance.spot import Spot  # type: ignore[import-not-found]  # only in that environment

job = json.load(sys.stdin)
names = {"api_key": "api_key", "secret": "api_secret", "private_key": "private_key"}
client = Spot(base_url=job["base_url"], **{names[name]: value for name, value in job["credentials"].items()})
answers = {
    "receipts": [client.user_universal_transfer(**transfer) for transfer in job["transfers"]],
    "pages": [client.user_universal_transfer_history(**query) for query in job["queries"]],
}
json.dump(answers, sys.stdout)
