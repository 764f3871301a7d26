# pyright: reportMissingImports=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""What every side in Brian2 C++ standalone shares: its settings, its folder, how it is built.

Runs in the peers' environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import brian2 as b2
import loop
import numpy as np

FLAGS = ("-w", "-O3", "-march=native", "-ffast-math")
HEADERS = ("algorithm", "climits", "cmath", "ctime", "fstream", "iostream", "map", "random", "set",
           "string", "vector")  # fmt: skip
"""What each file of a program reads before its own few lines."""


def settings(dtype: str = "float64", threads: int = 0, flags: Sequence[str] = ()) -> None:
    """Standalone, in one precision, with OpenMP where there are threads."""
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.prefs.codegen.cpp.extra_compile_args_gcc = [*FLAGS, *flags]
    b2.prefs.core.default_float_dtype = np.dtype(dtype).type
    b2.prefs.devices.cpp_standalone.openmp_threads = threads
    b2.prefs.devices.cpp_standalone.extra_make_args_unix = [f"-j{os.cpu_count() or 1}"]
    b2.prefs.logging.file_log = False


def build(program: Path, *, many: bool = False) -> None:
    """Write and compile all that Brian was told.

    Arguments:
        program: Folder.
        many: It has a hundred files or so. Reading the same headers takes two thirds of the time
            of each, so they are read once: the code that comes out is the same.
    """
    if many:
        flags = [*b2.prefs.codegen.cpp.extra_compile_args_gcc]
        if b2.prefs.devices.cpp_standalone.openmp_threads:
            flags.append("-fopenmp")
        early = program / "early.h"
        early.write_text("".join(f"#include <{name}>\n" for name in HEADERS))
        read = ["g++", "-Wno-write-strings", *flags, "-x", "c++-header", str(early)]
        # Without g++ Brian's own compiler reads the header as it stands.
        if shutil.which("g++") and subprocess.run(read, check=False).returncode == 0:
            b2.prefs.codegen.cpp.extra_compile_args_gcc += ["-include", early.name]
    b2.device.build(directory=str(program), compile=True, run=False)


@contextmanager
def folder() -> Iterator[Path]:
    """A place for the program, removed at the end."""
    place = Path(tempfile.mkdtemp(prefix="bench-brian-"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def serve(make: Callable[[Path], Any]) -> None:
    """Build a program when asked to, and answer for it (`loop.serve_one`)."""
    with folder() as place:
        loop.serve_one(lambda: make(place))
