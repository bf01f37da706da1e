"""`python -m scoreviz.record`: --stdio records what a window draws; --finish makes the film of a recording that was left over."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path


def main() -> int:
    """Take over stdin and stdout first: nothing imported later may read or write them."""
    parser = argparse.ArgumentParser(prog="scoreviz.record", description=__doc__)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--stdio", action="store_true", help="speak with the window on stdin and stdout")
    task.add_argument("--finish", metavar="PART", type=Path, help="make the film of a recording that was left over")
    arguments = parser.parse_args()
    for name in ("SIGINT", "SIGHUP"):  # they mean the window; the recording is finished all the same
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if arguments.finish is not None:
        return _finish(arguments.finish)

    from scoreviz.record.stdio import Channel

    channel = Channel.take_over_stdio()
    from scoreviz.record.recorder import serve

    return serve(channel)


def _finish(part: Path) -> int:
    from scoreviz.record.transcode import finish
    from scoreviz.scene.errors import SceneError

    try:
        print(finish(part))
    except SceneError as error:
        print(f"scoreviz: {error} What was recorded is kept in “{part}”.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
