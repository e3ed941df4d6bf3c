"""
A page cut into descriptions, one for each operation and language, and those into sections.

One rule: a description ends where a title stands or where a part begins that it already has. What was glued together
is told apart by that, and each piece must be complete by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from generator.docs import wording
from generator.docs.blocks import Block
from generator.docs.text import han_count
from generator.docs.wording import Language, Part

_LABEL = 7  # the rank of a bold label, below that of any heading


@dataclass(slots=True)
class Section:
    """A heading and what stands below it, to the next one of its rank."""

    part: Part | None
    heading: str
    line: int
    level: int
    language: Language
    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class Description:
    """One operation in one language."""

    title: str
    line: int
    sections: list[Section] = field(default_factory=list)
    layout: Literal["old", "portal"] = "old"
    fixed_language: Language | None = None
    parts: set[Part] = field(default_factory=set)
    """What its sections are, as far as `add` has begun them."""
    rank: int = _LABEL
    """The highest among those, as levels of headings go."""

    def add(self, section: Section) -> None:
        """Begin a section."""
        self.sections.append(section)
        if section.part:
            self.rank = min(self.rank, section.level)
            self.parts.add(section.part)

    def of(self, *parts: Part) -> list[Section]:
        """Sections of some parts."""
        return [section for section in self.sections if section.part in parts]

    def prose(self) -> Iterator[tuple[Section, Block]]:
        """Every block but those of the response."""
        for section in self.sections:
            if section.part != "response":
                for block in section.blocks:
                    yield section, block

    @property
    def language(self) -> Language:
        """Chinese if there are more Chinese characters than words in Latin letters, names included."""
        if self.fixed_language:
            return self.fixed_language
        texts = [self.title, *(section.heading for section in self.sections)]
        for section in self.sections:
            for block in section.blocks:
                texts.extend([block.text.plain, *(cell.plain for row in block.rows for cell in row)])
        words = sum(word.isascii() for text in texts for word in text.split())
        return "zh" if sum(map(han_count, texts)) > words else "en"

    @property
    def heading_language(self) -> Language:
        """Language of its title or, without one, of its first part's heading."""
        return wording.language_of(self.title or (self.sections[0].heading if self.sections else ""))


def split(blocks: Sequence[Block]) -> list[Description]:
    """
    Cut a page into descriptions.

    Words before the first title are left out, as the site's own; a table or example there is the rest of a description.
    """
    starts = [_start(block) for block in blocks]
    descriptions: list[Description] = []
    for index, block in enumerate(blocks):
        start = starts[index] or _unlabelled_request(descriptions, block)
        if start and not _is_open(descriptions, start):
            if (
                not descriptions
                or not (descriptions[-1].title or descriptions[-1].parts)
                or _begins_description(descriptions[-1], start, starts, index + 1)
            ):
                descriptions.append(Description("", block.line))
            descriptions[-1].add(start)
        elif block.kind == "heading" and _is_title(descriptions, blocks, starts, index):
            if (
                descriptions
                and descriptions[-1].title
                and not descriptions[-1].sections
                and _same_language(descriptions[-1].title, block.text.plain)
            ):
                descriptions.pop()  # a title above the title
            descriptions.append(Description(block.text.plain, block.line))
        elif descriptions:
            _place(descriptions[-1], block)
        elif block.kind in ("table", "code"):
            descriptions.append(Description("", block.line))
            _place(descriptions[-1], block)
    return descriptions


def _start(block: Block) -> Section | None:
    """Begin a section where a heading or a label says so."""
    words, rest = block.text.plain, None
    if block.kind == "heading":
        part, level = wording.part_of(words), block.level
    elif block.kind == "text":
        label, colon, _ = words.partition(":")
        if block.text.marks and block.text.marks[0][0] == 0:
            label = words[: block.text.marks[0][1]]
        elif not colon:
            return None
        part, level = wording.label_of(label), _LABEL
        rest, words = block.text.after(len(label)), label
        if rest.plain.startswith(":"):
            rest = rest.after(1)
    else:
        return None
    if not part:
        return None
    section = Section(part, words, block.line, level, wording.language_of(words))
    if rest is None and wording.endpoint_of(words, at_start=True):
        rest = block.text
    if rest and rest.plain:
        section.blocks.append(Block("text", rest.line, rest))
    return section


def _is_open(descriptions: Sequence[Description], start: Section) -> bool:
    """Whether a label only repeats what the section is in which it stands: `Weight(UID): 300` below `请求权重`."""
    open_sections = descriptions[-1].sections[-1:] if descriptions else []
    return start.level == _LABEL and any(section.part == start.part for section in open_sections)


def _unlabelled_request(descriptions: Sequence[Description], block: Block) -> Section | None:
    """In the layout with labels the method and path follow the response and have no label of their own."""
    if not descriptions or not descriptions[-1].sections or block.kind not in ("text", "code"):
        return None
    current = descriptions[-1].sections[-1]
    words = block.text.plain or (block.code[0][1] if block.code else "")
    if current.part != "response" or current.level != _LABEL or not wording.endpoint_of(words, at_start=True):
        return None
    return Section("request", "", block.line, _LABEL, current.language, [block])


def _begins_description(description: Description, start: Section, starts: Sequence[Section | None], after: int) -> bool:
    parts = description.parts
    if not parts:
        return False
    if start.part in parts and start.part in ("description", "request"):
        return True
    language = description.heading_language
    if start.language == language:
        return False
    if start.part in parts:
        return True
    # A single heading that was left untranslated is followed by one that was not.
    upcoming = next((section for index in range(after, len(starts)) if (section := starts[index])), None)
    return upcoming is None or upcoming.language != language or upcoming.part in parts


def _is_title(
    descriptions: Sequence[Description], blocks: Sequence[Block], starts: Sequence[Section | None], index: int
) -> bool:
    if not descriptions or not descriptions[-1].parts:
        return True
    description, block = descriptions[-1], blocks[index]
    rank = description.rank
    if block.level != rank:
        return block.level < rank
    for at in range(index + 1, len(blocks)):
        later, start = blocks[at], starts[at]
        if start:
            return start.part in ("description", "request") and start.part in description.parts
        if later.kind == "heading" and later.level <= rank:
            return False
    return not _same_language(description.title or description.sections[0].heading, block.text.plain)


def _same_language(one: str, other: str) -> bool:
    return wording.language_of(one) == wording.language_of(other)


def _place(description: Description, block: Block) -> None:
    current = description.sections[-1] if description.sections else None
    if current is None or (block.kind == "heading" and block.level <= current.level):
        words = block.text.plain if block.kind == "heading" else ""
        level = block.level if block.kind == "heading" else 0
        description.sections.append(Section(None, words, block.line, level, wording.language_of(words)))
        current = description.sections[-1]
    if block.kind != "heading" or block.level > current.level:
        current.blocks.append(block)
