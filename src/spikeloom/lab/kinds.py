"""What a fixed point is, from the eigenvalues of its Jacobian.

========================  ====================================================================
stable node or focus      all real parts are below zero; a focus has a pair that turns
unstable node or focus    all that grow turn (focus), or all grow and none turns (node)
saddle                    some grow without turning, some shrink
centre                    a pair turns and neither grows nor shrinks, the rest shrinks
degenerate                an eigenvalue is zero: the linear part decides nothing
========================  ====================================================================

A point with states that shrink besides a pair that grows, as the rest of Hodgkin and Huxley's model
beyond its Hopf bifurcation, is called an unstable focus: so it looks to whoever watches it.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from spikeloom.lab.vector_field import Array

Kind = Literal[
    "stable node",
    "stable focus",
    "unstable node",
    "unstable focus",
    "saddle",
    "centre",
    "degenerate",
]
FLAT = 1e-9
"""A real part below this share of the largest eigenvalue is none."""


def kind_of(eigenvalues: Array) -> Kind:
    """The kind of a fixed point with these eigenvalues (S,).

    >>> kind_of(np.array([-1, -2])), kind_of(np.array([-1 + 2j, -1 - 2j]))
    ('stable node', 'stable focus')
    >>> kind_of(np.array([1, -2])), kind_of(np.array([2j, -2j]))
    ('saddle', 'centre')
    """
    small = FLAT * max(float(np.abs(eigenvalues).max(initial=0.0)), 1e-300)
    real, turning = np.real(eigenvalues), np.abs(np.imag(eigenvalues)) > small
    grows, flat = real > small, np.abs(real) <= small
    if np.any(flat & ~turning):
        return "degenerate"
    if not grows.any():
        if flat.any():
            return "centre"
        return "stable focus" if turning.any() else "stable node"
    if turning[grows].all():
        return "unstable focus"
    return "unstable node" if grows.all() and not turning.any() else "saddle"
