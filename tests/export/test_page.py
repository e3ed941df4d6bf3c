"""The page: well-formed whatever the journal holds, exact, and with what is urgent on top."""

import re
import time
import xml.etree.ElementTree as ET
from collections import Counter
from decimal import Context, Inexact, localcontext
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import binance_transfer as bt
from binance_transfer.export import to_html
from binance_transfer.journal.audit import FINDINGS
from tests.export.journals import HARMLESS, NOW_MS, answer, entries, entry, record, texts

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Reads a page strictly: every element that is opened is closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    @property
    def tags(self) -> Counter[str]:
        return Counter(tag for tag, _ in self.elements)


def page(found: list[bt.Entry], audit: bt.Audit | None = None, account: str = "treasury") -> str:
    return to_html(found, account=account, now_ms=NOW_MS, audit=audit)


def visible(text: str) -> str:
    """How the page writes a text: characters that nobody sees by their numbers."""
    return "".join(each if each.isprintable() else f"⟨U+{ord(each):04X}⟩" for each in text)


def opened(key: str, ago_ms: int, **more: Any) -> bt.Entry:
    return entry(record(key, ago_ms=ago_ms, state="open", **more))


def row(tran_id: int, ago_ms: int) -> bt.TransferRecord:
    transfer = HARMLESS
    return bt.TransferRecord(
        tran_id, transfer.type, transfer.asset, transfer.amount, "CONFIRMED", NOW_MS - ago_ms + 500
    )


def audit(*unclaimed: bt.TransferRecord, **more: Any) -> bt.Audit:
    nothing = bt.Audit(NOW_MS - 86_400_000, NOW_MS, unclaimed, (), (), (), ())
    return attrs.evolve(nothing, **more)


@given(st.lists(entries(), max_size=3), texts)
def test_no_text_of_the_journal_is_markup(found: list[bt.Entry], account: str) -> None:
    """The elements are those of the same journal with harmless texts, and the texts are there to be read."""
    read = Page(page(found, account=account))
    assert read.tags.keys() <= ALLOWED
    assert all(not name.startswith("on") for _, attributes in read.elements for name in attributes)
    for each in found:
        assert " ".join(visible(each.key).split()) in read.text


ALLOWED = set(
    re.findall(
        r"\w+",
        """html head meta title style body header main section article footer h1 h2 h3 p span strong bdi code pre time
        dl div dt dd br small q ul li table caption thead tbody tr th td figure figcaption svg desc text path rect""",
    )
)


@pytest.mark.parametrize("more", [{"answers": (answer("Ambiguous"),)}, {"answers": (answer(tran_id=7),)}, {}])
def test_no_key_is_markup_in_the_code_that_is_suggested(more: Any) -> None:
    """Each kind of card names the key once more."""
    key = "</code></pre><script>alert(1)</script>"
    found = [opened(key, 100_000, **more), entry(record(key, state="not_moved", **more))]
    assert "script" not in Page(page(found)).tags


@given(st.lists(entries(), min_size=1, max_size=4))
def test_pictures_are_well_formed_and_say_what_they_show(found: list[bt.Entry]) -> None:
    for drawing in re.findall(r"<svg.*?</svg>", page(found), re.DOTALL):
        root = ET.fromstring(drawing)
        described = root.attrib["aria-labelledby"].split()
        assert [each.attrib["id"] for each in root if "id" in each.attrib] == described


@given(st.lists(entries(), max_size=4))
def test_ids_are_unique(found: list[bt.Entry]) -> None:
    ids = [attributes["id"] for _, attributes in Page(page(found)).elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_nothing_is_loaded_and_nothing_runs() -> None:
    text = page([entry(record()), opened("open", 100_000)], audit(row(1, 100_000)))
    assert not re.search(r"<script|<link|<img|<iframe|\bsrc=|\bhref=|@import|url\(", text)
    assert "default-src 'none'" in text
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ([], "Nothing recorded."),
        ([entry(record())], "All settled. 1 key moved, 0 did not."),
        ([opened("a", 1_000)], "1 key not settled. 1 under way."),
        ([opened("a", 1_000), opened("b", 90_000)], "2 keys not settled. 1 open with the window over, 1 under way."),
    ],
)
def test_the_first_line_says_whether_there_is_anything_to_do(found: list[bt.Entry], status: str) -> None:
    assert status in Page(page(found)).text


def test_the_most_urgent_come_first_and_then_the_oldest() -> None:
    late = record("late", state="not_moved", verdict="absent", answers=(answer(tran_id=7),))
    ambiguous = opened("ambiguous", 500_000, answers=(answer("Ambiguous"),))
    found = [opened("young", 1_000), opened("over", 90_000), opened("old", 900_000), ambiguous, entry(late)]
    cards = re.findall(r"<article.*?<bdi><code>(.*?)</code>", page(found))
    assert cards == ["late", "ambiguous", "old", "over", "young"]


def test_two_rows_of_history_that_could_be_it_make_a_key_ambiguous() -> None:
    """An audit has found them; the page names them and how to settle the key."""
    read = Page(page([opened("k", 100_000)], audit(row(41, 100_000), row(42, 99_000))))
    assert "1 ambiguous" in read.text
    assert "journal.resolve('k', tran_id=…, note=\"…\") # one of 41, 42" in read.text


def test_a_key_that_moved_twice_is_a_contradiction() -> None:
    found = entry(record("k"), record("k", tran_id=8))
    assert "1 contradicted" in Page(page([found])).text


def test_code_on_the_page_can_be_pasted() -> None:
    """Whatever the key holds, the line is one line of ASCII and names just that key."""
    key = "a'b\"c\n\u202e\\"
    read = Page(page([opened(key, 100_000, answers=(answer("Ambiguous"),))]))
    (line,) = [text for text in read.texts if text.startswith("journal.resolve(")]
    assert line == f'journal.resolve({key!a}, tran_id=…, note="…")'


def test_sums_are_exact() -> None:
    """Where floats and every usual decimal context would round, and whatever context the caller has set."""
    amounts = ("9" * 27, "0.00000001")
    big, small = (bt.Transfer.unchecked("MAIN_UMFUTURE", "USDT", amount) for amount in amounts)
    found = [entry(record("big", big)), entry(record("small", small, tran_id=2))]
    with localcontext(Context(prec=2, traps=[Inexact])):
        text = page(found)
    assert f"{int('9' * 27):,}.00000001" in Page(text).text


def test_what_may_have_moved_is_summed_apart() -> None:
    found = [entry(record("a")), opened("b", 90_000), entry(record("c", state="not_moved"))]
    cells = re.findall(r'<td role="cell" data-name="[TM][^"]*" class="number">(.*?)</td>', page(found))
    assert cells == ["1", "25.50", "25.50 (1)"]


@pytest.mark.parametrize("kind", [name for name in attrs.fields_dict(bt.Audit) if not name.endswith("_ms")])
def test_findings_of_an_audit_are_shown(kind: str) -> None:
    attempt = record("k")
    of_pairs = kind in {"mismatched", "contradicted", "near_misses"}
    found = row(43, 9_000) if kind == "unclaimed" else (attempt, row(43, 9_000)) if of_pairs else attempt
    read = Page(page([entry(attempt)], audit(**{kind: (found,)})))
    assert "The audit found differences" in read.text
    assert f"{FINDINGS[kind]} (1)" in read.text
    assert "Journal and history agree" not in read.text


def test_a_clean_audit_says_so() -> None:
    assert "Journal and history agree." in Page(page([entry(record())], audit())).text


@pytest.mark.thorough
def test_fifty_thousand_attempts_make_a_page_that_can_be_opened() -> None:
    found = [entry(record(f"k{number}", tran_id=number)) for number in range(1, 50_001)]
    begun = time.process_time()
    text = page(found)
    assert time.process_time() - begun < 3
    assert len(text) < 2_000_000
    assert "The newest 500 of 50,000 keys." in Page(text).text


def test_many_assets_are_cut_and_it_says_so() -> None:
    """Those that moved most often are drawn, and the longest tables end somewhere."""
    found = [
        entry(record(f"k{number}", bt.Transfer("MAIN_FUNDING", f"A{number}", 1), tran_id=number))
        for number in range(1, 601)
    ]
    read = Page(page(found))
    assert (read.tags["svg"], "100 more are left out here." in read.text) == (6, True)


def colours(scheme: str) -> dict[str, str]:
    """The colours that the style sheet names, for light or dark."""
    style = files("binance_transfer.export").joinpath("page.css").read_text("utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): #([0-9a-fA-F]+);", light if scheme == "light" else dark))
    return {name: code if len(code) == 6 else "".join(digit * 2 for digit in code) for name, code in found.items()}


def luminance(code: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    parts = [int(code[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_its_ground(scheme: str) -> None:
    """WCAG's level AA: 4.5 to 1, in both schemes."""
    named = colours(scheme)
    kinds = ("good", "warn", "bad", "wait", "plain")
    pairs = [(kind, f"{kind}-tint") for kind in kinds]
    pairs += [(ink, ground) for ink in ("ink", "quiet") for ground in ("page", "card")] + [("ink", "plain-tint")]
    for ink, ground in pairs:
        low, high = sorted((luminance(named[ink]), luminance(named[ground])))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)
