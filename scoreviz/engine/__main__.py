"""`python -m scoreviz.engine --stdio`: the engine, speaking the protocol on stdin and stdout."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    """Take over stdin and stdout first: nothing imported later may read or write them."""
    parser = argparse.ArgumentParser(prog="scoreviz.engine", description=__doc__)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--stdio", action="store_true", help="speak the protocol on stdin and stdout")
    task.add_argument("--record", metavar="FOLDER", type=Path, help="write what the window shows before its engine is up")
    parser.add_argument("--threads", type=int, help="of torch; by default one core is left to the window")
    parser.add_argument("--cache-mib", type=int, default=512, help="memory that the frames of one run may take")
    arguments = parser.parse_args()
    if arguments.record is not None:
        from scoreviz.engine.recordings import record

        record(arguments.record)
        return 0

    from scoreviz.engine.stdio import Channel

    channel = Channel.take_over_stdio()
    from scoreviz.engine.loop import Engine

    Engine(channel, threads=arguments.threads, cache_bytes=arguments.cache_mib << 20).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
