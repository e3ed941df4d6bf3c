"""
What python-binance does with the calls that come as JSON on standard input.

It and binance-connector both install a package `binance`, so each runs in an environment of its own.
"""

import json
import sys

from binance.client import Client  # type: ignore[import-not-found]  # only in that environment

job = json.load(sys.stdin)


class ClientOfSandbox(Client):  # type: ignore[misc]  # no types are known here
    """The client with another address, for which its constructor has no argument."""

    API_URL = job["base_url"] + "/api"
    MARGIN_API_URL = job["base_url"] + "/sapi"


names = {"api_key": "api_key", "secret": "api_secret", "private_key": "private_key"}
client = ClientOfSandbox(ping=False, **{names[name]: value for name, value in job["credentials"].items()})
answers = {
    "receipts": [client.make_universal_transfer(**transfer) for transfer in job["transfers"]],
    "pages": [client.query_universal_transfer_history(**query) for query in job["queries"]],
}
json.dump(answers, sys.stdout)
