"""Fashion-MNIST from its own four idx files."""

from __future__ import annotations

from pathlib import Path

from spikeloom.data.dataset import Splits
from spikeloom.data.idx_set import IdxSet

FASHION = IdxSet(
    "Fashion-MNIST",
    "fashion-mnist",
    (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    "H. Xiao, K. Rasul and R. Vollgraf (2017), Fashion-MNIST, arXiv:1708.07747, Zalando Research",
    "MIT",
)


def load_fashion_mnist(folder: str | Path) -> Splits:
    """Fashion-MNIST: ten kinds of clothing, grey images of 28 × 28 pixels, bright on dark.

    Arguments:
        folder: Holds ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
            ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, plain or as ``.gz``.
    Returns:
        Training (60,000) and test (10,000) images as float32 (n, 28, 28) in [0, 1].
    Raises:
        DataError: A file is missing, damaged, or does not fit its partner; the file is named.
    Source: Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747.
    """
    return FASHION.read(folder)
