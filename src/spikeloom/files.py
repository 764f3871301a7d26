"""Files are written whole or not at all, and a refusal says what can be done about it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from spikeloom.errors import StorageError

OLD_S = 60
"""Seconds after which nobody is writing a draft any more."""
ADVICE = {
    errno.ENOSPC: "the disk is full: free some space, then try again",
    errno.EDQUOT: "the disk quota is used up: free some space, then try again",
    errno.EACCES: "no permission to write there: choose another folder",
    errno.EPERM: "no permission to write there: choose another folder",
    errno.EROFS: "the file system is read-only: choose another folder",
    errno.EEXIST: "a file stands where a folder is needed: choose another folder",
    errno.ENOTDIR: "a file stands where a folder is needed: choose another folder",
    errno.EISDIR: "a folder stands where a file is needed: choose another place",
}


def write_file(path: str | Path, content: str | bytes) -> Path:
    """Replace `path` by a file with this content, in one step that cannot leave half a file.

    The content goes to a draft beside the target, is forced to the disk, and takes the name. At
    every moment the target is either the old file or the new one.

    Arguments:
        path: The file; missing folders above it are made.
        content: Bytes, or text that is stored as UTF-8.
    Returns:
        The path.
    Raises:
        StorageError: No permission, no space, or something in the way; an old file is untouched.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_file(Path(folder) / "deep" / "note.txt", "ä").read_text(encoding="utf-8")
    'ä'
    """
    path = Path(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        # After a success there is nothing left to remove; after a failure no litter stays.
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return path


@contextlib.contextmanager
def hold_folder(path: Path) -> Iterator[None]:
    """Make a folder and keep other processes that ask for it out, until the end.

    The system lets go of it when this process dies, however it dies. Drafts that such a process
    has left behind are removed.

    Raises:
        StorageError: Another process holds it, or it cannot be made.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, hold_folder(Path(folder)):
    ...     pass
    """
    make_folder(path)
    handle = _lock(path)
    try:
        _sweep(path)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _lock(folder: Path) -> int | None:
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (OSError, ImportError):
        return None  # not every system has locks on folders
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StorageError(
            f"{folder}: another process is writing there.",
            hint="wait until it has finished, or choose another folder",
        ) from None
    except OSError:
        pass
    return handle


def _sweep(folder: Path) -> None:
    for draft in folder.rglob(".*.part"):
        with contextlib.suppress(OSError):
            if time.time() - draft.stat().st_mtime > OLD_S:
                draft.unlink()


def check_writable(path: Path) -> None:
    """Find out at the beginning, not after an hour, that a file cannot be written.

    Raises:
        StorageError: No permission, or something in the way. Nothing is left behind.

    >>> check_writable(Path("/proc/figures.json"))
    Traceback (most recent call last):
    spikeloom.errors.StorageError: cannot write /proc/figures.json: No such file or directory.
      hint: choose another folder
    """
    missing = [folder for folder in path.parents if not folder.exists()]
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.open("xb").close()
        draft.unlink()
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()


def make_folder(path: Path) -> None:
    """Create a folder with its parents; one that exists is fine.

    Raises:
        StorageError: No permission, or a file stands in the way.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error


def storage_error(path: Path, error: OSError) -> StorageError:
    """The error for the user when the system refused to write, with what can be done about it."""
    reason = error.strerror or type(error).__name__
    return StorageError(
        f"cannot write {path}: {reason}.",
        hint=ADVICE.get(error.errno or 0, "choose another folder"),
    )


def _sync_folder(folder: Path) -> None:
    """Make the new name itself durable; file systems that cannot do it are left alone."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
