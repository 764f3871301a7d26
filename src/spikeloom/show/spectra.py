"""Rhythms: power spectra of population rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spikeloom.errors import ParameterError
from spikeloom.show.style import LINES, grid, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spikeloom.network import PowerSpectrum


def spectra(spectrum: PowerSpectrum) -> Figure:
    """Power over frequency, both on logarithmic axes, with the peak of each population named.

    Arguments:
        spectrum: What a `Spectrum` recorder has kept, or `SpikeTrains.spectrum`; of at most three
            populations.

    Raises:
        ParameterError: It holds no segment, or too many populations.

    >>> import numpy as np
    >>> from spikeloom import PowerSpectrum
    >>> found = PowerSpectrum(np.array([0.0, 10.0, 20.0]), np.array([[0.0], [3.0], [1.0]]), 7)
    >>> spectra(found).axes[0].get_ylabel()
    'power (Hz²/Hz)'
    """
    if not spectrum.segments:
        raise ParameterError("spectra: the run was too short for one segment.")
    count = spectrum.power.shape[1]
    if count > len(LINES):
        raise ParameterError(
            f"spectra: {count} populations in one figure cannot be told apart.",
            hint=f"record at most {len(LINES)} at once",
        )
    frequencies, power = spectrum.frequencies[1:], spectrum.power[1:]
    with styled():
        figure = new_figure(3.2)
        axes = figure.subplots()
        for k in range(count):
            colour, dash = LINES[k]
            name = spectrum.parts[k][0] if spectrum.parts else ""
            label = f"{name}, peak at {spectrum.peak(part=k):.4g} Hz".removeprefix(", ")
            axes.plot(frequencies, power[:, k], color=colour, ls=dash, lw=1.2, label=label)
        axes.set_xscale("log")
        if np.any(power > 0):
            axes.set_yscale("log")
        axes.legend(loc="best")
        axes.set_title(
            f"average of {spectrum.segments:,} segments, resolution {frequencies[0]:.3g} Hz"
        )
        axes.set_xlabel("frequency (Hz)")
        axes.set_ylabel("power (Hz²/Hz)")
        axes.set_xlim(frequencies[0], frequencies[-1])
        grid(axes)
        return figure
