"""The conformance suite: what every engine must answer, as code that third parties can run."""

from spikeloom.testing.cases import Case as Case
from spikeloom.testing.cases import cases as cases
from spikeloom.testing.compare import assert_close as assert_close
from spikeloom.testing.compare import assert_same_spikes as assert_same_spikes
from spikeloom.testing.conformance import Engine as Engine
from spikeloom.testing.conformance import check_backward as check_backward
from spikeloom.testing.conformance import check_forward as check_forward
from spikeloom.testing.conformance import check_simulate as check_simulate

__all__ = [
    "Case",
    "Engine",
    "assert_close",
    "assert_same_spikes",
    "cases",
    "check_backward",
    "check_forward",
    "check_simulate",
]
