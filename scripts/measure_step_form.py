"""How much float32 costs an exact step, written as a decay or as an increment.

Prints, for several time steps, where a leaky membrane (E = -65 mV, tau = 20 ms) settles in float32
with v <- a v + c and with v <- v + (k v + c), and how far its time constant is off.

Run: python scripts/measure_step_form.py
"""

from __future__ import annotations

import numpy as np

E, TAU = -65.0, 20.0
one = np.float32


def main() -> None:
    """Print one row for each time step."""
    print(f"{'dt (ms)':>9}  {'decay: rest off by':>19}  {'increment: rest off by':>22}"
          f"  {'tau off (decay)':>15}  {'tau off (incr.)':>15}")  # fmt: skip
    for dt in (1.0, 0.1, 0.01, 0.001):
        k = np.expm1(-dt / TAU)
        a32, k32, c32 = one(1 + k), one(k), one(-k * E)
        decay = abs(float(c32) / (1 - float(a32)) - E)
        increment = abs(-float(c32) / float(k32) - E)
        tau_decay = abs((1 - float(a32)) / -k - 1)
        tau_increment = abs(float(k32) / k - 1)
        print(f"{dt:9g}  {decay:16.1e} mV  {increment:19.1e} mV  {tau_decay:15.1e}"
              f"  {tau_increment:15.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
