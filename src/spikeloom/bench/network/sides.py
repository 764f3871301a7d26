"""Who takes part in the network benchmark, and how each is started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spikeloom.bench.machine import thread_env
from spikeloom.bench.network.spec import Spec
from spikeloom.bench.worker import Worker

DTYPES = ("float32", "float64")
PATIENCE = 7200.0
"""Seconds that one answer may take: large networks are built in minutes."""


@dataclass(frozen=True)
class Side:
    """Who takes part.

    Arguments:
        name: In the report.
        script: Worker script.
        python: Its interpreter; None is ours.
        variants: Ways of running it; the fastest counts.
    """

    name: str
    script: str | Path
    python: Path | None = None
    variants: tuple[str, ...] = ("",)

    def start(self, spec: Spec, variant: str, threads: int, cache: Path | None = None) -> Worker:
        """A process of its own, told what to run."""
        config = {
            "side": self.name,
            "variant": variant,
            "dtype": variant,
            "threads": threads,
            "spec": spec.to_dict(),
        }
        env = thread_env(threads) | {"PYNEST_QUIET": "1"}
        if cache is not None:
            env["SPIKELOOM_CACHE"] = str(cache)
        return Worker(self.script, config, python=self.python, env=env, timeout=PATIENCE)


def ours(dtype: str) -> Side:
    """Our side in one precision."""
    return Side(f"ours {dtype}", "ours_network.py", None, (dtype,))


def peer(name: str, python: Path, threads: int) -> Side:
    """Another simulator and how it is tried."""
    if name == "nest":
        return Side(name, "nest_network.py", python, ("usual synapses", "hpc synapses"))
    several = (" openmp",) if threads > 1 else ()
    variants = tuple(f"{p}{kind}" for p in ("double", "single") for kind in ("", *several))
    return Side(name, "brian_network.py", python, variants)
