"""The vendor's SDK, of this project's own making: a wheel that must never be imported."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tests.docs.openapi_words import OPENAPI, enum_of, listed_types, notes_of
from tests.docs.vendor_page import Json, PageFacts

_ANNOTATIONS = {"integer": "int", "string": "str", "number": "float", "boolean": "bool"}


def sdk(parts: Sequence[PageFacts], folder: Path, version: str = "99.0.0") -> Path:
    """A wheel whose source says what the facts say, and which fails when it is imported."""
    wheel = folder / f"binance_sdk_wallet-{version}-py3-none-any.whl"
    enums: list[str] = []
    models: list[str] = []
    methods = [_method(facts, enums, models) for facts in parts]
    info = f"binance_sdk_wallet-{version}.dist-info"
    files = {
        "binance_sdk_wallet/__init__.py": "raise SystemExit('imported')\n",
        "binance_sdk_wallet/rest_api/api/asset_api.py": "raise SystemExit('run')\n\n\nclass AssetApi:\n"
        + "\n".join(methods),
        "binance_sdk_wallet/rest_api/models/enums.py": "from enum import Enum\n\n\n" + "\n\n".join(enums) + "\n",
        "binance_sdk_wallet/rest_api/models/answers.py": "\n\n".join(models) + "\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: binance-sdk-wallet\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name)


def _method(facts: PageFacts, enums: list[str], models: list[str]) -> str:
    name = f"{facts.method.lower()}_{_snake(facts.path.rpartition('/')[2])}"
    camel = "".join(part.title() for part in name.split("_"))
    arguments = []
    for row in facts.rows:
        if row.name == "timestamp":
            continue
        type_ = _ANNOTATIONS.get(OPENAPI.get(row.type, ("object", ""))[0], "dict")
        if row.type == "ENUM" and facts.types:
            type_ = f"{camel}TypeEnum"
            values = "".join(f'    {value} = "{value}"\n' for value in enum_of(facts))
            enums.append(f"class {type_}(Enum):\n{values}")
        annotation = f"Union[{type_}, None]" if row.mandatory else f"Optional[{type_}] = None"
        arguments.append((row, annotation))
    ordered = sorted(arguments, key=lambda each: not each[0].mandatory)
    signature = "".join(f"        {_snake(row.name)}: {words},\n" for row, words in ordered)
    limits = {
        row.name: ", ".join(f"{'max' if bound == 'maximum' else bound} {value}" for bound, value in row.limits)
        for row in facts.rows
    }
    weight = f"Weight({facts.kind}): {facts.weight}" if facts.kind else f"Weight: {facts.weight}"
    rows = [
        "Does It (USER_DATA)",
        f"{facts.method} {facts.path}",
        "https://docs.example/a#b",
        "",
        "Does it",
        "",
        weight,
    ]
    rows += ["", "Notes:", *(f"- {row}" for row in (*notes_of(facts), *listed_types(facts))), "", "Args:"]
    rows += [f"    {_snake(row.name)} ({words}): {limits[row.name]}" for row, words in ordered]
    rows += ["", "Returns:", "    An answer"]
    documentation = "\n".join(f"        {row}" for row in rows)
    signed = "            is_signed=True,\n" if any(row.name == "timestamp" for row in facts.rows) else ""
    _model(f"{camel}Response", facts.response, models)
    return (
        f'    def {name}(\n        self,\n{signature}    ) -> object:\n        """\n{documentation}\n        """\n'
        f'        return send_request(\n            method="{facts.method}",\n            path="{facts.path}",\n'
        f"            response_model={camel}Response,\n{signed}        )\n"
    )


def _model(name: str, value: Json, models: list[str]) -> None:
    if isinstance(value, list):
        _model(f"{name}Inner", value[0], models)
        models.append(
            f"class {name}({name}Inner):\n    @classmethod\n    def is_array(cls) -> bool:\n        return True\n"
        )
        return
    strict = {str: "StrictStr", bool: "StrictBool", int: "StrictInt", float: "StrictFloat"}
    rows = []
    for key, inner in value.items():
        annotation = strict.get(type(inner), "")
        if isinstance(inner, list | dict):
            annotation = f"{name}{key.title()}Inner"
            _model(annotation, inner[0] if isinstance(inner, list) else inner, models)
            annotation = f"List[{annotation}]" if isinstance(inner, list) else annotation
        rows.append(f'    {_snake(key)}: Optional[{annotation}] = Field(default=None, alias="{key}")\n')
    models.append(f"class {name}(BaseModel):\n{''.join(rows)}    additional_properties: Dict[str, Any] = {{}}\n")
