"""Networks that are spread over the processes of a ``torchrun``."""

from __future__ import annotations

from spikeloom.network.ranks.ranks import Choice as Choice
from spikeloom.network.ranks.ranks import Ranks as Ranks
from spikeloom.network.ranks.ranks import Share as Share
from spikeloom.network.ranks.ranks import found as found
from spikeloom.network.ranks.team import Team as Team
from spikeloom.network.ranks.team import together as together
