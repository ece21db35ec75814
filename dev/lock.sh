#!/bin/sh
# Writes requirements.txt (production) and requirements-dev.txt (the same and the tools) from pyproject.toml.
set -eu
cd "$(dirname "$0")/.."
compile=".venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header"
$compile --group dev pyproject.toml -o requirements-dev.txt
$compile pyproject.toml -c requirements-dev.txt -o requirements.txt
