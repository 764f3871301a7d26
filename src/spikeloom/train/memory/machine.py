"""How much memory this process may still take."""

from __future__ import annotations

import os
from pathlib import Path

GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)
"""Limit and use of a container, in both versions of Linux's control groups."""


def available() -> int | None:
    """Bytes that can be had without swapping; None where the system does not tell.

    >>> (available() or 1) > 0
    True
    """
    free = [_meminfo(), *(_left(*names) for names in GROUPS)]
    known = [value for value in free if value is not None]
    if known:
        return max(min(known), 0)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _meminfo() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(sizes[0]) * 1024 if sizes else None


def _left(limit: str, used: str) -> int | None:
    try:
        texts = [Path(name).read_text(encoding="ascii").strip() for name in (limit, used)]
        return int(texts[0]) - int(texts[1])
    except (OSError, ValueError):
        return None  # no such file, or "max": no limit
