"""
What a file of SQLite is, as far as can be seen without opening it, and whether it is still what it was.

One rule: by `stat` alone. Opening a file and closing it would drop this process's locks on it.
"""

import os
import stat
from typing import Final

from attrs import frozen

from binance_transfer.errors import JournalFailed
from binance_transfer.visible import sound_repr

TAKEN: Final = "the last writes are gone: their WAL was removed, as when another program opens and closes the file"
SMALLEST: Final = 512  # bytes of a page: a smaller file holds nothing

Inode = tuple[int, int]


@frozen
class Seen:
    """What a file was when it was looked at."""

    inode: Inode
    size: int
    names: int
    __repr__ = sound_repr

    @classmethod
    def of(cls, path: str) -> "Seen | None":
        """Look at a file without opening it; None where there is none."""
        try:
            found = os.stat(path)  # noqa: PTH116  # as little as possible
            if not stat.S_ISREG(found.st_mode):
                message = "what the path names is not a file"
                raise JournalFailed(message)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            message = f"the file of the journal cannot be looked at: {error.strerror}"
            raise JournalFailed(message) from None
        return cls((found.st_dev, found.st_ino), found.st_size, found.st_nlink)


def problem_of(path: str, before: tuple[Seen, Seen, Seen], now: tuple[Seen, Seen, Seen] | None) -> str:
    """Say what has become of a file and its companions, "" where they are what they were."""
    file = Seen.of(path)
    if file is None or file.inode != before[0].inode:
        return "the file was moved, deleted or replaced"
    if file.size < max(SMALLEST, before[0].size):
        return "the file was cut"
    if file.names > 1:
        return "the file has a second name, under which SQLite would not see this one's locks,"
    if now is None or not all(map(_continues, now, before)):
        return TAKEN
    return ""


def _continues(now: Seen, before: Seen) -> bool:
    """Tell whether a file is still the same one, and has not been cut."""
    return now.inode == before.inode and now.size >= before.size
