"""The vendor's schema, of this project's own making."""

import json
from collections.abc import Sequence
from typing import Any

import yaml

from tests.docs.openapi_words import OPENAPI, enum_of, listed_types, notes_of, type_of
from tests.docs.vendor_page import Json, PageFacts, Row


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(
    str, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", value, "|" if "\n" in value else None)
)


def schema(parts: Sequence[PageFacts], *, as_json: bool = False, references: bool = False) -> str:
    """A document with all of them in English; a Chinese part adds texts under an extension."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for facts in parts:
        item = paths.setdefault(facts.path, {})
        if facts.language == "zh":
            item[facts.method.lower()]["x-i18n"] = {"zh-CN": {"description": _description(facts)}}
        else:
            item[facts.method.lower()] = _operation(facts, schemas if references else None)
    document = {"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": paths}
    if schemas:
        document["components"] = {"schemas": schemas}
    if as_json:
        return json.dumps(document, indent="\t", ensure_ascii=False)
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _description(facts: PageFacts) -> str:
    return "\n".join(["Does it.", "", *(f"- {row}" for row in (*notes_of(facts), *listed_types(facts)))]) + "\n"


def _operation(facts: PageFacts, schemas: dict[str, Any] | None) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{facts.method.lower()}{facts.path.rpartition('/')[2]}",
        "summary": "Does it",
        "description": _description(facts),
        f"x-{facts.kind.lower()}-weight" if facts.kind else "x-weight": int(facts.weight),
        "parameters": [{"name": "X-MBX-APIKEY", "in": "header", "required": True, "schema": {"type": "string"}}],
    }
    properties = {row.name: _schema_of(row, facts) for row in facts.rows}
    if facts.method == "POST":
        form = {
            "type": "object",
            "required": [row.name for row in facts.rows if row.mandatory],
            "properties": properties,
        }
        operation["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": _put(schemas, form)}}}
    else:
        operation["parameters"] += [
            {"name": row.name, "in": "query", "required": row.mandatory, "schema": _put(schemas, properties[row.name])}
            for row in facts.rows
        ]
    answer = {
        "description": "OK",
        "content": {"application/json": {"schema": _put(schemas, _json_schema(facts.response))}},
    }
    return operation | {"responses": {"200": answer}}


def _put(schemas: dict[str, Any] | None, schema: dict[str, Any]) -> dict[str, Any]:
    if schemas is None:
        return schema
    schemas[f"S{len(schemas)}"] = schema
    return {"$ref": f"#/components/schemas/S{len(schemas) - 1}"}


def _schema_of(row: Row, facts: PageFacts) -> dict[str, Any]:
    type_, format_ = OPENAPI.get(row.type, (row.type.lower(), ""))
    enum = {"enum": enum_of(facts)} if row.type == "ENUM" and facts.types else {}
    bounds = {bound: json.loads(value) for bound, value in row.limits}
    return {"type": type_} | ({"format": format_} if format_ else {}) | enum | bounds | {"example": 5000}


def _json_schema(value: Json) -> dict[str, Any]:
    if isinstance(value, list):
        return {"type": "array", "items": _json_schema(value[0])}
    if isinstance(value, dict):
        return {"type": "object", "properties": {name: _json_schema(inner) for name, inner in value.items()}}
    return {"type": type_of(value).split(" ")[0]}
