"""
`run`: a plan of many transfers.

One rule: nothing is sent before every row was checked and a person, or --yes, has agreed; and the same command again
sends nothing twice.
"""

import logging
import shlex
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, get_args

import click
from attrs import frozen

import binance_transfer as bt
from binance_transfer_cli import place, results
from binance_transfer_cli.outcomes import Exit, Outcome, exit_code
from binance_transfer_cli.plan import Checker, PlanRefused, Total, checked_batch, rows_of
from binance_transfer_cli.progress import Progress, shown
from binance_transfer_cli.runner import Runner
from binance_transfer_cli.screen import Screen
from binance_transfer_cli.settings import Settings
from binance_transfer_cli.staging import Staging
from binance_transfer_cli.state import SOMEBODY, State, example, usage, with_state
from binance_transfer_cli.summary import Line, beyond_balances, beyond_limits, lines

if TYPE_CHECKING:
    from binance_transfer.balances import Balances

_WORKERS = 4
_MOST_WORKERS = 64
_LISTED = 20


@frozen
class Plan:
    """A plan that was checked: its rows wait in a temporary file."""

    name: str
    staging: Staging
    totals: tuple[Total, ...]
    rows: int


@click.command(
    epilog=example(
        "binance-transfer run payroll.csv --batch 2026-11 --results payroll.jsonl",
        "binance-transfer run payroll.csv --batch 2026-11 --dry-run",
    )
)
@click.argument("plan", type=click.Path(), metavar="PLAN")
@click.option("--batch", metavar="NAME", help="Build a key from NAME and the row's content for each row without a key.")
@click.option("--results", "results_file", metavar="FILE", help="Write what became of each row, as JSON Lines.")
@click.option(
    "--workers",
    type=click.IntRange(1, _MOST_WORKERS),
    default=_WORKERS,
    show_default=True,
    metavar="N",
    help="Rows to send in parallel.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Check the plan and show what it would do; send nothing.")
@with_state
def run(
    state: State,
    plan: str,
    batch: str | None,
    results_file: str | None,
    workers: int,
    *,
    yes: bool,
    dry_run: bool,
) -> int:
    """
    Make the transfers of a plan. PLAN is a file of CSV or JSON Lines; - is standard input.

    CSV has the header key,type,asset,amount,from_symbol,to_symbol, or from,to in place of type; JSON Lines have the
    same names, and all values are text. Every row is checked before the first is sent. An interrupted run goes on with
    the same command, and sends nothing twice. It needs a journal.
    """
    screen, settings = state.screen, state.settings()
    if not settings.has_journal:
        message = "a run needs a journal: --journal sqlite:///transfers.db --account NAME"
        raise usage(message)
    if not (yes or dry_run) and (plan == "-" or not state.may_ask()):
        raise usage(SOMEBODY)
    in_use = [*settings.files, Path("/dev/stdin" if plan == "-" else plan)]
    target = None if results_file is None else results.checked_file(results_file, in_use)
    if dry_run:
        with _checked(screen, plan, batch) as checked:
            return _dry_run(screen, settings, checked)
    with ExitStack() as stack:
        checked = stack.enter_context(_checked(screen, plan, batch))
        try:
            journal = stack.enter_context(settings.journal_to_send())
        except bt.JournalFailed as failed:
            raise ValueError(str(failed)) from None
        client = stack.enter_context(settings.client(journal, sends=True))
        _announce(screen, settings, client, checked)
        if not yes and not state.agreed(f"Send {checked.rows:,} transfers?"):
            screen.note("nothing was sent")
            return Exit.INCOMPLETE
        runner = Runner(client, journal, checked.staging, settle_within_s=settings.settle_within_s)
        try:
            ended_by = _send_all(screen, runner, checked, workers, settings.timeout_s)
            return _conclude(screen, settings, checked, runner, ended_by, target)
        except KeyboardInterrupt:
            screen.note("Interrupted before all was said: the same command again says it, and sends nothing twice.")
        except Exception:  # something may have left
            logging.getLogger("binance_transfer").exception("a fault of this program: the same command again goes on")
        return Exit.UNKNOWN


# --- before ----------------------------------------------------------------------------------------------------------


@contextmanager
def _checked(screen: Screen, name: str, batch: str | None) -> Iterator[Plan]:
    """Check a whole plan, and keep its rows as long as the context lasts."""
    staging = Staging()
    try:
        try:
            plan = _read(screen, staging, name, batch)
        except sqlite3.Error as error:
            message = f"{name} needs a temporary file: {error}"
            raise PlanRefused(message) from None
        yield plan
    finally:
        staging.close()


def _read(screen: Screen, staging: Staging, name: str, batch: str | None) -> Plan:
    """Read and check a plan; every bad row is named, and one is enough for none to be sent."""
    checker = Checker(None if batch is None else checked_batch(batch))
    bad = 0

    def refused(line: int, why: str) -> None:
        nonlocal bad
        bad += 1
        screen.note(f"{name}:{line}: {why}", "red")

    with _opened(name) as file:
        try:
            staging.add(rows_of(file, checker, refused))
        except (PlanRefused, OSError) as error:
            message = f"{name}: {error}"
            raise PlanRefused(message) from None
    for line, first in staging.doubled():
        refused(line, f"has the key of line {first}")
    rows = len(staging)
    if bad:
        message = f"{bad:,} of the rows of {name} cannot be sent, so nothing was sent"
        raise PlanRefused(message)
    if not rows:
        message = f"{name} has no rows"
        raise PlanRefused(message)
    return Plan(name, staging, tuple(checker.totals.values()), rows)


@contextmanager
def _opened(name: str) -> Iterator[TextIO]:
    """Open a plan. What is no UTF-8 is kept, for the row to be refused with its line."""
    if name == "-" and sys.stdin is None:
        message = "standard input is closed: name a file, or give the plan there"
        raise PlanRefused(message)
    options: Any = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}
    try:
        file = open(sys.stdin.fileno(), closefd=False, **options) if name == "-" else Path(name).open(**options)  # noqa: SIM115  # closed below
    except OSError as error:
        message = f"{name} cannot be read: {error.strerror}"
        raise PlanRefused(message) from None
    with file:
        yield file


@frozen
class _Outlook:
    """What a plan would do. ``objections`` are limits that it breaks, ``warnings`` are wallets that hold too little."""

    place: place.Place
    lines: list[Line]
    objections: list[str]
    warnings: list[str]

    def to_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        values = {"objections": self.objections, "warnings": self.warnings}
        return {"lines": [line.to_dict() for line in self.lines]} | values | self.place.to_dict()


def _announce(screen: Screen, settings: Settings, client: bt.TransferClient, plan: Plan) -> _Outlook:
    """Say what would be sent, from where, and what will not fit."""
    found = place.find(settings, client)
    try:
        balances: Balances | None = client.balances()
    except bt.ReadFailed as failed:
        balances = None
        screen.note(f"Balances are not known: {failed}")
    outlook = _Outlook(
        found,
        lines(plan.totals, balances),
        list(beyond_limits(plan.totals, settings.policy)),
        list(beyond_balances(plan.totals, balances)),
    )
    place.show(screen, found)
    screen.say()
    cells = [
        (line.asset, line.source, line.target, f"{line.rows:,}", f"{line.amount:f}", _free(line.free))
        for line in outlook.lines
    ]
    screen.table(("asset", "from", "to", "rows", "amount", "free before"), cells, {"rows", "amount", "free before"})
    for warning in (*outlook.objections, *outlook.warnings):
        screen.say(f"Careful: {warning}", "magenta")
    screen.say(f"{plan.rows:,} transfers in {plan.name}; what had moved before is not sent again.")
    return outlook


def _dry_run(screen: Screen, settings: Settings, plan: Plan) -> int:
    """Show what a plan would do. Nothing is made, not even a journal."""
    with settings.client() as client:
        outlook = _announce(screen, settings, client, plan)
    if screen.as_json:
        screen.json({"plan": plan.name, "rows": plan.rows} | outlook.to_dict())
    screen.say("Dry run: nothing was sent.")
    return Exit.INCOMPLETE if outlook.objections else Exit.OK


def _free(free: Decimal | None) -> str:
    return "not known" if free is None else f"{free:f}"


# --- meanwhile -------------------------------------------------------------------------------------------------------


def _send_all(screen: Screen, runner: Runner, plan: Plan, workers: int, timeout_s: float) -> str:
    """Send; returns what ended it before its last row, "" for nothing. A second interruption waits for nothing."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with shown(screen.progress, plan.rows) as progress:
            runner.run(min(workers, plan.rows), lambda: _show(progress, runner, plan))
    except KeyboardInterrupt:
        screen.note(f"Interrupted. Waiting {timeout_s:g} s at most for what is under way; Ctrl-C again does not.")
        try:
            runner.stop(timeout_s)
        except KeyboardInterrupt:
            screen.note("Not waited for.")
        return "interrupted"
    finally:
        signal.signal(signal.SIGTERM, before)
    return runner.ended_by


def _show(progress: Progress, runner: Runner, plan: Plan) -> None:
    progress.waiting = runner.waiting
    progress.show(plan.staging.done, plan.staging.replayed)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


# --- afterwards ------------------------------------------------------------------------------------------------------


def _conclude(
    screen: Screen, settings: Settings, plan: Plan, runner: Runner, ended_by: str, target: Path | None
) -> int:
    """Find out about the rows that the run did not come to, write the results, and say what became of the plan."""
    if ended_by:
        runner.look_up("the run ended early")
    unwritten = "" if target is None else _write(target, plan)
    _report(screen, settings, plan, ended_by)
    code = exit_code(outcome for outcome in get_args(Outcome) if plan.staging.counts().get(outcome))
    if unwritten:
        screen.note(f"The results could not be written: {unwritten}. The same command again does.", "red")
    return max(code, Exit.INCOMPLETE) if ended_by or unwritten else code


def _write(target: Path, plan: Plan) -> str:
    """Write the results; returns why that cannot be done, "" where it was."""
    try:
        results.write(target, plan.staging.results())
    except OSError as error:
        return f"{target}: {error.strerror}"
    return ""


def _report(screen: Screen, settings: Settings, plan: Plan, ended_by: str) -> None:
    """Say what became of the plan, and how to go on."""
    if screen.as_json:
        for result in plan.staging.results():
            screen.json(result.to_dict())
    counts = plan.staging.counts()
    moved, replayed = counts.get("moved", 0), counts["replayed"]
    not_moved, unknown = counts.get("not_moved", 0), counts.get("unknown", 0)
    if ended_by:
        screen.say(f"The run ended early: {ended_by}", "bold red")
    screen.fields(
        [
            ("moved", f"{moved:,}" + (f" ({replayed:,} of them before)" if replayed else "")),
            ("not moved", f"{not_moved:,}"),
            ("not known", f"{unknown:,}"),
        ],
        {"moved": "green", "not moved": "magenta" if not_moved else "", "not known": "bold red" if unknown else ""},
    )
    if not_moved or unknown:
        _list(screen, plan)
        screen.say("To go on, sending nothing twice, the same command again:")
        screen.paste(shlex.join(settings.same_command(sys.argv[1:])))
        if settings.left_out:
            screen.say(settings.left_out)


def _list(screen: Screen, plan: Plan) -> None:
    """List the first rows that are open, and then the first that did not move."""
    first = islice(chain(plan.staging.results("unknown"), plan.staging.results("not_moved")), _LISTED)
    listed = [(str(result.line), result.key, result.outcome, result.message or "") for result in first]
    screen.table(("line", "key", "outcome", "why"), listed, right={"line"})
