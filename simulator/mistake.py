"""
A rule that is taken out for a while.

One rule: a mistake is one that somebody could make who reads the rules carelessly, and the simulator has to find it.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from attrs import frozen


@frozen
class Ablation:
    """A rule, what is done instead, and how to do that for a while."""

    rule: str
    instead: str
    replaced: tuple[object, str]
    by: object
    also: tuple[tuple[object, str, object], ...] = ()
    """What else has to go, where a rule is kept in two places."""

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Break the rule inside a with block."""
        with ExitStack() as stack:
            for target, name, by in ((*self.replaced, self.by), *self.also):
                stack.enter_context(patch.object(target, name, by))
            yield
