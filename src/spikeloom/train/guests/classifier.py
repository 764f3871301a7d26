"""A spiking network behind the interface of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from spikeloom.equations.quantity import Quantity
from spikeloom.equations.units import Hz, MOhm, ms, mV
from spikeloom.errors import DataError
from spikeloom.models import LIF, LeakyIntegrator
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.nn.encode import ConstantCurrent
from spikeloom.nn.init import scale_to_rate
from spikeloom.nn.loss import CrossEntropy
from spikeloom.nn.neurons.spiking import Spiking
from spikeloom.nn.readout import MembraneMean
from spikeloom.train.arguments import check_counts
from spikeloom.train.fit import fit

Array = np.ndarray[Any, np.dtype[Any]]
PRESENTED = 1024
"""Samples that are classified at a time."""


class SpikingClassifier(ClassifierMixin, BaseEstimator):
    """A classifier of vectors with hidden layers of spiking neurons.

    Each feature is standardised and presented as a current that stays the same for ``steps`` time
    steps; hidden layers spike, and the class whose output neuron has the highest mean potential
    wins. Trained by back-propagation through time with Adam, in float64.

    Arguments:
        hidden: Neurons of each hidden layer.
        neuron: Model of the hidden neurons; None is `LIF` with rest 0, threshold 1 mV and
            R dt/tau = 1 mV/nA, which suits weights of the usual size.
        steps: Time steps of one presentation.
        dt: Duration of one step; None is 1 ms.
        epochs: Most passes over the training data.
        batch_size: Samples in a batch.
        learning_rate: Of Adam at the start; it falls to 0 along half a cosine.
        weight_decay: Of AdamW.
        validation: Share of the training data held back to choose the epoch, or None.
        patience: Epochs without a better validation before stopping, or None.
        random_state: A whole number for the same result every time, None or a generator of NumPy.
        verbose: Whether to show progress.

    Raises:
        DataError: Fewer than two classes.

    >>> from sklearn.datasets import make_blobs
    >>> X, y = make_blobs(90, centers=3, random_state=0, cluster_std=0.5)
    >>> classifier = SpikingClassifier(hidden=(32,), epochs=20, random_state=0).fit(X, y)
    >>> classifier.score(X, y) > 0.9, classifier.predict_proba(X[:2]).shape
    (True, (2, 3))
    """

    def __init__(
        self,
        hidden: tuple[int, ...] = (64,),
        *,
        neuron: Any = None,
        steps: int = 10,
        dt: Quantity | None = None,
        epochs: int = 60,
        batch_size: int = 32,
        learning_rate: float = 5e-3,
        weight_decay: float = 1e-4,
        validation: float | None = None,
        patience: int | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.neuron = neuron
        self.steps = steps
        self.dt = dt
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any) -> SpikingClassifier:
        """Train on samples X (n, features) with labels y (n,) of any kind.

        Returns:
            The classifier, with ``net_`` (the network), ``history_``, ``classes_`` and what
            scikit-learn expects besides.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        for place, size in enumerate(self.hidden):
            check_counts("SpikingClassifier", **{f"hidden[{place}]": size})
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(
                f"SpikingClassifier: the labels hold one class only, {self.classes_[0]}.",
                hint="a split may have left all samples of the others out: stratify it",
            )
        chance = check_random_state(self.random_state)
        seed = int(chance.randint(2**31 - 1))
        self.mean_, spread = X.mean(0), X.std(0)
        self.scale_ = np.where(spread > 0, spread, 1.0)
        inputs = self._inputs(X)
        dt = 1 * ms if self.dt is None else self.dt
        self.net_ = self._network(X.shape[1], dt, seed)
        encode = ConstantCurrent(self.steps)
        scale_to_rate(self.net_, encode(inputs[:512]), 100 * Hz, dt)
        optimizer = torch.optim.AdamW(
            self.net_.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        self.history_ = fit(
            self.net_,
            (inputs, torch.from_numpy(labels)),
            loss=CrossEntropy(MembraneMean()),
            optimizer=optimizer,
            scheduler=torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.epochs),
            epochs=self.epochs,
            encode=encode,
            batch_size=self.batch_size,
            validation=self.validation,
            patience=self.patience,
            seed=seed,
            show="auto" if self.verbose else "quiet",
        )
        self.n_iter_ = len(self.history_)
        return self

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class (n, classes): the softmax of the mean output potentials, mV."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        encode, readout = ConstantCurrent(self.steps), MembraneMean()
        self.net_.eval()
        with torch.no_grad():
            parts = self._inputs(X).split(PRESENTED)
            scores = [readout(self.net_(encode(part))[0]) for part in parts]
        return torch.softmax(torch.cat(scores), 1).numpy()

    def predict(self, X: Any) -> Array:
        """The most likely class of each sample (n,)."""
        places = self.predict_proba(X).argmax(1)
        return self.classes_[places]

    def _inputs(self, X: Array) -> torch.Tensor:
        return torch.from_numpy((X - self.mean_) / self.scale_)

    def _network(self, features: int, dt: Quantity, seed: int) -> Sequential:
        neuron = self.neuron
        if neuron is None:
            neuron = LIF(tau=20 * ms, R=20 * MOhm, E=0 * mV, theta=1 * mV)
        read = LeakyIntegrator(tau=20 * ms, R=20 * MOhm)
        layers: list[nn.Module] = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for size in self.hidden:
                layers += [nn.Linear(features, size), Spiking(neuron, dt=dt, seed=seed)]
                features = size
            layers += [nn.Linear(features, len(self.classes_)), Spiking(read, dt=dt)]
        return Sequential(*layers).double()
