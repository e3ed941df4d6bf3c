"""
What the portal, the schema and the SDK have in common: they are made of one description in OpenAPI.

Every sentence here is the project's own; only names, numbers and marks of the layout are the vendor's.
"""

import re
from dataclasses import replace

from tests.docs.vendor_page import Json, PageFacts

OPENAPI = {
    "LONG": ("integer", "int64"),
    "INT": ("integer", "int64"),
    "STRING": ("string", ""),
    "DECIMAL": ("number", "float"),
    "BOOLEAN": ("boolean", ""),
    "ENUM": ("string", ""),
}
_WALLETS = {
    "MAIN": "Spot",
    "UMFUTURE": "USDⓈ-M Futures",
    "CMFUTURE": "COIN-M Futures",
    "MARGIN": "Margin (cross)",
    "ISOLATEDMARGIN": "Isolated margin",
    "FUNDING": "Funding",
    "OPTION": "Options",
    "PORTFOLIO_MARGIN": "Portfolio Margin",
}
_CHINESE_WALLETS = {
    "MAIN": "现货钱包",
    "UMFUTURE": "U本位合约钱包",
    "CMFUTURE": "币本位合约钱包",
    "MARGIN": "杠杆全仓钱包",
    "ISOLATEDMARGIN": "杠杆逐仓钱包",
    "ISOLATED_MARGIN": "逐仓钱包",
    "FUNDING": "资金钱包",
    "OPTION": "期权钱包",
    "PORTFOLIO_MARGIN": "统一账户钱包",
}


def described(name: str, language: str = "en") -> str:
    """The wallets of a type, in the words of the newer sources."""
    wallets = _WALLETS if language == "en" else _CHINESE_WALLETS
    sides = "|".join(sorted(wallets, key=len, reverse=True))
    found = re.fullmatch(f"({sides})_({sides})", name)
    if not found:
        return "Something → something else"
    arrow = " → " if language == "en" else "转向"
    return f"{wallets[found[1]]}{arrow}{wallets[found[2]]}"


def modern(facts: PageFacts) -> PageFacts:
    """The same facts with descriptions that name the wallets."""
    return replace(facts, types=tuple((name, described(name, facts.language)) for name, _ in facts.types))


ONLY_ENUM, ONLY_NOTES = "(enum only)", "(notes only)"


def enum_of(facts: PageFacts) -> list[str]:
    return [name for name, words in facts.types if words != ONLY_NOTES]


def notes_of(facts: PageFacts) -> list[str]:
    chinese = facts.language == "zh"
    notes = []
    if facts.permission:
        notes.append(
            f"API Key 需要勾选 `{facts.permission}` 权限。" if chinese
            else f"Enable `{facts.permission}` for the API Key that sends this."
        )  # fmt: skip
    for parameter, types in facts.rules.items():
        if types:
            listed = (" 或 " if chinese else " or ").join(f"`{each}`" for each in types)
            notes.append(
                f"当类型为 {listed} 时必须发送 `{parameter}`。" if chinese
                else f"`{parameter}` must be sent when type is {listed}."
            )  # fmt: skip
    if facts.reach_months:
        notes.append(
            f"支持查询近 {facts.reach_months} 个月" if chinese else f"Only the last {facts.reach_months} months"
        )
    if facts.default_days:
        notes.append(
            f"默认为最近{facts.default_days}天" if chinese else f"The last {facts.default_days} days are the default"
        )
    return notes


def listed_types(facts: PageFacts) -> list[str]:
    return [f"`{name}`: {words}" for name, words in facts.types if words != ONLY_ENUM]


def type_of(value: Json) -> str:
    names = {str: "string", bool: "boolean", int: "integer · int64", float: "number", list: "array", dict: "object"}
    return names[type(value)]
