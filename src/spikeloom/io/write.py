"""The old place of `write_file`, which moved to `spikeloom.files`."""

from spikeloom.files import write_file as write_file
