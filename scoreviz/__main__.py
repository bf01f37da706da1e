"""`scoreviz`, `scoreviz-gui` and `python -m scoreviz`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 done, 1 this machine lacks something, 2 bad input)."""
    for stream in (sys.stdout, sys.stderr):  # None in a Windows program without a console
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # σ on a terminal that has none must not end the program
    from scoreviz.cli.parser import run

    try:
        code = run(sys.argv[1:] if argv is None else list(argv))
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # `scoreviz --help | head`: nobody reads on, so nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
