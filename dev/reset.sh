#!/bin/sh
# Empties a data folder of `make run`, after asking.
set -eu
cd "$(dirname "$0")/.."
data=$1
[ -d "$data" ] || { echo "palpate: there is no $data; nothing to do."; exit 0; }
[ -f "$data/palpate-data" ] || { echo "palpate: $data was not made by Palpate; it is left alone."; exit 1; }
printf 'palpate: this deletes every record in %s for good. Type "delete" to go on: ' "$data"
read -r answer || answer=
[ "$answer" = delete ] || { echo "palpate: nothing was deleted."; exit 1; }
if ! .venv/bin/python -m dev.run --data "$data" --is-free; then
    echo "palpate: $data is in use by a running Palpate; stop that first."
    exit 1
fi
rm -rf "$data"
echo "palpate: $data is gone."
