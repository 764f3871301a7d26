"""Networks that hold neurons of whole numbers, as native code."""

from spikeloom.engines.fixed.network.native import FixedNetwork as FixedNetwork
from spikeloom.engines.fixed.network.same import differs as differs
