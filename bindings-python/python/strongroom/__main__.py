"""The command line: `python -m strongroom`."""

from __future__ import annotations

import signal
import sys

from . import _native


def main() -> int:
    """Runs the command line and answers its exit code."""
    # Ctrl-C ends a command line at once; Python's own handler would wait for the native code to return.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native.main(["strongroom", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
