"""Data sets and pictures: what goes into a network, checked at the door.

>>> from spikeloom.data import load_digits
>>> load_digits().test
digits test: 359 examples of 8 × 8, 10 classes (CC BY 4.0)
"""

from __future__ import annotations

from spikeloom.data.dataset import Dataset as Dataset
from spikeloom.data.dataset import Splits as Splits
from spikeloom.data.digits import load_digits as load_digits
from spikeloom.data.fashion import load_fashion_mnist as load_fashion_mnist
from spikeloom.data.idx import read_idx as read_idx
from spikeloom.data.images import looks_inverted as looks_inverted
from spikeloom.data.images import read_image as read_image
from spikeloom.data.mnist import load_mnist as load_mnist
from spikeloom.data.split import stratified as stratified
