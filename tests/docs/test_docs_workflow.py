"""The nightly workflow: what it proposes, and that the job with a token runs nothing of the vendor's."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from generator.docs import PROJECT
from tests.docs.conftest import OURS
from tests.docs.openapi_words import modern
from tests.docs.portal_page import portal, stranger
from tests.docs.vendor_page import PageFacts, both

WORKFLOW: Any = YAML(typ="safe", pure=True).load(
    (PROJECT / "docs" / "ci" / "docs-check.yml").read_text(encoding="utf-8")
)
TRANSFER = modern(both(OURS, "POST /sapi/v1/asset/transfer")[0])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout of what the script needs."""
    project = tmp_path / "project"
    for folder in ("generator", "spec", "generated_client", "wrapper", "docs"):
        shutil.copytree(PROJECT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    return project


def propose(project: Path, *parts: PageFacts) -> Path:
    page, out = project.parent / "page.md", project.parent / "out"
    page.write_text(portal(parts))
    script = project / "docs" / "ci" / "propose_change.py"
    subprocess.run([sys.executable, str(script), str(out), str(page)], cwd=project, check=True)
    return out


PROPOSED: dict[str, tuple[str, Callable[[PageFacts], PageFacts]]] = {
    "agreement": ("none", lambda facts: facts),
    "mechanical": ("pull-request", lambda facts: replace(facts, weight="100")),
    "decision": ("issue", lambda facts: replace(facts, permission="Permits Other Transfer", rules={})),
    "refused": ("issue", lambda _: stranger(7)),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", PROPOSED)
def test_what_is_proposed(name: str, copy: Path) -> None:
    kind, change = PROPOSED[name]
    out = propose(copy, change(TRANSFER))
    assert (out / "kind").read_text() == kind
    assert (out / "change.patch").exists() == (kind == "pull-request")


@pytest.mark.thorough
def test_a_pull_request_holds_the_spec_the_client_and_the_evidence(copy: Path) -> None:
    out = propose(copy, replace(TRANSFER, weight="100"))
    patch = (out / "change.patch").read_text()
    assert set(re.findall(r"^\+\+\+ b/(\w+)/", patch, re.MULTILINE)) == {"spec", "generated_client"}
    assert "+WEIGHT: Final = 100" in patch
    assert "100 (UID)" in (out / "body.md").read_text()


def test_the_job_that_reads_the_vendors_text_holds_no_token() -> None:
    job = WORKFLOW["jobs"]["compare"]
    checkout = next(step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout"))
    assert WORKFLOW["permissions"] == {}
    assert job["permissions"] == {"contents": "read"}
    assert checkout["with"] == {"persist-credentials": False}
    assert "token" not in str(job).lower()


def test_the_job_with_a_token_runs_no_program_of_the_project() -> None:
    """It applies a patch to two folders and talks to the forge."""
    commands = "\n".join(step["run"] for step in WORKFLOW["jobs"]["propose"]["steps"] if "run" in step)
    programs = set(re.findall(r"(?:^\s*|\$\(|\|\|\s*)([a-z]+) ", commands, re.MULTILINE))
    assert programs <= {"git", "gh", "cat", "if", "else", "fi"}
    assert "--include='spec/*' --include='generated_client/*'" in commands
    assert "${{" not in commands
