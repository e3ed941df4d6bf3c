"""
Is this what a release would be made of? Then both archives, checked: `make release`.

One rule: nothing is tagged, pushed or published here. A person does that, with what was checked.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from binance_transfer import __version__
from tests.project import distribution
from tests.project.places import PROJECT

NEXT = """
Ready. Now, by hand:
  git tag --annotate v{version} --message 'Version {version}'
  git push origin v{version}
  upload the two files in dist/, and no others"""


def main() -> int:
    """Say all that is in the way of a release, else build it and say what is left to do; return the exit code."""
    version = __version__
    changelog = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    problems = [*changelog_problems(changelog, version), *git_problems(PROJECT, version)]
    if problems:
        print(*problems, sep="\n")
        return 1
    code = distribution.main()
    if not code:
        print(NEXT.format(version=version))
    return code


def changelog_problems(text: str, version: str) -> Iterator[str]:
    """Yield what the changelog lacks: all changes stand under the version, which has the date of a day."""
    unreleased, *released = re.split(r"^## (?!\[Unreleased\])", text, flags=re.MULTILINE)
    if re.search(r"^- ", unreleased, re.MULTILINE):
        yield "CHANGELOG.md: there are changes under [Unreleased]: move them under the new version"
    heading = re.match(r"\[(.+?)\] - (\S+)$", released[0], re.MULTILINE) if released else None
    if heading is None or heading[1] != version:
        yield f"CHANGELOG.md: the first version is not {version}, which binance_transfer/version.py has"
    elif not is_date(heading[2]):
        yield f"CHANGELOG.md: {heading[2]} is no date"


def git_problems(root: Path, version: str) -> Iterator[str]:
    """Yield what is not committed, and whether the version has been released."""
    if changed := git(root, "status", "--porcelain"):
        yield f"git: not committed: {', '.join(line[3:] for line in changed.splitlines())}"
    if git(root, "tag", "--list", f"v{version}"):
        yield f"git: v{version} is tagged: a version is released once"


def is_date(text: str) -> bool:
    """Return whether it is a day, as YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def git(root: Path, *arguments: str) -> str:
    """Return what git answers."""
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
