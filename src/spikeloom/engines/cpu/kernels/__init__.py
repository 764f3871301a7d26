"""The kernels of a Program as LLVM IR text."""

from __future__ import annotations

from spikeloom.compile.program import Program
from spikeloom.engines.cpu.host import Host
from spikeloom.engines.cpu.kernels import backward, forward, simulate
from spikeloom.engines.cpu.kernels.frame import Frame
from spikeloom.engines.cpu.text import Writer
from spikeloom.engines.cpu.variant import Variant

WRITERS = {"forward": forward.write, "backward": backward.write, "simulate": simulate.write}


def write_kernel(program: Program, variant: Variant, host: Host) -> str:
    """The module that holds one kernel; its function is named after the kind."""
    w = Writer()
    WRITERS[variant.kind](Frame(w, program, variant, host))
    return f"; {program.model}, {program.method}: {variant.kind}\n{w.text()}\n"
