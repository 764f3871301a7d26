"""Write a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from spikeloom.errors import StorageError


def write_atomic(path: Path, content: bytes) -> None:
    """Write beside the target, force it to the disk, then put it in place in one step.

    At every moment the target is either the old file or the new one, whole.

    Arguments:
        path: Where the file goes; its folder must exist.
        content: All of it.

    Raises:
        StorageError: No permission, no space, or a path in the way. The old file is untouched.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as file:
            file.write(content)
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


def make_folder(path: Path) -> None:
    """Create a folder with its parents.

    Raises:
        StorageError: No permission, or a file stands in the way.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error


def storage_error(path: Path, error: OSError) -> StorageError:
    """The error for the user, with what can be done about it."""
    advice = {
        errno.ENOSPC: "the disk is full: free some space, then go on with --resume",
        errno.EDQUOT: "the disk quota is used up: free some space, then go on with --resume",
        errno.EACCES: "no permission to write there: choose another folder",
        errno.EPERM: "no permission to write there: choose another folder",
        errno.EROFS: "the file system is read-only: choose another folder",
        errno.EEXIST: "a file stands where a folder is needed: choose another folder",
        errno.ENOTDIR: "a file stands where a folder is needed: choose another folder",
        errno.EISDIR: "a folder stands where a file is needed: choose another place",
    }
    reason = error.strerror or type(error).__name__
    return StorageError(
        f"cannot write {path}: {reason}.",
        hint=advice.get(error.errno or 0, "choose another folder"),
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
