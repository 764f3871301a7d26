"""The twenty patterns of Izhikevich's model, panels A to T in their order.

Three alter an equation: 4.1 v + 108 in class 1 and integrator, u' = a b (v + 65) in accommodation.
Each belongs to its time step, and to a step that moves v first and u with the new v.

Source: Izhikevich 2004, IEEE Trans. Neural Netw. 15:1063, figure 1.
"""

from __future__ import annotations

from typing import Final

from spikeloom.models.patterns.izhikevich_parts import (
    ACCOMMODATION,
    CLASS_1,
    INHIBITED,
    REBOUND,
    always,
    cell,
    pattern,
    pulses,
)

IZHIKEVICH: Final = {
    "tonic spiking": pattern(cell(0.02, 0.2, -65, 6), -70, 0.25, 100, (10, 1e9, 14, 0)),
    "phasic spiking": pattern(cell(0.02, 0.25, -65, 6), -64, 0.25, 200, (20, 1e9, 0.5, 0)),
    "tonic bursting": pattern(cell(0.02, 0.2, -50, 2), -70, 0.25, 220, (22, 1e9, 15, 0)),
    "phasic bursting": pattern(cell(0.02, 0.25, -55, 0.05), -64, 0.2, 200, (20, 1e9, 0.6, 0)),
    "mixed mode": pattern(cell(0.02, 0.2, -55, 4), -70, 0.25, 160, (16, 1e9, 10, 0)),
    "spike frequency adaptation": pattern(
        cell(0.01, 0.2, -65, 8), -70, 0.25, 85, (8.5, 1e9, 30, 0)),
    "class 1": pattern(
        cell(0.02, -0.1, -55, 6, **CLASS_1), -60, 0.25, 300, (30, 1e9, 0, 0.075)),
    "class 2": pattern(
        cell(0.2, 0.26, -65, 0), -64, 0.25, 300, always(-0.5), (30, 1e9, 0, 0.015)),
    "spike latency": pattern(cell(0.02, 0.2, -65, 6), -70, 0.2, 100, (10, 13, 7.04, 0)),
    "subthreshold oscillations": pattern(
        cell(0.05, 0.26, -60, 0), -62, 0.25, 200, (20, 25, 2, 0)),
    "resonator": pattern(
        cell(0.1, 0.26, -60, -1), -62, 0.25, 400, *pulses(4, 0.65, 40, 60, 280, 320)),
    "integrator": pattern(
        cell(0.02, -0.1, -55, 6, **CLASS_1), -60, 0.25, 100,
        *pulses(2, 9, 100 / 11, 100 / 11 + 5, 70, 80)),
    "rebound spike": pattern(cell(0.03, 0.25, -60, 4), -64, 0.2, 200, *REBOUND),
    "rebound burst": pattern(cell(0.03, 0.25, -52, 0), -64, 0.2, 200, *REBOUND),
    "threshold variability": pattern(
        cell(0.03, 0.25, -60, 4), -64, 0.25, 100, *pulses(5, 1, 10, 80), (70, 75, -6, 0)),
    "bistability": pattern(
        cell(0.1, 0.26, -60, 0), -61, 0.25, 300, always(0.24), *pulses(5, 1, 37.5, 216)),
    "depolarizing after-potential": pattern(
        cell(1, 0.2, -60, -21), -70, 0.1, 50, (9, 11, 20, 0)),
    "accommodation": pattern(
        cell(0.02, 1, -55, 4, **ACCOMMODATION), -65, 0.5, 400,
        (-1, 200, -1 / 25, 1 / 25), (300, 312.5, 0, 4 / 12.5), u=-16.0),
    "inhibition-induced spiking": pattern(
        cell(-0.02, -1, -60, 8), -63.8, 0.5, 350, *INHIBITED),
    "inhibition-induced bursting": pattern(
        cell(-0.026, -1, -45, -2), -63.8, 0.5, 350, *INHIBITED),
}  # fmt: skip
