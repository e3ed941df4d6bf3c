"""
The operations that the exchange has, and the answers of those that only tell something.

One rule: nothing here changes anything.
"""

from collections.abc import Mapping
from typing import Final, Literal

from attrs import frozen

from binance_transfer_sandbox import accounts, errors, parameters
from binance_transfer_sandbox.accounts import Account
from binance_transfer_sandbox.keys import ApiKey
from binance_transfer_sandbox.wire import HTML_TYPE, Answer, Request

OperationName = Literal["transfer", "history", "restrictions", "account", "wallet_balance", "time", "status"]
Budget = Literal["uid", "ip", "spot"]


@frozen
class Operation:
    """What an operation costs, out of which budget, and which parameters it reads."""

    name: OperationName
    weight: int
    budget: Budget
    parameters: frozenset[str]
    signed: bool = True


_SIGNING: Final = frozenset({"timestamp", "recvWindow"})
_SYMBOLS: Final = frozenset({"fromSymbol", "toSymbol"})

# The weights are the vendor's: each operation's page, and for /api the spot REST page. A transfer's is in `Limits` too.
OPERATIONS: Final[Mapping[tuple[str, str], Operation]] = {
    ("POST", "/sapi/v1/asset/transfer"): Operation(
        "transfer", 300, "uid", _SIGNING | _SYMBOLS | {"type", "asset", "amount"}
    ),
    ("GET", "/sapi/v1/asset/transfer"): Operation(
        "history", 1, "ip", _SIGNING | _SYMBOLS | {"type", "startTime", "endTime", "current", "size"}
    ),
    ("GET", "/sapi/v1/account/apiRestrictions"): Operation("restrictions", 1, "ip", _SIGNING),
    ("GET", "/sapi/v1/asset/wallet/balance"): Operation(
        "wallet_balance", 60, "ip", _SIGNING | {"quoteAsset", "needBalanceDetail"}
    ),
    ("GET", "/sapi/v1/system/status"): Operation("status", 1, "ip", frozenset(), signed=False),
    ("GET", "/api/v3/account"): Operation("account", 20, "spot", _SIGNING | {"omitZeroBalances"}),
    ("GET", "/api/v3/time"): Operation("time", 1, "spot", frozenset(), signed=False),
}
BY_NAME: Final[Mapping[OperationName, Operation]] = {operation.name: operation for operation in OPERATIONS.values()}

WEIGHT_HEADERS: Final[Mapping[Budget, str]] = {
    "uid": "X-SAPI-USED-UID-WEIGHT-1M",
    "ip": "X-SAPI-USED-IP-WEIGHT-1M",
    "spot": "X-MBX-USED-WEIGHT-1M",
}


def unknown(request: Request) -> Answer:
    """Answer a request for something that is not there: a 404 page, or 405 where only the method is wrong."""
    if supported := [method for method, path in OPERATIONS if path == request.path]:
        return Answer.of_error(errors.method_not_supported(request.method, supported))
    page = b"<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center></body></html>"
    return Answer(404, (HTML_TYPE,), page)


def restrictions(key: ApiKey | None) -> dict[str, object]:
    """Tell what a key may do; without one, everything that the sandbox knows of."""
    return {
        "ipRestrict": key is not None and key.ip_restricted,
        "createTime": 0 if key is None else key.create_time_ms,
        "enableReading": key is None or key.reading_enabled,
        "enableWithdrawals": False,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": False,
        "permitsUniversalTransfer": key is None or key.permits_universal_transfer,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": False,
        "enablePortfolioMarginTrading": False,
    }


def account(owner: Account, values: Mapping[str, str], server_ms: int) -> dict[str, object]:
    """Tell who owns the key and what is in the spot wallet."""
    omit_zero = parameters.boolean(values, "omitZeroBalances")
    assets = [asset for asset, amount in owner.wallets["spot"].items() if amount or not omit_zero]
    return {
        "canTrade": False,
        "canWithdraw": False,
        "canDeposit": True,
        "updateTime": server_ms,
        "accountType": "SPOT",
        "balances": [
            {
                "asset": asset,
                "free": accounts.text(owner.free("spot", asset)),
                "locked": accounts.text(owner.locked("spot", asset)),
            }
            for asset in assets
        ],
        "permissions": ["SPOT"],
        "uid": owner.uid,
    }


def system_status(*, maintenance: bool) -> dict[str, object]:
    """Tell whether the exchange runs normally."""
    return {"status": 1, "msg": "system_maintenance"} if maintenance else {"status": 0, "msg": "normal"}
