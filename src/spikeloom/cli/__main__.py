"""`python -m spikeloom.cli` is the `spikeloom` command."""

from __future__ import annotations

from spikeloom.cli.app import main

if __name__ == "__main__":
    main()
