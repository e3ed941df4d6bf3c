"""
What the global options make, for every command.

One rule: what is wrong with the settings is said before anything is asked or sent, and ends with 2.
"""

import sys
from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, Final, ParamSpec

import click
from attrs import frozen

from binance_transfer_cli.screen import Screen
from binance_transfer_cli.settings import GlobalOptions, Settings

P = ParamSpec("P")


@frozen
class State:
    """One invocation: what was given, and where to show things."""

    given: GlobalOptions
    screen: Screen

    def settings(self) -> Settings:
        """Read the settings in effect; raises ValueError."""
        import os

        return Settings.of(self.given, os.environ)

    def may_ask(self) -> bool:
        """Whether there is a person at a terminal who can be asked."""
        return sys.stdin is not None and sys.stdin.isatty()

    def agreed(self, question: str) -> bool:
        """Ask a person; a bare return, and the end of input, is no."""
        self.screen.note("")
        try:
            return click.confirm(question, default=False, err=True)
        except click.Abort:
            self.screen.note("")
            return False


def with_state(command: Callable[Concatenate[State, P], int]) -> Callable[P, int]:
    """Hand the state to a command, as its first argument."""

    @click.pass_context
    def run(context: click.Context, /, *arguments: P.args, **options: P.kwargs) -> int:
        return command(context.find_object(State), *arguments, **options)  # type: ignore[arg-type]  # the group made it

    return update_wrapper(run, command)


SOMEBODY: Final = "without a terminal nobody can be asked: add --yes"


def usage(message: str) -> click.UsageError:
    """Make the error that ends a command with 2."""
    return click.UsageError(message)


def example(*lines: str) -> str:
    """Make the end of a help text: commands that can be tried."""
    return "\b\nExample:\n" + "\n".join(f"  $ {line}" for line in lines)
