#!/bin/sh
# Makes .venv from the hash-locked requirements-dev.txt; does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'palpate: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

stamp=.venv/installed-from
wanted=$(cksum < requirements-dev.txt)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && exit 0

python=
for candidate in ${PYTHON:-} python3.12 python3.11 python3.13 python3.14 python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "Python 3.11 or later is missing. Install it, or name one: make run PYTHON=/path/to/python3.11"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "this Python has no venv module. On Debian and Ubuntu: apt-get install python3-venv"

free_kb=$(df -Pk . | awk 'NR == 2 { print $4 }')
[ "$free_kb" -ge 1500000 ] ||
    fail "the disk is nearly full: 1.5 GB are needed here, $((free_kb / 1024)) MB are free."

say "installing into .venv with $("$python" --version) (about a minute, once) ..."
# Built beside and moved into place would break the scripts' paths, so the stamp alone says that it is whole.
rm -f "$stamp"
[ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null || { rm -rf .venv; "$python" -m venv .venv; }
.venv/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-dev.txt ||
    fail "the packages could not be installed; the lines above say why. Is the package index reachable?"
printf '%s\n' "$wanted" > "$stamp"
say "installed."
