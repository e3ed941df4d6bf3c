"""
The settings in effect: global options, a profile, the environment.

One rule: an option beats the profile, the profile beats the environment, and credentials come from one source alone:
where two hold some, neither is used. Nothing here is shown but names, hosts and places.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import field, frozen

import binance_transfer as bt
from binance_transfer.base_url import base_url_from, checked_base_url, is_this_machine
from binance_transfer.sealed import Sealed
from binance_transfer_api.api.asset.universal_transfer import RECV_WINDOW_DEFAULT
from binance_transfer_cli import profiles
from binance_transfer_cli.profiles import Profile

_CREDENTIALS: Final = (
    "BINANCE_API_KEY",
    "BINANCE_API_SECRET",
    "BINANCE_PRIVATE_KEY",
    "BINANCE_PRIVATE_KEY_PASSPHRASE",
)
_TIMEOUT_S: Final = 10.0
_RESOLVE_WITHIN_S: Final = 90.0


@frozen(repr=False)
class GlobalOptions:
    """What the global options said; None for what they did not. ``journal`` may hold a password."""

    profile: str | None = None
    base_url: str | None = None
    journal: Sealed[str] | None = None
    account: str | None = None


@frozen(repr=False)
class Settings:
    """
    Whose transfers, at which exchange, in which journal.

    Made by ``Settings.of``, which reads the profile; raises ValueError for what cannot be right.
    """

    base_url: str
    account: str | None
    _journal: Sealed[str] | None
    _profile: Profile
    _environ: Mapping[str, str]
    _given: GlobalOptions = field(factory=GlobalOptions)

    @classmethod
    def of(cls, given: GlobalOptions, environ: Mapping[str, str]) -> "Settings":
        """Read them; raises ValueError."""
        profile = profiles.load(given.profile, environ) if given.profile is not None else Profile()
        variable = environ.get("BINANCE_TRANSFER_JOURNAL")
        return cls(
            checked_base_url(given.base_url or profile.base_url or base_url_from(environ.get("BINANCE_BASE_URL"))),
            given.account or profile.account or environ.get("BINANCE_TRANSFER_ACCOUNT") or None,
            given.journal or profile.journal or (Sealed(variable) if variable else None),
            profile,
            environ,
            given,
        )

    # --- the exchange ------------------------------------------------------------------------------------------------

    @property
    def live(self) -> bool:
        """Whether this may be real money: any exchange but one on this machine."""
        return not is_this_machine(self.base_url)

    @property
    def host(self) -> str:
        """The host, and its port where it is given."""
        return urlsplit(self.base_url).netloc

    @property
    def timeout_s(self) -> float:
        """The deadline of one call."""
        return float(self._profile.client.get("timeout_s", _TIMEOUT_S))

    @property
    def settle_within_s(self) -> float:
        """How long one transfer is pursued."""
        within_s = self._profile.resolve_within_s
        return self.timeout_s + (_RESOLVE_WITHIN_S if within_s is None else within_s)

    @property
    def recv_window_ms(self) -> int:
        """The receive window."""
        return int(self._profile.client.get("recv_window_ms", RECV_WINDOW_DEFAULT))

    @property
    def policy(self) -> bt.Policy:
        """The operator's limits; raises ValueError and TypeError for some that cannot be."""
        return bt.Policy(**self._profile.policy)

    def client(
        self,
        journal: bt.Journal | None = None,
        *,
        sends: bool = False,
        on_event: Callable[[bt.Event], object] | None = None,
    ) -> bt.TransferClient:
        """
        Make a client; raises ValueError.

        sends: within the limits, of which those of a day need a journal.
        """
        try:
            policy = self.policy if sends else None
            settings: dict[str, Any] = dict(self._profile.client)
            return bt.TransferClient(
                self.credentials(),
                base_url=self.base_url,
                journal=journal,
                policy=policy,
                on_event=on_event,
                **settings,
            )
        except TypeError as error:
            raise ValueError(str(error)) from None

    def credentials(self) -> bt.Credentials:
        """Take the credentials from the one source that has some; raises ValueError."""
        held = self._profile.credentials
        named = [name for name in _CREDENTIALS if self._environ.get(name)]
        if held is None:
            if not named:
                message = "no credentials: set BINANCE_API_KEY and BINANCE_API_SECRET, or use --profile NAME"
                raise ValueError(message)
            return bt.Credentials.from_env(self._environ)
        if named:
            message = f"the profile and the environment ({', '.join(named)}) both hold credentials: leave one out"
            raise ValueError(message)
        return bt.Credentials.of(held)

    # --- the journal -------------------------------------------------------------------------------------------------

    @property
    def has_journal(self) -> bool:
        """Whether one is named."""
        return self._journal is not None

    @property
    def journal_is_begun(self) -> bool:
        """Whether there is something to look at: the file of a journal in SQLite is made by the first send."""
        if self._journal is None:
            return False
        scheme, _, path = self._journal.open().partition(":///")
        return not scheme.startswith("sqlite") or Path(path).exists()

    @property
    def journal_shown(self) -> str:
        """Where the journal is, for people; raises ValueError for a URL that cannot be one."""
        if self._journal is None:
            return "none"
        from binance_transfer.journal.locations import shown_url  # with a database library, which not all commands need

        return f"{shown_url(self._journal_url.open())}, account {self.account}"

    @property
    def _journal_url(self) -> Sealed[str]:
        if self._journal is None:
            message = "this needs a journal: --journal sqlite:///transfers.db, or BINANCE_TRANSFER_JOURNAL"
            raise ValueError(message)
        if self.account is None:
            message = "a journal needs the name of the account: --account NAME, or BINANCE_TRANSFER_ACCOUNT"
            raise ValueError(message)
        return self._journal

    def journal_to_send(self) -> bt.Journal:
        """
        Open the journal to send, and begin it where there is none; raises ValueError and JournalFailed.

        Credentials are looked for first: without them nothing is begun.
        """
        self.credentials()
        return bt.Journal(self._journal_url.open(), account=self.account or "")

    def journal(self) -> bt.Journal:
        """Open the journal of an account that is there, to write in it; raises ValueError."""
        self.journal_to_read().close()  # an account that is misspelt is not begun
        return self._opened(lambda url: bt.Journal(url, account=self.account or "", create=False))

    def journal_to_read(self) -> bt.Journal:
        """Open the journal to look at it, and make nothing; raises ValueError."""
        return self._opened(lambda url: bt.Journal.for_reading(url, account=self.account or ""))

    def _opened(self, open_journal: Callable[[str], bt.Journal]) -> bt.Journal:
        url = self._journal_url
        try:
            return open_journal(url.open())
        except bt.JournalFailed as failed:
            raise ValueError(str(failed)) from None

    def journal_url(self) -> Sealed[str]:
        """Return the journal's URL, which may hold a password; raises ValueError where there is none."""
        return self._journal_url

    # --- for a person ------------------------------------------------------------------------------------------------

    def command(self, *words: str) -> list[str]:
        """Return the words of a command that goes to the same place; a journal with a password is left out."""
        options: list[str] = []
        given = self._given
        if given.profile is not None:
            options += ["--profile", given.profile]
        if given.base_url is not None:
            options += ["--base-url", given.base_url]
        if given.journal is not None and shown_without_password(given.journal):
            options += ["--journal", given.journal.open()]
        if given.account is not None:
            options += ["--account", given.account]
        return ["binance-transfer", *options, *words]


def shown_without_password(url: Sealed[str]) -> bool:
    """Tell whether a URL can be shown as it is: that of a file. One of a server may hold a password anywhere."""
    return url.open().startswith("sqlite")
