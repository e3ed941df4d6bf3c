"""
`reconcile` and `audit`: what became of what was sent.

One rule: they send nothing.
"""

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
            found = [_one(state.screen, client, journal, key, settings.settle_within_s) for key in keys]
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


def _one(screen: Screen, client: bt.TransferClient, journal: bt.Journal, key: str, within_s: float) -> bt.Entry:
    entry = journal.get(key)
    if entry is None:
        message = f"key {checked_key(key)!r} is not in the journal"
        raise usage(message)
    if entry.open_attempt is None:
        return entry
    try:
        client.reconcile(entry.open_attempt.attempt, deadline_s=within_s)
    except (bt.NotExecuted, bt.OutcomeUnknown) as error:
        screen.note(f"{key}: {error}")
    return journal.get(key) or entry


@click.command(epilog=example("binance-transfer audit --since 7d", "binance-transfer --json audit --since 2026-11-01"))
@click.option("--since", type=Time(), required=True, metavar="T", help="From then on: a time, a date (UTC), or 7d.")
@with_state
def audit(state: State, since: datetime) -> int:
    """Compare the journal with the exchange's history. Ends with 1 where a person has to look at something."""
    settings = state.settings()
    with settings.journal() as journal, settings.client(journal) as client:
        found = client.audit(since)
    if state.screen.as_json:
        state.screen.json(findings.to_dict(found))
    else:
        findings.show(state.screen, found)
    return Exit.OK if found.clean else Exit.INCOMPLETE
