"""
A tour: transfers against an exchange on this machine, from the first question to the last check. `make demo` runs it.

It reads from top to bottom. What it shows is checked, and the first check that fails ends it with exit code 1.
"""

import asyncio
import logging
import multiprocessing
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn, TypeVar

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

import binance_transfer as bt
from binance_transfer_sandbox import Entry, Sandbox, faults

KEY = "sweep-2026-11-22"
SWEEP = bt.Transfer("MAIN_CMFUTURE", "BTC", "0.25")

Outcome = TypeVar("Outcome", bound=bt.Receipt | bt.TransferError)
Amounts = defaultdict[tuple[str, str], Decimal]  # (wallet, asset) → amount

console = Console(highlight=False)


def main(sandbox: Sandbox) -> None:
    """Take the tour; raises SystemExit with code 1 if anything is not as expected."""
    say("This machine now runs an exchange with play money that answers as Binance does.")
    before = ask_before_moving_money(sandbox)
    receipts = use_each_type_of_key(sandbox)
    receipts += asyncio.run(send_at_the_same_time(sandbox))
    see_refusals(sandbox)
    receipts += lose_answers(sandbox)
    receipts += kill_a_process(sandbox)
    compare_with_the_ledger(sandbox, receipts, before)


def ask_before_moving_money(sandbox: Sandbox) -> Amounts:
    """Make sure that a transfer can work, and return what the wallets hold."""
    say("\nWould a transfer work?", "bold")
    with bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url) as client:
        found, amounts = client.preflight(), amounts_in_wallets(client)
    say(f"The exchange's clock is {found.clock_offset_ms} ms ahead of ours. The client allows for that.")
    ready = (found.reading_enabled, found.permits_universal_transfer, found.system_normal)
    check("the key may read and transfer, and the exchange runs normally", ready, (True, True, True))
    return amounts


def use_each_type_of_key(sandbox: Sandbox) -> list[bt.Receipt]:
    """Sign with HMAC, RSA and Ed25519."""
    say("\nThree types of API key: HMAC, RSA and Ed25519", "bold")
    with bt.TransferClient(sandbox.credentials_for("hmac"), base_url=sandbox.base_url) as client:
        first = expect(bt.Receipt, client.transfer, "MAIN_UMFUTURE", "USDT", "25.5")
    with bt.TransferClient(sandbox.credentials_for("rsa"), base_url=sandbox.base_url) as client:
        second = expect(bt.Receipt, client.transfer, "MAIN_FUNDING", "BTC", "0.00000001")
    with bt.TransferClient(sandbox.credentials_for("ed25519"), base_url=sandbox.base_url) as client:
        third = expect(bt.Receipt, client.transfer, "ISOLATEDMARGIN_MARGIN", "USDT", "10", from_symbol="BTCUSDT")
    return [first, second, third]


async def send_at_the_same_time(sandbox: Sandbox) -> list[bt.Receipt]:
    """Make three transfers at once. An error of any of them would end the tour."""
    say("\nThree transfers at the same time, with asyncio", "bold")
    async with bt.AsyncTransferClient(sandbox.credentials, base_url=sandbox.base_url) as client:
        receipts = await asyncio.gather(
            client.transfer("MARGIN_MAIN", "ETH", "1"),
            client.transfer("CMFUTURE_FUNDING", "BTC", "0.5"),
            client.transfer("MAIN_FUNDING", "币安人生", "88"),
        )
    for receipt in receipts:
        show(receipt)
    return list(receipts)


def see_refusals(sandbox: Sandbox) -> None:
    """Try a transfer that the exchange refuses, and one that the client does not even send."""
    say("\nRefused: nothing moved", "bold")
    with bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url) as client:
        say("More than the wallet holds:")
        expect(bt.InsufficientBalance, client.transfer, "MAIN_UMFUTURE", "USDT", "7000000")
        say("A symbol where none belongs:")
        expect(bt.InvalidTransfer, client.transfer, "MAIN_MARGIN", "USDT", "10", to_symbol="BTCUSDT")


def lose_answers(sandbox: Sandbox) -> list[bt.Receipt]:
    """Lose the answers to two transfers, and find out which of them was executed."""
    say("\nThe answer is lost: did the money move?", "bold")
    # Real programs keep the defaults, 5 s and 30 s. Here the window closes sooner.
    with bt.TransferClient(
        sandbox.credentials, base_url=sandbox.base_url, recv_window_ms=2_000, settle_ms=500
    ) as client:
        say("This transfer is executed, but the connection breaks before the answer comes:")
        sandbox.fail_next(faults.Drop(executes=True))
        unknown = expect(bt.OutcomeUnknown, client.transfer, "FUNDING_MAIN", "USDT", "40")
        say("Reconciliation finds it in the exchange's history:")
        receipt = expect(bt.Receipt, client.reconcile, unknown.attempt)

        say("This one is lost before it is executed. To the client it looks the same:")
        sandbox.fail_next(faults.Drop(executes=False))
        unknown = expect(bt.OutcomeUnknown, client.transfer, "FUNDING_MAIN", "USDT", "60")
        say("Proving it did not happen takes until the window closes, here three seconds:")
        expect(bt.ProvenAbsent, client.reconcile, unknown.attempt)
    return [receipt]


def kill_a_process(sandbox: Sandbox) -> list[bt.Receipt]:
    """Kill a process after the exchange has executed its transfer, and call again with its idempotency key."""
    say(f"\nAn idempotency key survives a crash: {KEY}", "bold")
    with TemporaryDirectory(prefix="journal-", ignore_cleanup_errors=True) as folder:
        journal_url = f"sqlite:///{Path(folder) / 'transfers.db'}"
        say("Another process makes a transfer with this key, and is killed while it waits.")
        sandbox.fail_next(faults.Hang(executes=True))
        arguments = (journal_url, dict(sandbox.credentials), sandbox.base_url)
        process = multiprocessing.get_context("spawn").Process(target=make_the_sweep, args=arguments, daemon=True)
        process.start()
        while process.is_alive() and not executed_sweeps(sandbox):
            time.sleep(0.01)
        process.kill()
        process.join()
        check("the exchange has executed the transfer", len(executed_sweeps(sandbox)), 1)

        with (
            bt.Journal(journal_url, account="treasury") as journal,
            bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url, journal=journal) as client,
        ):
            check("in the journal, the key is open", [entry.state for entry in journal.entries()], ["open"])
            say("Two calls with the same key, and one that uses the key for another amount:")
            receipt = expect(bt.Receipt, client.execute, SWEEP, idempotency_key=KEY)
            again = expect(bt.Receipt, client.execute, SWEEP, idempotency_key=KEY)
            other = bt.Transfer(SWEEP.type, SWEEP.asset, "0.5")
            expect(bt.IdempotencyConflict, client.execute, other, idempotency_key=KEY)
    check("the key moved money once", executed_sweeps(sandbox), [receipt.tran_id])
    check("both calls got the receipt of that transfer", again.tran_id, receipt.tran_id)
    return [receipt]


def make_the_sweep(journal_url: str, credentials: dict[str, str], base_url: str) -> None:
    """Make one transfer with the key. This is all that the killed process does."""
    logging.getLogger("binance_transfer").setLevel(logging.ERROR)  # or it warns that the journal is new
    journal = bt.Journal(journal_url, account="treasury")
    bt.TransferClient(credentials, base_url=base_url, journal=journal).execute(SWEEP, idempotency_key=KEY)


def executed_sweeps(sandbox: Sandbox) -> list[int]:
    """Return the ids of these transfers from the exchange's own ledger."""
    return [entry.tran_id for entry in sandbox.ledger.executions(type=SWEEP.type, asset=SWEEP.asset)]


def compare_with_the_ledger(sandbox: Sandbox, receipts: list[bt.Receipt], before: Amounts) -> None:
    """Show history and balances, and compare both, and the exchange's own ledger, with the receipts."""
    transfers = [receipt.transfer for receipt in receipts]
    rows: list[bt.TransferRecord] = []
    with bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url) as client:
        for type_name, source, target in {(each.type, each.from_symbol, each.to_symbol) for each in transfers}:
            rows += client.history(type_name, from_symbol=source, to_symbol=target)
        after = amounts_in_wallets(client)
    rows.sort(key=lambda row: (row.time, row.tran_id))
    changes = {place: after[place] - before[place] for place in {**before, **after} if after[place] != before[place]}

    say("\nHistory", "bold")
    show_table(
        ("time (UTC)", "type", "amount", "status", "tranId"),
        (
            (f"{row.time:%H:%M:%S}", row.type, f"{row.amount:,f} {row.asset}", row.status, str(row.tran_id))
            for row in rows
        ),
    )
    say("\nBalances that changed", "bold")
    show_table(
        ("wallet", "asset", "before", "after", "change"),
        ((*place, f"{before[place]:,f}", f"{after[place]:,f}", f"{change:+,f}") for place, change in changes.items()),
    )

    say("\nIs all of this true?", "bold")
    executed = sorted((entry.tran_id, *terms(entry)) for entry in sandbox.ledger.executions())
    received = sorted((receipt.tran_id, *terms(receipt.transfer)) for receipt in receipts)
    check("the exchange executed the transfers that have a receipt, and no others", executed, received)
    listed = sorted((row.tran_id, row.type, row.asset, row.amount, row.status) for row in rows)
    confirmed = [(*each[:4], "CONFIRMED") for each in received]  # a row of history has no symbols
    check("history lists these, and no others", listed, confirmed)
    moved = Amounts(Decimal)
    for transfer in transfers:
        info = bt.TRANSFER_TYPES[transfer.type]
        moved[info.source.value, transfer.asset] -= transfer.amount
        moved[info.target.value, transfer.asset] += transfer.amount
    expected = {place: amount for place, amount in moved.items() if amount}
    check("the balances changed by what these moved", changes, expected)


def amounts_in_wallets(client: bt.TransferClient) -> Amounts:
    """Read all balances."""
    amounts = Amounts(Decimal)
    for wallet, assets in client.balances().items():
        for asset, balance in assets.items():
            amounts[wallet.value if isinstance(wallet, bt.Wallet) else wallet, asset] = balance.free + balance.locked
    return amounts


def terms(transfer: bt.Transfer | Entry) -> tuple[str, str, Decimal, str, str]:
    """Return what a transfer moves, and between which wallets, as values that can be compared and sorted."""
    return transfer.type, transfer.asset, transfer.amount, transfer.from_symbol or "", transfer.to_symbol or ""


def expect(expected: type[Outcome], call: Callable[..., bt.Receipt], *arguments: object, **options: object) -> Outcome:
    """Make a call, then show and return its outcome: a receipt or an error. Any other than expected ends the tour."""
    outcome: bt.Receipt | bt.TransferError
    try:
        outcome = call(*arguments, **options)
    except bt.TransferError as error:
        outcome = error
    show(outcome)
    if type(outcome) is not expected:
        end(f"this should be {expected.__name__}")
    return outcome


def check(claim: str, found: object, expected: object) -> None:
    """Show that a claim holds, or end the tour."""
    if found != expected:
        end(f"{claim}: expected {expected}, found {found}")
    say(f"ok: {claim}", "green")


def end(problem: str) -> NoReturn:
    """Show what is wrong, and end the tour with exit code 1."""
    say(f"NOT TRUE: {problem}", "red")
    sys.exit(1)


def show(outcome: bt.Receipt | bt.TransferError) -> None:
    """Show the outcome of a call; an error with its own message."""
    message, style = str(outcome), "yellow"
    if isinstance(outcome, bt.Receipt):
        transfer, how = outcome.transfer, ", replayed" if outcome.replayed else ""
        message = f"{transfer.type} {transfer.amount_text} {transfer.asset}, tranId {outcome.tran_id}{how}"
        style = "cyan"
    text = Text(printable(f"{type(outcome).__name__}: {message}"), style)
    console.print(Padding(text, (0, 0, 0, 2), expand=False))


def say(text: str, style: str = "") -> None:
    """Print a paragraph."""
    console.print(Text(printable(text), style))


def show_table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print a table with amounts aligned to the right."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for column in columns:
        amounts = column in {"amount", "before", "after", "change"}
        table.add_column(column, justify="right" if amounts else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(printable, row))
    console.print(table)


def printable(text: str) -> str:
    """Escape the characters that the output's encoding lacks."""
    return text.encode(console.encoding, "backslashreplace").decode(console.encoding)


if __name__ == "__main__":
    with Sandbox() as exchange:
        main(exchange)
