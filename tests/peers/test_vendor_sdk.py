"""
Every version of the vendor's own SDK that is on the package index, pinned: its findings are what its source says.

The tables were typed from the wheels' sources, not from what this project reads in them.
"""

import hashlib
import re
from pathlib import Path

import pytest

from generator.docs import PROJECT
from generator.docs.history import history
from generator.docs.packages import download_wheel
from generator.docs.project import SPEC, TABLES, read_project
from generator.docs.sources import read_source

_PINS = (Path(__file__).parent / "vendor_sdk.txt").read_text()
PINNED = dict(re.findall(r"^binance-sdk-wallet==(\S+) --hash=sha256:(\w+)$", _PINS, re.MULTILINE))
VERSIONS = list(PINNED)
OURS = read_project(PROJECT / SPEC, PROJECT / TABLES)
TRANSFER, HISTORY = "POST /sapi/v1/asset/transfer", "GET /sapi/v1/asset/transfer"
BALANCE, KEY, STATUS = (
    "GET /sapi/v1/asset/wallet/balance", "GET /sapi/v1/account/apiRestrictions", "GET /sapi/v1/system/status",
)  # fmt: skip

# What is found, from the first of the versions to the last.
SPANS: list[tuple[str, str, set[tuple[str, str, str, str | None]]]] = [
    ("1.0.0", "12.0.0", {
        (TRANSFER, "weight", "weight", "900"),
        (TRANSFER, "permission", "permission", None),
        (TRANSFER, "parameter-type", "type", "string"),
    }),
    ("13.0.0", "13.0.0", {(TRANSFER, "weight", "weight", "900 (UID)")}),
    ("1.0.0", "2.0.0", {(BALANCE, "permission", "permission", "Permits Universal Transfer")}),
    ("1.0.0", "13.2.0", {
        (BALANCE, "parameter-removed", "needBalanceDetail", None),
        (BALANCE, "response-field", "assetBalances", None),
    }),
]  # fmt: skip
KNOWN_ALWAYS = {(TRANSFER, "parameter-type", "amount", "number")}
KNOWN_SINCE_13 = {
    (name, "parameter-type", symbol, "enum") for name in (TRANSFER, HISTORY) for symbol in ("fromSymbol", "toSymbol")
}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each pinned version, as pip downloads it."""
    folder = tmp_path_factory.mktemp("wheels")
    return {version: download_wheel("binance-sdk-wallet", folder, version) for version in VERSIONS}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_findings_are_what_the_source_says(version: str, wheels: dict[str, Path]) -> None:
    assert hashlib.sha256(wheels[version].read_bytes()).hexdigest() == PINNED[version]
    verdicts = read_source(str(wheels[version]), OURS)
    assert [(each.operation and each.operation.name, each.refused) for each in verdicts] == [
        (name, None) for name in (TRANSFER, HISTORY, BALANCE, KEY, STATUS)
    ]
    found, known = (
        {
            (each.operation.name, finding.kind, finding.subject, finding.page)
            for each in verdicts
            if each.operation
            for finding in getattr(each, which)
        }
        for which in ("findings", "known")
    )
    at = VERSIONS.index(version)
    assert found == {
        fact for first, last, facts in SPANS if VERSIONS.index(first) <= at <= VERSIONS.index(last) for fact in facts
    }
    assert known == KNOWN_ALWAYS | (KNOWN_SINCE_13 if at >= VERSIONS.index("13.0.0") else set())


def test_the_history_has_the_change_of_the_weight(wheels: dict[str, Path]) -> None:
    rows = [row[1:] for row in history(OURS, list(wheels.values()))]
    assert ("13.1.0", TRANSFER, "weight", "900 (UID)", "300 (UID)") in rows
    assert ("13.3.0", BALANCE, "parameter needBalanceDetail", "(not there)", "boolean, optional") in rows
    assert not any(fact.startswith("type ") for _, _, fact, *_ in rows)
