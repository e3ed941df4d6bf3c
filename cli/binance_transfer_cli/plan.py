"""
A plan: many transfers in a file, CSV or JSON Lines.

One rule: a row is taken whole or refused with its line, and the file is read once, a row at a time.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from hashlib import blake2b
from itertools import chain
from operator import itemgetter
from typing import Any, Final, TextIO

from attrs import field, mutable

import binance_transfer as bt
from binance_transfer.idempotency_keys import checked_key
from binance_transfer.policy import exact_sum
from binance_transfer_cli.routes import Route, route

COLUMNS: Final = ("key", "type", "asset", "amount", "from_symbol", "to_symbol", "from", "to")
_LONGEST_LINE: Final = 65_536  # characters: no row needs more, and a file without line breaks must not fill the memory
_BLANKS: Final = " \t\r\n"
_ONLY_TEXT: Final = {str}
_MARK: Final = "\ufeff"  # what some spreadsheets put in front of UTF-8

Fields = tuple[str, str, str, str, str, str, str, str]
"""What stands in a row, in the order of COLUMNS; "" for what does not."""

_Pick = Callable[[Sequence[str]], Fields]

Staged = tuple[int, str, int, str, str, str, str | None, str | None]
"""A row that may be sent: line, key, whether the key is to be counted, type, asset, amount, both symbols."""


class PlanRefused(ValueError):
    """The file as a whole cannot be a plan; the message names the line."""


# --- from a file to fields -------------------------------------------------------------------------------------------


def read(file: TextIO) -> Iterator[tuple[int, Fields | str]]:
    """
    Iterate over the rows of a file: the line on which each begins, and its fields, or why it has none.

    Blank lines before the first row are counted and skipped. Raises PlanRefused for a header that is none.
    """
    first, skipped = file.readline(_LONGEST_LINE).removeprefix(_MARK), 0
    while first and not first.strip(_BLANKS):
        first, skipped = file.readline(_LONGEST_LINE), skipped + 1
    rows = _json_rows if first.lstrip().startswith("{") else _csv_rows
    # What is longer than a row can be comes in parts, none of which is a row: it is refused like any other bad row.
    return rows(chain((first,), iter(partial(file.readline, _LONGEST_LINE), "")), skipped)


def _csv_rows(lines: Iterator[str], skipped: int) -> Iterator[tuple[int, Fields | str]]:
    rows = csv.reader(lines, strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        message = f"line {skipped + 1}: {error}"
        raise PlanRefused(message) from None
    _check_header(header, skipped + 1)
    width, last, pick = len(header), skipped + rows.line_num, _picker(header)
    while True:
        try:
            for row in rows:
                line, last = last + 1, skipped + rows.line_num
                if len(row) == width:
                    yield line, pick((*row, ""))
                elif row:
                    yield line, f"has {len(row)} fields, and the header {width}"
        except csv.Error as error:
            line, last = last + 1, skipped + rows.line_num
            yield line, f"is no CSV: {error}"
        else:
            return


def _picker(names: Sequence[str]) -> _Pick:
    """Return what puts values in the order of COLUMNS; one "" more, behind the last, stands for what is not there."""
    return itemgetter(*(names.index(name) if name in names else len(names) for name in COLUMNS))


def _check_header(header: list[str], line: int) -> None:
    wanted = f"the header must be like {','.join(COLUMNS[:6])}, or from,to in place of type"
    if unknown := [name for name in header if name not in COLUMNS]:
        message = f"line {line}: {unknown[0]!r} is no column: {wanted}"
        raise PlanRefused(message)
    if doubled := [name for name in header if header.count(name) > 1]:
        message = f"line {line}: the column {doubled[0]!r} is there twice"
        raise PlanRefused(message)
    if not {"asset", "amount"} <= set(header) or not ("type" in header or {"from", "to"} <= set(header)):
        message = f"line {line}: {wanted}"
        raise PlanRefused(message)


def _json_rows(lines: Iterator[str], skipped: int) -> Iterator[tuple[int, Fields | str]]:
    decode = json.JSONDecoder(object_pairs_hook=tuple).raw_decode
    known: dict[tuple[str, ...], _Pick] = {}
    for number, line in enumerate(lines, skipped + 1):
        text = line.strip(_BLANKS)
        if not text:
            continue
        try:
            pairs, end = decode(text)
        except RecursionError:
            yield number, "is no JSON object"
        except ValueError as error:
            yield number, f"is no JSON object: {error}"
        else:
            if type(pairs) is tuple and end == len(text):
                yield number, _fields(pairs, known)
            else:
                yield number, "is no JSON object"


def _fields(pairs: tuple[tuple[str, Any], ...], known: dict[tuple[str, ...], _Pick]) -> Fields | str:
    names, values = zip(*pairs, strict=True) if pairs else ((), ())
    pick = known.get(names)
    if pick is None:
        if unknown := [name for name in names if name not in COLUMNS]:
            return f"{unknown[0]!r} is none of {', '.join(COLUMNS)}"
        if len(set(names)) != len(names):
            return "has a name twice"
        pick = known[names] = _picker(names)
    if set(map(type, values)) != _ONLY_TEXT:
        values = tuple("" if value is None else value for value in values)
        if odd := [name for name, value in zip(names, values, strict=True) if type(value) is not str]:
            return f"{odd[0]} must be text in quotes, so that no digit is lost"
    return pick((*values, ""))


# --- from fields to a transfer ---------------------------------------------------------------------------------------

# Keys and amounts that need no second look; everything else is looked at by the library.
_PLAIN_KEY: Final = re.compile(r"[!-~]{1,255}")
_PLAIN_AMOUNT: Final = re.compile(r"(?=[0-9.]*[1-9])[0-9]{1,12}(?:\.[0-9]{1,8})?")
_SUMMED: Final = 1_000
_ROUTES: Final = 10_000  # different ones that are remembered


@mutable
class Total:
    """How much one asset moves along one route."""

    asset: str
    route: Route
    _rows: int = 0
    _amount: Decimal = field(factory=Decimal)
    _largest: Decimal = field(factory=Decimal)
    _new: list[Decimal] = field(factory=list)

    def add(self, amount: Decimal) -> None:
        """Count a row."""
        self._new.append(amount)
        if len(self._new) >= _SUMMED:
            self._sum_up()

    def _sum_up(self) -> None:
        """Add what is new, many amounts at once, which costs less than each by itself."""
        self._rows += len(self._new)
        self._amount = exact_sum((self._amount, *self._new))
        self._largest = max((self._largest, *self._new))
        self._new.clear()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._rows + len(self._new)

    @property
    def amount(self) -> Decimal:
        """The sum, exact."""
        self._sum_up()
        return self._amount

    @property
    def largest(self) -> Decimal:
        """The greatest amount of one row."""
        self._sum_up()
        return self._largest


class Checker:
    """
    Turns fields into rows that may be sent, and sums them up.

    batch: what keys are made from where a row has none; None where each row has to have its own.
    """

    def __init__(self, batch: str | None) -> None:
        self._batch = batch
        self._known: dict[tuple[str, ...], Total] = {}
        self.totals: dict[tuple[str, Route], Total] = {}

    def check(self, line: int, fields: Fields) -> Staged:
        """Return a row that may be sent; raises InvalidTransfer."""
        key, type_name, asset, amount, from_symbol, to_symbol, source, target = fields
        way = (type_name, asset, from_symbol, to_symbol, source, target)
        total = self._known.get(way)
        if total is None or not _PLAIN_AMOUNT.fullmatch(amount):
            total, amount = self._total(way, amount)
        if not key:
            key = self._made(total, amount)
            counted = 1
        else:
            counted = 0
            if not _PLAIN_KEY.fullmatch(key):
                key = checked_key(key)
        total.add(Decimal(amount))
        at = total.route
        return line, key, counted, at.type, asset, amount, at.from_symbol, at.to_symbol

    def _total(self, way: tuple[str, ...], amount: str) -> tuple[Total, str]:
        """Check a route and an amount as the library does."""
        type_name, asset, from_symbol, to_symbol, source, target = way
        at = route(type_name, source, target, from_symbol, to_symbol)
        made = bt.Transfer(at.type, asset, amount, from_symbol=at.from_symbol, to_symbol=at.to_symbol)
        if len(self._known) >= _ROUTES:
            self._known.clear()
        total = self.totals.setdefault((asset, at), Total(asset, at))
        self._known[way] = total
        return total, made.amount_text

    def _made(self, total: Total, amount: str) -> str:
        """
        Make a key of the batch and of what the row says, however that is written.

        Not of its line: a file that was corrected sends nothing twice. Equal rows are counted apart later.
        """
        if self._batch is None:
            message = "has no key: give each row one, or --batch NAME to make keys of what the rows say"
            raise bt.InvalidTransfer(message)
        digits = amount.lstrip("0")
        if "." in digits:
            digits = digits.rstrip("0").rstrip(".")
        at = total.route
        content = "\n".join((at.type, total.asset, digits, at.from_symbol or "", at.to_symbol or ""))
        return f"{self._batch}:{blake2b(content.encode(), digest_size=12).hexdigest()}"


def checked_batch(batch: str) -> str:
    """
    Return the name of a batch; raises InvalidTransfer unless keys can be made of it.

    An empty one is refused: with a variable that is not set, two batches would be one, and the second sends nothing.
    """
    if not batch.strip():
        message = "--batch is empty, perhaps from a variable that is not set: name the batch, e.g. 2026-11"
        raise bt.InvalidTransfer(message)
    checked_key(batch)
    checked_key(f"{batch}:{'0' * 24}:1000000000")
    return batch


def rows_of(file: TextIO, checker: Checker, refused: Callable[[int, str], None]) -> Iterable[Staged]:
    """Iterate over the rows of a file that may be sent; ``refused`` is told of each other one."""
    check = checker.check
    for line, fields in read(file):
        if isinstance(fields, str):
            refused(line, fields)
            continue
        try:
            yield check(line, fields)
        except bt.InvalidTransfer as error:
            refused(line, str(error))
