"""Kernels ready to call: from memory, else from disk, else compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from spikeloom.compile.program import Program
from spikeloom.engines.cpu import cache
from spikeloom.engines.cpu.build import Loaded, Native, compile_text
from spikeloom.engines.cpu.host import Host, this_host
from spikeloom.engines.cpu.kernels import write_kernel
from spikeloom.engines.cpu.variant import Variant


@dataclass(frozen=True, slots=True, eq=False)
class _Keyed:
    """A Program that is compared by its content hash: hashing all its instructions is slow."""

    program: Program

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.program.key == other.program.key

    def __hash__(self) -> int:
        return hash(self.program.key)


def load(
    name: str, program_key: str, variant: str, text: Callable[[], str], host: Host
) -> Native:
    """The function ``name``: from its object code on disk, or compiled and kept there.

    The text is written only if it has to be compiled.
    """
    key = cache.key(program_key, variant, host)
    code = cache.read(key)
    if code is None:
        code = compile_text(text(), host)
        cache.write(key, code)
    return Loaded(code, host).function(name)


@lru_cache(maxsize=512)
def _kernel(keyed: _Keyed, variant: Variant) -> Native:
    host = this_host()
    program = keyed.program
    return load(
        variant.kind, program.key, variant.text, lambda: write_kernel(program, variant, host), host
    )


def kernel(program: Program, variant: Variant) -> Native:
    """The kernel of a Program in one variant."""
    return _kernel(_Keyed(program), variant)
