# Generated from spec/openapi.yaml and spec/error_codes.yaml by `python -m generator generate` (make generate).
# Do not edit: change the spec or generator/templates/ and generate again.
"""What each error code of the vendor says about a transfer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

Outcome = Literal["rejected", "unknown"]
Basis = Literal["vendor", "judgement", "observed"]
Kind = Literal["permission", "rate-limit", "clock", "balance"]


class ErrorCode(NamedTuple):
    """
    One code.

    ``outcome`` is "rejected" where nothing moved and "unknown" where nobody can say; ``only_messages``, if any, are
    the texts that this holds for. ``always`` marks a code that is unknown under every HTTP status. ``basis`` tells
    whether the vendor says so, users observed it, or it is judgement. ``kind`` groups what a caller can do about it.
    """

    code: int
    name: str | None
    meaning: str
    outcome: Outcome
    basis: Basis
    kind: Kind | None = None
    always: bool = False
    only_messages: tuple[str, ...] = ()


ERROR_CODES: Final[Mapping[int, ErrorCode]] = MappingProxyType(
    {
        -1000: ErrorCode(
            -1000,
            "UNKNOWN",
            "Something went wrong inside while the request was being processed.",
            "unknown",
            "judgement",
            always=True,
        ),
        -1001: ErrorCode(
            -1001,
            "DISCONNECTED",
            "The exchange lost an internal connection; how far the request got is open.",
            "unknown",
            "judgement",
            always=True,
        ),
        -1002: ErrorCode(
            -1002,
            "UNAUTHORIZED",
            "The key may not do this; also seen when the universal-transfer permission is missing.",
            "rejected",
            "judgement",
            kind="permission",
        ),
        -1003: ErrorCode(
            -1003,
            "TOO_MANY_REQUESTS",
            "The request or weight limit is used up, or the address is banned.",
            "rejected",
            "judgement",
            kind="rate-limit",
        ),
        -1004: ErrorCode(
            -1004, "SERVER_BUSY", "The server is too busy; whether it had begun is not said.", "unknown", "judgement"
        ),
        -1006: ErrorCode(
            -1006,
            "UNEXPECTED_RESP",
            "The message bus gave an unexpected answer; execution status unknown.",
            "unknown",
            "vendor",
            always=True,
        ),
        -1007: ErrorCode(
            -1007,
            "TIMEOUT",
            "The backend did not answer in time; execution status unknown.",
            "unknown",
            "vendor",
            always=True,
        ),
        -1008: ErrorCode(
            -1008, "SERVER_BUSY", "The server is overloaded; whether it had begun is not said.", "unknown", "judgement"
        ),
        -1015: ErrorCode(-1015, "TOO_MANY_ORDERS", "Too many orders in the interval.", "rejected", "judgement"),
        -1016: ErrorCode(-1016, "SERVICE_SHUTTING_DOWN", "The service has been closed.", "rejected", "judgement"),
        -1020: ErrorCode(-1020, "UNSUPPORTED_OPERATION", "The operation is not offered.", "rejected", "judgement"),
        -1021: ErrorCode(
            -1021,
            "INVALID_TIMESTAMP",
            "The timestamp is ahead of the server's clock or older than recvWindow allows.",
            "rejected",
            "judgement",
            kind="clock",
        ),
        -1022: ErrorCode(
            -1022,
            "INVALID_SIGNATURE",
            "The signature does not fit the bytes that arrived, or they were not percent-encoded.",
            "rejected",
            "judgement",
        ),
        -1099: ErrorCode(
            -1099,
            "NOT_FOUND_OR_NOT_AUTHORIZED",
            "Not found, not authenticated or not authorised; takes the place of -1999.",
            "rejected",
            "judgement",
        ),
        -1100: ErrorCode(
            -1100, "ILLEGAL_CHARS", "A parameter holds characters that are not allowed.", "rejected", "judgement"
        ),
        -1101: ErrorCode(
            -1101, "TOO_MANY_PARAMETERS", "Too many parameters, or one sent twice.", "rejected", "judgement"
        ),
        -1102: ErrorCode(
            -1102,
            "MANDATORY_PARAM_EMPTY_OR_MALFORMED",
            "A mandatory parameter is missing, empty or malformed.",
            "rejected",
            "judgement",
        ),
        -1103: ErrorCode(
            -1103, "UNKNOWN_PARAM", "A parameter that the endpoint does not know.", "rejected", "judgement"
        ),
        -1104: ErrorCode(-1104, "UNREAD_PARAMETERS", "Some of the parameters were not read.", "rejected", "judgement"),
        -1105: ErrorCode(-1105, "PARAM_EMPTY", "A parameter is empty.", "rejected", "judgement"),
        -1106: ErrorCode(-1106, "PARAM_NOT_REQUIRED", "A parameter that is not wanted here.", "rejected", "judgement"),
        -1111: ErrorCode(-1111, "BAD_PRECISION", "More decimals than the asset has.", "rejected", "judgement"),
        -1121: ErrorCode(-1121, "BAD_SYMBOL", "No such trading pair.", "rejected", "judgement"),
        -1128: ErrorCode(
            -1128, "OPTIONAL_PARAMS_BAD_COMBO", "Optional parameters that do not go together.", "rejected", "judgement"
        ),
        -1130: ErrorCode(
            -1130, "INVALID_PARAMETER", "A parameter holds data that is not valid.", "rejected", "judgement"
        ),
        -1131: ErrorCode(-1131, "BAD_RECV_WINDOW", "recvWindow is larger than allowed.", "rejected", "judgement"),
        -2008: ErrorCode(-2008, "BAD_API_ID", "No API key has this id.", "rejected", "judgement", kind="permission"),
        -2014: ErrorCode(
            -2014,
            "BAD_API_KEY_FMT",
            "The text of the API key is not that of a key.",
            "rejected",
            "judgement",
            kind="permission",
        ),
        -2015: ErrorCode(
            -2015,
            "REJECTED_MBX_KEY",
            "The key, the calling address or the key's permissions are refused.",
            "rejected",
            "judgement",
            kind="permission",
        ),
        -3000: ErrorCode(-3000, "INNER_FAILURE", "An internal failure of the margin service.", "unknown", "judgement"),
        -3001: ErrorCode(
            -3001, "NEED_ENABLE_2FA", "Two-factor authentication has to be turned on first.", "rejected", "judgement"
        ),
        -3002: ErrorCode(-3002, "ASSET_DEFICIENCY", "No such asset.", "rejected", "judgement"),
        -3003: ErrorCode(-3003, "NO_OPENED_MARGIN_ACCOUNT", "There is no margin account.", "rejected", "judgement"),
        -3004: ErrorCode(
            -3004, "TRADE_NOT_ALLOWED", "Trading is not allowed for this account.", "rejected", "judgement"
        ),
        -3005: ErrorCode(
            -3005, "TRANSFER_OUT_NOT_ALLOWED", "Transfers out of this wallet are not allowed.", "rejected", "judgement"
        ),
        -3007: ErrorCode(
            -3007,
            "HAS_PENDING_TRANSACTION",
            "An earlier transaction is still pending; which one is not said, so it may be this one.",
            "unknown",
            "judgement",
        ),
        -3009: ErrorCode(
            -3009,
            "ASSET_NOT_MORTGAGEABLE",
            "The asset may not go into a margin wallet at present.",
            "rejected",
            "judgement",
        ),
        -3017: ErrorCode(
            -3017,
            "ASSET_ADMIN_BAN_MORTGAGE",
            "The asset may not go into a margin wallet at present.",
            "rejected",
            "judgement",
        ),
        -3018: ErrorCode(
            -3018, "ACCOUNT_BAN_MORTGAGE", "Transfers into margin are banned for this account.", "rejected", "judgement"
        ),
        -3019: ErrorCode(
            -3019,
            "ACCOUNT_BAN_ROLLOUT",
            "Transfers out of margin are banned for this account.",
            "rejected",
            "judgement",
        ),
        -3020: ErrorCode(
            -3020,
            "EXCEED_MAX_ROLLOUT",
            "More than may leave the margin wallet.",
            "rejected",
            "judgement",
            kind="balance",
        ),
        -3021: ErrorCode(
            -3021, "PAIR_ADMIN_BAN_TRADE", "The margin account may not use this trading pair.", "rejected", "judgement"
        ),
        -3022: ErrorCode(-3022, "ACCOUNT_BAN_TRADE", "The account is banned from trading.", "rejected", "judgement"),
        -3023: ErrorCode(
            -3023, "WARNING_MARGIN_LEVEL", "The margin level does not allow a transfer out.", "rejected", "judgement"
        ),
        -3026: ErrorCode(-3026, "VALIDATION_FAILED", "An input parameter is invalid.", "rejected", "judgement"),
        -3027: ErrorCode(
            -3027, "NOT_VALID_MARGIN_ASSET", "Not an asset of the margin service.", "rejected", "judgement"
        ),
        -3028: ErrorCode(-3028, "NOT_VALID_MARGIN_PAIR", "Not a pair of the margin service.", "rejected", "judgement"),
        -3029: ErrorCode(
            -3029, "TRANSFER_FAILED", "The transfer failed; at which step is not said.", "unknown", "judgement"
        ),
        -3036: ErrorCode(
            -3036,
            "ACCOUNT_BAN_REPAY",
            "The account may not repay a loan; a repayment may follow a transfer into margin, so how far it got is open.",
            "unknown",
            "judgement",
        ),
        -3037: ErrorCode(
            -3037,
            "PNL_CLEARING",
            "Profit and loss is being cleared; whether the transfer was queued is not said.",
            "unknown",
            "judgement",
        ),
        -3041: ErrorCode(
            -3041, "BALANCE_NOT_CLEARED", "The balance is too small.", "rejected", "judgement", kind="balance"
        ),
        -3043: ErrorCode(
            -3043, "TRANSFER_IN_NOT_ALLOWED", "Transfers into this wallet are not allowed.", "rejected", "judgement"
        ),
        -3044: ErrorCode(
            -3044, "SYSTEM_BUSY", "The system is busy; whether it had begun is not said.", "unknown", "judgement"
        ),
        -3999: ErrorCode(-3999, "NOT_WHITELIST_USER", "Only for invited users.", "rejected", "judgement"),
        -4001: ErrorCode(-4001, "CAPITAL_INVALID", "The operation is invalid.", "rejected", "judgement"),
        -4005: ErrorCode(
            -4005,
            "CAPAITAL_TOO_MANY_REQUEST",
            "Too many requests in a short time.",
            "rejected",
            "judgement",
            kind="rate-limit",
        ),
        -4018: ErrorCode(-4018, "CAPITAL_WITHDRAW_ASSET_NOT_EXIST", "No such asset.", "rejected", "judgement"),
        -4019: ErrorCode(
            -4019, "CAPITAL_WITHDRAW_ASSET_PROHIBIT", "The asset is not open for withdrawal.", "rejected", "judgement"
        ),
        -4024: ErrorCode(
            -4024,
            "CAPITAL_WITHDRAW_USER_NO_ASSET",
            "The account does not hold the asset.",
            "rejected",
            "judgement",
            kind="balance",
        ),
        -4025: ErrorCode(
            -4025,
            "CAPITAL_WITHDRAW_USER_ASSET_LESS_THAN_ZERO",
            "The account holds less than nothing of the asset.",
            "rejected",
            "judgement",
            kind="balance",
        ),
        -4026: ErrorCode(
            -4026,
            "CAPITAL_WITHDRAW_USER_ASSET_NOT_ENOUGH",
            "The balance is too small.",
            "rejected",
            "judgement",
            kind="balance",
        ),
        -4046: ErrorCode(
            -4046,
            "CAPITAL_AGREEMENT_NOT_CONFIRMED",
            "An agreement was not confirmed; whether that is checked before anything moves is not said.",
            "unknown",
            "judgement",
        ),
        -5002: ErrorCode(
            -5002, "ASSET_ASSET_NOT_ENOUGH", "The balance is too small.", "rejected", "judgement", kind="balance"
        ),
        -5003: ErrorCode(
            -5003,
            "ASSET_USER_HAVE_NO_ASSET",
            "The account does not hold the asset.",
            "rejected",
            "judgement",
            kind="balance",
        ),
        -5007: ErrorCode(-5007, "AMOUNT_OVER_ZERO", "The amount has to be greater than zero.", "rejected", "judgement"),
        -5008: ErrorCode(
            -5008,
            "ASSET_WITHDRAW_WITHDRAWING_NOT_ENOUGH",
            "The amount that may be given back is too small.",
            "rejected",
            "judgement",
            kind="balance",
        ),
        -5009: ErrorCode(-5009, "PRODUCT_NOT_EXIST", "No such product.", "rejected", "judgement"),
        -5010: ErrorCode(
            -5010, "TRANSFER_FAIL", "The transfer failed; at which step is not said.", "unknown", "judgement"
        ),
        -5011: ErrorCode(-5011, "FUTURE_ACCT_NOT_EXIST", "There is no futures account.", "rejected", "judgement"),
        -5012: ErrorCode(
            -5012,
            "TRANSFER_PENDING / FUTURE_ACCT_OR_SUBRELATION_NOT_EXIST",
            "Two meanings: the transfer is pending, or a futures account or sub-account relation is missing.",
            "unknown",
            "judgement",
            always=True,
        ),
        -5013: ErrorCode(-5013, None, "The balance is too small.", "rejected", "observed", kind="balance"),
        -5021: ErrorCode(
            -5021,
            "PARENT_SUB_HAVE_NO_RELATION",
            "The two accounts are not master and sub-account of each other.",
            "rejected",
            "judgement",
        ),
        -6012: ErrorCode(
            -6012, "BALANCE_NOT_ENOUGH", "The balance is too small.", "rejected", "judgement", kind="balance"
        ),
        -6018: ErrorCode(
            -6018, "ASSET_NOT_ENOUGH", "The balance is too small.", "rejected", "judgement", kind="balance"
        ),
        -9000: ErrorCode(
            -9000,
            None,
            "The balance is too small; other texts under this code say nothing certain.",
            "rejected",
            "observed",
            kind="balance",
            only_messages=("user have no avaliable amount", "Your margin balance is insufficient"),
        ),
        -10001: ErrorCode(
            -10001,
            "SYSTEM_MAINTENANCE",
            "The system is under maintenance; whether it had begun before is not said.",
            "unknown",
            "judgement",
        ),
        -11001: ErrorCode(
            -11001, None, "The isolated margin wallet of this pair does not exist.", "rejected", "observed"
        ),
        -11015: ErrorCode(
            -11015,
            None,
            "The balance is too small, moving from isolated margin to spot.",
            "rejected",
            "observed",
            kind="balance",
        ),
        -12014: ErrorCode(
            -12014,
            "TOO MANY REQUESTS",
            "More requests than one in two seconds.",
            "rejected",
            "judgement",
            kind="rate-limit",
        ),
        -21001: ErrorCode(-21001, "USER_IS_NOT_UNIACCOUNT", "Not a portfolio margin account.", "rejected", "judgement"),
        -21002: ErrorCode(
            -21002,
            "UNI_ACCOUNT_CANT_TRANSFER_FUTURE",
            "A portfolio margin account cannot move from margin to futures.",
            "rejected",
            "judgement",
        ),
        -21003: ErrorCode(
            -21003,
            "NET_ASSET_MUST_LTE_RATIO",
            "The margin assets could not be read; at which step is not said.",
            "unknown",
            "judgement",
        ),
        -21005: ErrorCode(
            -21005,
            "NO_ENOUGH_ASSET",
            "The spot wallet holds too little to repay a portfolio margin loan.",
            "rejected",
            "judgement",
            kind="balance",
        ),
        -21006: ErrorCode(
            -21006,
            "HAD_IN_PROCESS_REPAY",
            "A repayment of a portfolio margin loan is in process; whether this call began it is not said.",
            "unknown",
            "judgement",
        ),
        -21007: ErrorCode(
            -21007,
            "IN_FORCE_LIQUIDATION",
            "Repaying failed since a liquidation is in process; at which step is not said.",
            "unknown",
            "judgement",
        ),
    }
)
"""Every code that spec/error_codes.yaml lists."""
