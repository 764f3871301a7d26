"""A heart beat beside what is usual for that heart."""

from __future__ import annotations

import numpy as np

MEMORY = 16
"""So many beats tell what is usual: one beat changes it by a sixteenth."""
LEAST_MV = 0.2
"""A heart is not taken for smaller than this, lest noise be blown up."""


def beside_usual(windows: np.ndarray, record: np.ndarray) -> np.ndarray:
    """Each beat and the usual beat before it, both by the largest value of the usual one.

    The median of a window is taken from it first: the baseline wanders. With beats x_k of a
    record, the usual one is u_1 = x_1 and

        u_{k+1} = (1 - a_k) u_k + a_k x_k,    a_k = max(1/k, 1/16).

    It knows no labels and nothing that came later (the first beat is beside itself). Electrodes and
    hearts differ more from patient to patient than beats of different kinds do.

    Arguments:
        windows: (n, length), mV.
        record: (n,) the record of each beat; beats of a record stand together, in order.
    Returns:
        float32 (n, length, 2): the beat, the usual one.

    >>> x = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.0, 0.0, 0.0]])
    >>> beside_usual(x, np.zeros(3))[:, 2].tolist()
    [[1.0, 1.0], [2.0, 1.0], [0.0, 1.0]]
    """
    level = windows - np.median(windows, axis=1, keepdims=True)
    told = np.empty((*windows.shape, 2), np.float32)
    for number in np.unique(record):
        usual = np.zeros(windows.shape[1])
        for count, row in enumerate(np.flatnonzero(record == number)):
            if count == 0:
                usual = level[row].astype(np.float64)
            height = max(float(np.abs(usual).max(initial=0.0)), LEAST_MV)
            told[row, :, 0], told[row, :, 1] = level[row] / height, usual / height
            usual += max(1 / (count + 1), 1 / MEMORY) * (level[row] - usual)
    return told
