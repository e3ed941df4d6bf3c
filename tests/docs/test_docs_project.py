"""What the project believes is read as it is."""

from pathlib import Path

import pytest

from binance_transfer import transfer_types
from generator.docs import PROJECT
from generator.docs.project import SPEC, TABLES, InvalidProject, read_project
from tests.docs.conftest import OURS


def test_the_tables_read_as_text_are_those_of_the_module() -> None:
    """Reading them without running them may not change what they say."""
    transfer = OURS.operations[0]
    assert transfer.chinese_page_types == set(transfer_types.CHINESE_PAGE_TYPES)
    assert transfer.needs == {
        "fromSymbol": transfer_types.NEEDS_FROM_SYMBOL,
        "toSymbol": transfer_types.NEEDS_TO_SYMBOL,
    }


def test_a_table_that_is_not_there_is_said(tmp_path: Path) -> None:
    tables = tmp_path / "transfer_types.py"
    tables.write_text((PROJECT / TABLES).read_text().replace("NEEDS_TO_SYMBOL", "NEEDS_OTHER_SYMBOL"))
    with pytest.raises(InvalidProject, match="NEEDS_TO_SYMBOL"):
        read_project(PROJECT / SPEC, tables)


@pytest.mark.parametrize(
    ("operation", "parameter", "expected"),
    [
        (0, "type", ("ENUM", "YES", frozenset())),
        (0, "amount", ("DECIMAL", "YES", frozenset())),
        (0, "recvWindow", ("LONG", "NO", frozenset())),
        (1, "size", ("INT", "NO", {"default", "maximum"})),
        (1, "startTime", ("LONG", "NO", frozenset())),
    ],
)
def test_a_parameter_is_put_in_the_vendors_words(operation: int, parameter: str, expected: tuple[object, ...]) -> None:
    found = next(each for each in OURS.operations[operation].parameters if each.name == parameter)
    assert (found.type, found.mandatory, found.stated) == expected


def test_lines_are_those_of_the_file() -> None:
    lines = (PROJECT / SPEC).read_text().split("\n")
    home = ("paths", "/sapi/v1/asset/transfer", "post")
    assert lines[OURS.line(*home, "x-weight") - 1].strip().startswith("x-weight: {value: 300")
    assert (
        lines[OURS.line("components", "schemas", "TransferType", "x-enum", "MAIN_OPTION") - 1]
        .strip()
        .startswith("- {value: MAIN_OPTION")
    )
    assert OURS.line(*home, "no", "such", "key") == OURS.line(*home)
