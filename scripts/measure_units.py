"""Import time, cost of one product and error text of unit libraries, each in a fresh process.

    python scripts/measure_units.py

Libraries that are not installed are left out; make an environment of their own for them with
``pip install pint unyt astropy quantities``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from functools import cache
from tempfile import mkdtemp

IMPORTS = {
    "numpy alone": "import numpy",
    "spikeloom": "from spikeloom.equations.units import mV, nA, ms",
    "pint": "import numpy, pint; u = pint.UnitRegistry(); mV, nA, ms = u.mV, u.nA, u.ms",
    "unyt": "from unyt import mV, nA, ms",
    "astropy": "from astropy.units import mV, nA, ms",
    "quantities": "from quantities import mV, nA, ms",
}
COST = """
import timeit
print(min(timeit.repeat(lambda: 20 * ms, number=2000, repeat=5)) / 2000 * 1e6)
"""
ERROR = """
try:
    20 * mV + 3 * nA
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""
RUNS = 9


@cache
def environment() -> dict[str, str]:
    """Byte code is kept for all alike, wherever each of them was installed."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": mkdtemp(prefix="units-")}


def run(code: str) -> str | None:
    """What a fresh process prints, or None where it fails."""
    command = [sys.executable, "-c", code]  # one of the snippets above
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    return done.stdout.strip() if done.returncode == 0 else None


def seconds(statement: str) -> float | None:
    """Median processor time of an import."""
    code = f"import time; t = time.process_time()\n{statement}\nprint(time.process_time() - t)"
    times = [run(code) for _ in range(RUNS)]
    found = [float(t) for t in times[1:] if t]  # the first fills the disk cache
    return statistics.median(found) if found else None


def main() -> None:
    """Print one row for each library that is there."""
    base = seconds(IMPORTS["numpy alone"]) or 0.0
    print("library       import ms  beyond numpy ms  20 * ms, us")
    for name, statement in IMPORTS.items():
        took = seconds(statement)
        if took is None:
            continue
        cost = run(statement + COST) if name != "numpy alone" else None
        tail = f"{float(cost):13.2f}" if cost else ""
        print(f"{name:12s} {took * 1e3:10.0f} {(took - base) * 1e3:16.0f} {tail}")
    for name, statement in IMPORTS.items():
        message = run(statement + ERROR)
        if message:
            print(f"\n{name}, 20 * mV + 3 * nA:\n  " + message.replace("\n", "\n  "))


if __name__ == "__main__":
    main()
