"""What a user would write, without a word about processes; the rest writes down what it sees."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
from tests.network.everything import everything

import spikeloom as sl


def seen(net: sl.Network, folder: Path, restore: str) -> dict[str, Any]:
    """Run, with a pause and a file, and give the fingerprints of all that came of it."""
    exc = net.populations[0]
    spikes, v = net.record(exc), net.record(exc[::7], "v")
    if restore:
        net.restore(restore)
    first = net.run(12 * sl.ms)
    net.checkpoint(folder / f"state-{net.ranks}")
    second = net.run(6 * sl.ms, to=folder / f"run-{net.ranks}.h5", replace=True)
    found = [x for r in (first, second) for x in (r.spikes[spikes].times, r.states[v].values)]
    found += [net.engine().state(p.index) for p in net.populations]
    found += [np.asarray(p.weights.value) for p in net.projections]
    return {
        "ranks": net.ranks,
        "spikes": len(first.spikes[spikes]),
        "bits": [hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest() for x in found],
    }


def main(folder: Path, restore: str, then: str) -> None:
    """All of it, and then Ctrl-C at one process, or an error in it."""
    net = everything(threads=1)
    told = seen(net, folder, restore)
    if then == "interrupt":
        if net.rank == 1:
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        last = net.run(1_000_000 * sl.ms, progress=False)
        told |= {"stopped": last.stop, "complete": last.complete}
    (folder / f"told-{net.rank}-of-{net.ranks}.json").write_text(json.dumps(told))
    if then == "fail":
        net.run((0.05 if net.rank == 1 else 1) * sl.ms)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
