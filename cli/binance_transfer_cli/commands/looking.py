"""
`types`, `history`, `balances`, `preflight`: what there is.

One rule: they move nothing and write nothing.
"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click
from attrs import asdict

import binance_transfer as bt
from binance_transfer.balances import Balances
from binance_transfer.base_url import environment_of
from binance_transfer.history_queries import TypeQuery, spans, type_queries, types_without_symbols
from binance_transfer.moments import to_ms
from binance_transfer.transfer_types import wallet_of
from binance_transfer.window import REACH_MS
from binance_transfer_cli import entries, place
from binance_transfer_cli.outcomes import Exit
from binance_transfer_cli.parameter_types import Time, TypeName, WalletName
from binance_transfer_cli.screen import Screen
from binance_transfer_cli.settings import Settings
from binance_transfer_cli.state import State, example, usage, with_state

_WEEK = timedelta(days=7)
_REACH = timedelta(milliseconds=REACH_MS)
_ROW = ("tran_id", "time", "type", "asset", "amount", "status")


@click.command(epilog=example("binance-transfer types --from spot", "binance-transfer types --from spot --to funding"))
@click.option("--from", "source", type=WalletName(), metavar="WALLET", help="Only those that this wallet pays.")
@click.option("--to", "target", type=WalletName(), metavar="WALLET", help="Only those that this wallet receives.")
@with_state
def types(state: State, source: str | None, target: str | None) -> int:
    """List the transfer types. Shows their wallets, the symbols that each needs, and which language documents it."""
    paying = wallet_of("from", source) if source is not None else None
    receiving = wallet_of("to", target) if target is not None else None
    found = [
        info
        for info in bt.TRANSFER_TYPES.values()
        if paying in {None, info.source} and receiving in {None, info.target}
    ]
    if not found and paying and receiving:
        bt.transfer_type(paying, receiving)  # it raises, says why, and names a way in two hops
    if state.screen.as_json:
        for info in found:
            wallets = {"source": info.source.value, "target": info.target.value}
            state.screen.json(asdict(info) | wallets | {"documented_in": sorted(info.documented_in)})
        return state.screen.exit_code()
    rows = [
        (
            info.name,
            info.source.value,
            info.target.value,
            ", ".join(["from"] * info.needs_from_symbol + ["to"] * info.needs_to_symbol),
            " ".join(sorted(info.documented_in)),
        )
        for info in found
    ]
    state.screen.table(("type", "from", "to", "symbols", "docs"), rows, whole={"type", "symbols"})
    return state.screen.exit_code()


@click.command(
    epilog=example("binance-transfer history --since 7d", "binance-transfer history MAIN_UMFUTURE --since 2026-09-01")
)
@click.argument("type_name", required=False, type=TypeName(), metavar="[TYPE]")
@click.option("--since", type=Time(), metavar="T", help="From then on; without it, seven days before the end.")
@click.option("--until", type=Time(end=True), metavar="T", help="Until then; without it, now.")
@click.option("--symbol", "symbols", multiple=True, metavar="PAIR", help="A pair of isolated margin. May be repeated.")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV.")
@with_state
def history(
    state: State,
    type_name: str | None,
    since: datetime | None,
    until: datetime | None,
    symbols: tuple[str, ...],
    *,
    as_csv: bool,
) -> int:
    """
    List transfers from the exchange's history. The oldest comes first.

    Without TYPE all types are asked for: those of isolated margin for the pairs that the journal knows and --symbol
    names. T is ISO 8601 with a zone, a date (UTC), or a span such as 36h or 7d.
    """
    if as_csv and state.screen.as_json:
        message = "give --csv or --json, not both"
        raise usage(message)
    settings = state.settings()
    if type_name is not None and type_name not in bt.TRANSFER_TYPES:
        message = f"{type_name!r} is not a transfer type: binance-transfer types lists them"
        raise usage(message)
    pairs = {*symbols, *(_known_pairs(state.screen, settings))}
    asked = type_queries(pairs, None if type_name is None else [type_name])
    if not asked:
        message = f"{type_name} needs a pair: --symbol BTCUSDT, twice where both wallets are isolated"
        raise usage(message)
    with settings.client() as client:
        start, end = _period(since, until, client.server_time())
        rows = _walked(client, asked, to_ms("since", start), to_ms("until", end))
    _show_rows(state.screen, rows, as_csv=as_csv)
    if type_name is None and (left_out := types_without_symbols(pairs)):
        state.screen.note(f"Not asked, since no pair is known (--symbol PAIR): {', '.join(left_out)}")
    return state.screen.exit_code()


def _period(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """Return which time to ask for; raises UsageError for one that the exchange cannot answer for."""
    end = min(until or now, now)
    start = since or end - _WEEK
    if start > end:
        message = f"--since ({start.isoformat()}) lies after --until ({end.isoformat()})"
        raise usage(message)
    if now - start > _REACH:
        message = f"the exchange's history reaches back six months: --since {_REACH.days - 1}d at most"
        raise usage(message)
    return start, end


def _known_pairs(screen: Screen, settings: Settings) -> set[str]:
    """Return the pairs of isolated margin that the journal knows."""
    if not settings.has_journal:
        return set()
    try:
        with settings.journal_to_read() as journal:
            return {
                symbol
                for entry in journal.entries()
                for symbol in (entry.transfer.from_symbol, entry.transfer.to_symbol)
                if symbol
            }
    except ValueError as failed:
        screen.note(f"The journal was not asked for pairs: {failed}")
        return set()


def _walked(client: bt.TransferClient, asked: list[TypeQuery], start_ms: int, end_ms: int) -> list[bt.TransferRecord]:
    found: dict[int, bt.TransferRecord] = {}
    for query in asked:
        for first_ms, last_ms in spans(start_ms, end_ms):
            for record in client.history(
                query.type,
                start=first_ms,
                end=last_ms,
                from_symbol=query.from_symbol,
                to_symbol=query.to_symbol,
            ):
                found.setdefault(record.tran_id, record)
    return sorted(found.values(), key=lambda record: (record.timestamp_ms, record.tran_id))


def _show_rows(screen: Screen, rows: list[bt.TransferRecord], *, as_csv: bool) -> None:
    if as_csv:
        written = io.StringIO(newline="")
        writer = csv.writer(written)
        writer.writerow(_ROW)
        writer.writerows(_cells(row) for row in rows)
        screen.raw(written.getvalue())
    elif screen.as_json:
        for row in rows:
            values = {"tran_id": row.tran_id, "timestamp_ms": row.timestamp_ms}
            screen.json(values | dict(zip(_ROW[1:], _cells(row)[1:], strict=True)))
    else:
        shown = (
            (tran_id, entries.when(row.timestamp_ms), *rest) for row in rows for tran_id, _, *rest in [_cells(row)]
        )
        columns = ("tran_id", "time (UTC)", *_ROW[2:])
        screen.table(columns, shown, right={"amount"}, whole={"tran_id", "time (UTC)", "status"})


def _cells(row: bt.TransferRecord) -> tuple[str, ...]:
    when = row.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(row.tran_id), when, row.type, row.asset, f"{row.amount:f}", row.status


@click.command(epilog=example("binance-transfer balances", "binance-transfer --json balances spot"))
@click.argument("wallet", required=False, type=WalletName(), metavar="[WALLET]")
@with_state
def balances(state: State, wallet: str | None) -> int:
    """Show what each wallet holds, free and locked. Isolated margin is not split by pair."""
    only = wallet_of("wallet", wallet) if wallet is not None else None
    with state.settings().client() as client:
        held = client.balances()
    if only is not None and only not in held:
        state.screen.note(f"The exchange does not say what {only.value} holds.")
    rows = list(_held(held, only))
    if state.screen.as_json:
        for name, asset, balance in rows:
            values = {"wallet": name, "asset": asset, "free": f"{balance.free:f}", "locked": f"{balance.locked:f}"}
            state.screen.json(values)
    else:
        cells = [(name, asset, f"{balance.free:f}", f"{balance.locked:f}") for name, asset, balance in rows]
        state.screen.table(("wallet", "asset", "free", "locked"), cells, right={"free", "locked"})
    return state.screen.exit_code()


def _held(held: Balances, only: bt.Wallet | None) -> Iterator[tuple[str, str, bt.Balance]]:
    for wallet, assets in held.items():
        if only in {None, wallet}:
            name = wallet.value if isinstance(wallet, bt.Wallet) else wallet
            for asset, balance in assets.items():
                yield name, asset, balance


@click.command(epilog=example("binance-transfer preflight", "binance-transfer --profile treasury --json preflight"))
@with_state
def preflight(state: State) -> int:
    """Check whether a transfer would work. Exit code 1 if it would not."""
    settings = state.settings()
    _ = settings.policy  # limits that cannot be refuse every send
    problems: list[str] = []
    with settings.client() as client:
        found = place.find(settings, client)
        try:
            seen = client.preflight()
        except bt.ReadFailed as failed:
            seen = bt.Preflight(None, None, None, None, None, (f"the exchange did not answer: {failed}",))
    if found.problem and seen.clock_offset_ms is not None:
        problems.append(found.problem)
    problems += seen.problems
    problems += _journal_problems(settings, found.uid)
    bad = [*_bad(seen), *problems]
    if state.screen.as_json:
        state.screen.json(asdict(seen) | found.to_dict() | {"problems": bad, "account": settings.account})
    else:
        place.show(state.screen, found)
        state.screen.say()
        state.screen.fields(_lines(seen))
        if settings.has_journal and not settings.journal_is_begun and not settings.journal_objection:
            state.screen.say("The journal is not there yet: the first send begins it.")
        for problem in bad:
            state.screen.say(f"BAD: {problem}", "red")
        if not bad:
            state.screen.say("All is well.", "green")
    return Exit.INCOMPLETE if bad else Exit.OK


def _lines(seen: bt.Preflight) -> list[tuple[str, str]]:
    known = {True: "yes", False: "NO", None: "not known"}
    limited = {True: "yes", False: "no: it works from everywhere", None: "not known"}
    offset_ms = seen.clock_offset_ms
    way = "ahead" if (offset_ms or 0) >= 0 else "behind"
    offset = "not known" if offset_ms is None else f"{abs(offset_ms)} ms {way}; corrected automatically"
    return [
        ("exchange is up", known[seen.system_normal]),
        ("exchange's clock", offset),
        ("key may read history", known[seen.reading_enabled]),
        ("key may transfer", known[seen.permits_universal_transfer]),
        ("key is bound to addresses", limited[seen.ip_restricted]),
    ]


def _bad(seen: bt.Preflight) -> Iterator[str]:
    if seen.system_normal is False:
        yield "the exchange is under maintenance: wait until it is over"
    if seen.reading_enabled is False:
        yield "the key may not read: tick Enable Reading in the vendor's API management"
    if seen.permits_universal_transfer is False:
        yield "the key may not transfer: tick Permits Universal Transfer in the vendor's API management"


def _journal_problems(settings: Settings, uid: int | None) -> list[str]:
    """Say why nothing could be sent with the journal."""
    if settings.journal_objection:
        return [settings.journal_objection]
    if not settings.journal_is_begun:
        return []
    environment = environment_of(settings.base_url)
    try:
        with settings.journal_to_read() as journal:
            account, known_as = journal.read(
                lambda records: (records.account(), None if uid is None else records.name_of(environment, uid))
            )
    except ValueError as failed:
        return [str(failed)]
    problems = [f"sending is halted ({account.halted}): binance-transfer journal resume"] if account.halted else []
    if account.backup:
        problems.append(f"the journal is a copy of {account.backup}: run an audit, then binance-transfer journal adopt")
    if account.environment is not None and environment_of(account.environment) != environment:
        problems.append(f"account {account.name!r} of the journal belongs to {account.environment}: give another name")
    elif uid is not None and account.uid not in {None, uid}:
        problems.append(f"account {account.name!r} of the journal belongs to uid {account.uid}: give another name")
    elif known_as not in {None, account.name}:
        problems.append(f"uid {uid} is recorded under the name {known_as!r}: --account {known_as}")
    return problems
