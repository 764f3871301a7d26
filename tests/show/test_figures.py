"""Figures: units on every axis, no global state, the same bytes twice."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from spikeloom.errors import ShapeError
from spikeloom.show import (
    Curves,
    Layer,
    RunReport,
    confusion,
    firing_rates,
    learning_curves,
    neuron,
    png,
    potentials,
    rasters,
)


def words(figure) -> str:
    from matplotlib.text import Text

    return " | ".join(text.get_text() for text in figure.findobj(Text) if text.get_text())


def one_neuron():
    time = np.arange(0, 100, 0.1)
    return neuron(time, np.sin(time) - 60, np.array([20.0, 50.0]), 0.1 + 0 * time, threshold=-50.0)


def test_every_axis_names_its_unit(run: RunReport) -> None:
    assert "epoch" in words(learning_curves(run.curves, run.twin_curves))
    assert "accuracy (%)" in words(learning_curves(run.curves))
    assert "time (ms)" in words(rasters(run.examples, run.classes))
    assert "potential (mV)" in words(potentials(run.examples, run.classes))
    assert "firing rate (Hz)" in words(firing_rates(run.rates_hz))
    assert "predicted class" in words(confusion(run.confusion, run.classes))
    assert all(unit in words(one_neuron()) for unit in ("(mV)", "(nA)", "(ms)"))


def test_a_mistake_is_named(run: RunReport) -> None:
    assert "read 1, is 6" in words(potentials(run.examples, run.classes))


def test_the_same_bytes_twice(run: RunReport) -> None:
    first, second = (png(confusion(run.confusion, run.classes)) for _ in range(2))
    assert first == second and first.startswith(b"\x89PNG")


def test_style_leaves_no_trace(run: RunReport) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    png(firing_rates(run.rates_hz))
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_never_imported() -> None:
    code = (
        "import sys, numpy as np; from spikeloom.show import confusion, png;"
        "print('matplotlib' in sys.modules); png(confusion(np.eye(2), ('a', 'b')));"
        "print('matplotlib.pyplot' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "False"]


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_silent_and_always_firing_layers(run: RunReport, rate: float) -> None:
    spikes = np.full((4, 25, 700), rate)
    some = replace(run.examples, layers=(Layer("wide", spikes),))
    figure = rasters(some, run.classes)
    assert "300 of 700 neurons" in words(figure)
    png(figure)
    png(firing_rates({"wide": spikes.mean(axis=(0, 1)) * 1000}))


def test_one_image_one_step_one_epoch(run: RunReport) -> None:
    e = run.examples
    tiny = replace(
        e,
        images=e.images[:1],
        targets=e.targets[:1],
        decisions=e.decisions[:1],
        decided_at=np.array([1]),
        potentials=e.potentials[:1, :1],
        layers=tuple(Layer(layer.name, layer.spikes[:1, :1]) for layer in e.layers),
    )
    png(rasters(tiny, run.classes))
    png(potentials(tiny, run.classes))
    one = np.array([[0.5]])
    png(learning_curves(Curves(one, one, one, one)))
    perfect = np.ones((1, 3))
    png(learning_curves(Curves(0 * perfect, 0 * perfect, perfect, perfect)))


def test_shapes_that_do_not_fit(run: RunReport) -> None:
    with pytest.raises(ShapeError, match="decisions"):
        replace(run.examples, decisions=np.zeros(3))
    with pytest.raises(ShapeError, match="confusion"):
        replace(run, confusion=np.zeros((3, 3)))
    with pytest.raises(ShapeError, match="validation_loss"):
        Curves(np.zeros((1, 2)), np.zeros((1, 3)), np.zeros((1, 2)), np.zeros((1, 2)))
    with pytest.raises(ShapeError, match="current"):
        neuron(np.arange(3.0), np.arange(3.0), np.zeros(0), np.zeros(2))
