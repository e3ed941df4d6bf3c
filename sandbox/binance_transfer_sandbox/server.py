"""
The sandbox: an exchange behind a port of this machine, in a thread of its own.

One rule: it listens on loopback only, and leaves nothing behind: no thread, no socket, no signal handler, no logging.
"""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from decimal import Decimal
from threading import Thread
from types import TracebackType
from typing import Final, Self

from attrs import evolve
from uvicorn.config import Config
from uvicorn.server import ServerState

from binance_transfer_sandbox import app, failures, faults, market, port
from binance_transfer_sandbox.accounts import Balances
from binance_transfer_sandbox.bounds import MAX_HEAD_BYTES
from binance_transfer_sandbox.connection import Connection
from binance_transfer_sandbox.exchange import Exchange
from binance_transfer_sandbox.faults import Fault, Target
from binance_transfer_sandbox.history import HistoryBehaviour
from binance_transfer_sandbox.keys import KeyKind, SandboxCredentials
from binance_transfer_sandbox.ledger import Ledger
from binance_transfer_sandbox.limits import Limits
from binance_transfer_sandbox.market import Pairs

# Longer than any client waits between two requests of a test.
_KEEP_ALIVE_S: Final = 60


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Sandbox:
    """
    An exchange that is there inside a `with` or `async with` block.

        with Sandbox() as sandbox:
            client = TransferClient(Credentials(**sandbox.credentials), base_url=sandbox.base_url)
            sandbox.fail_next(faults.Drop(executes=True))

    `port` 0 takes a free one; OSError says when a port is taken. `seed` makes ids, keys (but not RSA ones) and chances
    repeat; without it they differ. `now_ms` replaces the server's clock. `admin` serves what `admin.py` describes.
    `symbols` are trading pairs to `add_symbol`. `transfer_weight` replaces that of `limits`: 300 by default, 900 as it
    was until the summer of 2026. The block starts with one account, its wallets filled. A sandbox can be entered once.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        seed: int | None = None,
        admin: bool = False,
        now_ms: Callable[[], int] = _now_ms,
        history: HistoryBehaviour | None = None,
        limits: Limits | None = None,
        symbols: Pairs = (),
        transfer_weight: int | None = None,
    ) -> None:
        limits = Limits() if limits is None else limits
        if transfer_weight is not None:
            limits = evolve(limits, transfer_weight=transfer_weight)
        self.exchange = Exchange(now_ms, secrets.randbits(64) if seed is None else seed, history=history, limits=limits)
        self.exchange.open_account()
        for symbol, (base, quote) in market.read_pairs(symbols).items():
            self.exchange.add_symbol(symbol, base, quote)
        self._credentials: dict[KeyKind, SandboxCredentials] = {}
        self._server = _Server(self.exchange, port, with_admin=admin)

    def __repr__(self) -> str:
        return f"Sandbox(port={self._server.number})"

    @property
    def base_url(self) -> str:
        """Where the exchange is: `http://127.0.0.1:PORT`. RuntimeError before the block is entered."""
        if self._server.number is None:
            raise RuntimeError("the sandbox has no address before it is entered: with Sandbox() as sandbox: …")
        return f"http://{port.HOST}:{self._server.number}"

    @property
    def credentials(self) -> SandboxCredentials:
        """The HMAC key of the first account, as a mapping of `api_key` and `secret`."""
        return self.credentials_for("hmac")

    def credentials_for(self, kind: KeyKind) -> SandboxCredentials:
        """Return a key of this kind for the first account, made when first asked for and the same ever after."""
        if kind not in self._credentials:
            self._credentials[kind] = self.exchange.issue_key(kind)
        return self._credentials[kind]

    @property
    def ledger(self) -> Ledger:
        """What really happened, up to now."""
        return self.exchange.ledger

    def balances(self) -> Balances:
        """Return a copy of the first account's balances: wallet → asset → `Decimal`."""
        return self.exchange.balances()

    def balance(self, wallet: str, asset: str) -> Decimal:
        """Return what a wallet (`spot`, …, `isolated_margin:BTCUSDT`) of the first account holds of an asset."""
        return self.exchange.balance(wallet, asset)

    def deposit(self, wallet: str, asset: str, amount: Decimal | str | int) -> None:
        """Add money to a wallet of the first account, opening an isolated one if need be."""
        self.exchange.deposit(wallet, asset, amount)

    def lock(self, wallet: str, asset: str, amount: Decimal | str | int) -> None:
        """Let so much of what a wallet of the first account holds be bound by open orders; 0 sets it free."""
        self.exchange.lock(wallet, asset, amount)

    def add_symbol(self, symbol: str, base: str | None = None, quote: str | None = None) -> None:
        """List a trading pair, `SOLUSDT` or `SOL/XYZ`, and open its isolated wallet: `Exchange.add_symbol`."""
        self.exchange.add_symbol(symbol, base, quote)

    def fail_next(self, fault: Fault, *, on: Target | None = None) -> None:
        """
        Let the next request meet a fault: the next transfer, unless the fault is about something else or `on` says so.

        Called twice, the next two meet one each. `Refuse` closes the port now, for its duration.
        `exchange.plan` has more to choose from.
        """
        if isinstance(fault, faults.Refuse):
            self._server.close_port(fault.duration_ms)
        else:
            self.exchange.fail_next(fault, on=on)

    def clear_faults(self) -> None:
        """Forget all faults to come and accept connections again."""
        self.exchange.clear_faults()
        self._server.open_port()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    async def __aenter__(self) -> Self:
        # Starting and stopping take milliseconds: not worth a thread that would outlive the block.
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()


class _Server:
    """
    A thread with an event loop that serves one exchange.

    Only uvicorn's protocol is used, not its server: that one takes signal handlers, polls, and cannot stop listening
    for a while.
    """

    def __init__(self, exchange: Exchange, number: int, *, with_admin: bool) -> None:
        self.number: int | None = None
        self._wanted_number = number
        self._exchange = exchange
        self._with_admin = with_admin
        self._state = ServerState()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Bind in this thread, so that a taken port is the caller's OSError, and serve in another."""
        if self._thread is not None:
            raise RuntimeError("a sandbox can be entered once; make a new one")
        bound = port.bind(self._wanted_number)
        self.number = bound.getsockname()[1]
        started: Future[None] = Future()
        self._thread = Thread(target=self._run, args=(bound, started), name="binance-sandbox", daemon=True)
        self._thread.start()
        started.result()

    def stop(self) -> None:
        """End all connections, hanging ones too, and the thread."""
        if self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def close_port(self, duration_ms: int) -> None:
        """Refuse connections for a while. Called from any thread but the server's own."""
        if not self._running:
            raise RuntimeError("only a running sandbox can refuse connections: with Sandbox() as sandbox: …")
        asyncio.run_coroutine_threadsafe(self._port.close(duration_ms), self._loop).result()

    def open_port(self) -> None:
        """Accept connections again. Called from any thread but the server's own."""
        if self._running:
            asyncio.run_coroutine_threadsafe(self._port.open(), self._loop).result()

    @property
    def _running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self, bound: socket.socket, started: "Future[None]") -> None:
        try:
            # Not the loop that Windows prefers, which cannot watch a socket.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve(bound, started))
        except BaseException as error:
            if started.done():
                raise
            bound.close()
            started.set_exception(error)

    async def _serve(self, bound: socket.socket, started: "Future[None]") -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(failures.report_context)
        self._stopping = asyncio.Event()
        self._port = port.Port(bound, self._connection, self._hang_up)
        application = app.build(self._exchange, self._port, with_admin=self._with_admin)
        self._config = Config(
            application,
            lifespan="off",
            ws="none",
            interface="asgi3",
            proxy_headers=False,
            log_config=None,
            workers=1,
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
        self._config.load()
        await self._port.open()
        started.set_result(None)
        await self._stopping.wait()
        self._port.release()
        # Whoever waits for an answer, is still sending, or is just being accepted: each notices in its own turn.
        while asyncio.all_tasks() - {asyncio.current_task()} or self._state.connections:
            for connection in list(self._state.connections):
                connection.transport.abort()
            await asyncio.sleep(0)

    def _connection(self) -> asyncio.Protocol:
        return Connection(self._config, self._state)

    def _hang_up(self) -> None:
        for connection in list(self._state.connections):
            connection.shutdown()
