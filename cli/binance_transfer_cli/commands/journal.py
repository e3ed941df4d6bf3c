"""
`journal`: the records, for a person.

One rule: looking writes nothing, not even a file; what a person decides is written down with a note.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

import binance_transfer as bt
from binance_transfer.export import files
from binance_transfer_cli import entries
from binance_transfer_cli.outcomes import Exit
from binance_transfer_cli.parameter_types import Time
from binance_transfer_cli.state import State, example, usage, with_state

_LAST_ID = 2**63 - 1  # the exchange counts in 64 bits, as the journal does


@click.group(epilog=example("binance-transfer journal list --state open", "binance-transfer journal show rent-2026-11"))
def journal() -> None:
    """Look at the journal, and decide what it leaves open."""


@journal.command(
    "list", epilog=example("binance-transfer journal list --state open", "binance-transfer --json journal list")
)
@click.option("--state", "only", type=click.Choice(["open", "moved", "not_moved"]), help="Only keys in this state.")
@click.option("--since", type=Time(), metavar="T", help="Only keys first used then or later: a time, a date, or 7d.")
@with_state
def list_keys(state: State, only: Any, since: datetime | None) -> int:
    """List keys, oldest first."""
    with state.settings().journal_to_read() as opened:
        found = opened.entries(state=only, since=since)
        if state.screen.as_json:
            for entry in found:
                state.screen.json(entries.to_dict(entry))
        else:
            entries.table(state.screen, list(found))
    return state.screen.exit_code()


@journal.command(epilog=example("binance-transfer journal show rent-2026-11"))
@click.argument("key")
@with_state
def show(state: State, key: str) -> int:
    """Show all about a key: each attempt, each answer, each verdict."""
    with state.settings().journal_to_read() as opened:
        entry = opened.get(key)
    if entry is None:
        message = f"key {key!r} is not in the journal"
        raise usage(message)
    if state.screen.as_json:
        state.screen.json(entries.to_dict(entry))
    else:
        entries.details(state.screen, entry)
    return state.screen.exit_code()


def _verdict_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--unchecked", is_flag=True, help="Do not look at the exchange's history; needs a note."),
        click.option("--note", default="", metavar="TEXT", help="Why, for those who read it later."),
        click.option("--not-executed", is_flag=True, help="It did not move."),
        click.option("--tran-id", type=click.IntRange(1, _LAST_ID), metavar="N", help="It moved, and this is its id."),
    ):
        command = option(command)
    return command


@journal.command(
    epilog=example(
        "binance-transfer journal resolve rent-2026-11 --tran-id 13526853623",
        "binance-transfer journal resolve rent-2026-11 --not-executed --note 'asked'",
    )
)
@click.argument("key")
@_verdict_options
@with_state
def resolve(state: State, key: str, tran_id: int | None, note: str, *, not_executed: bool, unchecked: bool) -> int:
    """Record a verdict for an open key, once its window has closed. The exchange's history is checked first."""
    _check_verdict(tran_id, note, not_executed=not_executed, unchecked=unchecked)
    settings = state.settings()
    with settings.journal() as opened, settings.client(opened) as client:
        if unchecked:
            client.server_time()  # the window has to be over by the exchange's clock
            entry = opened.resolve(key, tran_id=tran_id, not_executed=not_executed, note=note)
        else:
            entry = client.resolve(key, tran_id=tran_id, not_executed=not_executed, note=note)
    return _decided(state, entry)


@journal.command(
    epilog=example("binance-transfer journal correct rent-2026-11 --not-executed --note 'support says: reverted'")
)
@click.argument("key")
@click.option("--attempt", metavar="ID", help="Which attempt is meant, where the key has several.")
@_verdict_options
@with_state
def correct(
    state: State, key: str, attempt: str | None, tran_id: int | None, note: str, *, not_executed: bool, unchecked: bool
) -> int:
    """Replace the verdict of a key. The exchange's history is checked first; --note is required."""
    _check_verdict(tran_id, note, not_executed=not_executed, unchecked=True)
    settings = state.settings()
    verdict: dict[str, Any] = {"tran_id": tran_id, "not_executed": not_executed, "note": note, "attempt": attempt}
    with settings.journal() as opened, settings.client(opened) as client:
        if unchecked:
            client.server_time()
            entry = opened.correct(key, **verdict)
        else:
            entry = client.correct(key, **verdict)
    return _decided(state, entry)


def _check_verdict(tran_id: int | None, note: str, *, not_executed: bool, unchecked: bool) -> None:
    if (tran_id is None) == (not not_executed):
        message = "say either --tran-id N (it moved) or --not-executed"
        raise usage(message)
    if unchecked and not note.strip():
        message = "say in --note TEXT why: it is what others will go by"
        raise usage(message)


def _decided(state: State, entry: bt.Entry) -> int:
    if state.screen.as_json:
        state.screen.json(entries.to_dict(entry))
    else:
        entries.details(state.screen, entry)
    return Exit.OK


@journal.command(
    epilog=example(
        "binance-transfer journal export --format html --output journal.html", "binance-transfer journal export"
    )
)
@click.option("--format", "form", type=click.Choice(["csv", "jsonl", "html"]), help="Default: csv; jsonl with --json.")
@click.option("--output", metavar="FILE", help="Where to, instead of standard output.")
@with_state
def export(state: State, form: str | None, output: str | None) -> int:
    """Write all of the journal, for a spreadsheet, a program or a person."""
    settings = state.settings()
    form = form or ("jsonl" if state.screen.as_json else "csv")
    if state.screen.as_json and output is None and form != "jsonl":
        message = f"give --format {form} or --json, not both"
        raise usage(message)
    if output is not None:
        files.output_file(output, settings.files)
    url = settings.journal_url()
    try:
        files.export(url.open(), settings.account or "", form, output, time.time_ns() // 1_000_000)
    except bt.JournalFailed as failed:
        raise ValueError(str(failed)) from None
    if state.screen.as_json and output is not None:
        state.screen.json({"export": output})
    return Exit.OK


@journal.command(epilog=example("binance-transfer journal halt 'balances look wrong, ask Mia'"))
@click.argument("reason")
@with_state
def halt(state: State, reason: str) -> int:
    """Stop every worker's next send, until `resume`. REASON is what their errors show."""
    return _changed(state, lambda opened: opened.halt(reason), f"Halted: {reason}", {"halted": reason})


@journal.command(epilog=example("binance-transfer journal resume"))
@with_state
def resume(state: State) -> int:
    """End a halt, and a wait that the exchange asked for (Retry-After)."""
    return _changed(state, lambda opened: opened.resume(), "Sending goes on.", {"halted": None})


@journal.command(epilog=example("binance-transfer journal backup transfers-2026-11-22.db"))
@click.argument("path", type=click.Path())
@with_state
def backup(state: State, path: str) -> int:
    """
    Copy the journal's file to PATH while workers go on.

    Nothing is sent from the copy before `adopt`. PostgreSQL has pg_dump.
    """
    target = files.output_file(path, state.settings().files)

    def copy(opened: bt.Journal) -> None:
        try:
            opened.backup(target)
        except bt.JournalFailed as failed:
            raise ValueError(str(failed)) from None

    return _changed(state, copy, f"Copied to {path}.", {"backup": path})


@journal.command(epilog=example("binance-transfer journal adopt --note 'audited since 2026-11-20, clean'"))
@click.option("--note", required=True, metavar="TEXT", help="Who checked the copy, and what was checked.")
@with_state
def adopt(state: State, note: str) -> int:
    """
    Allow sending from a restored copy.

    Run an audit first: transfers made after the copy may have moved, and their keys
    look unused in it.
    """
    return _changed(state, lambda opened: opened.adopt(note), "Adopted: it may be sent from.", {"adopted": note})


def _changed(state: State, change: Callable[[bt.Journal], None], done: str, values: dict[str, object]) -> int:
    settings = state.settings()
    with settings.journal() as opened:
        change(opened)
    if state.screen.as_json:
        state.screen.json(values)
    else:
        state.screen.say(done)
        state.screen.fields([("journal", settings.journal_shown)])
    return Exit.OK
