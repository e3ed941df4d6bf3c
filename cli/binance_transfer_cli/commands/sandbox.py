"""
`sandbox`: an exchange on this machine.

One rule: its packages are imported only here, when it is asked for.
"""

import click

from binance_transfer_cli.state import State, example, usage, with_state


@click.command(
    epilog=example(
        "binance-transfer sandbox > sandbox.env &",
        "until [ -s sandbox.env ]; do sleep 1; done; . ./sandbox.env",
        "binance-transfer balances",
    )
)
@click.option("--port", metavar="N", help="Port on 127.0.0.1; without it, a free one.")
@click.option("--key", type=click.Choice(["hmac", "rsa", "ed25519"]), default="hmac", help="Kind of key.")
@click.option("--seed", metavar="N", help="Random seed: the same ids, faults and keys (except RSA).")
@click.option("--admin", is_flag=True, help="Serve the admin interface under /sandbox.")
@click.option("--symbol", "symbols", multiple=True, metavar="PAIR", help="One more pair for isolated margin.")
@click.option(
    "--transfer-weight", metavar="N", help="Weight of one transfer; the limit is 180000 a minute.  [default: 300]"
)
@with_state
def sandbox(
    state: State,
    port: str | None,
    key: str,
    seed: str | None,
    symbols: tuple[str, ...],
    transfer_weight: str | None,
    *,
    admin: bool,
) -> int:
    """
    Run an exchange on this machine, with play money.

    It prints the environment to paste into another shell (with --json, one object), and serves until Ctrl-C. Faults on
    demand and its ledger are reached over HTTP with --admin.
    """
    try:
        from binance_transfer_sandbox.__main__ import main
    except ImportError as error:
        message = f"the sandbox needs {error.name}: pip install 'binance-universal-transfer[sandbox]'"
        raise usage(message) from None
    words = [f"--key={key}", *(["--admin"] if admin else []), *(f"--symbol={symbol}" for symbol in symbols)]
    for name, value in (("--port", port), ("--seed", seed), ("--transfer-weight", transfer_weight)):
        words += [f"{name}={value}"] if value is not None else []
    try:
        if state.screen.as_json:
            return main(words, prog="binance-transfer sandbox", show=state.screen.json)
        return main(words, prog="binance-transfer sandbox")
    except SystemExit as ended:  # its own parser refuses a value
        return int(ended.code or 0)
