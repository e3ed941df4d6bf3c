"""Unified diffs applied without a program: neither git nor patch is on every machine."""

import re

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


def apply(diff: str, text: str) -> str:
    """Apply the hunks of a diff of one file; what does not fit is an error."""
    before = text.split("\n")
    after: list[str] = []
    at = 0
    for line in diff.split("\n"):
        if hunk := _HUNK.match(line):
            start = int(hunk[1]) - 1
            after += before[at:start]
            at = start
        elif not after and not at:
            continue  # words above the first hunk
        elif line.startswith("+"):
            after.append(line[1:])
        elif line.startswith(("-", " ")):
            assert before[at] == line[1:]
            at += 1
            after += [line[1:]] if line.startswith(" ") else []
    return "\n".join(after + before[at:])
