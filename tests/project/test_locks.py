"""What is installed: files whose hashes are known, the same everywhere, and all that is needed."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.places import PROJECT, pyproject

LOCKS = {path.stem: path for path in sorted((PROJECT / "locks").iterdir())}
GROUPS = pyproject()["dependency-groups"]
DISTRIBUTION = pyproject()["project"]["name"]

# Lock, extras and groups: as `make lock` makes them.
OURS = {"base": (("sandbox",), ("build", "generator")), "dev": (("all",), ("dev",)), "user": (("fast",), ())}
ASKED = OURS | {name: ((), (name,)) for name in LOCKS if name not in OURS}
PYTHONS = ("3.11.0", "3.12.0", "3.13.0", "3.14.0")
SYSTEMS = (("linux", "Linux", "posix"), ("darwin", "Darwin", "posix"), ("win32", "Windows", "nt"))


def locked(lock: str) -> list[Requirement]:
    """Read what a lock names: `name==version ; marker`, without the hashes."""
    entries = LOCKS[lock].read_text(encoding="utf-8").replace("\\\n", "")
    return [Requirement(re.split(r"\s+--hash=", line)[0]) for line in entries.splitlines() if re.match(r"\w", line)]


def group(name: str) -> Iterator[Requirement]:
    """Yield what a dependency group asks for, and those that it includes."""
    for entry in GROUPS[name]:
        if isinstance(entry, str):
            yield Requirement(entry)
        else:
            yield from group(entry["include-group"])


def asked(lock: str) -> list[Requirement]:
    """Return what a lock was made for."""
    extras, groups = ASKED[lock]
    project = [Requirement(f"{DISTRIBUTION}[{','.join(extras)}]")] if extras else []
    return project + [requirement for name in groups for requirement in group(name)]


def environments() -> Iterator[dict[str, str]]:
    """Yield what tells a CPython of each supported version on each system from this one."""
    for python, (platform, system, name) in product(PYTHONS, SYSTEMS):
        yield {
            "python_full_version": python,
            "python_version": python.rpartition(".")[0],
            "sys_platform": platform,
            "platform_system": system,
            "os_name": name,
        }


@cache
def required_by(name: str) -> list[Requirement]:
    """Return what a package that is installed here requires; of one that is needed elsewhere only, nothing is known."""
    try:
        return [Requirement(text) for text in requires(name) or []]
    except PackageNotFoundError:
        return []


def needed(lock: str, environment: dict[str, str]) -> Iterator[Requirement]:
    """Yield what a lock was made for and all that this requires there, as the packages that are installed here say."""
    seen: set[tuple[str, str]] = set()
    ahead = [(requirement, extra) for requirement in asked(lock) for extra in requirement.extras or {""}]
    while ahead:
        requirement, extra = ahead.pop()
        name = canonicalize_name(requirement.name)
        if name != DISTRIBUTION:
            yield requirement
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for following in required_by(name):
            if following.marker is None or following.marker.evaluate(environment | {"extra": extra}):
                ahead += [(following, name_of_extra) for name_of_extra in following.extras | {""}]


def satisfies(entry: Requirement | None, wanted: Requirement, environment: dict[str, str]) -> bool:
    """Return whether what is locked is installed there, in a version that will do."""
    if entry is None or not (entry.marker is None or entry.marker.evaluate(environment)):
        return False
    return wanted.specifier.contains(next(iter(entry.specifier)).version, prereleases=True)


def test_each_lock_is_made_by_make() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    [alone] = re.findall(r"^LOCKED_ALONE := (.*)$", makefile, re.MULTILINE)
    together = re.findall(r"--output-file locks/(\w+)\.txt", makefile)
    assert sorted([*together, *alone.split()]) == sorted(LOCKS)


@pytest.mark.parametrize("path", LOCKS.values(), ids=LOCKS)
def test_each_entry_is_exact_and_has_hashes_and_no_address(path: Path) -> None:
    entry = r"[\w.-]+==[\w.!+]+( ; [^\\\n]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    text = re.sub(r"^ *#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert re.fullmatch(f"({entry})+", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_what_the_project_asks_for(lock: str) -> None:
    entries = {canonicalize_name(entry.name): entry for entry in locked(lock)}
    direct = [requirement for requirement in asked(lock) if requirement.name != DISTRIBUTION]
    unmet = [str(wanted) for wanted in direct if not satisfies(entries.get(canonicalize_name(wanted.name)), wanted, {})]
    assert unmet == []


def test_the_smaller_environment_is_part_of_the_larger() -> None:
    base, dev = ({(entry.name, str(entry.specifier)) for entry in locked(lock)} for lock in ("base", "dev"))
    assert base <= dev


@pytest.mark.parametrize("lock", ["base", "dev"])
def test_all_that_is_needed_is_locked_for_each_python_and_system(lock: str) -> None:
    entries = {canonicalize_name(entry.name): entry for entry in locked(lock)}
    missing = [
        (str(requirement), environment["python_version"], environment["sys_platform"])
        for environment in environments()
        for requirement in set(needed(lock, environment))
        if not satisfies(entries.get(canonicalize_name(requirement.name)), requirement, environment)
    ]
    assert missing == []


def test_what_builds_is_what_is_locked() -> None:
    """The project is installed without an environment of its own to build it in."""
    assert set(pyproject()["build-system"]["requires"]) <= set(GROUPS["build"])


def test_what_only_developers_need_is_no_extra() -> None:
    assert not set(GROUPS) & set(pyproject()["project"]["optional-dependencies"])
