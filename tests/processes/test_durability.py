"""The intent is on disk before the first byte leaves."""

import re
import shutil
import signal
import sys
from pathlib import Path

import binance_transfer as bt
from binance_transfer_sandbox import Sandbox
from tests.processes.conftest import Start

CALL = {
    "key": "k",
    "transfer": {"type": "MAIN_UMFUTURE", "asset": "USDT", "amount": "25.5"},
    "recv_window_ms": 1_000,
    "settle_ms": 500,
    "within_s": 20,
}


def test_a_worker_that_dies_at_the_first_byte_leaves_an_open_entry(start: Start, sandbox: Sandbox, url: str) -> None:
    worker = start("call", url=url, moment="sending", by="SIGKILL", **CALL)
    assert worker.process.wait(30) == -signal.SIGKILL
    with bt.Journal(url, account="treasury") as journal:
        entry = journal.get("k")
        assert entry is not None
        assert (entry.state, entry.transfer, len(entry.attempts)) == (
            "open", bt.Transfer("MAIN_UMFUTURE", "USDT", "25.5"), 1
        )  # fmt: skip
        with bt.TransferClient(sandbox.credentials, base_url=sandbox.base_url, journal=journal) as client:
            assert [found.state for found in client.reconcile_all()] == ["not_moved"]
    assert sandbox.ledger.executions() == ()


if sys.platform == "linux" and shutil.which("strace"):

    def test_the_disk_has_the_intent_before_the_network_sees_the_transfer(start: Start, tmp_path: Path) -> None:
        """strace shows the file written and flushed, in this order, before the POST is handed to its socket."""
        log = tmp_path / "calls"
        trace = (
            "strace",
            "-f",
            "-y",
            "-s",
            "8192",
            "-e",
            "trace=pwrite64,fsync,fdatasync,sendto,write",
            "-o",
            str(log),
        )
        url = f"sqlite:///{tmp_path / 'transfers.db'}"
        start("call", trace, url=url, moment=None, by="SIGKILL", **CALL).finish()
        calls = log.read_text(errors="replace").splitlines()
        [sent] = [n for n, call in enumerate(calls) if "POST /sapi/v1/asset/transfer" in call]
        before = calls[:sent]
        written = [n for n, call in enumerate(before) if re.search(r"pwrite64\(\d+<[^>]*transfers\.db-wal>", call)]
        flushed = [n for n, call in enumerate(before) if re.search(r"f(data)?sync\(\d+<[^>]*transfers\.db-wal>", call)]
        intent = [n for n in written if "MAIN_UMFUTURE" in before[n]]
        assert intent, "the intent is not in the write-ahead log before the transfer leaves"
        assert max(flushed) > max(written), "the write-ahead log was not flushed after its last write"
