"""Room on the disk, taken before it is written to.

HDF5 cannot be trusted after a write has failed: closing the file, even ending the process, may then
crash. So the space for what comes next is asked of the system first, where a refusal harms nothing.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from shutil import disk_usage

from spikeloom.files import storage_error


class Reserve:
    """Room at the end of a file that HDF5 writes.

    Arguments:
        path: The file; it exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = os.open(path, os.O_RDWR)

    def take(self, size: int, more: int) -> None:
        """Make sure that the file can grow from `size` by `more` bytes.

        Raises:
            StorageError: There is no room, or no permission for a file so large.
        """
        try:
            if not self._taken(size, more) and disk_usage(self._path.parent).free < more:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise storage_error(self._path, error) from error

    def _taken(self, size: int, more: int) -> bool:
        """Whether the system can be asked for room, and has given it."""
        if not hasattr(os, "posix_fallocate") or self._handle is None:
            return False
        try:
            os.posix_fallocate(self._handle, size, more)
        except OSError as error:
            if error.errno in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENODEV):
                return False  # this kind of file system does not know how
            raise
        return True

    def give_back(self, size: int) -> None:
        """Cut off what was not used."""
        if self._handle is not None:
            os.ftruncate(self._handle, size)
            os.close(self._handle)
            self._handle = None
