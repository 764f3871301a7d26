"""The computer itself: files that are written whole or not at all, and Ctrl-C at a good moment."""

from __future__ import annotations

from spikeloom.host.interrupt import Interrupt as Interrupt
from spikeloom.host.write import write_file as write_file
