"""Which kernels of a learning rule."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Learning:
    """One way in which synapses learn.

    Arguments:
        dtype: Of weights, traces and ring.
        delays: Whether delays differ from synapse to synapse, so that places hold them.
        frozen: Whether the weights stay as they are.
    """

    dtype: str
    delays: bool = False
    frozen: bool = False

    @property
    def text(self) -> str:
        """Itself as text, for the key of the cache."""
        return f"plastic|{self!r}"
