"""All benchmarks, one after the other (`make bench`), or those that are named (`make bench ARGS=api`): one line per figure, with
its ratio to a baseline of the same run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run every module of this folder as a program; the worst exit code is the answer."""
    worst = 0
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name.startswith("_") or (sys.argv[1:] and path.stem not in sys.argv[1:]):
            continue
        print(f"== {path.stem}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, str(path)], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
