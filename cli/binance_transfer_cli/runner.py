"""
The rows of a plan on their way: a few workers, one client, one journal.

One rule: a row is sent under its key and no other, so whatever ends a run, the same run again goes on where it was.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Final

import binance_transfer as bt
from binance_transfer.candidates import alike_mark
from binance_transfer_cli.outcomes import Result, of_entry, of_error, of_receipt
from binance_transfer_cli.staging import Row, Staging

_AHEAD: Final = 2  # rows that wait for each worker
_MOST_HELD: Final = 1_000  # rows that are like one under way
_TICK_S: Final = 0.2
_LOOKED_UP: Final = 200  # keys in one reading of the journal
_LOGGER: Final = logging.getLogger("binance_transfer")

# After these no other row would fare better, and going on could only do harm.
_ENDING: Final = (bt.JournalFailed, bt.PermissionDenied)


class Runner:
    """
    One run over the staged rows.

    settle_within_s: how long one row is pursued.
    """

    def __init__(
        self,
        client: bt.TransferClient,
        journal: bt.Journal,
        staging: Staging,
        *,
        settle_within_s: float,
    ) -> None:
        self._client: Final = client
        self._journal: Final = journal
        self._staging: Final = staging
        self._settle_within_s: Final = settle_within_s
        self._tasks: Final[SimpleQueue[Row | None]] = SimpleQueue()
        self._done: Final[SimpleQueue[tuple[Row, Result, Exception | None] | BaseException]] = SimpleQueue()
        self._stop: Final = threading.Event()
        self._under_way = 0
        self._alike: Final[set[str]] = set()  # what is under way, as history tells it
        self._held: Final[list[Row]] = []  # rows that are like one of them
        self.ended_by = ""
        """Why the run ended before its last row, "" where it did not."""
        self.waiting = ""
        """Why a worker waits for its turn, "" where none does."""

    def run(self, workers: int, progress: Callable[[], None]) -> None:
        """
        Send every row that has no result; returns when all are done or one ended the run.

        progress: called after each result, and now and then. An interruption passes; call ``stop`` then.
        """
        for number in range(workers):
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True).start()
        rows = self._staging.rows()
        while True:
            while self._under_way < workers * _AHEAD and (row := self._next(rows)) is not None:
                self._under_way += 1
                self._alike.add(alike_mark(row.transfer))
                self._tasks.put(row)
            if not self._under_way:
                break
            self._take()
            progress()
        for _ in range(workers):
            self._tasks.put(None)

    def _next(self, rows: Iterator[Row]) -> Row | None:
        """
        Return a row to hand out, None where there is none now.

        Of rows that history could not tell apart one is under way: the others would wait for the end of its window.
        """
        if self._stop.is_set():
            return None
        for row in self._held:
            if alike_mark(row.transfer) not in self._alike:
                self._held.remove(row)
                return row
        while len(self._held) < _MOST_HELD and (following := next(rows, None)) is not None:
            if alike_mark(following.transfer) not in self._alike:
                return following
            self._held.append(following)
        return None

    def _take(self) -> None:
        """Take down a result, if one comes soon."""
        try:
            done = self._done.get(timeout=_TICK_S)
        except Empty:
            return
        self._under_way -= 1
        if isinstance(done, BaseException):
            raise done
        row, result, error = done
        self._alike.discard(alike_mark(row.transfer))
        if error is None and result.error == _LEFT:
            return  # it was handed out and not begun
        self._staging.note(result)
        if _ends_a_run(error) and not self._stop.is_set():
            self.ended_by = f"{type(error).__name__}: {error}"
            self._stop.set()

    def stop(self, within_s: float) -> None:
        """Begin no further row, wait so long at most for those that are under way, and let nothing be sent any more."""
        self._stop.set()
        try:
            until_s = time.monotonic() + within_s
            while self._under_way and time.monotonic() < until_s:
                self._take()
        finally:
            self._client.close()

    def look_up(self, reason: str) -> None:
        """Take down what the journal knows of the rows that this run did not come to, or did not see the end of."""
        page: list[Row] = []
        for row in self._staging.rows():
            page.append(row)
            if len(page) == _LOOKED_UP:
                self._look_up(page, reason)
                page = []
        self._look_up(page, reason)

    def _look_up(self, page: list[Row], reason: str) -> None:
        try:
            entries = self._journal.read(lambda journal: [journal.entry(row.key) for row in page])
        except bt.JournalFailed as failed:
            for row in page:
                self._staging.note(of_error(failed, row.key, row.line))
            return
        for row, entry in zip(page, entries, strict=True):
            message = f"not begun: {reason}"
            not_begun = Result(row.line, row.key, "not_moved", error=bt.NotSent.__name__, message=message)
            conflict = entry is not None and entry.transfer != row.transfer
            self._staging.note(not_begun if entry is None or conflict else of_entry(entry, row.line))

    # --- in the workers' threads -------------------------------------------------------------------------------------

    def _work(self) -> None:
        while (row := self._tasks.get()) is not None:
            try:
                self._done.put((row, *self._send(row)))
            except BaseException as error:  # noqa: BLE001  # the main thread raises it
                self._done.put(error)

    def _send(self, row: Row) -> tuple[Result, Exception | None]:
        """Send a row until it is decided; what has to wait for its turn waits."""
        while not self._stop.is_set():
            try:
                receipt = self._client.settle(row.transfer, idempotency_key=row.key, deadline_s=self._settle_within_s)
            except (bt.RateLimited, bt.NotSent) as error:
                if error.retry_after_s is None:
                    return of_error(error, row.key, row.line), error
                self.waiting = f"waiting {error.retry_after_s} s: {error}"
                self._stop.wait(error.retry_after_s)
                self.waiting = ""
            except bt.TransferError as error:
                return of_error(error, row.key, row.line), error
            except Exception as error:  # it may have left, whatever it was
                _LOGGER.exception("a fault of this program")
                return Result(row.line, row.key, "unknown", error=type(error).__name__, message=str(error)), error
            else:
                return of_receipt(receipt, row.key, row.line), None
        return Result(row.line, row.key, "not_moved", error=_LEFT), None


def _ends_a_run(error: Exception | None) -> bool:
    return error is not None and (isinstance(error, _ENDING) or not isinstance(error, bt.TransferError))


_LEFT: Final = "left"
