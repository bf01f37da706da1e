"""A window without Qt: fills slots and speaks with a real recorder. Run as a program it is killed in the middle of a recording."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import msgspec

from scoreviz.record import messages as m
from scoreviz.record.slots import Slots
from tests.record.pictures import SIZE, plot

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60.0


class RecorderEnded(Exception):
    """It closed its stdout."""


class Window:
    """with Window() as window: window.record(path); window.show(0); window.say(m.Stop()); window.until(m.Saved)"""

    def __init__(self, stderr: int | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scoreviz.record", "--stdio"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        self.heard: list[msgspec.Struct] = []
        self._unframer = m.window_unframer()
        self._guard = threading.Timer(LIMIT, self.process.kill)
        self._guard.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._guard.cancel()
        assert self.process.stdin is not None and self.process.stdout is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.stdout.close()
        if self.process.wait(LIMIT) is None:
            self.process.kill()

    def record(self, target: Path, fps: int = 30) -> None:
        self.slots = Slots.make(SIZE)
        self.free = list(range(self.slots.count))
        order = m.Record(target=str(target), width=SIZE[0], height=SIZE[1], fps=fps, slots=str(self.slots.path), count=self.slots.count)
        self.say(order)
        self.until(m.Ready)

    def show(self, index: int) -> None:
        while not self.free:
            self.hear()
        slot = self.free.pop()
        picture = self.slots.picture(slot)
        picture[..., :3], picture[..., 3] = plot(index)[..., ::-1], 255
        self.say(m.Filled(slot=slot, index=index))

    def settle(self) -> None:
        """Until everything shown is encoded."""
        while len(self.free) < self.slots.count:
            self.hear()

    def say(self, message: msgspec.Struct) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(m.encode(message))
        self.process.stdin.flush()

    def hear(self) -> None:
        assert self.process.stdout is not None
        data = os.read(self.process.stdout.fileno(), 1 << 16)
        if not data:
            raise RecorderEnded
        for message in self._unframer.feed(data):
            self.heard.append(message)
            if isinstance(message, m.Freed):
                self.free.append(message.slot)

    def until(self, kind: type, each: Callable[[], None] = lambda: None) -> msgspec.Struct:
        """The first message of that kind; `each` is called whenever something was heard."""
        while not (found := [message for message in self.heard if isinstance(message, kind)]):
            self.hear()
            each()
        return found[0]


def wait_for(condition: Callable[[], bool]) -> None:
    """For what only the file system tells."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        threading.Event().wait(0.01)


if __name__ == "__main__":
    window = Window()
    window.record(Path(sys.argv[1]))
    for i in range(int(sys.argv[2])):
        window.show(i)
    os.kill(os.getpid(), signal.SIGKILL)
