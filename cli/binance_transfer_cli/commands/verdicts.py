"""
`reconcile` and `audit`: what became of what was sent.

One rule: they send nothing.
"""

from contextlib import suppress
from datetime import datetime

import click

import binance_transfer as bt
from binance_transfer.idempotency_keys import checked_key
from binance_transfer_cli import entries, findings
from binance_transfer_cli.outcomes import Exit
from binance_transfer_cli.parameter_types import Time
from binance_transfer_cli.screen import Screen
from binance_transfer_cli.state import State, example, usage, with_state


@click.command(epilog=example("binance-transfer reconcile", "binance-transfer reconcile rent-2026-11"))
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@with_state
def reconcile(state: State, keys: tuple[str, ...]) -> int:
    """
    Find out what became of open keys. Without KEY, of all of them.

    It reads the exchange's clock and history and sends nothing. Proving that a transfer did not happen takes until its
    window closes: 35 seconds with the defaults.
    """
    settings = state.settings()
    with settings.journal() as journal, settings.client(journal, on_event=state.screen.event) as client:
        if keys:
            known = _known(journal, keys)
            found = [_reconciled(state.screen, client, journal, entry, settings.settle_within_s) for entry in known]
        else:
            found = client.reconcile_all(deadline_s=settings.settle_within_s)
    if state.screen.as_json:
        for entry in found:
            state.screen.json(entries.to_dict(entry))
    elif found:
        entries.table(state.screen, found)
    else:
        state.screen.say("Nothing is open.", "green")
    for entry in found:
        if entry.state == "open":
            state.screen.note(f"{entry.key} is still open; later again, or binance-transfer journal resolve")
    return entries.exit_code(found)


def _known(journal: bt.Journal, keys: tuple[str, ...]) -> list[bt.Entry]:
    """Return what the journal has of all keys; raises UsageError where it lacks one, before the first is pursued."""
    found = []
    for key in keys:
        entry = journal.get(key)
        if entry is None:
            message = f"key {checked_key(key)!r} is not in the journal"
            raise usage(message)
        found.append(entry)
    return found


def _reconciled(
    screen: Screen, client: bt.TransferClient, journal: bt.Journal, entry: bt.Entry, within_s: float
) -> bt.Entry:
    if entry.open_attempt is None:
        return entry
    try:
        client.reconcile(entry.open_attempt.attempt, deadline_s=within_s)
    except bt.TransferError as error:
        screen.note(f"{entry.key}: {error}")
    with suppress(bt.JournalFailed):  # those that were reconciled before are shown even so
        return journal.get(entry.key) or entry
    return entry


@click.command(epilog=example("binance-transfer audit --since 7d", "binance-transfer --json audit --since 2026-11-01"))
@click.option("--since", type=Time(), required=True, metavar="T", help="From then on: a time, a date (UTC), or 7d.")
@with_state
def audit(state: State, since: datetime) -> int:
    """Compare the journal with the exchange's history. Ends with 1 where a person has to look at something."""
    settings = state.settings()
    with settings.journal() as journal, settings.client(journal) as client:
        if since > (now := client.server_time()):
            message = f"--since ({since.isoformat()}) lies in the future: the exchange has {now.isoformat()}"
            raise usage(message)
        found = client.audit(since)
    if state.screen.as_json:
        state.screen.json(findings.to_dict(found))
    else:
        findings.show(state.screen, found)
    return Exit.OK if found.clean else Exit.INCOMPLETE
