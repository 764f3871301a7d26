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
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    (
        (
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        (
            "train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        (
            "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        (
            "t10k-labels-idx1-ubyte.gz",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
)


def load_fashion_mnist(folder: str | Path | None = None) -> Splits:
    """Fashion-MNIST: ten kinds of clothing, grey images of 28 × 28 pixels, bright on dark.

    Arguments:
        folder: Holds ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``,
            ``t10k-images-idx3-ubyte`` and ``t10k-labels-idx1-ubyte``, plain or as ``.gz``. None:
            the folder for data, filled from the net if need be (see `Home.find`).
    Returns:
        Training (60,000) and test (10,000) images as float32 (n, 28, 28) in [0, 1].
    Raises:
        DataError: A file is missing, damaged, or does not fit its partner; the file is named.
    Source: Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747.
    """
    return FASHION.read(folder)
