"""
The help texts of all commands as one page: `python -m binance_transfer_cli.manual docs/cli.md` writes them into it.

One rule: the page holds what --help says, so the two cannot differ; a test compares them.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from binance_transfer_cli.app import app

MARK: Final = "<!-- what follows is written by: python -m binance_transfer_cli.manual docs/cli.md -->\n"
_WIDTH: Final = 80


def manual() -> str:
    """Return the help of each command, as Markdown."""
    return "".join(f"\n## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(app, "binance-transfer"))


def _helps(command: click.Command, path: str, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    settings: dict[str, Any] = dict(command.context_settings) | {"terminal_width": _WIDTH, "max_content_width": _WIDTH}
    context = click.Context(command, info_name=path.rpartition(" ")[2], parent=parent, **settings)
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _helps(inner, f"{path} {name}", context)


def written(page: str) -> str:
    """Return a page with its last part written anew."""
    before, _, _ = page.partition(MARK)
    return f"{before}{MARK}{manual()}"


def main(arguments: Sequence[str]) -> int:
    """Write the manual into a page."""
    [name] = arguments
    page = Path(name)
    page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
