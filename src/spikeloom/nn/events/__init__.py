"""Networks on exact spike times: the layers of a `Sequential` run from event to event."""

from spikeloom.nn.events.network import EventNetwork as EventNetwork
from spikeloom.nn.events.trains import Trains as Trains
