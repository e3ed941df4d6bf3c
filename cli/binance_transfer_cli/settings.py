"""
The settings in effect: global options, a profile, the environment.

One rule: an option beats the profile, the profile beats the environment, one that is there and empty is refused, and
credentials come from one source alone: where two hold some, neither is used. Nothing here is shown but names, hosts and
places.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import field, frozen

import binance_transfer as bt
from binance_transfer.base_url import DEFAULT, checked_base_url, is_this_machine
from binance_transfer.export.files import journal_files
from binance_transfer.sealed import Sealed
from binance_transfer.session import RESOLVE_WITHIN_S
from binance_transfer.wire.private_key import PEM_MARK
from binance_transfer_api.api.asset.universal_transfer import RECV_WINDOW_DEFAULT
from binance_transfer_cli import profiles
from binance_transfer_cli.profiles import Profile

_CREDENTIALS: Final = (
    "BINANCE_API_KEY",
    "BINANCE_API_SECRET",
    "BINANCE_PRIVATE_KEY",
    "BINANCE_PRIVATE_KEY_PASSPHRASE",
)
_TIMEOUT_S: Final = 10.0  # as the client's


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
        base_url = _first(
            ("--base-url", _sealed(given.base_url)),
            ("base_url of the profile", _sealed(profile.base_url)),
            ("BINANCE_BASE_URL", _sealed(environ.get("BINANCE_BASE_URL"))),
        )
        account = _first(
            ("--account", _sealed(given.account)),
            ("account of the profile", _sealed(profile.account)),
            ("BINANCE_TRANSFER_ACCOUNT", _sealed(environ.get("BINANCE_TRANSFER_ACCOUNT"))),
        )
        journal = _first(
            ("--journal", given.journal),
            ("journal of the profile", profile.journal),
            ("BINANCE_TRANSFER_JOURNAL", _sealed(environ.get("BINANCE_TRANSFER_JOURNAL"))),
        )
        return cls(
            checked_base_url(base_url.open() if base_url is not None else DEFAULT),
            account.open() if account is not None else None,
            journal,
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
        return self.timeout_s + (RESOLVE_WITHIN_S if within_s is None else within_s)

    @property
    def recv_window_ms(self) -> int:
        """The receive window."""
        return int(self._profile.client.get("recv_window_ms", RECV_WINDOW_DEFAULT))

    @property
    def policy(self) -> bt.Policy:
        """The operator's limits; raises ValueError for some that cannot be."""
        try:
            policy = bt.Policy(**self._profile.policy)
        except TypeError as error:
            raise ValueError(str(error)) from None
        if policy.max_per_day and not self.has_journal:
            message = "max_per_day needs a journal, which knows what the other workers have sent: --journal URL"
            raise ValueError(message)
        return policy

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
        files = journal_files(self._journal.open())
        return not files or files[0].exists()

    @property
    def files(self) -> list[Path]:
        """The files that the settings name, there or not; no output may replace them."""
        found = journal_files(self._journal.open()) if self._journal is not None else []
        if self._given.profile is not None:
            found.append(profiles.config_path(self._environ))
        if self._key_file is not None:
            found.append(self._key_file)
        return found

    @property
    def _key_file(self) -> Path | None:
        """The file of the private key."""
        held = self._profile.credentials
        if held is not None:
            return key if isinstance(key := held.open().get("private_key"), Path) else None
        named = self._environ.get("BINANCE_PRIVATE_KEY")
        return Path(named) if named and PEM_MARK not in named else None

    @property
    def journal_objection(self) -> str:
        """Why the file of the journal cannot be written or made, "" where it can, as far as that shows."""
        files = journal_files(self._journal.open()) if self._journal is not None else []
        if not files:
            return ""
        folder = files[0].absolute().parent
        if not folder.is_dir():
            return f"the folder of the journal is not there: {folder}"
        unwritable = [path for path in (folder, files[0]) if path.exists() and not os.access(path, os.W_OK)]
        return f"this user may not write {unwritable[0]}, as the journal needs" if unwritable else ""

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
        """Return the words of a command that goes to the same place; a password is left out of the journal's URL."""
        options: list[str] = []
        given = self._given
        if given.profile is not None:
            options += ["--profile", given.profile]
        if given.base_url is not None:
            options += ["--base-url", given.base_url]
        if given.journal is not None:
            options += ["--journal", _shown(given.journal)]
        if given.account is not None:
            options += ["--account", given.account]
        return ["binance-transfer", *options, *words]

    def same_command(self, words: Sequence[str]) -> list[str]:
        """Return the words of this command, as they were given; a password is left out of the journal's URL."""
        url = self._given.journal
        shown = list(words) if url is None else [word.replace(url.open(), _shown(url)) for word in words]
        return ["binance-transfer", *shown]

    @property
    def left_out(self) -> str:
        """What those commands lack, "" where nothing."""
        url = self._given.journal
        whole = url is None or _shown(url) == url.open()
        return "" if whole else "The journal's URL is shown without its password: add it, or set PGPASSWORD."


def _shown(url: Sealed[str]) -> str:
    """Return the URL of a journal as it can be shown; raises ValueError for what cannot be one."""
    from binance_transfer.journal.locations import shown_url

    return url.open() if journal_files(url.open()) else shown_url(url.open())


def _sealed(text: str | None) -> Sealed[str] | None:
    return Sealed(text) if text is not None else None


def _first(*sources: tuple[str, Sealed[str] | None]) -> Sealed[str] | None:
    """Return what the first source says that says something; raises ValueError where that is empty."""
    for name, value in sources:
        if value is not None:
            if not value.open().strip():
                message = f"{name} is empty, perhaps from a variable that is not set: leave it out, or give a value"
                raise ValueError(message)
            return value
    return None
