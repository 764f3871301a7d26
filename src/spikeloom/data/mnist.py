"""MNIST from its own four idx files."""

from __future__ import annotations

from pathlib import Path

from spikeloom.data.dataset import Splits
from spikeloom.data.idx_set import IdxSet

MNIST = IdxSet(
    "MNIST",
    "mnist",
    tuple("0123456789"),
    "Y. LeCun, C. Cortes and C. Burges (1998), The MNIST database of handwritten digits; "
    "60,000 training and 10,000 test images after NIST special databases 1 and 3",
    "CC BY-SA 3.0",
)


def load_mnist(folder: str | Path) -> Splits:
    """MNIST: handwritten digits 0 to 9, grey images of 28 × 28 pixels, bright on dark.

    Arguments:
        folder: Holds ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
            ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, plain or as ``.gz``.
    Returns:
        Training (60,000) and test (10,000) images as float32 (n, 28, 28) in [0, 1].
    Raises:
        DataError: A file is missing, damaged, or does not fit its partner; the file is named.
    Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document
        recognition", Proc. IEEE 86(11).
    """
    return MNIST.read(folder)
