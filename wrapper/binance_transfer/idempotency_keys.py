"""
Idempotency keys: which texts may be one.

One rule: two keys that look alike to a person are one key to a database, look-alike letters aside.
"""

import unicodedata
from typing import Final

from binance_transfer.errors import InvalidTransfer
from binance_transfer.visible import exact_str, invisible_in, quoted

_LONGEST: Final = 255


def checked_key(key: object) -> str:
    """
    Return a key as plain text; raises InvalidTransfer, which says what is wrong and what would be right.

    A key has 1 to 255 characters, each visible or a blank inside, and is written in Unicode's form NFC.
    """
    if not isinstance(key, str):
        message = f"idempotency_key must be a str of 1 to {_LONGEST} characters, not {quoted(key)}"
        raise InvalidTransfer(message)
    text = exact_str(key)
    if objection := _objection(text):
        message = f"idempotency_key {quoted(text)} {objection}"
        raise InvalidTransfer(message)
    return text


def was_valid_key(key: object) -> bool:
    """
    Tell whether a key is refused today and was taken by versions up to 0.1.

    They took whatever ``str.isprintable`` does, in any normal form. A journal may hold such a key.
    """
    if not isinstance(key, str):
        return False
    text = exact_str(key)
    taken = 0 < len(text) <= _LONGEST and text.isprintable() and text == text.strip()
    return taken and bool(_objection(text))


def _objection(text: str) -> str:
    if not text:
        return f"is empty: give 1 to {_LONGEST} characters"
    if len(text) > _LONGEST:
        return f"has {len(text)} characters: {_LONGEST} are the most"
    if text != text.strip():
        return f"has blanks around it: write {quoted(text.strip(), _LONGEST)}"
    if hidden := invisible_in(text.replace(" ", "")):
        return f"holds an invisible character ({hidden}): leave it out"
    composed = unicodedata.normalize("NFC", text)
    if composed != text:
        return f"is not in Unicode's form NFC: write {quoted(composed, _LONGEST)}, unicodedata.normalize('NFC', key)"
    return ""
