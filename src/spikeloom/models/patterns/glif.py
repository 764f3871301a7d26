"""What the levels of the generalised leaky integrate-and-fire neuron leave out.

Source: Teeter et al. 2018, Nat. Commun. 9:709, table 1.
"""

from __future__ import annotations

from typing import Any, Final

from spikeloom.equations.units import ms, mV, pA
from spikeloom.models.patterns.pattern import chosen as chosen

HELD: Final = ("v", "theta_s", "theta_v", "I_1", "I_2")
"""What stands still while the neuron is refractory: all of it."""
_RESET = {"f_v": 0.0, "d_v": 0 * mV, "d_theta": 0 * mV}
_CURRENTS = {"d_1": 0 * pA, "d_2": 0 * pA}
_THRESHOLD = {"a_v": 0 / ms}

GLIF_LEVELS: Final[dict[int, dict[str, Any]]] = {
    1: _RESET | _CURRENTS | _THRESHOLD,
    2: _CURRENTS | _THRESHOLD,
    3: _RESET | _THRESHOLD,
    4: _THRESHOLD,
    5: {},
}
