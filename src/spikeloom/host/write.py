"""Write files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from spikeloom.errors import StorageError


def write_file(path: str | Path, content: str | bytes) -> Path:
    """Replace `path` by a file with this content, in one step that cannot leave half a file.

    The content goes to a temporary file beside it, is flushed to the disk, and takes the name.

    Arguments:
        path: The file; missing folders above it are made.
        content: Bytes, or text that is stored as UTF-8.
    Returns:
        The path.
    Raises:
        StorageError: No permission, no space, or something in the way; nothing was changed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_file(Path(folder) / "deep" / "note.txt", "ä").read_text(encoding="utf-8")
    'ä'
    """
    path = Path(path)
    body = content.encode() if isinstance(content, str) else content
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        temporary = None
    except OSError as fault:
        raise StorageError(
            f"{path}: cannot be written ({fault.strerror or fault}).",
            hint="check the permissions and the free space there, or choose another --out folder",
        ) from fault
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return path


def _umask() -> int:
    """The mode mask that a plain open() would have respected (mkstemp makes files private)."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
