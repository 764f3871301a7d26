"""What the processor of this machine can do, as LLVM names it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Host:
    """A processor as a target of code.

    Arguments:
        cpu: LLVM's name of it, such as ``znver4``.
        features: LLVM's feature string, such as ``+avx2,+fma``.
    """

    cpu: str
    features: str

    def has(self, feature: str) -> bool:
        """Whether it has one feature, such as ``fma``."""
        return f"+{feature}" in self.features.split(",")

    @property
    def fma(self) -> bool:
        """Multiply-add with one rounding. Every 64-bit ARM has it; x86 since 2013."""
        return self.has("fma") or self.has("neon")

    @property
    def wide(self) -> bool:
        """512-bit vectors."""
        return self.has("avx512f") and self.has("avx512bw") and self.has("avx512dq")

    def lanes(self, dtype: str) -> int:
        """Numbers handled at a time. At least 8, so that their spikes fill whole bytes."""
        return _lanes(self, dtype)


@lru_cache(maxsize=16)
def _lanes(host: Host, dtype: str) -> int:
    return 16 if host.wide and dtype == "float32" else 8


@lru_cache(maxsize=1)
def this_host() -> Host:
    """The processor we run on."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    return Host(llvm.get_host_cpu_name(), features.flatten())
