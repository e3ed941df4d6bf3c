"""CSV and JSON Lines: nothing is lost, nothing is rounded, nothing runs."""

import csv
import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import binance_transfer as bt
from binance_transfer.export import to_csv, to_jsonl
from binance_transfer.export.rows import COLUMNS
from tests.export.journals import answer, entries, entry, record

ACTIVE = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def table(found: list[bt.Entry]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(found), newline=""), strict=True))


def original(cell: str) -> str:
    """What the docstring tells a program to do."""
    return cell.removeprefix("'")


def restored(line: str) -> bt.Entry:
    """An entry made of its JSON, with nothing but public classes."""
    document = json.loads(line)
    records = tuple(
        bt.AttemptRecord(
            bt.Attempt.from_dict(values.pop("attempt")),
            document["key"],
            answers=tuple(bt.AnswerRecord(**told) for told in values.pop("answers")),
            verdicts=tuple(bt.VerdictRecord(**told) for told in values.pop("verdicts")),
            **{name: value for name, value in values.items() if name not in {"verdict", "verdict_ms", "note"}},
        )
        for values in document["attempts"]
    )
    return bt.Entry(document["key"], records[0].attempt.transfer, records)


@given(st.lists(entries(), max_size=3))
def test_a_spreadsheet_shows_every_attempt_as_it_is(found: list[bt.Entry]) -> None:
    rows = table(found)
    records = [(each, attempt) for each in found for attempt in each.attempts]
    assert len(rows) == len(records)
    for row, (each, attempt) in zip(rows, records, strict=True):
        transfer = attempt.attempt.transfer
        assert original(row["key"]) == each.key
        assert original(row["asset"]) == transfer.asset
        assert original(row["note"]) == attempt.note
        assert (row["amount"], row["window_end_ms"]) == (transfer.amount_text, str(attempt.window_end_ms))
        assert original(row["last_msg"]) == (attempt.answers[-1].msg if attempt.answers else "")


@given(st.lists(entries(), max_size=3))
def test_no_text_can_be_a_formula(found: list[bt.Entry]) -> None:
    """Numbers may begin with a minus: error codes are numbers, and do nothing."""
    for row in table(found):
        for name, cell in row.items():
            assert not cell.startswith(ACTIVE) or (name == "last_code" and int(cell) <= 0)


def test_lines_end_as_rfc_4180_says_and_the_columns_are_named() -> None:
    first, *rest = to_csv([entry(record())]).split("\r\n")
    assert (first.split(","), len(rest), rest[-1]) == (list(COLUMNS), 2, "")


def test_an_empty_journal_has_a_header_and_no_line() -> None:
    assert (to_csv([]).count("\r\n"), to_jsonl([])) == (1, "")


def test_wallets_and_the_last_answer_have_columns() -> None:
    (row,) = table([entry(record(answers=(answer("OutcomeUnknown"), answer("Receipt", "late"))))])
    names = ("source", "target", "answers", "last_outcome", "last_code", "last_msg")
    assert [row[name] for name in names] == ["spot", "usdm_futures", "2", "Receipt", "-1007", "late"]


@given(st.lists(entries(), max_size=3))
def test_json_lines_give_the_same_entries_back(found: list[bt.Entry]) -> None:
    lines = to_jsonl(found).splitlines()
    assert [restored(line) for line in lines] == found


@given(entries())
def test_json_lines_are_ascii_and_keep_their_order(found: bt.Entry) -> None:
    text = to_jsonl([found])
    document: dict[str, Any] = json.loads(text)
    assert text.isascii()
    assert list(document) == ["key", "state", "tran_id", "attempts"]
    assert list(document["attempts"][0])[:3] == ["attempt", "opened_ms", "window_start_ms"]
