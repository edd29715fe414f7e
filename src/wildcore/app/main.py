"""The console script `wca`. Imports nothing heavy by itself, so that Ctrl-C in the first second ends quietly too."""

from __future__ import annotations

import sys

from wildcore import __version__

VERSION = f"WildcoreDMS {__version__}"


def main() -> None:
    """Entry point of `wca`; exits with 0, 1 (it failed), 2 (wrong usage) or 130 (Ctrl-C)."""
    if sys.argv[1:] in (["-V"], ["--version"]):  # needs none of what commands need, which takes long to load
        sys.stdout.write(VERSION + "\n")
        return
    try:
        from wildcore.app.program import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
