"""Every dialect that copies of the vendor's pages come in: a few by name, all of them for Hypothesis."""

from typing import Final

from hypothesis import strategies as st

from tests.docs.vendor_page import Dialect

NAMED: Final[dict[str, Dialect]] = {
    "as-crawled": Dialect(),
    "outer-pipes": Dialect(outer_pipes=True, align=":---", padded=True, bullet="-", code="fenced"),
    "escaped-quoted": Dialect(escaped=True, lists="quoted", outer_pipes=True, code="fenced"),
    "wrapped": Dialect(wrap=60, bullet="-", anchors="none", levels=(1, 3), code="fenced", comments=False),
    "wrapped-quoted": Dialect(wrap=50, lists="quoted", wording=1),
    "setext": Dialect(setext=True, escaped=True, padded=True, outer_pipes=True, code="tilde"),
    "windows": Dialect(newline="\r\n", bom=True),
    "windows-html": Dialect(markup="html", newline="\r\n", bom=True),
    "full-width": Dialect(full_width=True, wording=1),
    "flat-bold": Dialect(lists="flat", names="bold", bullet="+"),
    "loose-plain": Dialect(lists="loose", names="plain", anchors="hash"),
    "deep-headings": Dialect(levels=(4, 6), front_matter="none"),
    "same-level-headings": Dialect(levels=(2, 2)),
    "bold-labels": Dialect(labels=True, levels=(2, 3), outer_pipes=True, code="fenced", wording=1),
    "bold-labels-response-first": Dialect(labels=True, response_first=True, levels=(2, 3), code="fenced", lists="flat"),
    "grouped-weight": Dialect(grouped=True, kind_place="value"),
    "missing-comma": Dialect(commas="missing"),
    "trailing-commas": Dialect(commas="trailing", comments=False),
    "one-line-json": Dialect(one_line=True, code="fenced"),
    "html": Dialect(markup="html"),
    "html-highlighted": Dialect(markup="html", code="fenced", wording=1, anchors="hash"),
    "html-invisible": Dialect(markup="html", invisible=True, names="bold", full_width=True, levels=(2, 4)),
}

ANY: Final = st.builds(
    Dialect,
    markup=st.sampled_from(["markdown", "markdown", "html"]),
    outer_pipes=st.booleans(),
    align=st.sampled_from(["---", ":---", ":---:"]),
    padded=st.booleans(),
    bullet=st.sampled_from(["*", "-", "+"]),
    lists=st.sampled_from(["nested", "flat", "quoted", "loose"]),
    escaped=st.booleans(),
    wrap=st.sampled_from([None, 40, 72]),
    anchors=st.sampled_from(["none", "zero-width", "hash"]),
    full_width=st.booleans(),
    names=st.sampled_from(["plain", "code", "bold"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
    levels=st.sampled_from([(1, 2), (1, 3), (2, 3), (2, 2), (3, 6)]),
    setext=st.booleans(),
    code=st.sampled_from(["indented", "fenced", "tilde"]),
    comments=st.booleans(),
    commas=st.sampled_from(["right", "missing", "trailing"]),
    trailing_blanks=st.booleans(),
    front_matter=st.sampled_from(["none", "vendor"]),
    grouped=st.booleans(),
    wording=st.integers(0, 5),
    kind_place=st.sampled_from(["heading", "value"]),
    invisible=st.booleans(),
)
