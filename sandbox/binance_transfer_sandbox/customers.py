"""
The accounts of the exchange, their API keys, and who asks.

One rule: a request is somebody's only once its signature fits the bytes that came.
"""

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Final

from attrs import frozen

from binance_transfer_sandbox import errors, keys, parameters, signature
from binance_transfer_sandbox.accounts import Account
from binance_transfer_sandbox.keys import ApiKey, KeyKind, SandboxCredentials
from binance_transfer_sandbox.market import Market
from binance_transfer_sandbox.wallets import Wallet, purse
from binance_transfer_sandbox.wire import Request

_FIRST_UID: Final = 354_937_868
_FORM: Final = "application/x-www-form-urlencoded"
_STARTING_AMOUNT: Final = Decimal(1000)
_MOST_DEPOSITED: Final = Decimal(10) ** 30
_LEAST_EXPONENT: Final = -20


@frozen
class Caller:
    """Who asks, and for what. `key` is None where permissions are not to be checked."""

    account: Account
    key: ApiKey | None
    values: dict[str, str]


class Customers:
    """Accounts by uid and keys by their text."""

    def __init__(self, market: Market, random: Random) -> None:
        self._market = market
        self._random = random
        self._accounts: dict[int, Account] = {}
        self._keys: dict[str, ApiKey] = {}

    @property
    def uids(self) -> tuple[int, ...]:
        """All accounts, in the order in which they were opened."""
        return tuple(self._accounts)

    def open_account(self) -> Account:
        """Open an account with empty wallets."""
        account = Account(_FIRST_UID + len(self._accounts))
        self._accounts[account.uid] = account
        return account

    def account(self, uid: int | None) -> Account:
        """Return an account, the first where none is named. KeyError: there is none."""
        if uid is None and not self._accounts:
            raise KeyError("no account was opened yet")
        return next(iter(self._accounts.values())) if uid is None else self._accounts[uid]

    def deposit(self, account: Account, wallet: str, asset: str, amount: Decimal | str | int) -> None:
        """Add money to a wallet, opening an isolated one. ValueError: no such wallet, or no amount to deposit."""
        kind, colon, symbol = wallet.partition(":")
        if kind not in set(Wallet) or bool(colon) != (kind == Wallet.ISOLATED_MARGIN):
            raise ValueError(f"no such wallet: {wallet!r}; there are {', '.join(Wallet)}:SYMBOL")
        if colon and symbol not in self._market.symbols:
            raise ValueError(f"no such trading pair: {symbol!r}; there are {', '.join(self._market.symbols)}")
        exact = _amount(amount)
        self._market.add_asset(asset)
        account.deposit(wallet, asset, exact)

    def lock(self, account: Account, wallet: str, asset: str, amount: Decimal | str | int) -> None:
        """Bind money that is there by open orders. ValueError: it is not there, or no amount."""
        account.lock(wallet, asset, _amount(amount))

    def open_pair(self, symbol: str, base: str, quote: str) -> None:
        """List a pair, and give every account its isolated wallet and some money of it. ValueError as with `Market`."""
        new = {base, quote} - self._market.assets
        self._market.add_symbol(symbol, base, quote)
        isolated = purse(Wallet.ISOLATED_MARGIN, symbol)
        for account in self._accounts.values():
            if isolated not in account.wallets:
                for asset in (base, quote):
                    account.deposit(isolated, asset, _STARTING_AMOUNT)
            for asset in new:
                for wallet in (Wallet.SPOT, Wallet.CROSS_MARGIN):
                    account.deposit(wallet, asset, _STARTING_AMOUNT)

    def issue_key(
        self,
        kind: KeyKind,
        account: Account,
        create_time_ms: int,
        *,
        permits_universal_transfer: bool,
        reading_enabled: bool,
        ip_restricted: bool,
    ) -> SandboxCredentials:
        """Make an API key for an account. It may have several."""
        credentials, verify = keys.generate(kind, self._random)
        self._keys[credentials.api_key] = ApiKey(
            api_key=credentials.api_key,
            uid=account.uid,
            kind=kind,
            verify=verify,
            create_time_ms=create_time_ms,
            reading_enabled=reading_enabled,
            permits_universal_transfer=permits_universal_transfer,
            ip_restricted=ip_restricted,
        )
        return credentials

    def revoke_key(self, api_key: str) -> None:
        """Forget a key. KeyError if there is none."""
        del self._keys[api_key]

    def identify(self, request: Request) -> Caller:
        """Find out who sent a request, or refuse it."""
        api_key = request.headers.get("x-mbx-apikey", "")
        if not keys.well_formed(api_key):
            raise errors.malformed_key()
        key = self._keys.get(api_key)
        if key is None:
            raise errors.unknown_key()
        payload, signed = signature.separate(request.query, request.body)
        if not key.verify(payload, signed):
            raise errors.bad_signature()
        values = dict(_read(request))
        values.pop("signature", None)
        return Caller(self._accounts[key.uid], key, values)


def _read(request: Request) -> Mapping[str, str]:
    has_form = request.method == "POST" and request.headers.get("content-type", "").lower().startswith(_FORM)
    return parameters.merge(parameters.split(request.query), parameters.split(request.body) if has_form else [])


def _amount(amount: Decimal | str | int) -> Decimal:
    try:
        exact = Decimal(amount)
    except ArithmeticError as unreadable:
        raise ValueError(f"not an amount: {amount!r}") from unreadable
    fits = exact.is_finite() and 0 <= exact < _MOST_DEPOSITED and int(exact.as_tuple().exponent) >= _LEAST_EXPONENT
    if not fits:
        raise ValueError(f"not an amount: {amount!r}")
    return exact
