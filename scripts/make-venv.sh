#!/usr/bin/env bash
# Make a virtual environment with pip in it, with nothing but a Python: scripts/make-venv.sh DIR
#
# Debian splits venv's pip into a package of its own (python3-venv), so `python3 -m venv` can fail
# on a machine that has Python. Then an environment without pip is made and pip is put in by
# whatever else is at hand; if nothing is, the message says which package to install.
set -euo pipefail
dir=${1:?usage: scripts/make-venv.sh DIR}

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
        [ -n "$candidate" ] && command -v "$candidate" > /dev/null || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || continue
        echo "$candidate"
        return
    done
    echo "spikeloom needs Python 3.11 or newer, and none was found." >&2
    echo "  On Debian: sudo apt-get install python3 python3-venv; or name one: make PYTHON=/path/to/python3" >&2
    return 1
}

python=$(find_python)
if [ -x "$dir/bin/python" ] && "$dir/bin/python" -m pip --version > /dev/null 2>&1; then
    exit 0
fi
if "$python" -c 'import ensurepip' 2> /dev/null && "$python" -m venv "$dir" 2> /dev/null; then
    exit 0
fi
rm -rf "$dir"
if "$python" -m virtualenv --version > /dev/null 2>&1; then
    exec "$python" -m virtualenv --quiet "$dir"
fi
if "$python" -m pip --version > /dev/null 2>&1 && "$python" -m venv --without-pip "$dir"; then
    "$python" -m pip --python "$dir/bin/python" install --quiet pip && exit 0
    rm -rf "$dir"
fi
version=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')
echo "$python cannot make a virtual environment: its venv module has no pip to put in." >&2
echo "  On Debian or Ubuntu: sudo apt-get install python3-venv   (or python$version-venv)" >&2
echo "  Then run the same make command again." >&2
exit 1
