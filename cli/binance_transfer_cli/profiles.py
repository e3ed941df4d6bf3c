"""
Named profiles in a TOML file: who calls, where, and within which limits.

One rule: the file is for its owner alone, and a name that is not known is refused, since a misspelt limit would limit
nothing. What is wrong is said without a value of the file.
"""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from binance_transfer.sealed import Sealed
from binance_transfer.wire.private_key import PEM_MARK

VARIABLE: Final = "BINANCE_TRANSFER_CONFIG"
DEFAULT: Final = "~/.config/binance-transfer/config.toml"

CREDENTIALS: Final = ("api_key", "secret", "private_key", "passphrase")
CLIENT: Final = ("recv_window_ms", "settle_ms", "timeout_s", "extra_rejected_codes")
_TEXTS: Final = (*CREDENTIALS, "base_url", "journal", "account")
_NAMES: Final = (*_TEXTS, *CLIENT, "resolve_within_s", "policy")
_NUMBERS: Final = ("recv_window_ms", "settle_ms", "timeout_s", "resolve_within_s")
_POLICY: Final = ("types", "assets", "max_amount", "max_per_day")

_SHOWABLE: Final = re.compile(r"[A-Za-z_]{1,30}")  # no key looks like this, and most misspelt names do
_PLACE: Final = re.compile(r"\((at [^()]*)\)")


@frozen(repr=False)
class Profile:
    """
    What one profile says; the defaults are what is not said.

    credentials: the arguments of Credentials. journal: the URL. Both are sealed.
    """

    credentials: Sealed[Mapping[str, Any]] | None = None
    base_url: str | None = None
    journal: Sealed[str] | None = None
    account: str | None = None
    client: Mapping[str, Any] = field(factory=dict)
    resolve_within_s: float | None = None
    policy: Mapping[str, Any] = field(factory=dict)


def config_path(environ: Mapping[str, str]) -> Path:
    """Return where the file of profiles is; raises ValueError."""
    name = environ.get(VARIABLE, DEFAULT)
    path = None if not name.strip() else _expanded(Path(name))
    if path is None:
        message = f"{VARIABLE} names no file: {name!r}"
        raise ValueError(message)
    return path


def names(environ: Mapping[str, str]) -> list[str]:
    """Return the names of the profiles that are there, none where the file cannot be used. For shell completion."""
    try:
        return sorted(_profiles(config_path(environ)).open())
    except ValueError:
        return []


def load(name: str, environ: Mapping[str, str]) -> Profile:
    """Read a profile; raises ValueError, which shows no value of the file."""
    path = config_path(environ)
    made = _profile(path, name, _profiles(path))
    if isinstance(made, str):
        raise ValueError(made)  # noqa: TRY004  # a text is what is wrong
    return made


def _profiles(path: Path) -> Sealed[dict[str, Any]]:
    read = _read(path)
    if isinstance(read, str):
        raise ValueError(read)  # noqa: TRY004
    return read


def _expanded(path: Path) -> Path | None:
    """Return a path with the home folder for a "~" at its beginning, None where there is no such folder."""
    try:
        return path.expanduser()
    except RuntimeError:
        return None


# --- what follows returns what is wrong and raises nothing: its variables are secrets ---


def _read(path: Path) -> Sealed[dict[str, Any]] | str:
    """Return the table of profiles, or what is wrong with the file."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077:
                return f"{path} can be read or written by others: chmod 600 {path}"
            content = file.read()
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}; {VARIABLE} names another file"
    try:
        held = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        place = _PLACE.search(str(error)) if isinstance(error, tomllib.TOMLDecodeError) else None
        return f"{path} is not valid TOML{f' ({place[1]})' if place else ''}"
    if problem := _unknown(held, ("profiles",)):
        return f"{path}: {problem}"
    profiles = held.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(each, dict) for each in profiles.values()):
        return f"{path}: a profile is a table, [profiles.NAME]"
    return Sealed(profiles)


def _profile(path: Path, name: str, profiles: Sealed[dict[str, Any]]) -> Profile | str:
    """Return a profile, or what is wrong with it."""
    if name not in profiles.open():
        there = ", ".join(sorted(profiles.open())) or "none"
        return f"{path} has no profile {name!r}; there is: {there}"
    held = profiles.open()[name]
    if problem := _objection(held):
        return f"{path}, [profiles.{name}]: {problem}"
    given = {each: held[each] for each in CREDENTIALS if each in held}
    if "private_key" in given and PEM_MARK not in given["private_key"]:
        key_file = _expanded(Path(given["private_key"]))
        if key_file is None:
            return f"{path}, [profiles.{name}]: private_key begins with the home folder of a user who is not there"
        given["private_key"] = path.parent / key_file
    return Profile(
        Sealed(given) if given else None,
        held.get("base_url"),
        Sealed(held["journal"]) if "journal" in held else None,
        held.get("account"),
        {each: held[each] for each in CLIENT if each in held},
        held.get("resolve_within_s"),
        held.get("policy", {}),
    )


def _objection(held: dict[str, Any]) -> str:
    if problem := _unknown(held, _NAMES):
        return problem
    if odd := [each for each in _TEXTS if not isinstance(held.get(each, "x"), str) or held.get(each) == ""]:
        return f"{odd[0]} must be a text that is not empty"
    policy = held.get("policy", {})
    if not isinstance(policy, dict):
        return "policy is a table, [profiles.NAME.policy]"
    if problem := _unknown(policy, _POLICY):
        return f"policy: {problem}"
    return _odd_number(held)


def _odd_number(held: dict[str, Any]) -> str:
    for each in _NUMBERS:
        value = held.get(each, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
            return f"{each} must be a number, 0 or more"
    codes = held.get("extra_rejected_codes", [])
    if not isinstance(codes, list) or not all(type(code) is int for code in codes):
        return "extra_rejected_codes must be a list of whole numbers"
    return ""


def _unknown(held: dict[str, Any], known: tuple[str, ...]) -> str:
    """Say which name is not known. One that may be a key that slipped to the left is not shown."""
    for name in held:
        if name not in known:
            what = f"{name!r} is" if _SHOWABLE.fullmatch(name) else "it holds a name that is"
            return f"{what} not one of {', '.join(known)}"
    return ""
