"""Learning rules: how a batch becomes gradients, as one argument of `fit`."""

from spikeloom.train.rules.bptt import BPTT as BPTT
from spikeloom.train.rules.rule import Rule as Rule

__all__ = ["BPTT", "Rule"]
