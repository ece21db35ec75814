"""
Lay out the templates (`make format`), or with `--check` say which are not laid out (`make check`).

djade lays out Django's tags. It does not split lines, so this also refuses lines that are too long to read.
"""

from __future__ import annotations

import subprocess
import sys

from dev.stack import ROOT

MAX_LINE_CHARACTERS = 160
SKIPPED = {".venv", ".data", "node_modules"}


def main() -> int:
    templates = [path for path in sorted(ROOT.rglob("*.html")) if not SKIPPED & set(path.relative_to(ROOT).parts)]
    djade = [str(ROOT / ".venv" / "bin" / "djade"), "--target-version", "5.2", *sys.argv[1:], *map(str, templates)]
    is_laid_out = subprocess.run(djade, cwd=ROOT).returncode == 0
    too_long = [
        f"{path.relative_to(ROOT)}:{number} has {len(line)} characters, more than {MAX_LINE_CHARACTERS}"
        for path in templates
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > MAX_LINE_CHARACTERS
    ]
    print("\n".join(too_long), end="")
    return 0 if is_laid_out and not too_long else 1


if __name__ == "__main__":
    sys.exit(main())
