#!/bin/sh
# Makes .venv from the hash-locked requirements-dev.txt, with uv where the machine has it, else with pip.
# Does nothing when .venv is up to date and of the Python that PYTHON names, if it names one.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'palpate: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Which Python this is, however it was called: its version and where it is installed.
identity() { "$1" -c 'import sys; print(sys.version_info[:3], sys.base_prefix)' 2>/dev/null; }

stamp=.venv/installed-from
wanted=$(cksum < requirements-dev.txt)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    [ -z "${PYTHON:-}" ] || [ "$(identity "$PYTHON")" = "$(identity .venv/bin/python)" ] || rm -f "$stamp"
    [ -f "$stamp" ] && exit 0
fi

python=
for candidate in ${PYTHON:-python3.12 python3.11 python3.13 python3.14 python3}; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || [ -z "${PYTHON:-}" ] ||
    fail "$PYTHON is not a Python 3.11 or later. Name another: make run PYTHON=/path/to/python3.11"
[ -n "$python" ] || fail "Python 3.11 or later is missing. Install it, or name one: make run PYTHON=/path/to/python3.11"

free_kb=$(df -Pk . | awk 'NR == 2 { print $4 }')
[ "$free_kb" -ge 1500000 ] ||
    fail "the disk is nearly full: 1.5 GB are needed here, $((free_kb / 1024)) MB are free."

# Built beside and moved into place would break the scripts' paths, so the stamp alone says that it is whole.
rm -f "$stamp"
if [ -z "${PYTHON:-}" ] && .venv/bin/python -c '' 2>/dev/null; then
    python=.venv/bin/python  # the one that was chosen at the first installation
elif [ "$(identity .venv/bin/python)" != "$(identity "$python")" ]; then
    rm -rf .venv
fi

install_with_uv() {
    say "installing into .venv with $("$python" --version) and uv ..."
    [ -d .venv ] || uv venv --quiet --python "$(command -v "$python")" .venv || return 1
    uv pip install --quiet --python .venv/bin/python --require-hashes --compile-bytecode -r requirements-dev.txt
}

make_venv_with_pip() {
    base=$("$python" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))')
    rm -rf .venv
    "$base" -m venv .venv
}

install_with_pip() {
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "this Python has no venv module. On Debian and Ubuntu: apt-get install python3-venv"
    say "installing into .venv with $("$python" --version) (about a minute, once) ..."
    # uv makes a .venv without pip.
    .venv/bin/python -c 'import pip' 2>/dev/null || make_venv_with_pip
    .venv/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-dev.txt ||
        fail "the packages could not be installed; the lines above say why. Is the package index reachable?"
}

if ! command -v uv >/dev/null 2>&1; then
    install_with_pip
elif ! install_with_uv; then
    say "uv could not install them; trying pip ..."
    install_with_pip
fi
printf '%s\n' "$wanted" > "$stamp"
say "installed."
