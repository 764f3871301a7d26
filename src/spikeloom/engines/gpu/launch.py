"""Starting a kernel."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from spikeloom.engines.gpu.machine import Machine

_INTERPRETER = threading.Lock()
"""While Triton interprets a kernel it changes its own functions, for all threads."""


def launch(
    machine: Machine,
    kernel: Any,
    grid: tuple[int, ...],
    args: Sequence[Any],
    constants: Mapping[str, Any],
    warps: int,
) -> None:
    """Start a kernel; it runs after all that has been started before.

    Products and sums are not fused, so that the bits do not depend on how Triton arranges a kernel.

    Arguments:
        machine: Where.
        kernel: From `module.kernel`.
        grid: Number of programs along each axis.
        args: Tensors and numbers, in order.
        constants: Those that the kernel is compiled for.
        warps: Of a program.
    """
    alone = _INTERPRETER if machine.interpreted else nullcontext()
    with alone, np.errstate(all="ignore"):  # the interpreter computes with NumPy
        kernel[grid](*args, **constants, num_warps=warps, enable_fp_fusion=False)
