"""
What one process has of a file of SQLite: its connections, and the locks that keep the file from being taken away.

One rule: what protects the file outlasts whatever else the process does with it.

SQLite's locks belong to process and file (sqlite.org/howtocorrupt.html, 2.2 and 2.6): they are gone when anything in
the process closes the file or a companion (a backup with `shutil.copy` does), and a forked child believes that it has
them. Another process then takes the WAL away, or writes over it. So three locks are held beside SQLite's, on
descriptors that stay open ("open file description locks", fcntl(2)); on systems without them `check` is what is left:

- on the bytes of SQLite's shared lock: nobody gets the exclusive lock that removing the WAL needs;
- on the byte that says that the -shm is in use: nobody begins it anew;
- alone, on a byte of our own, while a journal writes: no two write at once, whatever becomes of SQLite's lock.
"""

import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Final, Protocol, Self, TypeVar

from binance_transfer.errors import JournalFailed
from binance_transfer.journal import file_locks
from binance_transfer.journal.file_state import SMALLEST, TAKEN, Inode, Seen, problem_of

T = TypeVar("T")

FORK_PATIENCE_S: Final = 2.0  # for the transactions of other threads, while one forks
GONE: Final = "the file that held the journal is gone: restore it, or every key would be new"
_OVERWRITTEN: Final = "the file was overwritten"
_FOREIGN_WAL: Final = (
    "beside the file lies a WAL that is not its own, as when a copy was put in the place of a lost file: move the -wal "
    "and -shm of the lost file to where that is, then audit and adopt the copy"
)
_OTHER_NAME: Final = (
    "the file is in use under another name, as when it was moved while a program had it open: move it back, since its "
    "last writes lie beside that name"
)
_COMPANIONS_PATIENCE_S: Final = 1.0
_RETRY_S: Final = 0.002
_WAL_MODE: Final = b"\x02\x02"  # bytes 18 and 19 of a file in WAL mode: sqlite.org/fileformat.html, 1.3

# The bytes that SQLite locks: sqlite3's os.h and os_unix.c (SHARED_FIRST, SHARED_SIZE; UNIX_SHM_DMS). Ours is behind.
_SHARED: Final = (0x40000002, 510)
_SHM_IN_USE: Final = (128, 1)
_WRITING: Final = (0x40000000 + 1024, 1)


class FileConnections(Protocol):
    """A journal's connections to a file."""

    def dispose(self) -> None:
        """Close them."""
        ...


class SqliteFile:
    """A file that journals of this process use, however many: all of them close it before one opens it anew."""

    def __init__(self, path: str) -> None:
        self.path: Final = path
        self._inside: Final[set[object]] = set()
        self._writer: object = None
        self._shut = 0
        self._stale = False
        self._users: Final[weakref.WeakSet[FileConnections]] = weakref.WeakSet()
        self._inode: Inode | None = None
        self._main: int | None = None
        self._shm: int | None = None
        self._before: tuple[Seen, Seen, Seen] | None = None
        """The file, its WAL and its -shm, once a transaction has used them."""

    @classmethod
    def of(cls, path: str) -> Self:
        """Return what this process has of a file, by its path without symbolic links: SQLite names the WAL by that."""
        with LOCK:
            return _FILES.setdefault(os.path.realpath(path), cls(os.path.realpath(path)))  # type: ignore[return-value]

    # --- who is inside -----------------------------------------------------------------------------------------------

    def run(self, user: FileConnections, run: Callable[[float], T], within_s: float, *, writes: bool) -> T:
        """Run something with the time that is left for it, alone if it writes; raises JournalFailed."""
        token = object()
        until_s = time.monotonic() + within_s
        try:
            try:
                self._enter(token, until_s, user, writes=writes)
                return run(max(0.0, until_s - time.monotonic()))
            finally:
                self._leave(token)
        finally:
            self._leave(token)  # again: an interruption may have hit the first one

    def _enter(self, token: object, until_s: float, user: FileConnections, *, writes: bool) -> None:
        while True:
            with LOCK:
                free = not self._shut and not (self._stale and self._inside)
                if free and not (writes and self._writer):
                    if self._stale:
                        self._forget(clean=False)
                    self._users.add(user)
                    self._inside.add(token)
                    if writes:
                        self._writer = token
                    break
            if time.monotonic() > until_s:
                message = "database is locked (other transactions of this process take too long: try again)"
                raise JournalFailed(message)
            time.sleep(_RETRY_S)
        self._open()
        self._check_what_lies_beside(min(until_s, time.monotonic() + _COMPANIONS_PATIENCE_S))
        self._hold()
        while writes and not file_locks.lock(self._main, _WRITING, alone=True):
            if time.monotonic() > until_s:
                message = (
                    "the turn to write is taken (another program has held it for too long: end that one, or try again)"
                )
                raise JournalFailed(message)
            time.sleep(_RETRY_S)

    def _leave(self, token: object) -> None:
        with LOCK:
            if self._writer is token:
                file_locks.unlock(self._main, _WRITING)
                self._writer = None
            self._inside.discard(token)

    def close(self, user: FileConnections) -> None:
        """Close the connections of one journal; with the last one, what is held of the file."""
        with LOCK:
            if self._inside or set(self._users) - {user}:
                self._users.discard(user)
                user.dispose()
            else:
                self._users.add(user)
                self._forget(clean=self._is_unchanged())

    def shut(self, until_s: float) -> bool:
        """Let nobody in, let those inside finish, and close all. False where they take too long."""
        with LOCK:
            self._shut += 1
        while True:
            with LOCK:
                if not self._inside:
                    self._forget(clean=self._is_unchanged())
                    return True
            if time.monotonic() > until_s:
                return False
            time.sleep(_RETRY_S)

    def reopen(self) -> None:
        """Let everybody in again."""
        with LOCK:
            self._shut -= 1

    def _forget(self, *, clean: bool) -> None:
        """Close all connections. A file that is not what it was is not touched by that: it may be somebody else's."""
        if clean:
            file_locks.unlock(self._main, _SHARED)
            file_locks.unlock(self._shm, _SHM_IN_USE)
        for user in list(self._users):
            user.dispose()
        self._users.clear()
        self.close_descriptors()
        _OPENED.pop(self._inode, None)
        self._before = self._inode = None
        self._stale = False

    def close_descriptors(self) -> None:
        """Close what locks are held on; a process that was forked meanwhile may hold them yet."""
        for held in (self._main, self._shm):
            if held is not None:
                os.close(held)
        self._main = self._shm = None

    # --- what is held ------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        with LOCK:
            if self._main is None and (seen := Seen.of(self.path)):
                self.note_opening(seen)
                self._main = _opened(self.path, seen)

    def _hold(self) -> None:
        """Keep the file from being taken away, once it is in WAL mode."""
        with LOCK:
            if self._mode() == _WAL_MODE:
                file_locks.lock(self._main, _SHARED)

    def _mode(self) -> bytes | None:
        """Return what the file says of how it is written; None where that cannot be seen."""
        if self._main is None:
            return None
        try:
            return os.pread(self._main, 2, 18)
        except OSError as error:
            message = f"the file cannot be read: {error.strerror}"
            raise JournalFailed(message) from None

    def _check_what_lies_beside(self, until_s: float) -> None:
        """
        Make sure, before SQLite opens the file, that the companions beside it are its own; raises JournalFailed.

        Another process that opens the file at this moment has not made them yet: it is waited for.
        """
        while self._before is None and (problem := self._problem_beside()):
            if time.monotonic() > until_s:
                raise JournalFailed(problem)
            time.sleep(_RETRY_S)

    def _problem_beside(self) -> str:
        mode = self._mode()
        if mode is None:
            return ""
        wal, shm = (Seen.of(self.path + suffix) for suffix in ("-wal", "-shm"))
        if mode != _WAL_MODE:
            # SQLite would write it into the file, whosever it is. A file enters WAL mode before it gets a WAL.
            return _FOREIGN_WAL if wal and wal.size else ""
        # Whoever uses the file holds this, and has the -shm beside the name under which it was opened.
        return _OTHER_NAME if shm is None and file_locks.is_held(self._main, _SHARED) else ""

    def note_opening(self, seen: Seen) -> None:
        """Note that the file is about to be opened; raises JournalFailed where SQLite's locks would not hold on it."""
        if _OPENED.get(seen.inode, os.getpid()) != os.getpid():
            message = (
                "the file was in use when this process was forked, and its locks would not hold here: start the "
                'process before the journal is used, or with multiprocessing\'s "spawn"'
            )
            raise JournalFailed(message)
        if seen.names > 1:
            message = (
                "the file has a second name (a hard link), under which SQLite would not see this one's locks: remove it"
            )
            raise JournalFailed(message)
        self._inode = seen.inode
        _OPENED[seen.inode] = os.getpid()

    def hold_companions(self) -> None:
        """Keep the -shm from being begun anew, and remember what the files are. A transaction has begun."""
        with LOCK:
            self._open()
            self._hold()
            if self._shm is None and self._main is not None:
                self._shm = _opened(self.path + "-shm", Seen.of(self.path + "-shm"))
                file_locks.lock(self._shm, _SHM_IN_USE)
            self._before = self._see()
            if self._before is None:
                self._stale = True
                message = "the file or its WAL was taken away while it was opened: try again"
                raise JournalFailed(message)

    def _see(self) -> tuple[Seen, Seen, Seen] | None:
        file, wal, shm = (Seen.of(self.path + suffix) for suffix in ("", "-wal", "-shm"))
        return (file, wal, shm) if file and wal and shm else None

    # --- what is noticed ---------------------------------------------------------------------------------------------

    def check(self, *, wrote: bool) -> None:
        """
        Make sure that file and companions are those that the path names, and hold what they held.

        wrote: something was committed, so that the WAL cannot be empty.

        Raises JournalFailed; the next transaction then opens them anew.
        """
        if self._before is None:
            self.hold_companions()
            return
        now = self._see()
        problem = problem_of(self.path, self._before, now)
        if not problem and self._mode() not in {None, _WAL_MODE}:
            problem = _OVERWRITTEN
        if not problem and wrote and now and now[1].size < SMALLEST:
            problem = TAKEN
        if problem:
            self._stale = True
            message = f"{problem} while the journal was in use: nothing was sent; it is opened anew by the next call"
            raise JournalFailed(message)
        self._before = now

    def forget_if_replaced(self) -> None:
        """Have the file opened anew where the path leads to another one by now; raises JournalFailed where to none."""
        if self._inode is None:
            return
        seen = Seen.of(self.path)
        if seen is None or seen.inode != self._inode:
            self._stale = True
        if seen is None:
            raise JournalFailed(GONE)

    def _is_unchanged(self) -> bool:
        if self._before is not None:
            return not problem_of(self.path, self._before, self._see())
        wal = Seen.of(self.path + "-wal")  # left by a crash: that is for one who writes to bring into the file
        return wal is None or wal.size == 0


# --- processes -------------------------------------------------------------------------------------------------------

LOCK: Final = threading.RLock()
"""
Held for moments, never while a database is waited for, and while a process forks, so that no child finds it held.

A `with` of a C lock is what an interruption cannot break.
"""

_FILES: Final[dict[str, SqliteFile]] = {}
_OPENED: Final[dict[Inode | None, int]] = {}
"""Files that connections were opened to → the process that opened them."""

_kept: Final[list[object]] = []


class _Forking(threading.local):
    """What this thread has shut: several may fork at once."""

    def __init__(self) -> None:
        self.shut: list[SqliteFile] = []


_forking: Final = _Forking()


def _before_fork() -> None:
    until_s = time.monotonic() + FORK_PATIENCE_S
    with LOCK:
        files = list(_FILES.values())
    for file in files:
        _forking.shut.append(file)
        file.shut(until_s)
    LOCK.acquire()


def _after_fork_in_parent() -> None:
    while _forking.shut:
        _forking.shut.pop().reopen()
    LOCK.release()


def _after_fork_in_child() -> None:
    # Connections that are open yet are the parent's, and closing them would harm: they are kept until the process ends.
    # Descriptors share their locks with the parent's: kept open here, they would outlast the parent.
    _kept.extend(_FILES.values())
    for file in _FILES.values():
        file.close_descriptors()
    _forking.shut.clear()
    _FILES.clear()
    LOCK.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)


def _opened(path: str, seen: Seen | None) -> int | None:
    """Open a file for its locks; None where nothing can be held. Raises JournalFailed where it was replaced."""
    descriptor = file_locks.open_file(path)
    if descriptor is None:
        return None
    found = os.fstat(descriptor)
    if seen is None or (found.st_dev, found.st_ino) != seen.inode:
        os.close(descriptor)
        message = "the file was replaced while it was opened: try again"
        raise JournalFailed(message)
    return descriptor
