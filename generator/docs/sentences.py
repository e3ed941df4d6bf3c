"""
Sentences that carry a fact: which parameter a type needs, and which permission a key needs.

One rule: the names in a sentence and whether it speaks of need decide, not how it is worded.
"""

import re
from collections.abc import Collection, Iterator

from generator.docs import wording
from generator.docs.blocks import Unreadable
from generator.docs.facts import Stated, SymbolRule
from generator.docs.text import Text

TYPE = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![A-Za-z0-9_])")
_MOST_PAIRS = 1_000  # two parameters, and all the types there are, leave room for more
_CAMEL = re.compile(r"(?<![A-Za-z0-9_])[a-z][a-z0-9]*[A-Z][A-Za-z0-9]*(?![A-Za-z0-9_])")


def read_rules(text: Text, parameters: Collection[str], subject: str = "") -> Iterator[SymbolRule]:
    """
    Pairs of parameter and type of which a text says that they go together.

    `parameters` are names that count where they stand out although they are ordinary words;
    `subject` is the parameter that the whole text is about, if it is a cell of its row.
    """
    for begin, end in _sentences(text.plain):
        sentence = text.plain[begin:end]
        names = {(found.start(), found[0]) for found in _CAMEL.finditer(sentence)}
        names |= {(offset - begin, words) for offset, words in text.marked(begin, end) if words in parameters}
        types = [(found.start(), found[0]) for found in TYPE.finditer(sentence)]
        if not types:
            continue
        if not names and subject and wording.NECESSITY.search(sentence):
            names = {(-1, subject)}
        negated = wording.denies_need(sentence) or not wording.states_need(sentence)
        for parameter, offset, name in _pairs(sorted(names), types):
            yield SymbolRule(parameter, name, text.line_at(begin + offset), negated)


def _pairs(names: list[tuple[int, str]], types: list[tuple[int, str]]) -> Iterator[tuple[str, int, str]]:
    """
    Join parameters and types.

    They come in runs, "fromSymbol … A and B, toSymbol … C" or the other way round; a run of one kind
    belongs to the run of the other kind beside it.
    """
    runs: list[tuple[list[tuple[int, str]], list[tuple[int, str]]]] = []
    names_first = bool(names) and names[0] < types[0]
    previous_was_name = not names_first
    for is_name, word in sorted(
        [(True, name) for name in names] + [(False, name) for name in types], key=lambda it: it[1]
    ):
        if not runs or (is_name == names_first and previous_was_name != is_name):
            runs.append(([], []))
        runs[-1][not is_name].append(word)
        previous_was_name = is_name
    for run_names, run_types in runs:
        if len(run_names) * len(run_types) > _MOST_PAIRS:
            message = f"found a sentence with {len(run_names)} parameters and {len(run_types)} types, expected fewer"
            raise Unreadable(message)
        for _, parameter in run_names:
            for offset, name in run_types:
                yield parameter, offset, name


def read_permissions(text: Text, known: str | None) -> Iterator[Stated]:
    """
    Names of the permissions that a text says an API key needs.

    `known` is the name that is expected: it is found also where nothing sets it off from the words around it.
    """
    for begin, end in _sentences(text.plain):
        sentence = text.plain[begin:end]
        about_keys = wording.API_KEY.search(sentence)
        if not wording.states_need(sentence) or not (about_keys or (known and known in sentence)):
            continue
        names = text.marked(begin, end)
        names += [(begin + found.start(1), found[1]) for found in wording.QUOTED.finditer(sentence)]
        names = [(offset, words.strip(" \"'`.,:")) for offset, words in names]
        names = [(offset, words) for offset, words in names if not wording.NO_PERMISSION.fullmatch(words)]
        if not about_keys:
            names = [(offset, words) for offset, words in names if words == known]
        elif not names and (found := wording.PERMISSION.search(sentence)):
            group = "en" if found["en"] else "zh"
            names = [(begin + found.start(group), found[group])]
        if not names and known and (found := re.search(rf"(?i:{re.escape(known)})(?!\w|\s+[A-Z])", sentence)):
            names = [(begin + found.start(), known)]
        negation = "not " if wording.denies_need(sentence) else ""
        lines = {words: text.line_at(offset) for offset, words in sorted(names, reverse=True)}
        for words, line in lines.items():
            yield Stated(negation + words, line)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for found in wording.SENTENCE_END.finditer(text):
        yield begin, found.end()
        begin = found.end()
    yield begin, len(text)
