"""Object code on disk, found by the hash of everything that it depends on.

A file is a checksum and the code. It is written beside its place and moved there in one step, so
a reader sees all of it or nothing, whoever else is writing; a damaged file counts as absent. Code
is run only if the file belongs to this user (or root) and nobody else may write to it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from functools import lru_cache
from pathlib import Path

from spikeloom.engines.cpu.host import Host

MAGIC = b"spikeloom-object-1\n"


def cache_dir() -> Path:
    """Where object code is kept: ``$SPIKELOOM_CACHE``, else the user's cache directory."""
    chosen = os.environ.get("SPIKELOOM_CACHE")
    if chosen:
        return Path(chosen) / "cpu"
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home) / "spikeloom" / "cpu"


@lru_cache(maxsize=1)
def engine_version() -> str:
    """Hash of the source of this engine: any change of it makes new object code."""
    total = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        total.update(path.relative_to(folder).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def key(program_key: str, variant: str, host: Host) -> str:
    """Name of the object code of one kernel on one kind of processor."""
    import llvmlite

    parts = (program_key, variant, host.cpu, host.features, llvmlite.__version__, engine_version())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def read(name: str) -> bytes | None:
    """Object code, or None if there is none that can be trusted."""
    path = cache_dir() / f"{name}.o"
    try:
        with path.open("rb") as file:
            if not _private(os.fstat(file.fileno())):
                return None
            data = file.read()
    except OSError:
        return None
    start = len(MAGIC) + 32
    digest, code = data[len(MAGIC) : start], data[start:]
    if data[: len(MAGIC)] != MAGIC or hashlib.sha256(code).digest() != digest:
        return None
    return code


def write(name: str, code: bytes) -> bool:
    """Keep object code; False if that is not possible, which is no error."""
    folder = cache_dir()
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(prefix=f".{name}-", dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(MAGIC + hashlib.sha256(code).digest() + code)
        os.replace(temporary, folder / f"{name}.o")
    except OSError:
        if temporary is not None:
            _forget(temporary)
        return False
    return True


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _private(status: os.stat_result) -> bool:
    if not hasattr(os, "getuid"):
        return True
    others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return status.st_uid in (os.getuid(), 0) and not others
