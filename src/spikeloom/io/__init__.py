"""Files that spikeloom writes and reads."""

from __future__ import annotations

from spikeloom.files import write_file as write_file
