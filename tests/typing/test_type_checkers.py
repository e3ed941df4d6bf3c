"""
What type checkers say about calls, right ones and wrong ones.

One module is written from the tables, each line a call; mypy and pyright read it once each, and every line is a test.
"""

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import frozen

import binance_transfer as bt

FROM = "from_symbol='BTCUSDT'"
TO = "to_symbol='ETHUSDT'"


@frozen
class Case:
    """A line, and whether it is right."""

    name: str
    line: str
    right: bool


def calls() -> list[Case]:
    """Every type with every combination of symbols, for both clients."""
    cases = []
    for info, symbols in itertools.product(bt.TRANSFER_TYPES.values(), ([], [FROM], [TO], [FROM, TO])):
        right = (FROM in symbols, TO in symbols) == (info.needs_from_symbol, info.needs_to_symbol)
        call = f"transfer({', '.join([repr(info.name), repr('USDT'), repr('1'), *symbols])})"
        given = "+".join(symbol.partition("_")[0] for symbol in symbols) or "none"
        cases += [
            Case(f"sync-{info.name}-{given}", f"receipt = client.{call}", right),
            Case(f"asyncio-{info.name}-{given}", f"receipt = await async_client.{call}", right),
        ]
    return cases


OTHERS = [
    Case("amount-decimal", "receipt = client.transfer('MAIN_MARGIN', 'USDT', Decimal('1'))", True),
    Case("amount-int", "receipt = client.transfer('MAIN_MARGIN', 'USDT', 1)", True),
    Case("amount-float", "receipt = client.transfer('MAIN_MARGIN', 'USDT', 1.0)", False),
    Case("amount-none", "receipt = client.transfer('MAIN_MARGIN', 'USDT', None)", False),
    Case("amount-missing", "receipt = client.transfer('MAIN_MARGIN', 'USDT')", False),
    Case("asset-bytes", "receipt = client.transfer('MAIN_MARGIN', b'USDT', 1)", False),
    Case("unknown-type", "receipt = client.transfer('MAIN_MINING', 'USDT', 1)", False),
    Case("lower-case-type", "receipt = client.transfer('main_margin', 'USDT', 1)", False),
    Case("symbol-by-position", "receipt = client.transfer('ISOLATEDMARGIN_MARGIN', 'USDT', 1, 'BTCUSDT')", False),
    Case("symbol-none", "receipt = client.transfer('ISOLATEDMARGIN_MARGIN', 'USDT', 1, from_symbol=None)", False),
    Case("variable-in-a-call", "receipt = client.transfer(any_type, 'USDT', 1)", False),
    Case("variable-in-a-transfer", "receipt = client.execute(bt.Transfer(any_type, 'USDT', 1))", True),
    Case("found-type-in-a-transfer", "bt.Transfer(bt.transfer_type(bt.Wallet.SPOT, bt.Wallet.FUNDING), 'A', 1)", True),
    Case("text-in-a-transfer", "bt.Transfer(text, 'USDT', 1)", False),
    Case("text-unchecked", "bt.Transfer.unchecked(text, 'USDT', 1)", True),
    Case("float-unchecked", "bt.Transfer.unchecked(text, 'USDT', 1.5)", False),
    Case("float-in-a-transfer", "bt.Transfer('MAIN_MARGIN', 'USDT', 1.5)", False),
    Case("prepared", "receipt = client.execute(client.prepare(bt.Transfer('MAIN_MARGIN', 'USDT', 1)))", True),
    Case("prepared-asyncio", "receipt = await async_client.execute(await async_client.prepare(transfer))", True),
    Case("history", "amounts = [record.amount for record in client.history('MAIN_MARGIN')]", True),
    Case("history-asyncio", "amounts = [record.amount async for record in async_client.history('MAIN_MARGIN')]", True),
    Case("history-without-async", "amounts = [record.amount for record in async_client.history('A')]", False),
    Case("id-is-a-number", "number: int = receipt.tran_id", True),
    Case("id-is-no-text", "text = receipt.tran_id", False),
    Case("wait-may-be-unknown", "seconds: int = unknown.retry_after_s", False),
    Case("changing-a-transfer", "transfer.amount = Decimal(2)", False),
    Case("changing-a-receipt", "receipt.tran_id = 2", False),
    # A forgotten await: the coroutine is dropped, or taken for what it would bring.
    Case("dropped-transfer", "async_client.transfer('MAIN_MARGIN', 'USDT', 1)", False),
    Case("dropped-execute", "async_client.execute(transfer)", False),
    Case("dropped-prepare", "async_client.prepare(transfer)", False),
    Case("dropped-preflight", "async_client.preflight()", False),
    Case("dropped-close", "async_client.aclose()", False),
    Case("coroutine-for-a-receipt", "receipt = async_client.transfer('MAIN_MARGIN', 'USDT', 1)", False),
    Case("id-of-a-coroutine", "async_client.transfer('MAIN_MARGIN', 'USDT', 1).tran_id", False),
    Case("await-too-many", "receipt = await client.transfer('MAIN_MARGIN', 'USDT', 1)", False),
    # Arguments of the clients.
    Case("client", "bt.TransferClient(bt.Credentials(api_key='a', secret='b'), recv_window_ms=1000)", True),
    Case("client-text-window", "bt.TransferClient(bt.Credentials(api_key='a', secret='b'), recv_window_ms='5')", False),
    Case("credentials-by-position", "bt.Credentials('a', 'b')", False),
    Case("asyncio-transport-in-sync", "bt.TransferClient({}, transport=bt.AsyncHttpxTransport())", False),
    Case("sync-transport-in-asyncio", "bt.AsyncTransferClient({}, transport=bt.HttpxTransport())", False),
    Case("from-env", "bt.TransferClient.from_env(timeout_s=5.0, settle_ms=1, policy=bt.Policy())", True),
    Case("from-env-asyncio", "bt.AsyncTransferClient.from_env(recv_window_ms=1, base_url='https://a.example')", True),
    Case("from-env-misspelt", "bt.TransferClient.from_env(timeout=5.0)", False),
    Case("from-env-misspelt-asyncio", "bt.AsyncTransferClient.from_env(recv_window=5)", False),
    Case("from-env-text-for-a-number", "bt.TransferClient.from_env(timeout_s='5')", False),
    Case("from-env-credentials", "bt.TransferClient.from_env(credentials={})", False),
    Case("from-env-asyncio-transport", "bt.TransferClient.from_env(transport=bt.AsyncHttpxTransport())", False),
    Case("from-env-sync-transport", "bt.AsyncTransferClient.from_env(transport=bt.HttpxTransport())", False),
    Case("version", "version: str = bt.__version__", True),
    Case("time-in-milliseconds", "client.history('MAIN_MARGIN', start=1, end=2)", True),
    Case("time-as-datetime", "client.history('MAIN_MARGIN', start=receipt.time)", True),
    Case("time-as-text", "client.history('MAIN_MARGIN', start='2026-01-01')", False),
    Case("audit-since-datetime", "client.audit(receipt.time)", True),
    Case("audit-since-float", "client.audit(1.5)", False),
    Case("httpx-transport-in-sync", "bt.TransferClient({}, transport=httpx.HTTPTransport())", True),
]  # fmt: skip

HEAD = """from decimal import Decimal

import httpx

import binance_transfer as bt


async def program(
    client: bt.TransferClient,
    async_client: bt.AsyncTransferClient,
    transfer: bt.Transfer,
    any_type: bt.TransferType,
    text: str,
    receipt: bt.Receipt,
    unknown: bt.OutcomeUnknown,
) -> None:
"""

CASES = calls() + OTHERS


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "program.py"
    path.write_text(HEAD + "".join(f"    {case.line}\n" for case in CASES), "utf-8")
    return path


def wrong_lines(path: Path, found: set[int]) -> dict[str, bool]:
    """Name of a case → whether the checker found it right."""
    first = HEAD.count("\n") + 1
    assert min(found, default=first) >= first, "the head of the program itself is wrong"
    return {case.name: first + number not in found for number, case in enumerate(CASES)}


@pytest.fixture(scope="module")
def by_mypy(program: Path) -> dict[str, bool]:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={program.parent / 'cache'}"]
    options = ["--no-error-summary", "--no-pretty", "--hide-error-context", str(program)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    lines = re.findall(r"^.*program\.py:(\d+): error:", done.stdout, re.MULTILINE)
    assert done.returncode == 1, done.stdout + done.stderr
    return wrong_lines(program, {int(line) for line in lines})


@pytest.fixture(scope="module")
def by_pyright(program: Path) -> dict[str, bool]:
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=program.parent)
    report = json.loads(done.stdout)
    errors = [found for found in report["generalDiagnostics"] if found["severity"] == "error"]
    return wrong_lines(program, {found["range"]["start"]["line"] + 1 for found in errors})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_mypy_tells_right_from_wrong(case: Case, by_mypy: dict[str, bool]) -> None:
    assert by_mypy[case.name] == case.right


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pyright_tells_right_from_wrong(case: Case, by_pyright: dict[str, bool]) -> None:
    assert by_pyright[case.name] == case.right
