"""
`send`: one transfer.

One rule: it has a key, shown before and after, and the same command with that key never moves the money twice.
"""

import logging
import shlex
from contextlib import ExitStack
from uuid import uuid4

import click
from attrs import frozen

import binance_transfer as bt
from binance_transfer.balances import Balances
from binance_transfer.idempotency_keys import checked_key
from binance_transfer_cli import place
from binance_transfer_cli.outcomes import Exit, Result, advice, exit_code, of_error, of_receipt
from binance_transfer_cli.parameter_types import TypeName, WalletName
from binance_transfer_cli.routes import ends, route
from binance_transfer_cli.screen import Screen
from binance_transfer_cli.settings import Settings
from binance_transfer_cli.state import SOMEBODY, State, example, usage, with_state

_TYPED = 3  # TYPE ASSET AMOUNT
_BETWEEN = 2  # ASSET AMOUNT, with --from and --to


@frozen
class Intent:
    """
    One transfer that somebody wants, and its key.

    new: the key was made here, so nobody can have used it.
    """

    transfer: bt.Transfer
    key: str
    new: bool


class _SendArguments(TypeName):
    name = "[TYPE] ASSET AMOUNT"


@click.command(
    epilog=example(
        "binance-transfer send MAIN_UMFUTURE USDT 25.5",
        "binance-transfer send --from spot --to isolated_margin:BTCUSDT USDT 10",
        "binance-transfer send MAIN_FUNDING BTC 0.5 --key rent-2026-11 --yes",
    )
)
@click.argument("words", nargs=-1, required=True, type=_SendArguments(), metavar="[TYPE] ASSET AMOUNT")
@click.option("--from", "source", type=WalletName(), metavar="WALLET", help="The wallet that pays, in place of TYPE.")
@click.option("--to", "target", type=WalletName(), metavar="WALLET", help="The wallet that receives.")
@click.option("--from-symbol", metavar="PAIR", help="Pair of the isolated margin wallet that pays.")
@click.option("--to-symbol", metavar="PAIR", help="Pair of the isolated margin wallet that receives.")
@click.option("--key", metavar="KEY", help="Idempotency key; needs a journal. Without it one is made and shown.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Send nothing; show the unsigned request, and from where it would go.")
@with_state
def send(
    state: State,
    words: tuple[str, ...],
    source: str | None,
    target: str | None,
    from_symbol: str | None,
    to_symbol: str | None,
    key: str | None,
    *,
    yes: bool,
    dry_run: bool,
) -> int:
    """
    Make one transfer.

    Give a TYPE, or both wallets: spot, usdm_futures, coinm_futures, cross_margin, isolated_margin:BTCUSDT, funding,
    options, portfolio_margin. With a journal the command waits until it has moved or is proven not to have moved.
    """
    intent = _intent(words, source, target, from_symbol, to_symbol, key)
    if not (yes or dry_run or state.may_ask()):
        raise usage(SOMEBODY)
    settings = state.settings()
    if key is not None and not settings.has_journal:
        message = "a key needs a journal that remembers it: --journal sqlite:///transfers.db --account NAME"
        raise usage(message)
    if dry_run:
        return _dry_run(state.screen, settings, intent)
    with ExitStack() as stack:
        try:
            journal = stack.enter_context(settings.journal_to_send()) if settings.has_journal else None
        except bt.JournalFailed as failed:
            result = of_error(failed, intent.key, new=intent.new)
            return _report(state.screen, settings, intent.transfer, result, advice(failed))
        client = stack.enter_context(settings.client(journal, sends=True, on_event=state.screen.event))
        if not (yes and state.screen.as_json):
            _announce(state.screen, settings, client, intent)
        if not yes and not state.agreed("Send it?"):
            state.screen.note("nothing was sent")
            return Exit.INCOMPLETE
        result, hint = _send(settings, client, intent)
        try:
            return _report(state.screen, settings, intent.transfer, result, hint)
        except KeyboardInterrupt:  # once more, in a hurry
            return exit_code([result.outcome])


def _send(settings: Settings, client: bt.TransferClient, intent: Intent) -> tuple[Result, str]:
    """Send it; returns what became of it, and what to do about that. Whatever ends this names the key."""
    key = intent.key
    try:
        if settings.has_journal:
            receipt = client.settle(intent.transfer, idempotency_key=key, deadline_s=settings.settle_within_s)
        else:
            attempt = client.prepare(intent.transfer)
            key = attempt.id
            receipt = client.execute(attempt, resolve_within_s=settings.settle_within_s - settings.timeout_s)
    except bt.TransferError as error:
        return of_error(error, key, new=intent.new or not settings.has_journal), advice(error)
    except KeyboardInterrupt:
        message = "interrupted while sending"
        return Result(None, key, "unknown", error=KeyboardInterrupt.__name__, message=message), ""
    except Exception as error:  # it may have left
        logging.getLogger("binance_transfer").exception("a fault of this program")
        return Result(None, key, "unknown", error=type(error).__name__, message=str(error)), ""
    return of_receipt(receipt, key), ""


def _intent(
    words: tuple[str, ...],
    source: str | None,
    target: str | None,
    from_symbol: str | None,
    to_symbol: str | None,
    key: str | None,
) -> Intent:
    """Return what the words mean; raises UsageError and InvalidTransfer."""
    between = source is not None or target is not None
    if len(words) != (_BETWEEN if between else _TYPED):
        wanted = "ASSET AMOUNT with --from and --to" if between else "TYPE ASSET AMOUNT, or --from and --to"
        message = f"give {wanted}"
        raise usage(message)
    *named, asset, amount = words
    way = route(named[0] if named else None, source, target, from_symbol, to_symbol)
    transfer = bt.Transfer(way.type, asset, amount, from_symbol=way.from_symbol, to_symbol=way.to_symbol)
    return Intent(transfer, uuid4().hex if key is None else checked_key(key), new=key is None)


def _announce(screen: Screen, settings: Settings, client: bt.TransferClient, intent: Intent) -> None:
    """Say what would be sent, and what both wallets hold."""
    transfer = intent.transfer
    if settings.live:
        screen.say(place.LIVE, "bold red")
    source, target = ends(transfer.type, transfer.from_symbol, transfer.to_symbol)
    held = _held(client, transfer)
    screen.fields(
        [
            ("move", f"{transfer.amount_text} {transfer.asset}"),
            ("from", f"{source}  (holds {held[0]})"),
            ("to", f"{target}  (holds {held[1]})"),
            ("type", transfer.type),
            ("exchange", settings.host),
            ("journal", settings.journal_shown),
            ("key", intent.key if settings.has_journal else "none: without a journal nothing remembers it"),
        ],
        {"move": "bold"},
    )


def _held(client: bt.TransferClient, transfer: bt.Transfer) -> tuple[str, str]:
    """Say what both wallets hold of the asset, as far as it is known."""
    try:
        balances = client.balances()
    except bt.ReadFailed as failed:
        return f"not known: {failed}", "not known"
    info = bt.TRANSFER_TYPES[transfer.type]
    return _of(balances, info.source, transfer.asset), _of(balances, info.target, transfer.asset)


def _of(balances: Balances, wallet: bt.Wallet, asset: str) -> str:
    if wallet not in balances:
        return "not known"
    balance = balances[wallet].get(asset)
    pairs = " in all pairs" if wallet is bt.Wallet.ISOLATED_MARGIN else ""
    return f"{balance.free:f} {asset} free{pairs}" if balance else f"no {asset}"


def _dry_run(screen: Screen, settings: Settings, intent: Intent) -> int:
    """Show what would be sent. Nothing is made, not even a journal."""
    objection = settings.policy.objection(intent.transfer)
    with settings.client() as client:
        found = place.find(settings, client)
        try:
            attempt = client.prepare(intent.transfer)
        except bt.NotExecuted as error:
            result = of_error(error, intent.key, new=intent.new)
            return _report(screen, settings, intent.transfer, result, advice(error))
    request = attempt.request()
    if screen.as_json:
        values = {
            "method": request.method,
            "path": request.path,
            "parameters": dict(request.parameters),
            "key": intent.key if settings.has_journal else None,
            "objection": objection or None,
        }
        screen.json(values | found.to_dict())
    else:
        place.show(screen, found)
        screen.say(f"\n{request.method} {request.path}", "bold")
        screen.fields([(name, str(value)) for name, value in request.parameters])
        screen.say("\nDry run: nothing was signed and nothing was sent.")
    if objection:
        screen.note(f"It would be refused: {objection}", "red")
    return Exit.INCOMPLETE if objection else Exit.OK


def _report(screen: Screen, settings: Settings, transfer: bt.Transfer, result: Result, hint: str) -> int:
    """Show what became of it, and what to do next."""
    if screen.as_json:
        screen.json(result.to_dict())
    match result.outcome:
        case "moved":
            before = " (by an earlier call: nothing was sent now)" if result.replayed else ""
            screen.say(f"Moved: tranId {result.tran_id}{before}", "bold green")
        case "not_moved":
            screen.say(f"Not moved: {result.message}", "bold magenta")
        case _:
            screen.say(f"NOT KNOWN: {result.message}", "bold red")
    if result.outcome == "moved" and result.message:
        screen.say(result.message, "red")
    screen.fields([("key", result.key)])
    if result.outcome == "not_moved" and hint:
        screen.say(hint)
    if result.outcome == "unknown":
        screen.say("It may have moved: do not send it under another key. To find out:")
        screen.paste(shlex.join(_to_find_out(settings, transfer, result.key)))
        if settings.has_journal:
            screen.say("To find out, and send it if it did not move:")
            screen.paste(shlex.join(_to_go_on(settings, transfer, result.key)))
        if settings.left_out:
            screen.say(settings.left_out)
    return exit_code([result.outcome])


def _to_find_out(settings: Settings, transfer: bt.Transfer, key: str) -> list[str]:
    if settings.has_journal:
        return settings.command("reconcile", *(["--"] if key.startswith("-") else []), key)
    words = ["history", transfer.type, "--since", "1h"]
    for symbol in filter(None, (transfer.from_symbol, transfer.to_symbol)):
        words += ["--symbol", symbol]
    return settings.command(*words)


def _to_go_on(settings: Settings, transfer: bt.Transfer, key: str) -> list[str]:
    words = ["send", transfer.type, transfer.asset, transfer.amount_text, "--key", key]
    words += ["--from-symbol", transfer.from_symbol] if transfer.from_symbol else []
    words += ["--to-symbol", transfer.to_symbol] if transfer.to_symbol else []
    return settings.command(*words)
