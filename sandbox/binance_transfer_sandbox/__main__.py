"""
The sandbox as a command: `python -m binance_transfer_sandbox`.

One rule: what it prints can be pasted into a shell; everything else goes to standard error.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shlex import quote
from threading import Event
from typing import NoReturn

from binance_transfer_sandbox.console import tell
from binance_transfer_sandbox.keys import KeyKind, SandboxCredentials
from binance_transfer_sandbox.server import Sandbox

_DESCRIPTION = """\
Run an exchange on this machine that answers universal transfers as Binance does, with play money.
Prints the environment variables that a client needs, then serves until Ctrl-C.
"""
_EPILOG = """\
With --admin the exchange also answers programs of this machine, on the same port and in JSON:
  GET /sandbox/ledger, GET /sandbox/balances     what really happened
  POST /sandbox/deposits, /sandbox/locks         money that comes, and that open orders bind
  POST /sandbox/symbols                          a trading pair: {"symbol": "SOLUSDT"}
  POST, GET, DELETE /sandbox/faults              what is to go wrong, e.g. {"fault": "drop", "executes": true}
  GET, PUT /sandbox/history, /sandbox/limits     how history shows transfers; weights
POST and PUT need the header Content-Type: application/json.
"""

_LAST_PORT = 65_535


def _export(variables: Mapping[str, str]) -> None:
    tell(sys.stdout, "".join(f"export {name}={quote(value)}\n" for name, value in variables.items()))


def main(
    arguments: Sequence[str] | None = None,
    *,
    prog: str = "python -m binance_transfer_sandbox",
    show: Callable[[Mapping[str, str]], None] = _export,
) -> int:
    """
    Run until interrupted. Returns 0 then, and 1 when the port cannot be had.

    show: gets the environment variables that a client needs, once the exchange is there.
    """
    parser = argparse.ArgumentParser(
        prog=prog,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--key", choices=["hmac", "rsa", "ed25519"], default="hmac", help="kind of key (default: hmac)")
    parser.add_argument("--seed", type=int, help="repeat ids, chances and keys (but RSA ones); default: they differ")
    parser.add_argument("--admin", action="store_true", help="serve the admin interface under /sandbox")
    parser.add_argument(
        "--symbol",
        action="append",
        default=[],
        metavar="PAIR",
        help="one more trading pair for isolated margin, as SOLUSDT or SOL/XYZ; may be given several times",
    )
    parser.add_argument(
        "--transfer-weight",
        type=_weight,
        default=300,
        metavar="N",
        help="what a transfer costs of the account's 180000 a minute (default: 300; until the summer of 2026: 900)",
    )
    options = parser.parse_args(arguments)
    try:
        sandbox = Sandbox(
            port=options.port,
            seed=options.seed,
            admin=options.admin,
            symbols=options.symbol,
            transfer_weight=options.transfer_weight,
        )
    except ValueError as unfit:  # a pair that cannot be
        parser.error(str(unfit))

    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _serve(sandbox, options.port, options.key, show)
    finally:
        signal.signal(signal.SIGTERM, before)


def _serve(sandbox: Sandbox, port: int, kind: KeyKind, show: Callable[[Mapping[str, str]], None]) -> int:
    with tempfile.TemporaryDirectory(prefix="binance-sandbox-") as folder:
        try:
            with sandbox:
                tell(sys.stderr, f"The sandbox listens on {sandbox.base_url}. Ctrl-C ends it.\n")
                show(_environment(sandbox.base_url, sandbox.credentials_for(kind), Path(folder)))
                Event().wait()
        except KeyboardInterrupt:
            tell(sys.stderr, "The sandbox has ended.\n")
        except OSError as error:
            tell(sys.stderr, f"Cannot listen on 127.0.0.1:{port}: {error.strerror}. Try another --port.\n")
            return 1
    return 0


def _environment(base_url: str, credentials: SandboxCredentials, folder: Path) -> dict[str, str]:
    variables = {"BINANCE_BASE_URL": base_url, "BINANCE_API_KEY": credentials.api_key}
    if credentials.kind == "hmac":
        variables["BINANCE_API_SECRET"] = credentials.secret
    else:
        # The folder is 0700 already; clients that check find the file itself private too.
        file = folder / f"{credentials.kind}.pem"
        file.touch(mode=0o600)
        file.write_text(credentials.private_key)
        variables["BINANCE_PRIVATE_KEY"] = str(file)
    return variables


def _port(text: str) -> int:
    if not text.isdecimal() or len(text) > len(str(_LAST_PORT)) or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"not a port number: {text!r}")
    return int(text)


def _weight(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004  more than any budget holds
        raise argparse.ArgumentTypeError(f"not a weight: {text!r}")
    return int(text)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
