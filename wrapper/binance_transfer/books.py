"""
The books of an account, as a transaction sees them.

One rule: these are the only ways to read and change them, so a database and a simulated one are told apart by nobody.
"""

from decimal import Decimal
from typing import Protocol

from binance_transfer.entries import AccountRecord, AnswerRecord, AttemptRecord, Entry


class Books(Protocol):
    """The books of one account inside a transaction: what is there, and what can be changed."""

    def account(self) -> AccountRecord:
        """Return what the workers share."""
        ...

    def put_account(self, account: AccountRecord, /) -> None:
        """Replace it."""
        ...

    def name_of(self, environment: str, uid: int, /) -> str | None:
        """Return the name of the account under which a uid has its books."""
        ...

    def entry(self, key: str, /) -> Entry | None:
        """Return all about a key."""
        ...

    def entries(self) -> list[Entry]:
        """Return all about all keys, in the order of their first attempts."""
        ...

    def attempt(self, attempt_id: str, /) -> AttemptRecord | None:
        """Return all about an attempt."""
        ...

    def open_attempts(self) -> list[AttemptRecord]:
        """Return the attempts without a verdict, oldest first."""
        ...

    def moved_since(self, asset: str, since_ms: int, /) -> list[Decimal]:
        """Return the amounts of the attempts opened since then that moved or may have moved."""
        ...

    def owner(self, tran_id: int, /) -> str | None:
        """Return the attempt that an id of the exchange belongs to."""
        ...

    def ids_of_others(self, attempt_id: str, /) -> frozenset[int]:
        """Return the ids of the exchange that belong to other attempts whose windows touch this one's."""
        ...

    def add(self, record: AttemptRecord, /) -> None:
        """Record a new attempt, and its key if that is new."""
        ...

    def put(self, record: AttemptRecord, /) -> None:
        """Replace what is recorded of an attempt's verdict."""
        ...

    def add_answer(self, attempt_id: str, answer: AnswerRecord, /) -> None:
        """Add an answer to an attempt."""
        ...
