"""What is in the way of a release, and what is not."""

from pathlib import Path

import pytest

from tests.project.release import changelog_problems, git, git_problems

READY = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-11-25\n\n### Added\n\n- A.\n\n## [1.1.0] - 2026-10-01\n"

# What is written in place of what, and what is said about it.
CHANGELOGS = [
    ("", "", ""),
    ("## [Unreleased]\n", "## [Unreleased]\n\n### Fixed\n\n- B.\n", "under [Unreleased]"),
    ("## [Unreleased]\n\n", "", ""),
    ("1.2.0", "1.3.0", "the first version is not 1.2.0"),
    ("## [1.2.0]", "## [1.2.0-rc1]", "the first version is not 1.2.0"),
    ("## [1.2.0] - 2026-11-25", "## [1.2.0]", "the first version is not 1.2.0"),
    ("2026-11-25", "2026-11-31", "2026-11-31 is no date"),
    ("2026-11-25", "20261125", "20261125 is no date"),
    (READY, "# Changelog\n", "the first version is not 1.2.0"),
]


@pytest.mark.parametrize(("old", "new", "said"), CHANGELOGS)
def test_the_changelog_is_that_of_the_version(old: str, new: str, said: str) -> None:
    problems = list(changelog_problems(READY.replace(old, new) if old else READY, "1.2.0"))
    assert [said in problem for problem in problems] == [True] * bool(said)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    git(tmp_path, *author, "commit", "--quiet", "--allow-empty", "--message", "first")
    return tmp_path


def test_all_that_is_committed_may_be_released(repository: Path) -> None:
    assert list(git_problems(repository, "1.2.0")) == []


def test_what_is_not_committed_is_named(repository: Path) -> None:
    (repository / "module.py").touch()
    assert list(git_problems(repository, "1.2.0")) == ["git: not committed: module.py"]


def test_a_version_is_released_once(repository: Path) -> None:
    git(repository, "tag", "v1.2.0")
    assert list(git_problems(repository, "1.2.0")) == ["git: v1.2.0 is tagged: a version is released once"]
    assert list(git_problems(repository, "1.2.1")) == []
