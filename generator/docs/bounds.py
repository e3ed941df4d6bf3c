"""
Limits in a sentence or in the description of a parameter.

One rule: a number whose meaning is not understood is handed back as such and never dropped.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from generator.docs import wording
from generator.docs.facts import Bound, Role

_VALUE = r"""["'`]?(?P<value>(?<![\d.])-?(?:\d{1,3}(?:[,_]\d{3})+|\d+(?:\.\d+)?)(?!\d)|\b(?:true|false)\b)["'`]?"""
# What may stand between a bound and its number, short of another bound.
_FILL = r"(?:(?!\bmax|\bmin|\bdefault|默认|缺省|最大|最多|最小|最少)[^\d,;.。]){0,30}?"
_NOT = r"(?:not|n't|never|no|cannot)\s+(?:be\s+)?"

# Tried in this order; what one has taken is gone for the next.
_PATTERNS: Final[tuple[tuple[Bound, str], ...]] = (
    ("default", rf"\bdefault(?:s|ed)?{_FILL}{_VALUE}"),
    ("default", rf"(?:默认|缺省){_FILL}{_VALUE}"),
    ("maximum", rf"\bmax(?:imum)?\b\.?{_FILL}{_VALUE}"),
    ("maximum", rf"\b{_NOT}(?:greater|more|larger|bigger|higher|longer)\s+than\s*{_VALUE}"),
    ("maximum", rf"\b{_NOT}exceed(?:s|ing)?\s*{_VALUE}"),
    ("maximum", rf"(?:\bat most|\bup to|\bless than or equal to|<=|≤)\s*{_VALUE}"),
    ("maximum", rf"(?:最大|最多|最长|最高|上限){_FILL}{_VALUE}"),
    ("maximum", rf"(?:不(?:能|得|可|应|要|会)?(?:超过|大于|高于|多于)|小于(?:或)?等于|不超)\s*{_VALUE}"),
    ("minimum", rf"\bmin(?:imum)?\b\.?{_FILL}{_VALUE}"),
    ("minimum", rf"\b{_NOT}(?:less|smaller|lower|fewer)\s+than\s*{_VALUE}"),
    ("minimum", rf"(?:\bat least|\bstart(?:s|ing)?\s+(?:from|at|with)|\bgreater than or equal to|>=|≥)\s*{_VALUE}"),
    ("minimum", rf"(?:最小|最少|最低|下限|至少|起始){_FILL}{_VALUE}"),
    ("minimum", rf"(?:不(?:能|得|可|应)?(?:小于|少于|低于)|大于(?:或)?等于)\s*{_VALUE}"),
    ("below", rf"(?:\b(?:less|smaller|lower|fewer) than|(?<![不])小于|<)\s*{_VALUE}"),
    ("above", rf"(?:\b(?:greater|more|larger|higher) than|(?<![不])大于|>)\s*{_VALUE}"),
    ("default", rf"{_VALUE}\s*(?:\w{{1,20}}\s+){{0,2}}(?:by default|\(default\))"),
    ("maximum", rf"{_VALUE}\s*(?:\w{{1,20}}\s+)?(?:at most|max(?:imum)?\b|\(max(?:imum)?\))"),
    ("minimum", rf"{_VALUE}\s*(?:\w{{1,20}}\s+)?(?:at least|min(?:imum)?\b|\(min(?:imum)?\))"),
)
_RANGE = re.compile(
    rf"{_VALUE}\s*(?:-|~|–|—|to|and|至|到|\.\.+)\s*{_VALUE.replace('<value>', '<other>')}",
    re.IGNORECASE,  # noqa: RUF001
)

_COUNTS: Final = (
    {
        word: str(count)
        for count, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
    }
    | dict(zip("一二三四五六七八九十", map(str, range(1, 11)), strict=True))
    | {"两": "2"}
)
_WORDS = "|".join(sorted((word for word in _COUNTS if word.isascii()), key=len, reverse=True))
_UNITS: Final = {
    "second": "seconds", "秒": "seconds", "minute": "minutes", "分钟": "minutes", "hour": "hours", "小时": "hours",
    "day": "days", "天": "days", "日": "days", "week": "weeks", "周": "weeks", "星期": "weeks",
    "month": "months", "个月": "months", "year": "years", "年": "years",
}  # fmt: skip
_SPAN = re.compile(
    rf"(?<![A-Za-z\d.])(?P<count>\d{{1,6}}|(?:{_WORDS})\b|half(?:\s+an?)?\b)[\s-]{{0,3}}(?P<unit>second|minute|hour|day|week|month|year)s?\b"
    r"|(?<![\d.一二两三四五六七八九十])(?P<zh>\d{1,6}|[一二两三四五六七八九十]{1,3})\s*(?P<zhunit>秒|分钟|个?小时|天|日|个?星期|周|个月|年)"
    r"|(?P<halfyear>半年)"
    r"|\b(?:last|past|previous|recent)\s+(?P<bare>week|month|year|day|hour)\b",
    re.IGNORECASE,
)
_CANDIDATE = re.compile(r"\d|true|false", re.IGNORECASE)
_DATE = re.compile(r"\d{4}\s*年(?:\s*\d+\s*月(?:\s*\d+\s*日)?)?|\b\d{4}-\d\d-\d\d\b")


class Reading(NamedTuple):
    """Bound and value, and where in the text they stand."""

    bound: Bound
    value: str
    offset: int


class TimeSpan(NamedTuple):
    """E.g. `6 months`, and where in the text it stands."""

    role: Role
    value: str
    offset: int


def read_limits(text: str) -> Iterator[Reading]:
    """Find every bound in a text; a number that is none comes as `unread`."""
    if not _CANDIDATE.search(text):
        return
    text = _blank(_SPAN, _blank(_DATE, text))
    for bound, pattern in _compiled():
        for found in pattern.finditer(text):
            yield Reading(bound, _plain(found["value"]), found.start("value"))
        text = _blank(pattern, text)
    for found in _RANGE.finditer(text):
        yield Reading("minimum", _plain(found["value"]), found.start("value"))
        yield Reading("maximum", _plain(found["other"]), found.start("other"))
    for found in wording.NUMBER.finditer(_blank(_RANGE, text)):
        yield Reading("unread", _plain(found[0]), found.start())


def read_spans(text: str) -> Iterator[TimeSpan]:
    """Find every stretch of time in a text and tell by its sentence what it is for."""
    text = _blank(_DATE, text)
    begin = 0
    for end in [found.end() for found in wording.SENTENCE_END.finditer(text)] + [len(text)]:
        sentence = text[begin:end]
        role: Role = "default" if wording.DEFAULT.search(sentence) else "reach"
        for found in _SPAN.finditer(sentence):
            yield TimeSpan(role, _duration(found), begin + found.start())
        begin = end


@cache
def _compiled() -> list[tuple[Bound, re.Pattern[str]]]:
    """Compile the patterns on first use: most pages state no limit, and compiling takes as long as reading them."""
    return [(bound, re.compile(pattern, re.IGNORECASE)) for bound, pattern in _PATTERNS]


def _duration(found: re.Match[str]) -> str:
    if found["halfyear"]:
        return "6 months"
    count, unit = "1", ""
    if found["bare"]:
        unit = found["bare"].lower()
    elif found["unit"]:
        count, unit = found["count"].lower(), found["unit"].lower()
    else:
        count, unit = found["zh"], found["zhunit"]
        unit = unit if unit == "个月" else unit.removeprefix("个")
    if count.startswith("half"):
        return "6 months" if unit == "year" else f"half a {unit}"
    amount = int(_COUNTS.get(count, count if count.isdigit() else _chinese(count)))
    unit = _UNITS[unit]
    factor, unit = {"weeks": (7, "days"), "years": (12, "months")}.get(unit, (1, unit))
    return f"{amount * factor} {unit}"


def _chinese(count: str) -> str:
    """Chinese numerals to 99."""
    tens, _, ones = count.rpartition("十")
    return str(10 * int(_COUNTS.get(tens, "1")) + int(_COUNTS.get(ones, "0")))


def _plain(value: str) -> str:
    return wording.number(value).lower()


def _blank(pattern: re.Pattern[str], text: str) -> str:
    """Take out what was understood and keep every other character where it is."""
    return pattern.sub(lambda found: " " * len(found[0]), text)
