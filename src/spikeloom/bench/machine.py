"""The machine a figure was taken on, and where the peers live on it."""

from __future__ import annotations

import os
import platform
from datetime import date
from pathlib import Path
from typing import Any

KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "17179869184", "MALLOC_TRIM_THRESHOLD_": "17179869184"}
"""Tells glibc to keep freed memory: on some cloud machines giving it back costs more than a run."""

WAYS: dict[str, dict[str, str]] = {"plain": {}, "kept": KEEP_MEMORY}
"""The two ways every side is measured; the better one counts."""

TRAIN_PEERS = ".venv-peers-train"
SIM_PEERS = ".venv-peers-sim"


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe() -> dict[str, Any]:
    """The machine in general words, for the report."""
    model = ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [x.split(":", 1)[1] for x in info.read_text().splitlines() if "model name" in x]
        model = names[0].strip() if names else ""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": model or platform.processor(),
        "cores": cores(),
        "python": platform.python_version(),
        "date": date.today().isoformat(),
    }


def thread_env(threads: int) -> dict[str, str]:
    """Environment variables that give every library the same number of threads."""
    names = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "NUMBA")
    return {f"{name}_NUM_THREADS": str(threads) for name in names}


def peer_python(folder: str, root: Path | None = None) -> Path | None:
    """The Python of a peers' environment, sought from `root` (here) upwards; None if not built."""
    start = (root or Path.cwd()).resolve()
    for place in (start, *start.parents):
        python = place / folder / "bin" / "python"
        if python.exists():
            return python
    return None
