"""The command line: `spikeloom train`, `predict`, `explain`, `models`, `bench`, `version`."""

from __future__ import annotations

from spikeloom.cli.app import app as app
from spikeloom.cli.app import main as main
