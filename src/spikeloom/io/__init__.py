"""Files that spikeloom writes and reads."""

from __future__ import annotations

from spikeloom.io.write import write_file as write_file
