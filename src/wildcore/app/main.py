"""The console script `wca`. Imports nothing heavy by itself, so that Ctrl-C in the first second ends quietly too."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of `wca`; exits with 0, 1 (it failed), 2 (wrong usage) or 130 (Ctrl-C)."""
    try:
        from wildcore.app.program import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
