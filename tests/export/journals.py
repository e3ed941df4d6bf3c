"""Entries as a journal would give them, and any that Hypothesis can think of."""

from typing import Any

from hypothesis import strategies as st

import binance_transfer as bt

NOW_MS = 1_795_312_812_000
HARMLESS = bt.Transfer("MAIN_UMFUTURE", "USDT", "25.50")


def record(
    key: str = "sweep-1",
    transfer: bt.Transfer = HARMLESS,
    *,
    ago_ms: int = 600_000,
    state: Any = "moved",
    tran_id: int | None = 13_526_853_623,
    verdict: Any = None,
    note: str = "",
    **more: Any,
) -> bt.AttemptRecord:
    """An attempt, settled unless its state says otherwise."""
    attempt = bt.Attempt(transfer, NOW_MS - ago_ms, 5_000)
    begun_ms = NOW_MS - ago_ms
    made = bt.AttemptRecord(attempt, key, begun_ms, begun_ms - 5_000, begun_ms + 35_000, **more)
    if state == "open":
        return made
    moved = state == "moved"
    told: Any = verdict or ("accepted" if moved else "refused")
    return made.judged(bt.VerdictRecord(begun_ms + 120, told, state, tran_id if moved else None, note))


def entry(*records: bt.AttemptRecord) -> bt.Entry:
    return bt.Entry(records[0].key, records[0].attempt.transfer, records)


def answer(outcome: str = "Receipt", msg: str = "", tran_id: int | None = None) -> bt.AnswerRecord:
    return bt.AnswerRecord(NOW_MS, outcome, 200, -1007, msg, tran_id)


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(
    [
        "=1+1",
        "+A1",
        "-2",
        "@x",
        "'quoted",
        "\t=1",
        "\uff1d1",
        'a"b',
        "a,b\r\nc",
        "</td><script>alert(1)</script>",
        "&amp;",
    ]
)
amounts = st.decimals(min_value="0.00000001", max_value="1000000000", places=8).map(lambda amount: format(amount, "f"))
transfers = st.builds(
    bt.Transfer.unchecked, st.sampled_from(["MAIN_UMFUTURE", "FUNDING_MAIN", "SOMETHING_NEW"]) | texts, texts, amounts
)
answers = st.builds(
    bt.AnswerRecord,
    st.integers(0, 2**42),
    texts,
    st.none() | st.integers(100, 599),
    st.none() | st.integers(-9999, 0),
    texts | st.just(""),
    st.none() | st.integers(1, 2**62),
)


@st.composite
def entries(draw: st.DrawFn) -> bt.Entry:
    key, transfer = draw(texts), draw(transfers)
    states = draw(st.lists(st.sampled_from(["moved", "not_moved", "open"]), min_size=1, max_size=3))
    return entry(
        *(
            record(
                key,
                transfer,
                ago_ms=draw(st.integers(0, 10**9)),
                state=state,
                note=draw(texts | st.just("")),
                answers=tuple(draw(st.lists(answers, max_size=2))),
            )
            for state in states
        )
    )
