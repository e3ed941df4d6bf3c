"""
YAML and JSON with the line of everything.

One rule: a document from outside is read without building what it asks for: no tags, no merging, no copies of what an
alias names, and no nesting beyond a bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from generator.docs.blocks import Unreadable

_DEEPEST = 100


@dataclass(slots=True, eq=False)
class Tree:
    """A mapping, a list or a text. Numbers and truth values are texts as they are written."""

    line: int
    text: str | None = None
    is_literal: bool = False
    """A text whose line feeds are those of the file; it begins on the line below."""
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
    open_nodes: list[Tree] = []
    keys: list[str | None] = []
    anchors: dict[str, Tree] = {}
    for event in events:
        match event:
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                open_nodes.pop()
                keys.pop()
                continue
            case yaml.AliasEvent():
                if event.anchor not in anchors:
                    message = f"line {_line(event)}: found no YAML or JSON: an alias of nothing"
                    raise Unreadable(message)
                node = anchors[event.anchor]
            case yaml.ScalarEvent():
                node = Tree(_line(event), event.value, event.style == "|")
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                node = Tree(_line(event))
            case _:
                continue
        if isinstance(event, yaml.NodeEvent) and event.anchor and not isinstance(event, yaml.AliasEvent):
            anchors[str(event.anchor)] = node
        if open_nodes:
            _attach(open_nodes[-1], keys, node)
        else:
            root = node
        if isinstance(event, yaml.CollectionStartEvent):
            if len(open_nodes) == _DEEPEST:
                message = f"line {node.line}: found more than {_DEEPEST} values within each other"
                raise Unreadable(message)
            open_nodes.append(node)
            keys.append(None if isinstance(event, yaml.MappingStartEvent) else "")
    return root


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _attach(parent: Tree, keys: list[str | None], node: Tree) -> None:
    """Add a node to a list, or to a mapping, where keys and values take turns. A list has the key ""."""
    match keys[-1]:
        case "":
            parent.items.append(node)
        case None:
            keys[-1] = f"{node.text}" or "\0"
        case str(key):
            parent.members[key] = node
            keys[-1] = None
