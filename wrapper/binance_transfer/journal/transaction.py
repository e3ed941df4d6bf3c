"""
A journal, as one transaction sees it.

One rule: these are the only ways to read and change it, so that nobody can tell a database and a simulated one apart.
"""

from collections.abc import Collection
from decimal import Decimal
from typing import Protocol

from binance_transfer.journal.records import AccountRecord, AnswerRecord, AttemptRecord, Entry, VerdictRecord
from binance_transfer.transfer import Transfer

PageCursor = tuple[int, str]
"""Where a page begins: after what was recorded then, under this id."""


class JournalTransaction(Protocol):
    """One account's journal inside a transaction: what is there, and what can be changed."""

    def account(self) -> AccountRecord:
        """Return what the workers share."""
        ...

    def put_account(self, account: AccountRecord, /) -> None:
        """Replace it."""
        ...

    def name_of(self, environment: str, uid: int, /) -> str | None:
        """Return the name of the account under which a uid is recorded."""
        ...

    def knows_api_key(self, environment: str, fingerprint: str, /) -> bool:
        """Tell whether an API key is known to be this account's."""
        ...

    def add_api_key(self, environment: str, fingerprint: str, /) -> None:
        """Note that an API key is this account's."""
        ...

    def entry(self, key: str, /) -> Entry | None:
        """Return all about a key."""
        ...

    def attempts_since(
        self, since_ms: int, after: "PageCursor | None" = None, /
    ) -> "tuple[list[AttemptRecord], PageCursor | None]":
        """Return a page of the attempts that were recorded since then, and where the next page begins."""
        ...

    def attempt(self, attempt_id: str, /) -> AttemptRecord | None:
        """Return all about an attempt."""
        ...

    def open_attempts(self) -> list[AttemptRecord]:
        """Return the attempts without a verdict, oldest first."""
        ...

    def open_alike(self, transfer: Transfer, /) -> list[AttemptRecord]:
        """Return the attempts without a verdict that history could not tell from a transfer."""
        ...

    def moved_between(self, asset: str, start_ms: int, end_ms: int, /) -> list[Decimal]:
        """Return the amounts of all that moved or may have moved in windows that touch a time, in any spelling."""
        ...

    def owners(self, ids: Collection[int], /) -> dict[int, str]:
        """Return id → attempt for those ids of the exchange that belong to one."""
        ...

    def once_named(self, ids: Collection[int], attempt_id: str, /) -> frozenset[int]:
        """Return those ids that a verdict on another attempt, or an answer to one, has ever named."""
        ...

    def repeated(self, since_ms: int, /) -> list[AttemptRecord]:
        """Return the attempts that moved of each key of which several did, one of them recorded since then."""
        ...

    def canary(self, transfer: Transfer, attempt_id: str, since_ms: int, /) -> AttemptRecord | None:
        """Return the newest other attempt of a transfer's query that was answered with an id and is no older."""
        ...

    def add(self, record: AttemptRecord, /) -> None:
        """Record a new attempt, and its key if that is new."""
        ...

    def add_verdict(self, attempt_id: str, verdict: VerdictRecord, /) -> None:
        """Record a verdict on an attempt; what it says is from now on the attempt's state and id."""
        ...

    def add_answer(self, attempt_id: str, answer: AnswerRecord, /) -> None:
        """Record an answer to an attempt."""
        ...
