"""
Standard input, output and error, also where they are closed or cannot be written.

One rule: a reader that ends, a full disk and a closed stream end no transfer, and change nothing about its outcome.
"""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, Final


class Output:
    """
    A stream that is written to as far as that can be done.

    Where its reader has ended, the rest is dropped. Where it cannot be written for another reason, the rest goes to
    ``instead``, so that no key and no outcome is lost.
    """

    def __init__(self, stream: IO[str], instead: "Output | None" = None) -> None:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        self._stream: Final = stream
        self._instead: Final = instead
        self._pending = ""
        self.unusable = False
        """Whether it could not be written, for another reason than that its reader has ended."""

    def write(self, text: str) -> int:
        """Take a text, which ``flush`` writes."""
        self._pending += text
        return len(text)

    def flush(self) -> None:
        """Write what is not written yet."""
        text, self._pending = self._pending, ""
        if not self.unusable:
            try:
                self._stream.write(text)
                self._stream.flush()
            except BrokenPipeError:
                _lead_nowhere(self._stream)
            except OSError as error:
                _lead_nowhere(self._stream)
                self.unusable = True
                text = f"standard output cannot be written ({error.strerror}); what follows was meant for it\n{text}"
        if self.unusable and self._instead is not None:
            self._instead.write(text)
            self._instead.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _lead_nowhere(stream: IO[str]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def standard_output() -> Output:
    """Return standard output, with standard error in its place where it cannot be written."""
    return Output(sys.stdout, standard_error())


def standard_error() -> Output:
    """Return standard error."""
    return Output(sys.stderr)


def open_missing() -> None:
    """Let closed streams lead nowhere: else the next file to be opened, such as a journal, would take their place."""
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)  # it stays None: nobody is there to be asked
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # until the process ends
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def finish() -> None:
    """Write what is left, so that Python does not try, and fail, when it ends."""
    standard_output().flush()
    standard_error().flush()
