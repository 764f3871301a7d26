"""Projections that hold their synapses in another form than one array of each."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.engines.network_plan import ProjectionPlan

Array = np.ndarray[Any, np.dtype[Any]]


class Unpacked:
    """The arrays of a `ProjectionPlan`, made each time they are asked for."""

    @property
    def whole(self) -> ProjectionPlan:
        """The same with all its arrays."""
        raise NotImplementedError

    @property
    def targets(self) -> Array:
        """Target of each synapse, uint32."""
        return self.whole.targets

    @property
    def weights(self) -> Array:
        """One number, or one of each synapse."""
        return self.whole.weights

    @property
    def delays(self) -> Array:
        """In steps: one number, or uint16 of each synapse."""
        return self.whole.delays
