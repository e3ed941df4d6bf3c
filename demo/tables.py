"""
What a person sees.

One rule: it fits 80 columns, and without colours it says the same.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from rich import box
from rich.console import Group, JustifyMethod
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

import binance_transfer as bt
from demo import keys
from demo.books import Balances, changes
from demo.calls import Call, Outcome, Story


def preflight(found: bt.Preflight) -> Table:
    """Show what the client learnt before it moved anything."""
    table = _table("Preflight", "question", ">answer")
    for question, answer in (
        ("How far is the exchange's clock ahead of ours?", f"{found.clock_offset_ms} ms"),
        ("May this key read history?", _yes(found.reading_enabled)),
        ("May it transfer?", _yes(found.permits_universal_transfer)),
        ("Is it bound to some addresses?", _yes(found.ip_restricted)),
        ("Does the exchange run normally?", _yes(found.system_normal)),
    ):
        table.add_row(question, answer)
    return table


def accepted(told: Iterable[Story]) -> Table:
    """Show the calls that were answered with a receipt."""
    table = _table("Transfers that were accepted", "key", "client", "type", ">amount", "tranId")
    for story in told:
        if isinstance(receipt := story.outcomes[0], bt.Receipt):
            call = story.call
            table.add_row(call.key, call.client, _type(call), f"{call.amount} {call.asset}", str(receipt.tran_id))
    return table


def others(told: Iterable[Story]) -> Group:
    """Show the other calls, in the words that a program gets."""
    lines: list[Text | Padding] = [Text("Transfers that were not", style="bold"), Text()]
    for story in told:
        if not isinstance(story.outcomes[0], bt.Receipt):
            call = story.call
            lines.append(Text.assemble((call.title, "bold"), f": {call.amount} {call.asset}, {_type(call)}"))
            lines += [Padding(_outcome(outcome), (0, 0, 0, 2), expand=False) for outcome in story.outcomes]
            lines.append(Text())
    return Group(*lines)


def under_a_key(called: Iterable[keys.Call]) -> Group:
    """Show the calls with one idempotency key, and what became of the key."""
    lines: list[Text | Padding] = [Text(f"One idempotency key: {keys.KEY}", style="bold"), Text()]
    for call in called:
        lines.append(Text.assemble((call.title, "bold"), f": the key is {call.state}"))
        if call.outcome is not None:
            lines.append(Padding(_outcome(call.outcome), (0, 0, 0, 2), expand=False))
    return Group(*lines)


def balances(before: Balances, after: Balances) -> Table:
    """Show the balances that changed."""
    table = _table("Balances that changed", "wallet", "asset", ">before", ">after", ">change")
    for wallet, asset, was, now in changes(before, after):
        change = Text(f"{now - was:+,f}", style="green" if now > was else "red")
        table.add_row(wallet, asset, _number(was), _number(now), change)
    return table


def history(rows: Iterable[bt.TransferRecord]) -> Table:
    """Show what the exchange's history lists, oldest first."""
    table = _table("History", "time (UTC)", "type", ">amount", "status", "tranId")
    for row in sorted(rows, key=lambda row: (row.timestamp_ms, row.tran_id)):
        moment = datetime.fromtimestamp(row.timestamp_ms / 1000, UTC).strftime("%H:%M:%S")
        table.add_row(moment, row.type, f"{_number(row.amount)} {row.asset}", row.status, str(row.tran_id))
    return table


def _table(title: str, *columns: str) -> Table:
    """Make a table; a column that begins with > stands to the right."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
    for column in columns:
        justify: JustifyMethod = "right" if column.startswith(">") else "left"
        table.add_column(column.removeprefix(">"), justify=justify, overflow="fold")
    return table


def _type(call: Call) -> str:
    symbols = [("from", call.from_symbol), ("to", call.to_symbol)]
    return call.transfer_type + "".join(f" {word} {symbol}" for word, symbol in symbols if symbol)


def _outcome(outcome: Outcome) -> Text:
    match outcome:
        case bt.Receipt():
            how = "replayed, nothing was sent" if outcome.replayed else "found in history"
            return Text.assemble(("Receipt", "green"), f": tranId {outcome.tran_id}, {how}")
        case bt.OutcomeUnknown():
            return Text.assemble(("OutcomeUnknown", "yellow"), f": {outcome}")
        case _:
            return Text.assemble((type(outcome).__name__, "cyan"), f": {outcome}")


def _number(amount: Decimal) -> str:
    return f"{amount:,f}"


def _yes(answer: bool | None) -> str:  # noqa: FBT001
    return "yes" if answer else "no"
