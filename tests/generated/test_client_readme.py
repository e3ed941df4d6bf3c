"""What generated_client/README.md shows works."""

import re
from pathlib import Path
from urllib.parse import parse_qs

import pytest

import binance_transfer_api
from tests.generated.exchange import Exchange

README = (Path(binance_transfer_api.__file__).parent.parent / "README.md").read_text(encoding="utf-8")
CALLING, PURE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

# Status, body, what the example prints.
PRINTED = [
    (200, b'{"tranId":13526853623}', "accepted as 13526853623\n"),
    (400, b'{"code":-1021,"msg":"late"}', "error -1021: late\n"),
    (502, b"<html/>", "status 502, unexpected: not JSON: JSONDecodeError\n"),
]


@pytest.mark.parametrize(("status", "body", "printed"), PRINTED)
def test_the_example_of_a_call_runs(
    status: int,
    body: bytes,
    printed: str,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    exchange.status, exchange.body = status, body
    for name, value in (("BASE_URL", exchange.base_url), ("API_KEY", "key"), ("API_SECRET", "secret")):
        monkeypatch.setenv(f"BINANCE_{name}", value)
    exec(compile(CALLING, "README.md", "exec"), {"__name__": "readme"})
    [(line, _, sent)] = exchange.received
    assert capsys.readouterr().out == printed
    assert line.startswith("POST /sapi/v1/asset/transfer ")
    assert list(parse_qs(sent.decode())) == ["type", "asset", "amount", "timestamp", "signature"]


def test_the_example_without_io_holds() -> None:
    exec(compile(PURE, "README.md", "exec"), {"__name__": "readme"})


def test_every_operation_is_in_the_table() -> None:
    modules = set(re.findall(r"`(api\.\w+\.\w+)`", README))
    folder = Path(binance_transfer_api.__file__).parent
    generated = {f"api.{file.parent.name}.{file.stem}" for file in folder.glob("api/*/*.py") if file.stem != "__init__"}
    assert modules == generated
