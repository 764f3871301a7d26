"""SpikingClassifier holds to scikit-learn's own rules, and learns."""

from __future__ import annotations

import copy

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")
from sklearn.datasets import load_digits  # noqa: E402 - after the check that it is there
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import MinMaxScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

from spikeloom.equations.units import ms, mV  # noqa: E402
from spikeloom.errors import DataError, ParameterError  # noqa: E402
from spikeloom.models import ALIF, LIF, Izhikevich  # noqa: E402
from spikeloom.train.guests.classifier import SpikingClassifier  # noqa: E402


@parametrize_with_checks([SpikingClassifier(hidden=(24,), epochs=8, random_state=0)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600], y[:600]


def test_it_reads_digits_inside_a_pipeline_and_cross_validation(digits):
    classifier = SpikingClassifier(hidden=(64,), epochs=12, random_state=0)
    scores = cross_val_score(make_pipeline(MinMaxScaler(), classifier), *digits, cv=3)
    assert scores.mean() > 0.85


def test_it_can_be_searched_and_copied(digits):
    X, y = digits[0][:150], digits[1][:150]
    search = GridSearchCV(
        SpikingClassifier(epochs=3, random_state=1), {"hidden": [(8,), (16, 16)]}, cv=2
    ).fit(X, y)
    assert len(search.best_estimator_.net_.names) in (4, 6)
    again = copy.deepcopy(search.best_estimator_)  # scikit-learn's own checks pickle it
    np.testing.assert_array_equal(again.predict_proba(X), search.predict_proba(X))


def test_the_same_state_gives_the_same_classifier_and_another_one_another(digits):
    X, y = digits[0][:100], digits[1][:100]
    proba = [
        SpikingClassifier((8,), epochs=2, random_state=state).fit(X, y).predict_proba(X)
        for state in (3, 3, 4)
    ]
    assert np.array_equal(proba[0], proba[1]) and not np.array_equal(proba[0], proba[2])


@pytest.mark.parametrize(
    "neuron", [ALIF(), Izhikevich(), LIF(tau=5 * ms, theta=-55 * mV)], ids=lambda n: n.__class__
)
def test_any_model_can_be_hidden(digits, neuron):
    X, y = digits[0][:60], digits[1][:60]
    made = SpikingClassifier((8,), neuron=neuron, epochs=1, random_state=0).fit(X, y)
    assert np.isfinite(made.predict_proba(X)).all()


def test_classes_keep_their_names_and_a_constant_feature_does_no_harm():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=80), np.full(80, 3.0)])
    y = np.where(X[:, 0] > 0, "up", "down")
    made = SpikingClassifier((16,), epochs=15, random_state=0).fit(X, y)
    assert made.classes_.tolist() == ["down", "up"]
    assert made.score(X, y) > 0.9


def test_one_class_alone_is_refused():
    with pytest.raises(DataError, match="one class only, 1") as caught:
        SpikingClassifier().fit(np.eye(4), np.ones(4))
    assert "stratify" in str(caught.value)
    assert isinstance(caught.value, ValueError)  # as scikit-learn asks


@pytest.mark.parametrize("options", [{"steps": 0}, {"epochs": 0}, {"hidden": (0,)}])
def test_options_out_of_range_are_refused_when_it_is_fitted(digits, options):
    with pytest.raises((ParameterError, ValueError)):
        SpikingClassifier(**options).fit(*digits)
