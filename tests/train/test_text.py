from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.equations import units
from spikeloom.errors import ConfigError
from spikeloom.models import LIF
from spikeloom.train.recipes import DIGITS, MNIST, Recipe
from spikeloom.train.recipes.vocabulary import VOCABULARY
from spikeloom.train.store.toml import to_toml
from spikeloom.train.store.value_text import read_value

words = st.text(max_size=8)
values = (
    st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | words
    | st.lists(st.integers(-9, 9) | words, max_size=3)
)


@given(record=st.dictionaries(words, values | st.dictionaries(words, values, max_size=3)))
def test_toml_is_read_back_by_python(record):
    assert tomllib.loads(to_toml(record, "a comment")) == record


def test_toml_refuses_what_it_cannot_hold():
    with pytest.raises(ConfigError, match="set"):
        to_toml({"x": {1, 2}})


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch /tmp/x')",
        "open('x', 'w')",
        "LIF.__class__",
        "(lambda: 1)()",
        "[x for x in (1,)]",
        "LIF(**{})",
        "LIF(*())",
        "LIF()()",
        "ms.__init__",
        "10 ** 10 ** 10",
        "9 ** 9999999",
        "ms ** 99",
        "'a' * 10 * 'b'",
        "f'{1}'",
        "1 if 1 else 2",
        "LIF(tau=)",
        "LIF(tau=20 * mV)",
        "LIF(tua=20 * ms)",
        "(" * 500 + ")" * 500,
        "ms / 0",
        "x" * 5000,
        "",
    ],
)
def test_hostile_or_wrong_text_is_refused_and_nothing_runs(text):
    with pytest.raises(ConfigError, match="neuron"):
        read_value(text, VOCABULARY["neuron"], "neuron")


def test_models_and_units_are_read():
    known = VOCABULARY["neuron"]
    assert read_value("LIF(tau=10 * ms)", known) == LIF(tau=10 * units.ms)
    assert read_value("Refractory(LIF(), 2 * ms, hold=('v',))", known).definition
    with pytest.raises(ConfigError, match="did you mean 'LIF'"):
        read_value("LIFF()", known)


@pytest.mark.parametrize("recipe", [DIGITS, MNIST], ids=lambda r: r.data)
def test_recipes_survive_toml(recipe):
    record = tomllib.loads(to_toml({"recipe": recipe.to_record()}))["recipe"]
    assert Recipe.from_record(record) == recipe


def test_wrong_recipes():
    good = DIGITS.to_record()
    with pytest.raises(ConfigError, match="did you mean 'epochs'"):
        Recipe.from_record(good | {"epoch": 3})
    with pytest.raises(ConfigError, match="'neuron' is missing"):
        Recipe.from_record({k: v for k, v in good.items() if k != "neuron"})
    for change in (
        {"epochs": 0},
        {"hidden": [0]},
        {"learning_rate": -1.0},
        {"dropout": 1.0},
        {"epochs": 2.5},
        {"learning_rate": "fast"},
        {"weight_decay": True},
        {"neuron": "ms"},
        {"dt": "ms"},
        {"encode": "3"},
        {"target_rate": "ATan()"},
    ):
        with pytest.raises(ValueError):
            Recipe.from_record(good | change)
