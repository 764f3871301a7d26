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
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    (
        (
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        (
            "train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        (
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        (
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
)


def load_mnist(folder: str | Path | None = None) -> Splits:
    """MNIST: handwritten digits 0 to 9, grey images of 28 × 28 pixels, bright on dark.

    Arguments:
        folder: Holds ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
            ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, plain or as ``.gz``. None:
            the folder for data, filled from the net if need be (see `Home.find`).
    Returns:
        Training (60,000) and test (10,000) images as float32 (n, 28, 28) in [0, 1].
    Raises:
        DataError: A file is missing, damaged, or does not fit its partner; the file is named.
    Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document
        recognition", Proc. IEEE 86(11).
    """
    return MNIST.read(folder)
