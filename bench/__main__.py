"""All benchmarks, one after the other (`make bench`), or those that are named (`make bench ARGS="api --only sqlite"`).

One line per figure, with its ratio to a baseline of the same run.
"""

from __future__ import annotations

import subprocess
import sys
from itertools import takewhile
from pathlib import Path


def main() -> int:
    """Run every module of this folder as a program; the worst exit code is the answer. Options behind the names are passed on."""
    paths = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.py")) if not path.name.startswith("_")}
    named = list(takewhile(paths.__contains__, sys.argv[1:]))
    options = sys.argv[1 + len(named) :]
    worst = 0
    for name in named or paths:
        print(f"== {name}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, str(paths[name]), *options], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
