"""Every recipe builds, is written down and read back, and trains for an epoch on made-up data."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from spikeloom.errors import ConfigError, ParameterError, ShapeError
from spikeloom.nn import Sequential, ann_twin
from spikeloom.nn.protocol import emits_spikes
from spikeloom.nn.weights import is_norm, is_weight_layer
from spikeloom.train.jobs.folds import run_folds
from spikeloom.train.jobs.job import class_weights, run
from spikeloom.train.jobs.load import load_run
from spikeloom.train.recipes import MODELS, RECIPES, Conv, FullyConnected, Recipe, build, recipe_of
from spikeloom.train.recipes.architectures import Neurons
from spikeloom.train.store.toml import to_toml

SHAPES = {
    "digits": (8, 8),
    "mnist": (28, 28),
    "fashion-mnist": (28, 28),
    "fsdd": (48, 40),
    "nmnist": (8, 2, 34, 34),
    "mitbih": (128, 4),
}
ALL = [(data, model) for data, models in MODELS.items() for model in models]


@dataclass
class Part:
    inputs: np.ndarray
    targets: np.ndarray
    groups: np.ndarray
    classes: tuple[str, ...] = ("a", "b", "c")


def made_up(shape: tuple[int, ...], n: int, key: int) -> Part:
    chance = np.random.default_rng(key)
    targets = np.arange(n) % 3
    inputs = chance.random((n, *shape), dtype=np.float32)
    inputs *= (1 + targets.reshape(n, *[1] * len(shape)).astype(np.float32)) / 3
    return Part(inputs, targets, np.arange(n) // 6)


def splits(data: str) -> Any:
    return SimpleNamespace(train=made_up(SHAPES[data], 24, 0), test=made_up(SHAPES[data], 6, 1))


def tiny(recipe: Recipe) -> Recipe:
    return replace(recipe, epochs=1, batch_size=8, validation=0.25)


@pytest.mark.parametrize(("data", "model"), ALL, ids=["-".join(pair) for pair in ALL])
def test_a_recipe_trains_and_its_folder_is_read_back(data, model, tmp_path):
    recipe = tiny(recipe_of(data, model))
    record = tomllib.loads(to_toml({"recipe": recipe.to_record()}))["recipe"]
    assert Recipe.from_record(record) == recipe
    both = splits(data)
    outcome = run(recipe, both, out=tmp_path / "run", show="quiet")
    loaded = load_run(tmp_path / "run")
    assert loaded.recipe == recipe
    made = loaded.predict(torch.from_numpy(both.test.inputs))
    assert np.array_equal(made.labels.numpy(), outcome.best.spiking.test.labels)
    found = json.loads((tmp_path / "run" / "metrics.json").read_text())
    one = found["per_seed"][0]
    assert one["spiking"]["test"]["synaptic_events_per_sample"] > 0
    assert one["twin"]["test"]["multiply_accumulates_per_sample"] > 0
    assert one["twin"]["test"]["synaptic_events_per_sample"] == 0
    spiking = {name for name, layer in outcome.net.layers if emits_spikes(layer)}
    assert spiking and spiking <= set(one["spiking"]["test"]["rate_hz"])


def test_the_first_model_is_the_default_and_others_are_named():
    assert RECIPES["mnist"] is recipe_of("mnist") is recipe_of("mnist", "conv")
    with pytest.raises(ConfigError, match="it has: conv, fc"):
        recipe_of("mnist", "convolution")
    with pytest.raises(ConfigError, match="did you mean 'fashion-mnist'"):
        recipe_of("fashion_mnist")


def test_a_record_from_before_architectures_is_read():
    old = recipe_of("digits", "fc").to_record()
    del old["model"]
    new = Recipe.from_record(old | {"hidden": [32, 16], "dropout": 0.25})
    assert new.model == FullyConnected((32, 16), dropout=0.25)
    with pytest.raises(ConfigError, match="hidden"):
        Recipe.from_record(old | {"hidden": 5})
    with pytest.raises(ConfigError, match="dropout"):
        Recipe.from_record(old | {"hidden": [5], "dropout": 1.0})


def test_an_architecture_that_makes_no_sense_is_named():
    for wrong, word in (
        ({"channels": (8,), "kernels": (3, 3), "pools": (2,)}, "every stage"),
        ({"channels": (), "kernels": (), "pools": ()}, "every stage"),
        ({"channels": (8,), "kernels": (4,), "pools": (2,)}, "odd"),
        ({"channels": (0,), "kernels": (3,), "pools": (2,)}, "channels"),
        ({"channels": [8], "kernels": (3,), "pools": (2,)}, "channels"),
        ({"channels": (8,), "kernels": (3,), "pools": (2,), "axes": 3}, "axes"),
        ({"channels": (8,), "kernels": (3,), "pools": (2,), "dropout": 1.0}, "dropout"),
    ):
        with pytest.raises(ParameterError, match=word):
            Conv(**wrong)
    digits = RECIPES["digits"]
    with pytest.raises(ParameterError, match="model"):
        replace(digits, model="Conv")
    with pytest.raises(ParameterError, match="validate_by"):
        replace(digits, validate_by="speaker")
    with pytest.raises(ShapeError, match="images"):
        build(replace(digits, model=Conv((4,), (3,), (2,))), (8,), 3, seed=0)
    with pytest.raises(ShapeError, match="smaller than the pools"):
        build(replace(digits, model=Conv((4, 4), (3, 3), (4, 4))), (8, 8), 3, seed=0)


def test_a_convolution_is_what_it_says():
    recipe = recipe_of("mnist", "conv")
    net = build(recipe, (28, 28), 10, seed=0)
    assert sum(p.numel() for p in net.parameters()) == 29434
    assert (
        build(recipe, (28, 28), 10, seed=0)
        .get_parameter("conv2.weight")
        .equal(net.get_parameter("conv2.weight"))
    )
    y, state = net(recipe.encode(torch.rand(2, 28, 28), 0))
    assert y.shape == (4, 2, 10) and state["hidden1"]["v"].shape == (2, 16, 14, 14)
    assert net.get_parameter("conv2.weight").is_contiguous(memory_format=torch.channels_last)


def test_frames_of_events_are_channels_of_one_image_or_steps_of_time():
    x = torch.rand(3, 8, 2, 34, 34)
    whole, frames = recipe_of("nmnist", "conv"), recipe_of("nmnist", "frames")
    assert frames.samples_in_time and not whole.samples_in_time
    for recipe, steps, channels in ((whole, 6, 16), (frames, 8, 2)):
        net = build(recipe, (8, 2, 34, 34), 10, seed=0)
        assert net.get_parameter("conv1.weight").shape[1] == channels
        assert net(recipe.encode(x, 0))[0].shape == (steps, 3, 10)
    assert ann_twin(build(whole, (8, 2, 34, 34), 10, seed=0))(x).shape == (3, 10)
    with pytest.raises(ShapeError, match="images"):
        build(whole, (8, 2, 2, 34, 34), 10, seed=0)


def test_the_twin_keeps_convolutions_norms_and_pools():
    recipe = recipe_of("nmnist", "frames")
    net = build(recipe, (8, 2, 34, 34), 10, seed=0)
    twin = ann_twin(net, over_time=True)
    kept = [name for name, layer in net.layers if is_weight_layer(layer) or is_norm(layer)]
    assert isinstance(twin, Sequential) and set(kept) < set(twin.names)
    assert not any(emits_spikes(layer) for _, layer in twin.layers)
    x = recipe.encode(torch.rand(3, 8, 2, 34, 34), 0)
    assert twin(x)[0].shape == (8, 3, 10)
    sizes = [sum(p.numel() for p in module.parameters()) for module in (net, twin)]
    assert sizes[0] == sizes[1]


def test_whole_groups_validate_and_classes_are_weighed():
    recipe = replace(tiny(recipe_of("mitbih")), validate_by="group")
    both = splits("mitbih")
    assert run(recipe, both, show="quiet").best.spiking.history.best_epoch.validation_macro_f1
    both.train.groups = None
    with pytest.raises(ParameterError, match="name no groups"):
        run(recipe, both, show="quiet")
    weights = class_weights(np.repeat([0, 1], [90, 10]), 3, 1.0)
    assert weights is not None and weights[2] == 1.0
    assert weights[0] * 90 == pytest.approx(weights[1] * 10) == pytest.approx(50)


def test_folds_write_a_folder_each_and_resume(tmp_path):
    recipe = tiny(recipe_of("digits", "fc"))
    parts = [("one", splits("digits")), ("two", splits("digits"))]
    seen: list[str] = []
    whole = run_folds(
        recipe,
        parts,
        out=tmp_path / "a",
        note={"split": "folds"},
        show="quiet",
        finished=lambda name, *_: seen.append(name),
    )
    assert seen == ["one", "two"] and "2 folds" in repr(whole)
    found = json.loads((tmp_path / "a" / "metrics.json").read_text())
    each = [found["folds"][name]["test_accuracy"] for name in seen]
    assert found["test_accuracy"] == pytest.approx(np.mean(each))
    assert load_run(tmp_path / "a" / "fold-two").recipe == recipe
    again = run_folds(recipe, parts, resume=tmp_path / "a", show="quiet")
    assert again.metrics() == whole.metrics()
    with pytest.raises(ParameterError, match="name each"):
        run_folds(recipe, [parts[0], parts[0]], show="quiet")


def test_neurons_are_fresh_for_every_layer():
    digits = RECIPES["digits"]
    neurons = Neurons(digits.neuron, digits.output, digits.surrogate, digits.dt)
    assert neurons.hidden_layer() is not neurons.hidden_layer()
    assert neurons.hidden_layer().spikes and not neurons.output_layer().spikes
