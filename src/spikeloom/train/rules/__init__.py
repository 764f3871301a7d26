"""Learning rules: how a batch becomes gradients, as one argument of `fit`."""

from spikeloom.train.rules.bptt import BPTT as BPTT
from spikeloom.train.rules.decolle import DECOLLE as DECOLLE
from spikeloom.train.rules.eprop import EProp as EProp
from spikeloom.train.rules.eventprop import EventProp as EventProp
from spikeloom.train.rules.ottt import OTTT as OTTT
from spikeloom.train.rules.rule import Rule as Rule

__all__ = ["BPTT", "DECOLLE", "EProp", "EventProp", "OTTT", "Rule"]
