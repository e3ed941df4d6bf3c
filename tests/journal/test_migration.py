"""
A journal that version 0.1 has written is brought up to date, and nothing in it is lost.

`version_1.sql` is the dump of one that the released program wrote against the sandbox: keys in every state, several
attempts, answers and verdicts of every kind, accounts at several spellings of a base URL, and what is refused today.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import binance_transfer as bt
from binance_transfer.journal import migrations
from binance_transfer_api import SERVERS
from tests.journal.conftest import OpenJournal
from tests.journal.test_journal_keys import entry
from tests.support.clock import ManualClock

DUMP = Path(__file__).with_name("version_1.sql")
BASE_URL = "http://127.0.0.1:8443"  # where the released program believed the exchange to be
UID = 354937868
LATER_S = 10_000.0  # after all that was recorded
Row = dict[str, Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "transfers.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(DUMP.read_text("utf-8"))
    return path


def rows(file: Path, statement: str) -> list[Row]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(statement)]


@pytest.fixture
def before(file: Path) -> dict[str, list[Row]]:
    """All that the released program wrote, by its tables' names."""
    names = ("accounts", "entries", "attempts", "answers")
    return {name: rows(file, f"SELECT * FROM binance_transfer_{name}") for name in names}


@pytest.fixture
def migrated(file: Path, before: dict[str, list[Row]], open_journal: OpenJournal) -> bt.Journal:
    assert before["attempts"]
    return open_journal()


def of(entries: list[bt.Entry]) -> dict[str, bt.AttemptRecord]:
    return {record.attempt.id: record for each in entries for record in each.attempts}


# --- nothing is lost -------------------------------------------------------------------------------------------------


def test_every_key_keeps_its_transfer(before: dict[str, list[Row]], migrated: bt.Journal) -> None:
    names = ("type", "asset", "from_symbol", "to_symbol", "checked")
    found = {
        each.key: {name: getattr(each.transfer, name) for name in names} | {"amount": each.transfer.amount_text}
        for each in migrated.entries()
    }
    told = {row["key"]: {name: row[name] for name in names} | {"amount": row["amount"]} for row in before["entries"]}
    assert found == told


def test_every_attempt_keeps_its_times_its_state_and_its_id(before: dict[str, list[Row]], migrated: bt.Journal) -> None:
    names = ("key", "opened_ms", "timestamp_ms", "window_end_ms", "state", "tran_id", "verdict", "verdict_ms", "note")
    found = {
        attempt_id: {name: getattr(record, name) for name in names} | {"recv_window_ms": record.attempt.recv_window_ms}
        for attempt_id, record in of(list(migrated.entries())).items()
    }
    told = {row["id"]: {name: row[name] for name in (*names, "recv_window_ms")} for row in before["attempts"]}
    assert found == told


def test_attempts_keep_their_order(before: dict[str, list[Row]], migrated: bt.Journal) -> None:
    told = [(row["key"], row["id"]) for row in sorted(before["attempts"], key=lambda row: row["number"])]
    found = [(each.key, record.attempt.id) for each in migrated.entries() for record in each.attempts]
    assert sorted(told) == sorted(found)
    assert [record.verdict for record in entry(migrated, "refused, then moved").attempts] == ["refused", "accepted"]


def test_every_answer_is_kept(before: dict[str, list[Row]], migrated: bt.Journal) -> None:
    names = ("at_ms", "outcome", "http_status", "code", "msg", "tran_id")
    found = [
        (attempt_id, number, *(getattr(answer, name) for name in names))
        for attempt_id, record in of(list(migrated.entries())).items()
        for number, answer in enumerate(record.answers, 1)
    ]
    told = [(row["attempt"], row["number"], *(row[name] for name in names)) for row in before["answers"]]
    assert sorted(found) == sorted(told)


def test_a_verdict_becomes_the_first_of_its_history(before: dict[str, list[Row]], migrated: bt.Journal) -> None:
    names = ("at_ms", "verdict", "state", "tran_id", "note")
    found = {
        attempt_id: [tuple(getattr(verdict, name) for name in names) for verdict in record.verdicts]
        for attempt_id, record in of(list(migrated.entries())).items()
    }
    told = {
        row["id"]: [(row["verdict_ms"], *(row[name] for name in names[1:]))] if row["verdict"] else []
        for row in before["attempts"]
    }
    assert found == told


def test_accounts_keep_what_the_workers_share(before: dict[str, list[Row]], migrated: bt.Journal, file: Path) -> None:
    found = {row["name"]: row for row in rows(file, "SELECT * FROM binance_transfer_v2_accounts")}
    for row in before["accounts"]:
        assert {name: found[row["name"]][name] for name in row if name != "environment"} == {
            name: value for name, value in row.items() if name != "environment"
        }


def test_a_halt_still_holds(migrated: bt.Journal, url: str) -> None:
    with bt.Journal(url, account="mirror") as journal:
        assert journal.read(lambda inside: inside.account()).halted == "end of the month"


def test_windows_begin_where_others_relied_on(migrated: bt.Journal) -> None:
    """Two seconds before the timestamp: identical transfers were spaced by that."""
    assert {record.timestamp_ms - record.window_start_ms for record in of(list(migrated.entries())).values()} == {2_000}


def test_it_is_migrated_once(migrated: bt.Journal, open_journal: OpenJournal) -> None:
    assert list(open_journal().entries()) == list(migrated.entries())


def test_the_version_is_recorded(migrated: bt.Journal, file: Path) -> None:
    assert rows(file, "SELECT version FROM binance_transfer_schema") == [{"version": migrations.NEWEST}]


def test_a_journal_of_version_2_gets_an_id_and_a_count_of_changes(
    journal: bt.Journal, open_journal: OpenJournal, url: str
) -> None:
    journal.halt("kept")
    journal.close()
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.executescript(
            "DROP TABLE binance_transfer_v2_identity; ALTER TABLE binance_transfer_v2_accounts DROP COLUMN revision;"
            "UPDATE binance_transfer_schema SET version = 2"
        )
    updated = open_journal()
    account = updated.read(lambda inside: inside.account())
    assert (account.halted, account.revision) == ("kept", 0)
    updated.resume()
    assert updated.read(lambda inside: (inside.account().revision, len(inside.identity()))) == (1, 32)


def test_a_new_journal_has_the_same_tables_and_indices(migrated: bt.Journal, file: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    bt.Journal(f"sqlite:///{new}", account="treasury").close()
    schema = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    assert rows(file, schema) == rows(new, schema)


def test_a_step_that_fails_leaves_the_journal_as_it_was(
    before: dict[str, list[Row]], file: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(connection: Any) -> None:
        migrations._from_1_to_2(connection)
        connection.exec_driver_sql("ALTER TABLE nowhere ADD COLUMN x TEXT")

    monkeypatch.setattr(migrations, "STEPS", (fails,))
    schema = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    there = rows(file, schema)
    with pytest.raises(bt.JournalFailed):
        bt.Journal(url, account="treasury")
    assert (rows(file, schema), rows(file, "SELECT * FROM binance_transfer_attempts")) == (there, before["attempts"])


@pytest.mark.parametrize("read", ["entries", "get"])
def test_reading_an_older_journal_changes_nothing(read: str, file: Path, url: str) -> None:
    held = file.read_bytes()
    with pytest.raises(bt.JournalFailed, match="of version 1"):
        bt.Journal.for_reading(url, account="treasury")
    assert file.read_bytes() == held


# --- what it is good for ---------------------------------------------------------------------------------------------


class Exchange:
    """Answers as the one did that the journal belongs to, and counts transfers."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.posts = 0
        self.uid = UID
        self.rows: list[dict[str, object]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v3/time":
            return httpx.Response(200, json={"serverTime": self.clock.now_ms()})
        if request.url.path == "/api/v3/account":
            return httpx.Response(200, json={"uid": self.uid})
        if request.method == "GET":
            return httpx.Response(200, json={"total": len(self.rows), "rows": self.rows})
        self.posts += 1
        return httpx.Response(200, json={"tranId": 990_000_000 + self.posts})


@pytest.fixture
def exchange(clock: ManualClock) -> Exchange:
    clock.elapsed_s = LATER_S
    return Exchange(clock)


@pytest.fixture
def client(migrated: bt.Journal, exchange: Exchange, clock: ManualClock) -> Iterator[bt.TransferClient]:
    with bt.TransferClient(
        {"api_key": "k", "secret": "s"},
        base_url=BASE_URL,
        transport=httpx.MockTransport(exchange),
        journal=migrated,
        clock=clock,
    ) as made:
        yield made


# Keys that moved: key → what a caller gives to ask again, though some of it is refused today for what is new.
MOVED: dict[str, tuple[Any, ...]] = {
    "moved": ("MAIN_UMFUTURE", "USDT", "25.5"),
    "refused, then moved": ("MAIN_UMFUTURE", "USDT", "3"),
    "found": ("MAIN_UMFUTURE", "USDT", "4"),
    "person: moved": ("MAIN_UMFUTURE", "USDT", "7"),
    "lower case": ("MAIN_UMFUTURE", "usdt", "11"),
    "a separator": ("MAIN_UMFUTURE", "BTC-USD", "1.1"),
    "cafe\u0301": ("MAIN_UMFUTURE", "USDT", "14"),
}


@pytest.mark.parametrize("key", MOVED)
def test_a_key_that_moved_is_replayed_also_where_it_would_be_refused_today(
    key: str, client: bt.TransferClient, migrated: bt.Journal, exchange: Exchange
) -> None:
    receipt = client.transfer(*MOVED[key], idempotency_key=key)
    assert (receipt.replayed, receipt.tran_id, exchange.posts) == (True, entry(migrated, key).tran_id, 0)


def test_so_is_one_with_two_equal_symbols(client: bt.TransferClient, migrated: bt.Journal) -> None:
    receipt = client.transfer(
        "ISOLATEDMARGIN_ISOLATEDMARGIN", "USDT", "12", from_symbol="BTCUSDT", to_symbol="BTCUSDT",
        idempotency_key="equal symbols",
    )  # fmt: skip
    assert receipt.replayed


@pytest.mark.parametrize(
    ("key", "transfer"),
    [("refused in lower case", ("MAIN_UMFUTURE", "usdt", "17")), ("refused\u3164", ("MAIN_UMFUTURE", "USDT", "16"))],
)
def test_what_is_sent_anew_follows_the_rules_of_today(
    key: str, transfer: tuple[Any, ...], client: bt.TransferClient, exchange: Exchange
) -> None:
    with pytest.raises(bt.InvalidTransfer):
        client.transfer(*transfer, idempotency_key=key)
    assert exchange.posts == 0


@pytest.mark.parametrize(("key", "asset"), [("new", "usdt"), ("cafe\u0301 ole\u0301", "USDT")])
def test_a_new_key_that_is_refused_today_stays_refused(
    key: str, asset: str, client: bt.TransferClient, exchange: Exchange
) -> None:
    with pytest.raises(bt.InvalidTransfer):
        client.transfer("MAIN_UMFUTURE", asset, "14", idempotency_key=key)
    assert exchange.posts == 0


def test_what_was_recorded_as_checked_stays_checked(migrated: bt.Journal) -> None:
    checked = {each.key: each.transfer.checked for each in migrated.entries()}
    assert ([key for key, value in checked.items() if not value], checked["lower case"]) == (["unchecked"], True)


@pytest.mark.parametrize("key", ["ambiguous", "absent, then open", "open"])
def test_what_was_open_is_reconciled_and_not_sent(
    key: str, client: bt.TransferClient, migrated: bt.Journal, exchange: Exchange
) -> None:
    amount = entry(migrated, key).transfer.amount
    with pytest.raises(bt.TransferError) as told:
        client.transfer("MAIN_UMFUTURE", "USDT", amount, idempotency_key=key)
    assert (type(told.value), exchange.posts) == (bt.OutcomeUnknown, 0)
    assert "history lacks" in str(told.value)  # the canary: what was accepted last, which this history does not show


def test_what_was_refused_may_be_sent_again(client: bt.TransferClient, exchange: Exchange) -> None:
    assert not client.transfer("MAIN_UMFUTURE", "USDT", "2", idempotency_key="refused").replayed
    assert exchange.posts == 1


def test_an_acceptance_that_was_overlooked_is_looked_for_and_not_sent_over(
    client: bt.TransferClient, migrated: bt.Journal, exchange: Exchange
) -> None:
    """The released program had noted that the exchange accepted it, and would have sent it again."""
    [record] = entry(migrated, "accepted late").attempts
    [tran_id] = record.answered_ids
    row = {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "10", "status": "CONFIRMED"}
    exchange.rows.append({**row, "tranId": tran_id, "timestamp": record.timestamp_ms + 100})
    receipt = client.transfer("MAIN_UMFUTURE", "USDT", "10", idempotency_key="accepted late")
    assert (receipt.tran_id, exchange.posts) == (tran_id, 0)


def test_ids_stay_with_their_attempts(client: bt.TransferClient, migrated: bt.Journal, exchange: Exchange) -> None:
    """A row that a key owns is nobody else's, and an id that is given twice is refused."""
    list(client.history("MAIN_UMFUTURE"))  # so that the time is known
    with pytest.raises(bt.ResolutionRefused, match="belongs to attempt"):
        migrated.resolve("open", tran_id=entry(migrated, "moved").tran_id)


def test_what_was_spelt_otherwise_counts_in_the_sums_of_the_day(migrated: bt.Journal) -> None:
    amounts = migrated.read(lambda inside: inside.moved_between("USDT", 0, 2**60))
    assert 11 in amounts


# --- whose it is -----------------------------------------------------------------------------------------------------


def environments(file: Path) -> dict[str, str]:
    return {row["name"]: row["environment"] for row in rows(file, "SELECT * FROM binance_transfer_v2_accounts")}


def test_environments_have_one_spelling(migrated: bt.Journal, file: Path) -> None:
    """But for a uid that was recorded under two: neither name may be lost."""
    found = environments(file)
    assert (found["treasury"], found["local"]) == (BASE_URL, "http://127.0.0.1:8080")
    assert {found["mirror"], found["spelling"]} == {SERVERS[0], "HTTPS://API.BINANCE.COM:443"}


def test_of_two_names_for_one_uid_one_is_refused(
    migrated: bt.Journal, file: Path, open_journal: OpenJournal, exchange: Exchange, clock: ManualClock
) -> None:
    """Under each the keys of the other would be new, and identical transfers would not wait for each other."""
    assert environments(file)["mirror"] != environments(file)["spelling"]
    exchange.uid = 7
    refused = []
    for name in ("mirror", "spelling"):
        key = {"api_key": "k", "secret": "s"}
        client = bt.TransferClient(
            key, journal=open_journal(name), transport=httpx.MockTransport(exchange), clock=clock
        )
        try:
            client.transfer("MAIN_FUNDING", "USDT", "1", idempotency_key="new")
        except bt.TransferError as error:
            refused.append(str(error))
    assert ["is recorded under the name" in message for message in refused].count(True) == 1


@pytest.mark.parametrize("base_url", ["http://localhost:8443", "http://127.0.0.1.:8443/", "HTTP://127.0.0.2:8443"])
def test_other_spellings_of_its_base_url_are_the_same_exchange(
    base_url: str, migrated: bt.Journal, exchange: Exchange, clock: ManualClock
) -> None:
    client = bt.TransferClient(
        {"api_key": "k", "secret": "s"},
        base_url=base_url,
        transport=httpx.MockTransport(exchange),
        journal=migrated,
        clock=clock,
    )
    assert client.transfer(*MOVED["moved"], idempotency_key="moved").replayed


# --- an older program that still runs --------------------------------------------------------------------------------

# What a transaction of the released program begins with, and what it then does.
STATEMENTS = [
    "SELECT * FROM binance_transfer_accounts WHERE name = 'treasury'",
    "INSERT INTO binance_transfer_accounts (name, halted) VALUES ('treasury', '')",
    "INSERT INTO binance_transfer_entries (account, key) VALUES ('treasury', 'k')",
    "INSERT INTO binance_transfer_attempts (account, id) VALUES ('treasury', 'a')",
    "INSERT INTO binance_transfer_answers (account, attempt, number) VALUES ('treasury', 'a', 1)",
    "UPDATE binance_transfer_attempts SET state = 'moved' WHERE id = 'a'",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_statement_of_an_older_program_that_is_running_works(statement: str, file: Path, url: str) -> None:
    """It has the file open, and had seen version 1 when it opened it."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as older:
        older.execute("SELECT version FROM binance_transfer_schema").fetchall()
        bt.Journal(url, account="treasury").close()
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            older.execute(statement)


def test_an_older_program_that_opens_it_sees_a_version_that_it_refuses(migrated: bt.Journal, file: Path) -> None:
    """It looks for the table with the version, and takes a file without one for a new journal."""
    assert rows(file, "SELECT version FROM binance_transfer_schema")[0]["version"] > 1
