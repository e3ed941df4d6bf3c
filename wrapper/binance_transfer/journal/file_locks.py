"""
Locks that belong to a descriptor: "open file description locks", fcntl(2) of Linux.

One rule: where there are no such locks, there is nothing to take, and nobody is seen to hold one.
"""

import os
import struct
import sys
from typing import Final

if sys.platform != "win32":  # where locks belong to the handle
    import fcntl

Bytes = tuple[int, int]
"""Where the locked bytes of a file begin, and how many there are. They need not be there."""

_THERE: Final = sys.platform != "win32" and hasattr(fcntl, "F_OFD_SETLK") and sys.maxsize > 2**32
_FORMAT: Final = "hhqqi0q"  # a C `struct flock` of a 64-bit Linux


def open_file(path: str) -> int | None:
    """Return a descriptor for locks on a file, which is to be written if it may be; None where none can be held."""
    if not _THERE:
        return None
    for mode in (os.O_RDWR, os.O_RDONLY):
        try:
            return os.open(path, mode | os.O_CLOEXEC)
        except PermissionError:
            continue
        except OSError:
            break
    return None


def lock(descriptor: int | None, where: Bytes, *, alone: bool = False) -> bool:
    """Take a lock; False where another program has it."""
    if descriptor is None:
        return True
    kind = fcntl.F_WRLCK if alone else fcntl.F_RDLCK
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _flock(kind, where))
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without such locks, or a file that may only be read
        return True
    return True


def unlock(descriptor: int | None, where: Bytes) -> None:
    """Give a lock back."""
    if descriptor is not None:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _flock(fcntl.F_UNLCK, where))


def is_held(descriptor: int | None, where: Bytes) -> bool:
    """Tell whether anybody else holds a lock there, of this kind or of SQLite's, shared or not."""
    if descriptor is None:
        return False
    try:
        found = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _flock(fcntl.F_WRLCK, where))
    except OSError:
        return False
    return bool(struct.unpack(_FORMAT, found)[0] != fcntl.F_UNLCK)


def _flock(kind: int, where: Bytes) -> bytes:
    return struct.pack(_FORMAT, kind, os.SEEK_SET, *where, 0)
