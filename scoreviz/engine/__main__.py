"""`python -m scoreviz.engine --stdio`: the engine, speaking the protocol on stdin and stdout."""

from __future__ import annotations

import argparse
import sys


def main() -> int:
    """Take over stdin and stdout first: nothing imported later may read or write them."""
    parser = argparse.ArgumentParser(prog="scoreviz.engine", description=__doc__)
    parser.add_argument("--stdio", action="store_true", required=True, help="speak the protocol on stdin and stdout")
    parser.parse_args()

    from scoreviz.engine.stdio import Channel

    channel = Channel.take_over_stdio()
    from scoreviz.engine.loop import Engine

    Engine(channel).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
