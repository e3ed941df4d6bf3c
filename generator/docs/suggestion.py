"""
What to change in the spec, as a diff.

One rule: only what follows from the page alone is changed; what needs a person's judgement is named.
"""

import difflib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from generator.docs.comparison import IN_ONE_LIST, SPAN_NAMES
from generator.docs.project import SPANS, SPEC, TABLES, Operation
from generator.docs.verdict import Finding, Verdict, alike
from generator.docs.wallets import wallets_of
from generator.docs.wording import LANGUAGES, Language

_UNDECIDED = "DECIDE"  # no wallet has this name, so `make` refuses the spec until it is replaced
_SCHEMAS: dict[str, dict[str, str]] = {
    "integer": {"type": "integer", "format": "int64"},
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "enum": {"type": "string", "x-vendor-type": "ENUM"},
    "LONG": {"type": "integer", "format": "int64"},
    "INT": {"type": "integer", "x-vendor-type": "INT"},
    "STRING": {"type": "string"},
    "BOOLEAN": {"type": "boolean"},
    "DECIMAL": {"type": "string", "x-vendor-type": "DECIMAL"},
}
_WEIGHT = re.compile(r"(\d+)(?: \((IP|UID)\))?")
_PARAMETER = re.compile(r"(?P<name>[^,]+), (?P<type>.*), mandatory: (?P<mandatory>[^,]*)(?P<limits>.*)")
_LIMIT = re.compile(r"(default|maximum|minimum) (\d+)")
_SPAN = re.compile(r"(.+): (\d+) (\w+)")
_CONSTANTS = {(SPAN_NAMES[role], unit): name for name, (role, unit) in SPANS.items()}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A diff, maybe empty, and what it leaves to a person."""

    diff: str
    decisions: tuple[str, ...]


_Voice = tuple[str, Language]
"""A source, and a language of it."""


@dataclass(frozen=True, slots=True)
class _Change:
    """One difference, in every source and language that has it."""

    first: Finding
    operation: Operation
    pages: tuple[str | None, ...]
    found: frozenset[_Voice]
    read: frozenset[_Voice]

    @property
    def found_in(self) -> frozenset[Language]:
        """The languages that have it."""
        return frozenset(language for _, language in self.found)

    @property
    def agreed(self) -> bool:
        """Whether every source says the same in every language in which it was read."""
        same = self.first.kind in ("type-added", "permission") or alike(self.first.kind, self.pages)
        return self.found == self.read and same

    @property
    def says(self) -> str:
        """What the most exact of them says: a weight with its kind, a type in the words of the old pages."""
        return max((page or "" for page in self.pages), key=lambda page: (sum(map(str.isupper, page)), len(page)))

    def silent(self) -> str:
        """Who does not say so."""
        missing = self.read - self.found
        if {source for source, _ in missing} <= {source for source, _ in self.found}:
            languages = {language for _, language in missing}
            return "the " + " and ".join(LANGUAGES[each] for each in LANGUAGES if each in languages) + " description"
        return " and ".join(sorted({source for source, _ in missing}))


@dataclass(slots=True)
class _Editor:
    document: CommentedMap
    decisions: list[str] = field(default_factory=list)

    def decide(self, change: _Change, what: str) -> None:
        languages = " and ".join(LANGUAGES[language] for language in LANGUAGES if language in change.found_in)
        self.decisions.append(f"{change.first.kind} {change.first.subject} ({languages}): {what}")

    def operation(self, change: _Change) -> CommentedMap:
        node: CommentedMap = self.document["paths"][change.operation.path][change.operation.method.lower()]
        return node


def suggest(verdicts: Sequence[Verdict], spec: Path) -> Suggestion:
    """Edit a copy of the spec as the pages have it."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    source = spec.read_text(encoding="utf-8")
    editor = _Editor(yaml.load(source))
    for change in _changes(verdicts):
        if not change.agreed:
            where = f"{change.silent()} does not say so" if change.read - change.found else "they do not say the same"
            editor.decide(change, f"{where}; {_one_sided(change)}")
        else:
            _EDITS.get(change.first.kind, _no_edit)(editor, change)
    after = io.StringIO()
    yaml.dump(editor.document, after)
    diff = difflib.unified_diff(
        source.splitlines(keepends=True), after.getvalue().splitlines(keepends=True), f"a/{SPEC}", f"b/{SPEC}"
    )
    return Suggestion("".join(diff), tuple(editor.decisions))


def _changes(verdicts: Sequence[Verdict]) -> Iterator[_Change]:
    groups: dict[tuple[object, ...], list[Finding]] = {}
    operations: dict[str, Operation] = {}
    read: dict[str, set[_Voice]] = {}
    found: dict[tuple[object, ...], set[_Voice]] = {}
    for verdict in verdicts:
        if verdict.operation and not verdict.refused:
            operations[verdict.operation.name] = verdict.operation
            read.setdefault(verdict.operation.name, set()).update((verdict.page, each) for each in verdict.languages)
            for finding in verdict.findings:
                key: tuple[object, ...] = (verdict.operation.name, finding.kind, finding.subject, finding.aspect)
                groups.setdefault(key, []).append(finding)
                found.setdefault(key, set()).add((verdict.page, finding.language))
    for group, findings in groups.items():
        yield _Change(
            findings[0],
            operations[str(group[0])],
            tuple(finding.page for finding in findings),
            frozenset(found[group]),
            frozenset(read[str(group[0])]),
        )


def _one_sided(change: _Change) -> str:
    name = change.first.subject
    if change.first.kind == "type-added" and change.found_in == {"zh"}:
        return f"if {name} is to be used, add it to ChinesePageType and CHINESE_PAGE_TYPES in {TABLES}"
    if change.first.kind == "type-added" and name in change.operation.chinese_page_types:
        return f"if it stays, move {name} from {TABLES} to {SPEC}"
    if change.first.kind == "type-removed" and name in change.operation.chinese_page_types:
        return f"take {name} out of ChinesePageType and CHINESE_PAGE_TYPES in {TABLES}, unless it is a slip"
    return "find out which is right"


def _no_edit(editor: _Editor, change: _Change) -> None:
    finding = change.first
    match finding.kind:
        case "symbol-rule":
            what = f"a rule of the wrapper: the tables at the top of {TABLES} say which type needs {finding.subject}"
        case "type-wallets":
            what = "money would go elsewhere, or nowhere: try it with a small amount before x-enum is changed"
        case "response-field":
            what = "say in the schema what type it has and whether it is always there"
        case _:
            what = "an operation that moved is to be tried before it is trusted"
    editor.decide(change, what)


def _add_type(editor: _Editor, change: _Change) -> None:
    name = change.first.subject
    if any(page and page.endswith(IN_ONE_LIST) for page in change.pages):
        editor.decide(
            change, "a source names it in its enum or in its notes alone; once in the spec, the other lacks it"
        )
        return
    schema = editor.document["components"]["schemas"][change.operation.lists]
    source, target = _wallets(name, change.first.page or "", schema)
    titles = [schema["x-wallets"].get(wallet, {}).get("title", _UNDECIDED) for wallet in (source, target)]
    description = f"{titles[0]} to {titles[1] if titles[1][1].isupper() else titles[1][0].lower() + titles[1][1:]}"
    row = CommentedMap(value=name, source=source, target=target, description=description)
    row.fa.set_flow_style()
    _append(schema["enum"], name)
    _append(schema["x-enum"], row)
    if _UNDECIDED in (source, target):
        what = f"replace {_UNDECIDED} in its x-enum row by wallets of x-wallets (a new wallet goes there and into bt.Wallet)"
    else:
        what = f"its wallets, {source} and {target}, were taken from its description or guessed from its name"
    editor.decide(change, f"{what}; the page says “{change.first.page}”")
    if any(schema["x-wallets"].get(wallet, {}).get("per-symbol") for wallet in (source, target)):
        editor.decide(change, f"it touches a wallet of one pair: say in {TABLES} which symbol it needs")


def _wallets(name: str, words: str, schema: CommentedMap) -> tuple[str, str]:
    """Take the wallets from a type's description, or guess them from the names of the others: MAIN is spot."""
    described = wallets_of(words.removeprefix(name))
    if described and all(wallet in schema["x-wallets"] for wallet in described):
        return described
    sides = _sides(schema["x-enum"])
    guesses = {(sides.get(left, _UNDECIDED), sides.get(right, _UNDECIDED)) for left, right in _cuts(name)}
    fewest = min((guess.count(_UNDECIDED) for guess in guesses), default=2)
    best = [guess for guess in guesses if guess.count(_UNDECIDED) == fewest]
    return best[0] if len(best) == 1 else (_UNDECIDED, _UNDECIDED)


def _sides(rows: Sequence[CommentedMap]) -> dict[str, str]:
    """Which wallet each side of a name stands for; a name of several words is cut where one side is known."""
    sides: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: str(row["value"]).count("_")):
        cuts = list(_cuts(row["value"]))
        for left, right in cuts:
            if len(cuts) == 1 or sides.get(left) == row["source"] or sides.get(right) == row["target"]:
                sides |= {left: row["source"], right: row["target"]}
    return sides


def _cuts(name: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer("_", name):
        yield name[: found.start()], name[found.end() :]


def _remove_type(editor: _Editor, change: _Change) -> None:
    name = change.first.subject
    schema = editor.document["components"]["schemas"][change.operation.lists]
    for values in (schema["enum"], schema["x-enum"]):
        for index, value in reversed(list(enumerate(values))):
            if name in (value, value.get("value") if isinstance(value, dict) else None):
                _delete(values, index)
    if any(name in types for types in change.operation.needs.values()):
        editor.decide(change, f"{TABLES} names it in a symbol rule")


def _set_weight(editor: _Editor, change: _Change) -> None:
    if not (found := _WEIGHT.fullmatch(change.says)):
        editor.decide(change, "one figure and one kind were expected; choose what a call is to be counted as")
        return
    weight = editor.operation(change)["x-weight"]
    weight["value"] = int(found[1])
    if found[2]:
        weight["kind"] = found[2].lower()


def _set_permission(editor: _Editor, change: _Change) -> None:
    names = change.operation.permissions
    if not names or None in change.pages or any(" and " in page for page in change.pages if page):
        editor.decide(change, "a permission that came or went changes what `preflight` has to ask for")
        return
    languages = [language for language in LANGUAGES if language in change.found_in]
    for language, name in zip(languages, change.pages, strict=True):
        editor.operation(change)["x-permission"][language] = name


def _add_parameter(editor: _Editor, change: _Change) -> None:
    said = _PARAMETER.fullmatch(change.says)
    if said is None or said["mandatory"] not in ("YES", "NO"):
        editor.decide(change, f"“{change.says}” does not say plainly whether it is mandatory")
        return
    name, type_, required = said["name"], said["type"], said["mandatory"] == "YES"
    limits = {bound: int(value) for bound, value in _LIMIT.findall(said["limits"])}
    schema = CommentedMap(_SCHEMAS.get(type_, {"type": "string", "x-vendor-type": type_}))
    if schema["type"] == "integer":
        schema |= limits
    elif said["limits"]:
        editor.decide(change, f"a limit of what is no integer:{said['limits'].removeprefix(',')}")
    schema.fa.set_flow_style()
    operation = editor.operation(change)
    if "requestBody" in operation:
        form = _form(operation)
        names = list(form["properties"])
        form["properties"].insert(names.index("recvWindow") if "recvWindow" in names else len(names), name, schema)
        if required:
            form["required"].append(name)
    else:
        row = CommentedMap(name=name) | {"in": "query"} | ({"required": True} if required else {}) | {"schema": schema}
        rows = operation.setdefault("parameters", CommentedSeq())
        names = [each["name"] for each in rows]
        rows.insert(names.index("recvWindow") if "recvWindow" in names else len(names), CommentedMap(row))
    editor.decide(change, "describe it in your own words; no method of the wrapper sends it yet")


def _remove_parameter(editor: _Editor, change: _Change) -> None:
    name = change.first.subject
    operation = editor.operation(change)
    if "requestBody" in operation:
        form = _form(operation)
        del form["properties"][name]
        if name in form["required"]:
            form["required"].remove(name)
    else:
        rows = operation["parameters"]
        _delete(rows, [row["name"] for row in rows].index(name))
    editor.decide(change, "the wrapper may still send it")


def _set_type(editor: _Editor, change: _Change) -> None:
    schema = _schema(editor, change)
    facts = _SCHEMAS.get(change.says)
    if schema is None or facts is None:
        editor.decide(change, "its schema is shared or of a kind of its own")
        return
    limits = [f"{bound} {schema[bound]}" for bound in ("default", "maximum") if bound in schema]
    if limits and facts["type"] != schema["type"]:
        editor.decide(change, f"its limits, {' and '.join(limits)}, were those of its old type")
        return
    # What else it says holds for its old type only, but for its words.
    kept = {"description", *(schema if facts["type"] == schema["type"] else ())} - {"type", "format", "x-vendor-type"}
    for key in [key for key in schema if key not in kept]:
        del schema[key]
    for index, (key, value) in enumerate(facts.items()):
        schema.insert(index, key, value)
    editor.decide(change, "what the wrapper sends may no longer fit")


def _set_mandatory(editor: _Editor, change: _Change) -> None:
    name, mandatory = change.first.subject, change.first.page == "YES"
    if change.first.page not in ("YES", "NO"):
        editor.decide(change, f"“{change.first.page}” is neither yes nor no")
        return
    operation = editor.operation(change)
    if "requestBody" in operation:
        required = _form(operation)["required"]
        required.append(name) if mandatory else required.remove(name)
        return
    row = next(each for each in operation["parameters"] if each["name"] == name)
    if mandatory:
        row.insert(2, "required", value=True)
    else:
        row.pop("required", None)


def _set_limit(editor: _Editor, change: _Change) -> None:
    schema = _schema(editor, change)
    page = change.first.page or ""
    constants = editor.operation(change).get("x-constants", {})
    if (span := _SPAN.fullmatch(page)) and (name := _CONSTANTS.get((span[1], span[3]))) in constants:
        constants[name] = int(span[2])
    elif (limit := _LIMIT.fullmatch(page)) and schema is not None and "$ref" not in schema:
        schema[limit[1]] = int(limit[2])
    else:
        editor.decide(change, "it is gone, of another kind, or stands in a schema that other operations share")


def _schema(editor: _Editor, change: _Change) -> CommentedMap | None:
    operation, name = editor.operation(change), change.first.subject
    if "requestBody" in operation:
        schema = _form(operation)["properties"].get(name)
    else:
        schema = next((row["schema"] for row in operation.get("parameters", ()) if row["name"] == name), None)
    return None if schema is None or "$ref" in schema else schema


def _form(operation: CommentedMap) -> Any:
    return operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]


def _append(values: CommentedSeq, value: object) -> None:
    """Append, and keep the blank line below the list below it."""
    last = values[-1]
    values.append(value)
    _move_comment(values, len(values) - 2, len(values) - 1, last, value)


def _delete(values: CommentedSeq, index: int) -> None:
    last, before = values[index], values[index - 1] if index else None
    if index and index == len(values) - 1:
        _move_comment(values, index, index - 1, last, before)
    del values[index]


def _move_comment(values: CommentedSeq, old: int, new: int, old_value: object, new_value: object) -> None:
    """A comment or blank line after the last item belongs to the list, not to the item."""
    if old in values.ca.items:
        values.ca.items[new] = values.ca.items.pop(old)
    elif isinstance(old_value, CommentedMap) and isinstance(new_value, CommentedMap):
        key, new_key = list(old_value)[-1], list(new_value)[-1]
        if key in old_value.ca.items:
            new_value.ca.items[new_key] = old_value.ca.items.pop(key)


_EDITS: dict[str, Callable[[_Editor, _Change], None]] = {
    "type-added": _add_type,
    "type-removed": _remove_type,
    "weight": _set_weight,
    "permission": _set_permission,
    "parameter-added": _add_parameter,
    "parameter-removed": _remove_parameter,
    "parameter-type": _set_type,
    "parameter-mandatory": _set_mandatory,
    "parameter-limit": _set_limit,
}
