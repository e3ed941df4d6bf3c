# ruff: noqa: INP001 - a script of the workflow, not a module
"""
The nightly check's first half: compare, and write down what should be proposed. It holds no token.

    python docs/ci/propose_change.py OUT [options of `python -m generator docs`]

OUT gets `kind` (none, pull-request or issue), `title`, `body.md` and, for a pull request, `change.patch`: the spec as
the vendor's sources have it, and the client that `make` makes of it. What the vendor wrote is in the body as quoted
text only. Without options, all sources that can be reached are read.
"""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
BODY_LIMIT = 50_000
DIFFERENT, REFUSED = 1, 2


def run(*command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in the project, without a shell."""
    return subprocess.run(  # noqa: S603 - all arguments are ours
        command, cwd=PROJECT, input=text, capture_output=True, text=True, check=False
    )


def main(out: Path, options: list[str]) -> int:
    """Write the proposal and return 0; whatever was found is in `kind`."""
    done = run(sys.executable, "-m", "generator", "docs", *(options or ["--fetch"]), "--suggest")
    report, marker, rest = done.stdout.partition("--- a/")
    diff = marker + rest
    if done.returncode == 0:
        kind, title = "none", "The vendor's sources say what the spec says"
    elif done.returncode == DIFFERENT and diff and "To decide:" not in report and _apply(diff):
        kind, title = "pull-request", "Follow the vendor's documentation"
    elif done.returncode == DIFFERENT:
        kind, title = "issue", "The vendor's documentation has changed, and it takes a decision"
    else:
        kind, title = "issue", "The vendor's documentation could not be read"
    out.mkdir(parents=True, exist_ok=True)
    (out / "kind").write_text(kind, encoding="utf-8")
    (out / "title").write_text(title, encoding="utf-8")
    (out / "body.md").write_text(_body(done.stdout + done.stderr), encoding="utf-8")
    if kind == "pull-request":
        paths = ("spec", "generated_client")
        run("git", "add", "--intent-to-add", *paths)
        (out / "change.patch").write_text(run("git", "diff", "--binary", "--", *paths).stdout, encoding="utf-8")
    return 0


def _apply(diff: str) -> bool:
    """Change the spec and make the client anew; False where either fails."""
    return (
        run("git", "apply", "--include=spec/*", "-", text=diff).returncode == 0
        and run(sys.executable, "-m", "generator", "generate").returncode == 0
    )


def _body(report: str) -> str:
    """Indent the evidence, so that nothing in it is formatted, linked or mentioned."""
    quoted = "\n".join(f"    {line}" for line in report.splitlines())
    return f"What `python -m generator docs` found:\n\n{quoted[:BODY_LIMIT]}\n\nSee docs/drift.md.\n"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
