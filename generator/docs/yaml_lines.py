"""
YAML and JSON with the line of everything.

One rule: a document from outside is read without building what it asks for: no tags, no merging, no copies of what an
alias names, and no nesting beyond a bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from generator.docs.blocks import Unreadable

_DEEPEST = 100


@dataclass(slots=True, eq=False)
class Tree:
    """
    A mapping, a list or a text. Numbers and truth values are texts as they are written.

    The line of a mapping or list is that of its key, if it has one.
    """

    line: int
    text: str | None = None
    is_literal: bool = False
    """A text whose line feeds are those of the file; it begins on the line below."""
    is_quoted: bool = False
    """A text between quotation marks, which is no number and no truth value."""
    members: dict[str, "Tree"] = field(default_factory=dict)
    items: list["Tree"] = field(default_factory=list)
    steps: int = 0
    """Of a whole document: how many references were followed in it."""

    def get(self, *keys: str) -> "Tree | None":
        """The value behind a way of keys, if it is there."""
        found: Tree | None = self
        for key in keys:
            found = found.members.get(key) if found else None
        return found

    def words(self, key: str) -> str:
        """The text of a member, or nothing."""
        found = self.members.get(key)
        return found.text or "" if found else ""


def plain(tree: Tree) -> Any:
    """The same in dictionaries, lists and texts."""
    if tree.text is not None:
        return tree.text
    if tree.items:
        return [plain(item) for item in tree.items]
    return {key: plain(value) for key, value in tree.members.items()}


def read_tree(source: str) -> Tree:
    """Read a document, raising Unreadable."""
    if source.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        source = source.replace("\t", " ")  # JSON allows them between values, YAML does not; within a text neither does
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _build(yaml.parse(source, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        message = f"{where}found no YAML or JSON: {getattr(error, 'problem', None) or error}"
        raise Unreadable(message) from error


def _build(events: Iterator[yaml.Event]) -> Tree:
    root = Tree(1)
    open_nodes: list[_Open] = []
    anchors: dict[str, Tree] = {}
    for event in events:
        match event:
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                open_nodes.pop()
                continue
            case yaml.AliasEvent():
                if event.anchor not in anchors:
                    message = f"line {_line(event)}: found no YAML or JSON: an alias of nothing"
                    raise Unreadable(message)
                node = anchors[event.anchor]
            case yaml.ScalarEvent():
                node = Tree(_line(event), event.value, event.style == "|", event.style in ("'", '"'))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                node = Tree(open_nodes[-1].key_line if open_nodes and open_nodes[-1].key_line else _line(event))
            case _:
                continue
        if isinstance(event, yaml.NodeEvent) and event.anchor and not isinstance(event, yaml.AliasEvent):
            anchors[str(event.anchor)] = node
        if open_nodes:
            open_nodes[-1].add(node)
        else:
            root = node
        if isinstance(event, yaml.CollectionStartEvent):
            if len(open_nodes) == _DEEPEST:
                message = f"line {node.line}: found more than {_DEEPEST} values within each other"
                raise Unreadable(message)
            open_nodes.append(_Open(node, is_mapping=isinstance(event, yaml.MappingStartEvent)))
    return root


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end is not reached. In a mapping keys and values take turns."""

    node: Tree
    is_mapping: bool
    key: str | None = None
    key_line: int = 0

    def add(self, value: Tree) -> None:
        if not self.is_mapping:
            self.node.items.append(value)
        elif self.key is None:
            self.key, self.key_line = value.text or "", value.line
        else:
            self.node.members[self.key] = value
            self.key, self.key_line = None, 0
