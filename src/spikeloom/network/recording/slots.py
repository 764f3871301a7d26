"""Arrays that are written again and again: into the one of two slots that is not valid now."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Hdf5: TypeAlias = Any
"""A file, group or dataset of h5py, which has no types of its own."""
LARGE = 1 << 20
"""Bytes of arrays of one recorder from which on they are not written every time."""
SHARE = 20
"""Large arrays are written no sooner than so many times as long as it took before."""


class Slots:
    """Arrays of some recorders, which become valid together."""

    def __init__(self) -> None:
        self.slot = 0
        """The slot that is valid once what has been written is declared so."""
        self._held: list[tuple[Hdf5, Array]] = []
        self._written, self._took = 0.0, 0.0

    def hold(self, group: Hdf5, state: Mapping[str, Array]) -> None:
        """Make room for arrays, and write them a first time."""
        for name, array in state.items():
            both = np.stack([array, array])
            self._held.append((group.create_dataset(f"state/{name}", data=both), array))

    def write(self, *, now: bool) -> None:
        """Write all arrays as they are.

        Arguments:
            now: Also where it has not been long since the last time.
        """
        began = time.perf_counter()
        if not now and began - self._written < SHARE * self._took:
            return
        self.slot = 1 - self.slot
        for data, array in self._held:
            data[self.slot] = array
            data.flush()
        self._written = time.perf_counter()
        self._took = self._written - began
