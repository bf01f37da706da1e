"""Drives the real engine process over its pipes, as the window does, and keeps everything that it says."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

import scoreviz
from scoreviz.protocol.framing import encode, window_unframer
from scoreviz.protocol.messages import Applied, FromEngine, Hello, Look, Message, RunDone, RunFrames, RunStarted, Update
from scoreviz.scene.document import Scene

M = TypeVar("M", bound=Message)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(scoreviz.__file__)))
BOUNDS = (-2.5, 2.5, -2.0, 2.0)


class Driver:
    """One engine process. `said` is all that it sent, in order; a mark is a place in it."""

    def __init__(self, *, path: Sequence[str] = (), hello: bool = True, unset: str = "") -> None:
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join([*path, ROOT]))
        environment.pop(unset, None)
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scoreviz.engine", "--stdio"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, env=environment, bufsize=0,
        )  # fmt: skip
        self.said: list[FromEngine] = []
        self.times: list[float] = []
        self.broken: Exception | None = None
        self.revision = 0
        self._news = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if hello:
            self.send(Hello())

    def send(self, *messages: Message) -> None:
        """All of them in one piece."""
        self.send_bytes(b"".join(map(encode, messages)))

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) :]

    def mark(self) -> int:
        return len(self.said)

    def since(self, mark: int, kind: type[M]) -> list[M]:
        return [m for m in self.said[mark:] if isinstance(m, kind)]

    def wait(self, kind: type[M], test: Callable[[M], bool] = lambda _: True, *, since: int = 0, seconds: float = 10.0) -> M:
        """The first message of that kind after the mark that passes the test, come or still to come."""
        end, place = time.monotonic() + seconds, since
        with self._news:
            while True:
                while place < len(self.said):
                    message = self.said[place]
                    place += 1
                    if isinstance(message, kind) and test(message):
                        return message
                left = end - time.monotonic()
                if self._ended or left <= 0:
                    why = "the engine ended" if self._ended else f"none within {seconds} s"
                    raise AssertionError(f"no {kind.__name__}: {why}; it said {self.summary(since)}\n{self.stderr()}")
                self._news.wait(left)

    def update(self, parts: Mapping[str, Any], *beside: Message) -> tuple[int, Applied]:
        """Send an update, with other messages right behind it, and await its acknowledgement. Returns the mark before it."""
        mark = self.mark()
        revision = self.post(parts, *beside)
        return mark, self.wait(Applied, lambda m: m.revision == revision, since=mark)

    def post(self, parts: Mapping[str, Any], *beside: Message) -> int:
        """Send an update without waiting."""
        self.revision += 1
        self.send(Update(revision=self.revision, parts=dict(parts)), *beside)
        return self.revision

    def run_of(self, parts: Mapping[str, Any]) -> tuple[RunStarted, np.ndarray[Any, Any], RunDone]:
        """The run that an update causes, with all its frames."""
        mark = self.mark()
        revision = self.post(parts)
        started = self.wait(RunStarted, lambda m: m.revision == revision and not m.live, since=mark)
        done = self.wait(RunDone, lambda m: m.run == started.run, since=mark)
        return started, self.frames(started.run), done

    def frames(self, run: int) -> np.ndarray[Any, Any]:
        """The frames of a run that have come, checked to follow one another."""
        parts = [m for m in self.since(0, RunFrames) if m.run == run]
        ends = np.cumsum([0, *(m.frames.shape[0] for m in parts)])
        assert [m.first for m in parts] == ends[:-1].tolist(), "a gap between frames"
        return np.concatenate([m.frames.numpy() for m in parts])

    def end_of_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def close(self) -> int:
        """End the process; its exit code."""
        self.end_of_input()
        try:
            code = self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait(5)
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._stderr.close()
        return code

    def ended(self, seconds: float) -> int:
        """Its exit code, once all that it said has been read. subprocess.TimeoutExpired if it lives on."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def stderr(self) -> str:
        size = os.fstat(self._stderr.fileno()).st_size
        return os.pread(self._stderr.fileno(), size, 0).decode(errors="replace")[-1500:]  # the child's place in the file stays

    def summary(self, since: int = 0) -> str:
        return ", ".join(type(m).__name__ for m in self.said[since:][-40:]) or "nothing"

    def _read(self) -> None:
        assert self.process.stdout is not None
        unframer = window_unframer()
        try:
            while data := self.process.stdout.read(1 << 20):
                for message in unframer.feed(data):
                    with self._news:
                        self.said.append(message)
                        self.times.append(time.monotonic())
                        self._news.notify_all()
        except Exception as error:  # the test asks for it
            self.broken = error
        with self._news:
            self._ended = True
            self._news.notify_all()


def parts_of(scene: Scene) -> dict[str, Any]:
    """Every part, as the first update of a window has it."""
    return {name: getattr(scene, name) for name in Scene.__struct_fields__ if name != "view"}


def look(**wanted: Any) -> Look:
    """A small picture."""
    settings: dict[str, Any] = {"bounds": BOUNDS, "density_shape": (24, 30), "arrows_shape": (8, 10), **wanted}
    return Look(**settings)
