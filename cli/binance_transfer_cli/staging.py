"""
The rows of a plan between their check and their result, in a temporary file.

One rule: what was checked and confirmed is what is sent, whatever becomes of the plan's file meanwhile, and memory does
not grow with its length. SQLite deletes the file when the process ends, however it ends.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from attrs import frozen

import binance_transfer as bt
from binance_transfer_cli.outcomes import Outcome, Result
from binance_transfer_cli.plan import Staged

_BATCH: Final = 5_000
_PAGE: Final = 1_000
_CACHE_KIB: Final = 16_384

_TABLES: Final = """
CREATE TABLE rows (line INTEGER PRIMARY KEY, key TEXT, counted INTEGER, type TEXT, asset TEXT, amount TEXT,
    from_symbol TEXT, to_symbol TEXT);
CREATE TABLE results (line INTEGER PRIMARY KEY, outcome TEXT, tran_id INTEGER, replayed INTEGER, error TEXT,
    message TEXT);
"""

# Few keys stand twice, if any: only those are looked at row by row.
_REPEATED: Final = "CREATE TABLE repeated AS SELECT key FROM rows GROUP BY key HAVING count(*) > 1"

# The second of two equal rows without keys of their own, and each further one, gets its number into its key.
_COUNT: Final = """
UPDATE rows SET key = rows.key || ':' || numbered.number
FROM (
    SELECT line, row_number() OVER (PARTITION BY key ORDER BY line) AS number FROM rows
    WHERE counted AND key IN (SELECT key FROM repeated)
) AS numbered
WHERE rows.line = numbered.line AND numbered.number > 1
"""
_DOUBLED: Final = """
SELECT line, first FROM (SELECT line, min(line) OVER (PARTITION BY key) AS first FROM rows) WHERE line > first
ORDER BY line
"""


@frozen
class Row:
    """One transfer of a plan."""

    line: int
    key: str
    transfer: bt.Transfer


class Staging:
    """The rows, and what became of them. One thread uses it."""

    def __init__(self) -> None:
        self._database: Final = sqlite3.connect("", isolation_level=None)
        for setting in (f"cache_size = -{_CACHE_KIB}", "journal_mode = OFF", "synchronous = OFF", "temp_store = FILE"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.executescript(_TABLES)
        self.done = 0
        """How many results were taken down."""
        self.replayed = 0
        """How many of them are of rows that had moved before."""

    def add(self, rows: Iterable[Staged]) -> None:
        """Take rows in, in the order of their lines."""
        remaining = iter(rows)
        while batch := list(islice(remaining, _BATCH)):
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)", batch)
            self._database.execute("COMMIT")

    def doubled(self) -> Iterator[tuple[int, int]]:
        """
        Tell equal rows apart that have no key of their own, once all rows are there.

        Returns the lines whose key stands in an earlier line even so, each with that line.
        """
        self._database.execute(_REPEATED)
        if self._database.execute("SELECT 1 FROM repeated").fetchone():
            self._database.execute(_COUNT)
            yield from self._database.execute(_DOUBLED)

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM rows").fetchone()[0])

    def rows(self) -> Iterator[Row]:
        """Iterate over the rows without a result, in the order of their lines."""
        last = 0
        while True:
            page = self._database.execute(_NEXT, (last, _PAGE)).fetchall()
            for line, key, type_name, asset, amount, from_symbol, to_symbol in page:
                transfer = bt.Transfer(type_name, asset, amount, from_symbol=from_symbol, to_symbol=to_symbol)
                yield Row(line, key, transfer)
            if not page:
                return
            last = page[-1][0]

    def note(self, result: Result) -> None:
        """Take down what became of a row; a later word replaces an earlier one."""
        values = (result.line, result.outcome, result.tran_id, result.replayed, result.error, result.message)
        self._database.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?)", values)
        self.done += 1
        self.replayed += result.replayed

    def results(self, *outcomes: Outcome) -> Iterator[Result]:
        """Iterate over what became of the rows, all or those with some outcomes, in the order of their lines."""
        wanted = f"WHERE outcome IN ({', '.join('?' * len(outcomes))})" if outcomes else ""
        found = self._database.execute(f"{_RESULTS} {wanted} ORDER BY line", outcomes)  # marks only
        for line, key, outcome, tran_id, replayed, error, message in found:
            yield Result(line, key, outcome, tran_id, bool(replayed), error, message)

    def counts(self) -> dict[str, int]:
        """Return outcome → how many rows; "replayed" are among the moved."""
        counted: dict[str, Any] = dict(self._database.execute("SELECT outcome, count(*) FROM results GROUP BY outcome"))
        [(replayed,)] = self._database.execute("SELECT count(*) FROM results WHERE replayed")
        return counted | {"replayed": replayed}

    def close(self) -> None:
        """Delete the file."""
        self._database.close()


_NEXT: Final = """
SELECT line, key, type, asset, amount, from_symbol, to_symbol FROM rows
WHERE line > ? AND NOT EXISTS (SELECT 1 FROM results WHERE results.line = rows.line) ORDER BY line LIMIT ?
"""
_RESULTS: Final = """
SELECT line, key, outcome, tran_id, replayed, error, message FROM results JOIN rows USING (line)
"""
