"""
spec/ says what the vendor's sources of 2026-11-25 say.

These tables were typed from them, not from the spec.
"""

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from ruamel.yaml import YAML

from generator.__main__ import PROJECT
from generator.specification import Specification, read_specification

# The English page of User Universal Transfer, in its order.
TRANSFER_TYPES = [
    "MAIN_UMFUTURE",
    "MAIN_CMFUTURE",
    "MAIN_MARGIN",
    "UMFUTURE_MAIN",
    "UMFUTURE_MARGIN",
    "CMFUTURE_MAIN",
    "CMFUTURE_MARGIN",
    "MARGIN_MAIN",
    "MARGIN_UMFUTURE",
    "MARGIN_CMFUTURE",
    "ISOLATEDMARGIN_MARGIN",
    "MARGIN_ISOLATEDMARGIN",
    "ISOLATEDMARGIN_ISOLATEDMARGIN",
    "MAIN_FUNDING",
    "FUNDING_MAIN",
    "FUNDING_UMFUTURE",
    "UMFUTURE_FUNDING",
    "MARGIN_FUNDING",
    "FUNDING_MARGIN",
    "FUNDING_CMFUTURE",
    "CMFUTURE_FUNDING",
    "MAIN_OPTION",
    "OPTION_MAIN",
    "UMFUTURE_OPTION",
    "OPTION_UMFUTURE",
    "MARGIN_OPTION",
    "OPTION_MARGIN",
    "FUNDING_OPTION",
    "OPTION_FUNDING",
    "MAIN_PORTFOLIO_MARGIN",
    "PORTFOLIO_MARGIN_MAIN",
]

# Part of a type's name → wallet.
WALLETS = {
    "MAIN": "spot",
    "UMFUTURE": "usdm_futures",
    "CMFUTURE": "coinm_futures",
    "MARGIN": "cross_margin",
    "ISOLATEDMARGIN": "isolated_margin",
    "FUNDING": "funding",
    "OPTION": "options",
    "PORTFOLIO_MARGIN": "portfolio_margin",
}

# Path and method → weight, what it counts by, parameters in the page's order with a star behind the mandatory ones.
OPERATIONS = {
    ("/sapi/v1/asset/transfer", "post"): (300, "uid", "type* asset* amount* fromSymbol toSymbol recvWindow timestamp*"),
    ("/sapi/v1/asset/transfer", "get"): (
        1,
        "ip",
        "type* startTime endTime current size fromSymbol toSymbol recvWindow timestamp*",
    ),
    ("/sapi/v1/asset/wallet/balance", "get"): (60, "ip", "quoteAsset needBalanceDetail recvWindow timestamp*"),
    ("/sapi/v1/account/apiRestrictions", "get"): (1, "ip", "recvWindow timestamp*"),
    ("/sapi/v1/system/status", "get"): (1, "ip", ""),
    ("/api/v3/time", "get"): (1, "ip", ""),
    ("/api/v3/account", "get"): (20, "ip", "omitZeroBalances recvWindow timestamp*"),
}

# Codes that the vendor itself calls unknown, and those that stay unknown whatever a caller configures.
UNKNOWN_BY_VENDOR = {-1006, -1007}
ALWAYS_UNKNOWN = {-1000, -1001, -1006, -1007, -5012}

# What a caller can do about a code → the codes.
KINDS = {
    "permission": {-1002, -2008, -2014, -2015},
    "rate-limit": {-1003, -4005, -12014},
    "clock": {-1021},
    "balance": {
        *(-3020, -3041, -4024, -4025, -4026, -5002, -5003, -5008, -5013),
        *(-6012, -6018, -9000, -11015, -21005),
    },
}

# Codes seen for this endpoint of which nobody can say that nothing moved; those of the second row are not in the table.
UNDECIDED = [
    *(-3036, -4046, -5012, -10001, -21003, -21006, -21007),
    *(0, -5004, -5026, 100001002, 100001003, 200003903),
]


@pytest.fixture(scope="module")
def spec() -> Specification:
    """The real spec."""
    return read_specification(PROJECT / "spec")


@pytest.fixture(scope="module")
def transfer_type(spec: Specification) -> dict[str, Any]:
    schema: dict[str, Any] = spec.openapi["components"]["schemas"]["TransferType"]
    return schema


def test_the_spec_is_openapi(spec: Specification) -> None:
    assert list(OpenAPIV31SpecValidator(spec.openapi).iter_errors()) == []


def test_the_transfer_types_are_the_31_of_the_page_in_its_order(transfer_type: dict[str, Any]) -> None:
    assert len(TRANSFER_TYPES) == 31
    assert transfer_type["enum"] == TRANSFER_TYPES


def test_a_types_wallets_are_those_in_its_name(transfer_type: dict[str, Any]) -> None:
    names = "|".join(sorted(WALLETS, key=len, reverse=True))
    for row in transfer_type["x-enum"]:
        found = re.fullmatch(f"({names})_({names})", row["value"])
        assert found is not None
        assert (row["source"], row["target"]) == (WALLETS[found[1]], WALLETS[found[2]])


def test_only_isolated_margin_is_one_wallet_for_each_pair(transfer_type: dict[str, Any]) -> None:
    assert set(transfer_type["x-wallets"]) == set(WALLETS.values())
    assert [name for name, row in transfer_type["x-wallets"].items() if row.get("per-symbol")] == ["isolated_margin"]


def test_there_are_the_seven_operations(spec: Specification) -> None:
    assert {(path, method) for path, method, _ in spec.operations()} == set(OPERATIONS)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_an_operation_has_the_weight_and_parameters_of_its_page(spec: Specification, path: str, method: str) -> None:
    weight, kind, parameters = OPERATIONS[path, method]
    operation = spec.openapi["paths"][path][method]
    stated = [row["name"] + "*" * row["required"] for row in spec.parameters(operation)]
    assert (operation["x-weight"]["value"], operation["x-weight"]["kind"], " ".join(stated)) == (
        weight,
        kind,
        parameters,
    )


def test_the_transfer_needs_the_permission_of_the_page(spec: Specification) -> None:
    assert spec.openapi["paths"]["/sapi/v1/asset/transfer"]["post"]["x-permission"] == {
        "en": "Permits Universal Transfer",
        "zh": "允许万向划转",
    }


def test_an_amount_is_decimal_text_and_a_transfer_id_a_required_int64(spec: Specification) -> None:
    form = spec.form(spec.openapi["paths"]["/sapi/v1/asset/transfer"]["post"])
    assert form is not None
    accepted = spec.openapi["components"]["schemas"]["TransferAccepted"]
    assert form["properties"]["amount"]["type"] == "string"
    assert (accepted["properties"]["tranId"]["format"], accepted["required"]) == ("int64", ["tranId"])


def test_symbols_are_free_text(spec: Specification) -> None:
    for method in ("post", "get"):
        for row in spec.parameters(spec.openapi["paths"]["/sapi/v1/asset/transfer"][method]):
            if row["name"] in {"fromSymbol", "toSymbol"}:
                assert (row["schema"]["type"], row["required"]) == ("string", False)


def test_codes_that_the_vendor_calls_unknown(spec: Specification) -> None:
    assert {row["code"] for row in spec.error_codes if row["basis"] == "vendor"} == UNKNOWN_BY_VENDOR


def test_codes_that_are_unknown_under_every_status(spec: Specification) -> None:
    assert {row["code"] for row in spec.error_codes if row.get("always")} == ALWAYS_UNKNOWN


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_caller_can_do_about_a_code(spec: Specification, kind: str) -> None:
    assert {row["code"] for row in spec.error_codes if row.get("kind") == kind} == KINDS[kind]


@pytest.mark.parametrize("code", UNDECIDED)
def test_a_code_that_may_have_moved_money_is_not_rejected(spec: Specification, code: int) -> None:
    assert {row["outcome"] for row in spec.error_codes if row["code"] == code} <= {"unknown"}


def test_codes_are_negative_unique_and_in_descending_order(spec: Specification) -> None:
    codes = [row["code"] for row in spec.error_codes]
    assert (codes, max(codes) < 0) == (sorted(set(codes), reverse=True), True)


def test_every_code_has_a_meaning_of_one_sentence(spec: Specification) -> None:
    for row in spec.error_codes:
        assert row["meaning"].endswith(".")
        assert row["name"] is not None or row["basis"] == "observed"


def test_a_code_that_means_too_small_a_balance_is_of_that_kind(spec: Specification) -> None:
    by_meaning = {row["code"]: row.get("kind") for row in spec.error_codes if "balance is too small" in row["meaning"]}
    assert set(by_meaning.values()) == {"balance"}


def test_the_documents_hold_no_tabs_and_end_with_one_line_end() -> None:
    for name in ("openapi.yaml", "error_codes.yaml"):
        text = (PROJECT / "spec" / name).read_text(encoding="utf-8")
        assert ("\t" in text, text.endswith("\n"), text.endswith("\n\n")) == (False, True, False)


def test_the_version_is_the_day_on_which_the_sources_were_read() -> None:
    document = YAML(typ="safe", pure=True).load((PROJECT / "spec" / "openapi.yaml").read_text(encoding="utf-8"))
    assert document["info"]["version"] == "2026.11.25"


def test_every_extension_of_the_spec_is_described_in_its_readme() -> None:
    used = set(re.findall(r"(?<!/)\bx-[a-z-]+(?=:)", (PROJECT / "spec" / "openapi.yaml").read_text(encoding="utf-8")))
    readme = (PROJECT / "spec" / "README.md").read_text(encoding="utf-8")
    assert {name for name in used if f"`{name}" not in readme} == set()
