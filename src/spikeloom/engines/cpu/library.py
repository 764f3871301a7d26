"""Kernels ready to call: from memory, else from disk, else compiled."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from spikeloom.compile.program import Program
from spikeloom.engines.cpu import cache
from spikeloom.engines.cpu.build import Loaded, Native, compile_text
from spikeloom.engines.cpu.draws import WORK
from spikeloom.engines.cpu.emit import cost
from spikeloom.engines.cpu.host import Host, this_host
from spikeloom.engines.cpu.kernels import write_kernel
from spikeloom.engines.cpu.variant import Variant, slots


@dataclass(frozen=True, slots=True, eq=False)
class Keyed:
    """A Program that is compared by its content hash: hashing all its instructions is slow."""

    program: Program

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Keyed) and self.program.key == other.program.key

    def __hash__(self) -> int:
        return hash(self.program.key)


def load(name: str, program_key: str, variant: str, text: Callable[[], str], host: Host) -> Native:
    """The function ``name``: from its object code on disk, or compiled and kept there.

    The text is written only if it has to be compiled.
    """
    key = cache.key(program_key, variant, host)
    code = cache.read(key)
    if code is None:
        code = compile_text(text(), host)
        cache.write(key, code)
    return Loaded(code, host).function(name)


def entry(native: Native | None) -> int:
    """Address of a kernel, for other kernels to call; whoever holds it must hold the kernel too."""
    if native is None:
        return 0
    return ctypes.cast(native, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A kernel and what its caller must know about it."""

    native: Native
    slots: tuple[str, ...]
    group: int
    """Columns that belong together: slices start at multiples of it."""
    work: float
    """Vector instructions of one step of one column."""


@lru_cache(maxsize=512)
def _prepare(keyed: Keyed, variant: Variant) -> Prepared:
    host, program = this_host(), keyed.program
    native = load(
        variant.kind, program.key, variant.text, lambda: write_kernel(program, variant, host), host
    )
    lanes = host.lanes(variant.dtype)
    total = cost(program.forward)
    if variant.kind == "backward":
        total += cost(program.backward)
    total += WORK * len(program.random)
    group = lanes * variant.unroll if variant.kind == "simulate" else lanes
    return Prepared(native, slots(program, variant), group, total / lanes)


def prepare(program: Program, variant: Variant) -> Prepared:
    """The kernel of a Program in one variant."""
    return _prepare(Keyed(program), variant)


@lru_cache(maxsize=512)
def _weight(keyed: Keyed) -> int:
    return cost(keyed.program.forward)


def weight(program: Program) -> int:
    """Vector instructions of one step, roughly."""
    return _weight(Keyed(program))
