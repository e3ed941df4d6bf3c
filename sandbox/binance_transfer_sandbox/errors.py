"""
What the exchange says when it refuses.

One rule: every code and text that the sandbox sends stands here, worded as the vendor words it.
Source: https://developers.binance.com/docs/wallet/error-code, read 2026-01-15, unless a line says otherwise.
"""

from collections.abc import Iterable
from typing import Final

from binance_transfer_sandbox.wallets import Wallet


class ApiError(Exception):
    """A refusal: HTTP status, code, text, and headers that go with them. Nothing was executed."""

    def __init__(self, status: int, code: int, msg: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(status, code, msg)
        self.status = status
        self.code = code
        self.msg = msg
        self.headers = headers


def missing(name: str) -> ApiError:
    """Say that a parameter that must be there is not, or is empty."""
    return ApiError(400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def empty(name: str) -> ApiError:
    """Say that a parameter that may be left out was sent without a value."""
    return ApiError(400, -1105, f"Parameter '{name}' was empty.")


def illegal_characters(name: str, legal: str) -> ApiError:
    """Say that a number is not written as a number."""
    return ApiError(400, -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def invalid(name: str) -> ApiError:
    """Say that a parameter's value is none that this operation takes."""
    return ApiError(400, -1130, f"Data sent for parameter '{name}' is not valid.")


def unread(*, read: int, sent: int) -> ApiError:
    """Say that a parameter was sent that this operation does not know."""
    return ApiError(400, -1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.")


def duplicated() -> ApiError:
    """Say that a parameter stands twice in the same place."""
    return ApiError(400, -1101, "Duplicate values for a parameter detected.")


def bad_combination() -> ApiError:
    """Say that two parameters contradict each other."""
    return ApiError(400, -1128, "Combination of optional parameters invalid.")


def beyond_history() -> ApiError:
    """
    Say that a history query starts earlier than history reaches.

    The code was seen from the live exchange in 2026-08 (no page lists it); the text is the sandbox's own.
    """
    return ApiError(400, -5026, "History can be queried for the last 6 months only.")


def window_too_wide() -> ApiError:
    """Say that `recvWindow` is over the maximum."""
    return ApiError(400, -1131, "recvWindow must be less than 60000")


def too_late() -> ApiError:
    """Say that the request is older than its `recvWindow`."""
    return ApiError(400, -1021, "Timestamp for this request is outside of the recvWindow.")


def too_early() -> ApiError:
    """Say that the request comes from the future."""
    return ApiError(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")


def bad_signature() -> ApiError:
    """Say that the signature does not match the bytes that came, or that those are not percent-encoded."""
    return ApiError(400, -1022, "Signature for this request is not valid.")


def malformed_key() -> ApiError:
    """Say that the key header is missing or cannot be a key. Seen with HTTP 401."""
    return ApiError(401, -2014, "API-key format invalid.")


def unknown_key() -> ApiError:
    """Say that nobody has this key, or that it may not do this. Seen with HTTP 401."""
    return ApiError(401, -2015, "Invalid API-key, IP, or permissions for action.")


def not_authorized() -> ApiError:
    """Say that the key lacks the permission for universal transfers. Seen with HTTP 401."""
    return ApiError(401, -1002, "You are not authorized to execute this request.")


def method_not_supported(method: str, supported: Iterable[str]) -> ApiError:
    """Say that the path has no such method. The text was seen with -1000; status and `Allow` are assumed."""
    allow = ("Allow", ", ".join(sorted(supported)))
    return ApiError(405, -1000, f"Request method '{method}' not supported", (allow,))


def not_positive() -> ApiError:
    """Say that the amount is zero or less."""
    return ApiError(400, -5007, "Quantity must be greater than zero.")


def too_precise() -> ApiError:
    """Say that the amount has more than eight decimals."""
    return ApiError(400, -1111, "Precision is over the maximum defined for this asset.")


def unknown_asset() -> ApiError:
    """Say that the exchange lists no such asset."""
    return ApiError(400, -4018, "We don't have this asset.")


def unknown_symbol() -> ApiError:
    """Say that the exchange lists no such trading pair."""
    return ApiError(400, -1121, "Invalid symbol.")


def no_isolated_wallet() -> ApiError:
    """Say that the account has not opened isolated margin for this pair."""
    return ApiError(400, -3003, "Margin account does not exist.")


def not_of_this_pair() -> ApiError:
    """Say that the asset is not one of the two that this isolated wallet may hold."""
    return ApiError(400, -3027, "Not a valid margin asset.")


def same_wallet() -> ApiError:
    """Say that source and target are the same isolated wallet."""
    return ApiError(400, -3026, "Your input param is invalid.")


# Only -5013 was seen for this endpoint (no page lists it). That margin wallets answer in the words of the
# margin service is assumed.
_INSUFFICIENT: Final = {
    Wallet.CROSS_MARGIN: (-3020, "Transfer out amount exceeds max amount."),
    Wallet.ISOLATED_MARGIN: (-3020, "Transfer out amount exceeds max amount."),
    Wallet.PORTFOLIO_MARGIN: (-9000, "Your margin balance is insufficient"),
}


def insufficient(source: Wallet) -> ApiError:
    """Say that the paying wallet holds less than the amount."""
    code, msg = _INSUFFICIENT.get(source, (-5013, "Asset transfer failed: insufficient balance"))
    return ApiError(400, code, msg)


def too_much_weight(limit: int, retry_after_s: int) -> ApiError:
    """Say that the budget of this minute is spent."""
    return ApiError(
        429,
        -1003,
        f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
        (("Retry-After", str(retry_after_s)),),
    )


def banned(until_ms: int, retry_after_s: int) -> ApiError:
    """Say that the address went on after being told to stop."""
    return ApiError(
        418,
        -1003,
        f"Way too much request weight used; IP banned until {until_ms}. "
        "Please use WebSocket Streams for live updates to avoid bans.",
        (("Retry-After", str(retry_after_s)),),
    )


def backend_timeout(status: int) -> ApiError:
    """Say that the front does not know what the back end did. Unlike the others this may come after an execution."""
    return ApiError(
        status,
        -1007,
        "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
    )
