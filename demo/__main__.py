"""The tour: `python -m demo`, or `make demo`. Exits 1 where anything is not as it should be."""

import io
import sys
from collections.abc import Iterable

from rich.console import Console

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox
from demo import books, keys, tables
from demo.calls import CALLS, Story, perform

_INTRODUCTION = """\
An exchange starts on this machine, with play money, and answers as Binance does.
The client makes transfers there with each kind of API key, and a process dies in
the middle of one. Then all that was told is compared with the exchange's own books.
"""


def main() -> int:
    """Run the tour and return the exit code."""
    console = Console(highlight=False)
    console.print(_INTRODUCTION, soft_wrap=True)
    with Sandbox() as sandbox, bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url) as client:
        found = client.preflight()
        console.print(tables.preflight(found), "")

        before = sandbox.balances()
        with console.status("transferring; to prove that nothing happened takes a moment …"):
            told = perform(CALLS, sandbox)
            called = keys.perform(sandbox)
        after = sandbox.balances()
        console.print(tables.accepted(told), "", tables.others(told), tables.under_a_key(called), "", sep="\n")

        receipts = [story.receipt for story in told if story.receipt]
        receipts += {
            call.outcome.tran_id: call.outcome for call in called if isinstance(call.outcome, bt.Receipt)
        }.values()
        listed = list(_history(client, receipts))
        console.print(tables.balances(before, after), "", tables.history(listed), "", sep="\n")
        ledger = sandbox.ledger.executions()
        key_problems = keys.problems(called, sandbox)

    checks = {
        "the exchange can be used": [] if found.permits_universal_transfer and found.system_normal else [str(found)],
        "every call ended as expected": [_surprise(story) for story in told if not story.as_expected],
        "the key moved its money once, though a process died": key_problems,
        "what was executed is what has a receipt": list(books.ledger_problems(receipts, ledger)),
        "history lists just that": list(books.history_problems(receipts, listed)),
        "the balances changed by just that": list(books.balance_problems(receipts, before, after)),
    }
    for claim, problems in checks.items():
        console.print(f"[red]✗ NOT TRUE:[/] {claim}" if problems else f"[green]✓[/] {claim}")
        for problem in problems:
            console.print(f"  {problem}", markup=False)
    return 1 if any(checks.values()) else 0


def _history(client: bt.TransferClient, receipts: Iterable[bt.Receipt]) -> Iterable[bt.TransferRecord]:
    """Read history as far as it concerns these receipts."""
    queries = {
        (receipt.transfer.type, receipt.transfer.from_symbol, receipt.transfer.to_symbol) for receipt in receipts
    }
    for type_name, from_symbol, to_symbol in queries:
        yield from client.history(type_name, from_symbol=from_symbol, to_symbol=to_symbol)


def _surprise(story: Story) -> str:
    return f"{story.call.title}: {', '.join(map(repr, story.outcomes))}"


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):  # an encoding that lacks some of the characters is no reason to fail
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
