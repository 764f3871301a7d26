"""``spikeloom bench train``: a whole training step of small networks, beside the peers."""

from spikeloom.bench.train import job as job
from spikeloom.bench.train.cases import CASES as CASES
from spikeloom.bench.train.cases import Case as Case
from spikeloom.bench.train.job import PEERS as PEERS
from spikeloom.bench.train.job import run as run

__all__ = ["CASES", "PEERS", "Case", "job", "run"]
