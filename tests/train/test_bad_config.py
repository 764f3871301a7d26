"""A configuration that was edited by hand, or by somebody who means no good."""

from __future__ import annotations

import pytest

from spikeloom.errors import CheckpointError, ConfigError, ParameterError, SpikeloomError
from spikeloom.train.jobs.job import run
from spikeloom.train.recipes import DIGITS, Recipe
from spikeloom.train.recipes.vocabulary import VOCABULARY
from spikeloom.train.store.run_folder import RunFolder
from spikeloom.train.store.toml import to_toml
from spikeloom.train.store.value_text import read_value

HEAD = 'kind = "training run"\nformat = 1\n'
BODY = to_toml({"recipe": DIGITS.to_record()})


@pytest.mark.parametrize(
    "text", ["'a' * 99999999999999", "[0] * 99999999999999", "2 * (1,)", "'ab' / 2", "True * ms"]
)
def test_only_numbers_and_units_are_multiplied(text: str) -> None:
    with pytest.raises(ConfigError, match="only numbers and units"):
        read_value(text, VOCABULARY["neuron"], "neuron")


@pytest.mark.parametrize(
    "change",
    [
        {"encode": "ConstantCurrent"},
        {"readout": "MembraneMean"},
        {"augment": "Affine"},
        {"clip": "1"},
        {"clip": -1.0},
        {"clip": 0.0},
        {"clip": float("nan")},
        {"patience": 0},
        {"patience": "2"},
        {"hidden": 5},
        {"hidden": "ab"},
        {"threads": 10**12},
        {"data": 5},
        {"augment": "Affine(turn='x')"},
        {"augment": "Affine(shift=-1.0)"},
        {"readout": "MembraneMean(scale='x')"},
        {"dt": "-1 * ms"},
        {"dt": "0 * ms"},
        {"dt": "1 * mV"},
        {"target_rate": "3 * ms"},
    ],
    ids=str,
)
def test_a_recipe_names_the_field_that_makes_no_sense(change: dict[str, object]) -> None:
    with pytest.raises(SpikeloomError) as caught:
        Recipe.from_record(DIGITS.to_record() | change)
    assert next(iter(change)) in str(caught.value)


@pytest.mark.parametrize(
    "text, word",
    [
        (HEAD + BODY, "seeds"),
        (HEAD + "seeds = [0]\n", "recipe"),
        (HEAD + "seeds = [0]\nrecipe = 5\n", "recipe"),
        (HEAD + "seeds = [0]\nrecipe = [['a', 1]]\n", "recipe"),
        *(
            (f"{HEAD}seeds = {seeds}\n{BODY}", "seeds")
            for seeds in ("5", "'12'", "[]", "[0.5]", "[inf]", "[-1]", "[true]", "[3, 3]")
        ),
        (f"seeds = [{'9' * 5000}]\n{BODY}", "cannot be read"),
        (f"a = {'[' * 3000}{']' * 3000}\n{BODY}", "cannot be read"),
        (HEAD.replace("1", "true") + "seeds = [0]\n" + BODY, "format True"),
    ],
)
def test_a_damaged_configuration_is_told(tmp_path, text: str, word: str) -> None:
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError, match=word) as caught:
        RunFolder(tmp_path).read_config()
    assert "config.toml" in str(caught.value)


@pytest.mark.parametrize("seeds", [(), (0, 0), (0.5,), (-1,), (True,), ("a",)])
def test_seeds_are_whole_numbers_and_differ(seeds) -> None:
    with pytest.raises(ParameterError, match="seed"):
        run(DIGITS, None, seeds=seeds)  # pyright: ignore[reportArgumentType]
