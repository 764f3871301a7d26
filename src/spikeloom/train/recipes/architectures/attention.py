"""Convolutions that make tokens, and tokens that attend to each other."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from spikeloom.errors import ParameterError, ShapeError
from spikeloom.nn.blocks.attention import spikformer_block
from spikeloom.nn.blocks.channels_first import ChannelsFirst
from spikeloom.nn.chain.sequential import Sequential
from spikeloom.train.recipes.architectures.architecture import Neurons, check_share, check_sizes
from spikeloom.train.recipes.architectures.conv import Conv


@dataclass(frozen=True)
class Attention:
    """A stem of convolutions as in `Conv`; what is left of the image are the tokens.

    Each place is a token with one spike train for each channel of the last stage. Blocks of
    spiking self-attention follow; the mean over the tokens goes to the classes.

    Arguments:
        channels: Output channels of each stage of the stem; the last is the size of a token.
        kernels: As for `Conv`.
        pools: As for `Conv`.
        blocks: Blocks of attention and two layers each.
        heads: Heads of each attention; the size of a token is a multiple.
        dropout: Share of the inputs of the last weights left out in training.

    Raises:
        ParameterError: Sizes that do not fit each other.

    Source: Zhou et al. 2023, ICLR, Spikformer.

    >>> Attention(channels=(16, 32), kernels=(5, 3), pools=(2, 2), heads=4).blocks
    1
    """

    channels: tuple[int, ...]
    kernels: tuple[int, ...]
    pools: tuple[int, ...]
    blocks: int = 1
    heads: int = 4
    dropout: float = 0.0

    def __post_init__(self) -> None:
        Conv(self.channels, self.kernels, self.pools)
        for name in ("blocks", "heads"):
            check_sizes("Attention", name, (getattr(self, name),))
        check_share("Attention", "dropout", self.dropout)
        if self.channels[-1] % self.heads:
            raise ParameterError(
                f"Attention: {self.channels[-1]} channels cannot be divided into "
                f"{self.heads} heads.",
                hint="make the last of channels a multiple of heads",
            )

    def build(self, shape: tuple[int, ...], classes: int, neurons: Neurons) -> Sequential:
        """Layers of the stem as in `Conv`, then ``places, tokens, block1, ..., output``."""
        if len(shape) not in (2, 3):
            raise ShapeError(
                f"Attention: samples must be images (height, width), with channels before them or "
                f"without, got {shape}."
            )
        stem = Conv(self.channels, self.kernels, self.pools).build(shape, classes, neurons)
        layers: dict[str, nn.Module] = {}
        for name, layer in stem.layers:
            if name == "flat":
                break
            layers[name] = layer
        size = self.channels[-1]
        layers["places"] = nn.Flatten(2)
        layers["tokens"] = ChannelsFirst()
        for place in range(1, self.blocks + 1):
            layers[f"block{place}"] = spikformer_block(
                size, self.heads, ratio=2.0, neuron=neurons.hidden_layer
            )
        layers["back"] = ChannelsFirst()
        layers["mean"] = nn.AdaptiveAvgPool1d(1)
        layers["flat"] = nn.Flatten()
        if self.dropout:
            layers["dropout"] = nn.Dropout(self.dropout)
        layers["weights"] = nn.Linear(size, classes)
        layers["output"] = neurons.output_layer()
        return Sequential(*layers.values(), names=list(layers))
