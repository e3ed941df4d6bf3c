"""
What the README says of Sentry and OpenTelemetry, with the packages themselves.

One rule: each runs in a process of its own, since both change httpx for good.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.support.loopback import Loopback, answer

PROJECT = Path(__file__).resolve().parents[2]
KEY, SECRET = "a-key-that-nobody-has-0123456789abcdef", "a-secret-that-nobody-has-0123456789abcdef"
USE = f"""
transport = getattr(bt, sys.argv[2])()
client = bt.TransferClient({{"api_key": "{KEY}", "secret": "{SECRET}"}}, base_url=sys.argv[1], transport=transport)
client.transfer("MAIN_FUNDING", "USDT", "1")
list(client.history("MAIN_FUNDING"))
try:
    client.transfer("MAIN_FUNDING", "USDT", "2")
except bt.Rejected:
    pass
"""
SENTRY = f"""
import json, sys
import sentry_sdk
import binance_transfer as bt

seen = []

class Capturing(sentry_sdk.Transport):
    def capture_envelope(self, envelope):
        seen.append([item.payload.json for item in envelope.items])

sentry_sdk.init(
    dsn="http://key@127.0.0.1:1/1", transport=Capturing, traces_sample_rate=1.0, send_default_pii=True, debug=False,
)
with sentry_sdk.start_transaction(name="sweep"):
    {USE.replace(chr(10), chr(10) + "    ")}
    try:
        client.transfer("MAIN_FUNDING", "USDT", "2")
    except bt.Rejected as error:
        sentry_sdk.capture_exception(error)
sentry_sdk.flush()
print(json.dumps(seen, default=str))
"""
TELEMETRY = f"""
import json, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
import binance_transfer as bt

spans = InMemorySpanExporter()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(spans))
HTTPXClientInstrumentor().instrument()
{USE}
print(json.dumps([json.loads(span.to_json()) for span in spans.get_finished_spans()]))
"""


def run(program: str, over: str, **environment: str) -> tuple[Any, list[str]]:
    """What was recorded of two transfers and a reading, and the signatures that they had."""
    refused = answer(400, {"code": -1102, "msg": "Mandatory parameter was not sent"})
    steps = (answer(200, {"tranId": 5}), answer(200, {"total": 0, "rows": []}), refused)
    with Loopback(*steps) as server:
        done = subprocess.run(
            [sys.executable, "-c", program, server.url, over],
            env={"PATH": "", "PYTHONPATH": str(PROJECT)} | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        signatures = [unquote(request.signed_part()[1].decode()) for request in [*server.posts, *server.reads]]
    return json.loads(done.stdout.splitlines()[-1]), signatures


@pytest.mark.parametrize("over", ["HttpxTransport", "FastTransport"])
def test_sentry_sees_no_secret(over: str) -> None:
    recorded, signatures = run(SENTRY, over)
    text = json.dumps(recorded)
    assert "sweep" in text
    assert [secret for secret in [KEY, SECRET, *signatures] if secret in text] == []


def test_opentelemetry_records_signed_readings_and_no_signed_transfer() -> None:
    """Which the README says. Should this change, so should the README."""
    recorded, signatures = run(TELEMETRY, "HttpxTransport")
    text = json.dumps(recorded)
    *transfers, reading = signatures
    assert [signature in text for signature in (*transfers, reading)] == [False, False, True]
    assert [secret for secret in (KEY, SECRET) if secret in text] == []


def test_opentelemetry_sees_nothing_of_the_fast_transport() -> None:
    recorded, _ = run(TELEMETRY, "FastTransport")
    assert recorded == []


@pytest.mark.parametrize("excluded", ["127.0.0.1"])
def test_opentelemetry_can_leave_the_exchange_out(excluded: str) -> None:
    recorded, _ = run(TELEMETRY, "HttpxTransport", OTEL_PYTHON_HTTPX_EXCLUDED_URLS=excluded)
    assert recorded == []
