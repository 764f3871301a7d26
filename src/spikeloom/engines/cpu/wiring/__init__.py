"""Random graphs in native code, the same bits as the NumPy reference.

>>> NativeWiring(threads=2).pick(1, 2, 5, 3, False, None, False)
(array([0, 3, 6]), array([0, 1, 2, 0, 3, 4], dtype=uint32))
"""

from __future__ import annotations

from spikeloom.engines.cpu.wiring.builder import NativeWiring as NativeWiring
