"""
What people see, and what programs read.

One rule: with --json standard output holds JSON and nothing else, and people are told on standard error. A text from
elsewhere stays on one line, nothing is cut, and no colour is needed to understand anything.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

import binance_transfer as bt
from binance_transfer.visible import one_line
from binance_transfer_cli.outcomes import Exit
from binance_transfer_cli.streams import Output, standard_error, standard_output

_WIDE: Final = 10_000  # a pipe has no edge at which anything would have to be broken
_LONGEST: Final = 2_000
_NARROWEST: Final = 8  # characters: a column that is folded further is harder to read than a list


class Screen:
    """Standard output and standard error of one command."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json: Final = as_json
        self._output: Final = standard_output()
        self._out: Final = _console(self._output)
        self._err: Final = _console(standard_error())

    @property
    def _people(self) -> Console:
        return self._err if self.as_json else self._out

    @property
    def progress(self) -> Console:
        """Where something that goes on is shown."""
        return self._err

    def exit_code(self) -> Exit:
        """Return how a command ends of which only its output is wanted."""
        return Exit.INCOMPLETE if self._output.unusable else Exit.OK

    def say(self, text: str = "", style: str = "") -> None:
        """Tell a person something."""
        _print(self._people, Text(_clean(text), style), soft_wrap=not self._people.is_terminal)

    def fields(self, rows: Iterable[tuple[str, str]], style: Mapping[str, str] | None = None) -> None:
        """Tell a person some named things, one a line."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", overflow="fold")
        table.add_column(overflow="fold")
        for name, value in rows:
            table.add_row(name, Text(_clean(value), (style or {}).get(name, "")))
        _print(self._people, table)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
        right: Collection[str] = (),
        whole: Collection[str] = (),
    ) -> None:
        """
        Show a table to a person. What is too wide is folded.

        Where the terminal is too narrow even for that, each row is shown as named things, one a line.

        right: the columns of numbers. whole: those that are not folded.
        """
        cells = [[_clean(cell) for cell in row] for row in rows]
        if _needed(columns, cells, whole) > self._people.width:
            for number, row in enumerate(cells):
                if number:
                    self.say()
                self.fields(zip(columns, row, strict=True))
            return
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
        for column in columns:
            justify: Literal["left", "right"] = "right" if column in right else "left"
            table.add_column(column, justify=justify, overflow="fold", no_wrap=column in whole)
        for row in cells:
            table.add_row(*map(Text, row))
        _print(self._people, table)

    def note(self, text: str, style: str = "") -> None:
        """Tell a person something beside the result, on standard error."""
        _print(self._err, Text(_clean(text), style), soft_wrap=not self._err.is_terminal)

    def event(self, event: bt.Event) -> None:
        """Tell a person at a terminal why it takes a while."""
        if isinstance(event, bt.WaitEvent) and self._err.is_terminal:
            self.note(str(event), "dim")

    def paste(self, text: str) -> None:
        """Show what can be pasted into a shell: never broken at the edge."""
        _print(self._people, Text(f"  {_clean(text)}", "bold"), soft_wrap=True)

    def json(self, value: object) -> None:
        """Write one line of JSON for a program."""
        self.raw(json.dumps(value, default=str) + "\n")

    def raw(self, text: str) -> None:
        """Write a text as it is."""
        self._output.write(text)
        self._output.flush()


def _console(output: Output) -> Console:
    wide = None if output.isatty() else _WIDE
    file: Any = output
    return Console(file=file, width=wide, markup=False, highlight=False, emoji=False)


def _clean(text: str) -> str:
    """Keep the lines of a text of ours; what else nobody sees is written out."""
    return "\n".join(one_line(line, _LONGEST) for line in text.split("\n"))


def _needed(columns: Sequence[str], rows: Sequence[Sequence[str]], whole: Collection[str]) -> int:
    """Return how wide a table has to be at least."""
    widths = [max(map(cell_len, texts)) for texts in zip(columns, *rows, strict=True)]
    return sum(
        1 + (width if column in whole else min(width, _NARROWEST))
        for column, width in zip(columns, widths, strict=True)
    )


def _print(console: Console, what: Any, **options: Any) -> None:
    if console.is_terminal:
        console.print(what, **options)
    else:
        with console.capture() as captured:
            console.print(what, **options)
        console.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
    console.file.flush()
