"""The old place of `Interrupt`, which networks use too."""

from __future__ import annotations

from spikeloom.interrupt import Interrupt as Interrupt
