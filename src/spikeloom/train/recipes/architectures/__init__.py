"""Architectures of recipes: what is connected how, as values that a configuration can hold."""

from spikeloom.train.recipes.architectures.architecture import Architecture as Architecture
from spikeloom.train.recipes.architectures.architecture import Neurons as Neurons
from spikeloom.train.recipes.architectures.attention import Attention as Attention
from spikeloom.train.recipes.architectures.conv import Conv as Conv
from spikeloom.train.recipes.architectures.delay import Delay as Delay
from spikeloom.train.recipes.architectures.fully_connected import FullyConnected as FullyConnected
from spikeloom.train.recipes.architectures.recurrent import Recurrent as Recurrent

__all__ = ["Architecture", "Attention", "Conv", "Delay", "FullyConnected", "Neurons", "Recurrent"]
