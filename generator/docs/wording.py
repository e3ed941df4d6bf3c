"""
The words by which a page's parts are known, in both languages.

One rule: whatever depends on how the vendor words something stands here.
"""

import re
from typing import Final, Literal, NamedTuple

from generator.docs.text import is_han

Language = Literal["en", "zh"]
Part = Literal["description", "request", "weight", "parameters", "response"]
Column = Literal["name", "type", "mandatory", "description", "default", "example"]

LANGUAGES: Final[dict[Language, str]] = {"en": "English", "zh": "Chinese"}
PARTS: Final[dict[Part, str]] = {
    "description": "description",
    "request": "HTTP request",
    "weight": "request weight",
    "parameters": "request parameters",
    "response": "response example",
}

_LONGEST_HEADING = 40
_LONGEST_SENTENCE_HEAD = 5  # words; a heading with more is a title

# The first that fits counts: "response parameters" are a response, "请求参数" are parameters.
_HEADINGS: Final[tuple[tuple[Part, re.Pattern[str]], ...]] = (
    ("response", re.compile("response|^returns?$|响应|返回|应答")),
    ("weight", re.compile("weight|权重")),
    ("parameters", re.compile("param|参数")),
    (
        "request",
        re.compile("https?request|^(request|endpoint)(url|method|line)?$|https?请求|^(请求|接口)(地址|方式|路径)?$"),
    ),
    ("description", re.compile("^(api)?description$|^overview$|^(接口)?(描述|说明|简介)$")),
)
# What an older layout sets in bold before the text, without headings.
_LABEL = re.compile(
    r"(?:(?:https? ?)?request|(?:request )?(?:weight|parameters)|response(?: example)?|"
    r"(?:https? ?)?请求|(?:请求)?(?:权重|参数)|(?:响应|返回)(?:示例)?)(?: ?\((?:ip|uid|ip/uid)\))?",
    re.IGNORECASE,
)
_BARE_HEADING: Final = re.compile(
    r"(?:API Description|HTTP Request|Request Weight(?: ?\((?:IP|UID|IP/UID)\))?|Request Parameters|Response Example"
    r"|接口描述|HTTP ?请求|请求权重(?: ?\((?:IP|UID|IP/UID)\))?|请求参数|响应示例)",
    re.IGNORECASE,
)
_ENDPOINT = re.compile(r"(?<![A-Za-z])([A-Z]{3,7}):?\s+[\"'`]?(?:https?://[^/\s]+)?(/[^\s\"'`]*)", re.IGNORECASE)
METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
_AFTER_PATH = ".,;:!?)]}>。，；：、"

COLUMNS: Final[dict[Column, frozenset[str]]] = {
    "name": frozenset("name parameter parameters param field 名称 参数 参数名 参数名称 字段 字段名".split()),
    "type": frozenset(("type", "data type", "datatype", "类型", "数据类型", "参数类型")),
    "mandatory": frozenset(
        "mandatory required 是否必需 是否必须 是否必填 是否必选 是否必传 必需 必须 必填 必选 必传".split()
    ),
    "description": frozenset("description desc remark remarks note notes comment comments 描述 说明 备注 含义".split()),
    "default": frozenset(("default", "default value", "默认", "默认值")),
    "example": frozenset("example examples 示例 例子".split()),
}
MANDATORY: Final[dict[str, str]] = {
    **dict.fromkeys("yes y true required mandatory 是 必需 必须 必填 必选 必传".split(), "YES"),
    **dict.fromkeys("no n false optional 否 非必需 非必须 非必填 可选 选填".split(), "NO"),
}

EXAMPLE: Final = re.compile(
    r"\(?\b(?:e\.g\.|for example|such as)[^)]{0,80}\)?|(?:例如|比如)[^)。]{0,80}", re.IGNORECASE
)
DEFAULT: Final = re.compile(r"\bdefault|默认|缺省", re.IGNORECASE)
NECESSITY: Final = re.compile(
    r"\b(?:must|mandatory|requires?d?|needs?|needed|ha(?:s|ve) to|shall|should|enabled?|tick(?:ed)?)\b"
    r"|必须|必需|必传|必填|需|应|开通|开启|启用|勾选|打开",
    re.IGNORECASE,
)
_NEGATION: Final = re.compile(
    r"\b(?:must|needs?|should|shall|can|may|do|does|ha(?:s|ve) to)\s*(?:not\b|n't)|\bcannot\b|\bno (?:need|longer)\b"
    r"|(?:\bnot|n't) (?:longer )?(?:be )?(?:required|needed|necessary|mandatory)\b|\bnever\b"
    r"|\b(?:ignored?|omit(?:ted)?|empty|blank|unnecessary|removed?|deprecated|disabled?)\b"
    r"|无需|无须|不需|不必|不要|不得|不能|不可|不应|不用|不再|勿|非必|为空|留空|忽略|取消|移除|废弃|弃用|停用|禁用|关闭",
    re.IGNORECASE,
)
_EXCEPTION: Final = re.compile(r"\bunless\b|\bexcept\b|除非|除了|以外|之外", re.IGNORECASE)
_CHOICE: Final = re.compile(r"\boptional|\b(?:can|may) (?:also )?be\b|可选|可以|可不|可发送", re.IGNORECASE)
# "It cannot be left out" is a need, and what holds otherwise is another sentence.
_NO_LACK: Final = re.compile(
    r"\b(?:cannot|can't|(?:can|must|may|should) not)\s+be\s+(?:empty|null|blank|omitted|missing|left (?:out|empty|blank))"
    r"|\bnot optional|不(?:能|可|得|允许)(?:以)?(?:为空|为null|省略|缺省|不传|缺少)",
    re.IGNORECASE,
)
_OTHERWISE: Final = re.compile(r"(?:\botherwise|\bor else|否则|其他情况).*", re.IGNORECASE)
API_KEY: Final = re.compile(r"\bapi[ -]?keys?\b|\bpermission|权限|api ?密钥", re.IGNORECASE)
PERMISSION: Final = re.compile(
    r"\b(?:enabled?|requires?|needs?)\s+(?!to\b)(?:the\s+)?(?P<en>[A-Za-z][\w &/-]{0,60}?)\s+(?:option|permission|right)\b"
    r"|(?:开通|开启|启用|勾选|打开|具有|拥有|需要(?![开启勾打]))(?:您的|你的|该|此)?(?: ?api ?key ?|的| ){0,4}(?P<zh>[^ 的,。;]{1,40}?) ?的?权限",
    re.IGNORECASE,
)
# What may stand out in a sentence on a permission without being one.
NO_PERMISSION: Final = re.compile(r"(?:[a-z]+|NOT|MUST|(?:[Aa][Pp][Ii][ -]?)?[Kk][Ee][Yy]s?|[A-Z]* ?/.*|权限|必须|不)?")
QUOTED: Final = re.compile(r"[\"'“”‘’「『《【]([^\"'“”‘’」』》】]+)[\"'“”‘’」』》】]")
KINDS: Final = re.compile(r"(?<![A-Za-z])(IP|UID)(?![A-Za-z])", re.IGNORECASE)
# A weight with its kind in one phrase, as the portal and the SDK have it; the portal glues the figure to the word.
_KIND_BEFORE: Final = r"(?P<before>IP|UID) ?(?:Request ?)?(?:Weight|权重) ?:? ?"
_KIND_BEHIND: Final = r"(?:Weight|权重) ?\( ?(?P<behind>IP|UID) ?\) ?:? ?"
_FIGURE: Final = r"\**(?P<value>\d{1,3}(?:,\d{3})+(?!\d)|\d{1,12})"
WEIGHT: Final = re.compile(rf"(?<![A-Za-z])(?:{_KIND_BEFORE}|{_KIND_BEHIND}){_FIGURE}", re.IGNORECASE)
BARE_WEIGHT: Final = re.compile(
    rf"(?<![A-Za-z])(?:{_KIND_BEFORE}|{_KIND_BEHIND}|(?:Weight|权重) ?: ?){_FIGURE}", re.IGNORECASE
)
NUMBER: Final = re.compile(r"(?<![A-Za-z_\d.])(?:\d{1,3}(?:[,_']\d{3})+|\d+(?:\.\d+)?)(?!\d)")
SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+|[;。!?]\s*")


class Endpoint(NamedTuple):
    """Method and path, and where in the text they stand."""

    method: str
    path: str
    offset: int
    path_offset: int = 0


def language_of(text: str) -> Language:
    """Language of a heading."""
    return "zh" if is_han(text) else "en"


def part_of(heading: str) -> Part | None:
    """Which part of a page a heading begins, if it is one that every page of the vendor may have."""
    if endpoint := endpoint_of(heading, at_start=True):
        return "request" if endpoint.method in METHODS else None
    short = re.sub(r"[\s:#¶§*]", "", heading.lower())
    if len(short) > _LONGEST_HEADING or len(heading.split()) > _LONGEST_SENTENCE_HEAD:
        return None
    bare = re.sub(r"\((ip|uid|ip/uid)\)", "", short)
    return next((part for part, pattern in _HEADINGS if pattern.search(bare)), None)


def label_of(words: str) -> Part | None:
    """Which part a bold label begins."""
    words = words.strip().rstrip(":").strip()
    return part_of(words) if _LABEL.fullmatch(words) else None


def heading_of(line: str) -> Part | None:
    """Which part a line without any mark begins, if it is just what the vendor's pages call one."""
    return part_of(line) if _BARE_HEADING.fullmatch(line) else None


def endpoint_of(text: str, *, at_start: bool) -> Endpoint | None:
    """Find a method with a path in a text."""
    begin = len(text) - len(text.lstrip(" *`-:>•·"))
    for found in _ENDPOINT.finditer(text):
        if at_start and found.start() > begin:
            return None
        if found[1].upper() in METHODS:
            path = found[2].split("?")[0].rstrip(_AFTER_PATH)
            return Endpoint(found[1].upper(), path, found.start(), found.start(2))
    return None


def number(words: str) -> str:
    """Plain digits of a number that may be grouped."""
    return re.sub(r"[,_']", "", words)


def states_need(sentence: str) -> bool:
    """Whether a sentence says of anything that it must be, or under which condition it need not."""
    return any(pattern.search(sentence) for pattern in (NECESSITY, _NO_LACK, _EXCEPTION))


def denies_need(sentence: str) -> bool:
    """Whether a sentence says that something must not or need not be."""
    plain = _OTHERWISE.sub(" ", _NO_LACK.sub(" ", sentence))
    denied = bool(_NEGATION.search(plain)) or bool(_CHOICE.search(plain) and not NECESSITY.search(plain))
    return denied != bool(_EXCEPTION.search(plain))
