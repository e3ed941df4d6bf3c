"""A schema comes from somebody else, in any form that OpenAPI allows."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from generator.docs.sources import read_source
from generator.docs.verdict import Verdict
from tests.docs.conftest import OURS
from tests.docs.openapi_words import modern
from tests.docs.schema_document import schema
from tests.docs.vendor_page import both

TRANSFER = modern(both(OURS, "POST /sapi/v1/asset/transfer")[0])
TEXT = schema([TRANSFER])
_WINDOW = "recvWindow:\n                  type: integer"


def _body_at(reference: str) -> str:
    return TEXT.replace("requestBody:", f"requestBody:\n        $ref: '{reference}'\n      x-body:")


def judged(text: str, folder: Path, name: str = "schema.yaml") -> list[Verdict]:
    file = folder / name
    file.write_text(text)
    return read_source(str(file), OURS)


# Changes of form: the same facts. Old text, new text.
HARMLESS = {
    "other-numbers-as-examples": ("example: 5000", "example: 60000"),
    "weight-in-words": ("      x-uid-weight: 300\n", "      x-note: 'Weight(UID): 300'\n"),
    "weight-of-its-own": ("x-uid-weight: 300", "x-weight: {value: 300, kind: uid}"),
    "weight-without-its-kind": ("x-uid-weight: 300", "x-weight: 300"),
    "quoted-weight": ("x-uid-weight: 300", "x-uid-weight: '300'"),
    "json-body": ("application/x-www-form-urlencoded", "application/json"),
    "any-success": ("'200':", "'201':"),
    "maximum-of-the-window": (_WINDOW, _WINDOW.replace("type:", "maximum: 60000\n                  type:")),
    "parameter-in-a-header": ("name: X-MBX-APIKEY", "name: X-Something-Else"),
    "comment": ("openapi: 3.0.3", "# a comment\n---\nopenapi: 3.0.3"),
    "byte-order-mark": ("openapi: 3.0.3", "\ufeffopenapi: 3.0.3"),
    "windows": ("\n", "\r\n"),
    "list-of-one-type": (_WINDOW, _WINDOW.replace("integer", "[integer]")),
    "type-or-nothing": (_WINDOW, _WINDOW.replace("integer", "[integer, 'null']")),
    "choice-of-nothing": (_WINDOW, _WINDOW.replace("type: integer", "anyOf: [{type: integer}, {type: 'null'}]")),
    "switch-that-is-off": (_WINDOW, _WINDOW.replace("type:", "exclusiveMaximum: false\n                  type:")),
    "empty-medium-first": ("content:\n          application/x-www",
                           "content:\n          text/plain: {schema: {type: object}}\n          application/x-www"),
    "path-that-leads-nowhere": ("paths:\n", "paths:\n  /x: {$ref: '#/nowhere'}\n"),
    "strangers": ("paths:\n", "paths:\n  /x:\n    get:\n      responses: {'200': {$ref: '#/nowhere'}}\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_form_is_no_difference(name: str, tmp_path: Path) -> None:
    old, new = HARMLESS[name]
    assert old in TEXT
    text = TEXT.replace(old, new, -1 if name == "windows" else 1)
    if name == "weight-in-words":
        text = text.replace("Does it.", "Does it. Weight(UID): 300")
    (verdict,) = judged(text, tmp_path)
    assert (verdict.refused, verdict.findings) == (None, ())


REFUSED = {
    "no-paths": ("openapi: 3.0.3\ninfo: {}\n", "no `paths`"),
    "list": ("[1, 2]", "no `paths`"),
    "no-yaml": ("openapi: [", "line "),
    "unknown-alias": ("openapi: *a\n", "no YAML"),
    "deep": ("openapi: " + "[" * 5_000, ""),
    "deep-json": ('{"openapi": ' + '{"a":' * 5_000, ""),
    "strangers": ("openapi: 3.0.3\npaths: {/x: {get: {}}}\n", "GET /x"),
    "parameter-of-no-type": (TEXT.replace(_WINDOW, _WINDOW.replace("integer", "[integer, odd]")), "without a type"),
    "without-a-weight": (TEXT.replace("x-uid-weight: 300", "x-other: 300"), "request weight"),
    "without-an-answer": (TEXT.replace("responses:", "x-responses:"), "response example"),
    "without-types": (schema([replace(TRANSFER, types=())]), "list of transfer types"),
    "reference-to-nowhere": (_body_at("#/nowhere"), "not there"),
    "reference-to-a-file": (_body_at("file:///etc/passwd"), "out of the document"),
    "reference-to-itself": (_body_at("#/x") + "x:\n  $ref: '#/x'\n", "leads back to itself"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_concluded_from_is_refused(name: str, tmp_path: Path) -> None:
    text, reason = REFUSED[name]
    (verdict,) = judged(text, tmp_path)
    assert (verdict.exit_code, verdict.source) == (2, "schema")
    assert reason in str(verdict.refused)


def test_a_path_of_ours_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    """Each operation that may stand there; the others of the document are judged."""
    status = schema([TRANSFER, modern(both(OURS, "GET /sapi/v1/system/status")[0])])
    verdicts = judged(status.replace("    post:", "    $ref: '#/nowhere'\n    x-post:"), tmp_path)
    assert [each.exit_code for each in verdicts] == [2, 2, 0]


@pytest.mark.parametrize("by", ["allOf", "oneOf", "anyOf"])
@pytest.mark.parametrize("deep", [1, 3])
def test_a_composition_is_read_however_deep_it_is(by: str, deep: int, tmp_path: Path) -> None:
    """Form, parameter and answer, each within others."""
    document = yaml.safe_load(TEXT)
    operation = document["paths"]["/sapi/v1/asset/transfer"]["post"]
    form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
    answer = operation["responses"]["200"]["content"]["application/json"]
    form["schema"]["properties"]["amount"] = {"allOf": [{by: [form["schema"]["properties"]["amount"]]}]}
    window = {"type": "object", "properties": {"recvWindow": form["schema"]["properties"].pop("recvWindow")}}
    document["components"] = {"schemas": {"Signed": window}}
    form["schema"] = {"allOf": [form["schema"], {"$ref": "#/components/schemas/Signed"}]}
    for media in (form, answer):
        for _ in range(deep):
            media["schema"] = {by: [media["schema"]]}
    (verdict,) = judged(json.dumps(document), tmp_path, "schema.json")
    assert (verdict.refused, verdict.findings) == (None, ())


@pytest.mark.parametrize("key", ["maximum: 60000\n                  exclusiveMaximum: true", "exclusiveMaximum: 60000"])
def test_a_maximum_that_is_not_reached_is_another_one(key: str, tmp_path: Path) -> None:
    (verdict,) = judged(TEXT.replace(_WINDOW, f"{_WINDOW}\n                  {key}", 1), tmp_path)
    assert [(each.kind, each.subject, each.page) for each in verdict.findings] == [
        ("parameter-limit", "recvWindow", "below 60000")
    ]


def test_a_schema_without_a_name_that_says_so_is_recognised(tmp_path: Path) -> None:
    (verdict,) = judged(TEXT, tmp_path, "download.txt")
    assert (verdict.source, verdict.exit_code) == ("schema", 0)


def test_references_that_multiply_are_not_followed_for_ever(tmp_path: Path) -> None:
    """Each of thirty schemas refers to the next one twice."""
    rows = [f"  s{n}: {{properties: {{a: {{$ref: '#/x/s{n + 1}'}}, b: {{$ref: '#/x/s{n + 1}'}}}}}}" for n in range(30)]
    text = TEXT.replace(
        "schema:\n                type: object\n                properties:\n                  tranId",
        "schema:\n                $ref: '#/x/s0'\n                x-properties:\n                  tranId",
    )
    assert text != TEXT
    (verdict,) = judged(text + "x:\n" + "\n".join(rows) + "\n  s30: {type: string}\n", tmp_path)
    assert verdict.exit_code in (1, 2)


def test_aliases_that_multiply_are_not_copied(tmp_path: Path) -> None:
    """A billion texts in two hundred bytes."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (verdict,) = judged("\n".join(rows) + "\n" + TEXT, tmp_path)
    assert verdict.exit_code == 0
