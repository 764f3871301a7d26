#!/usr/bin/env bash
# Rewrite constraints.txt from what is installed in the virtual environment.
# Run it after a deliberate change of a dependency, then run the whole suite.
set -euo pipefail
cd "$(dirname "$0")/.."
{
    echo "# Exact versions of everything a development environment holds, for repeatable installs."
    echo "# Written by scripts/make-constraints.sh; users need only the lower bounds in pyproject.toml."
    echo "# torch is named without a build tag, so that its own exact spec finds the CPU build."
    "${VENV:-.venv}/bin/python" -m pip freeze --exclude-editable --all |
        grep -viE '^(pip|spikeloom|numba)==|^#|^-e ' | sed -E 's/^(torch==[^+]+)\+.*/\1/' |
        LC_ALL=C sort -f
} > constraints.txt.new
mv constraints.txt.new constraints.txt
