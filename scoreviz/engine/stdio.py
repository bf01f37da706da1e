"""The engine's two pipes: a reader thread that ends the process at EOF, and a writer thread.

Writing inline cost a quarter of the training speed, and a reader that polls adds latency, so both have a thread.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator

from scoreviz.protocol.framing import ProtocolError, encode, engine_unframer
from scoreviz.protocol.messages import Beat, Message, Problem, ToEngine
from scoreviz.scene.text import QT_TRANSLATE_NOOP

BEAT_SECONDS = 0.5


class Channel:
    """Messages in and out. Thread-safe; `take_over_stdio` makes the one of the real process."""

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._inbox: queue.SimpleQueue[ToEngine] = queue.SimpleQueue()
        self._outbox: deque[Message] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._greeted = False  # the handshake is the first word
        self._slice_began: float | None = None
        self._doing = ""
        self._writer = threading.Thread(target=self._write, name="writer", daemon=True)
        self._reader = threading.Thread(target=self._read, name="reader", daemon=True)
        self._writer.start()
        self._reader.start()

    @classmethod
    def take_over_stdio(cls) -> Channel:
        """Duplicate fds 0 and 1, then point them at null and stderr: a stray print or read can harm nothing."""
        source, sink = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - lives as long as the process
        if sys.platform == "win32":
            import msvcrt

            msvcrt.setmode(source, os.O_BINARY)
            msvcrt.setmode(sink, os.O_BINARY)
        return cls(source, sink)

    def received(self, wait: float) -> Iterator[ToEngine]:
        """Messages that have come; waits up to `wait` seconds for the first."""
        try:
            yield self._inbox.get(timeout=wait) if wait > 0 else self._inbox.get_nowait()
            while True:
                yield self._inbox.get_nowait()
        except queue.Empty:
            return

    def send(self, message: Message) -> None:
        """Queue a message that must arrive."""
        with self._wake:
            self._outbox.append(message)
            self._wake.notify()

    def backlog(self) -> int:
        """Messages not yet written: whoever makes large ones waits while there are many."""
        return len(self._outbox)

    def begin_slice(self, doing: str) -> None:
        """The main thread starts a piece of work; the beat tells the window how long it lasts."""
        self._slice_began, self._doing = time.monotonic(), doing

    def end_slice(self) -> None:
        """It polls again."""
        self._slice_began = None

    def close(self) -> None:
        """Write what is queued and stop the writer (tests; the real process ends at EOF)."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._writer.join(5)

    def _read(self) -> None:
        unframer = engine_unframer()
        while data := _read_some(self._source):
            try:
                for message in unframer.feed(data):
                    self._inbox.put(message)
            except ProtocolError as error:
                self.send(
                    Problem(
                        where="message",
                        template=QT_TRANSLATE_NOOP("engine", "The engine was sent something that it does not understand: {reason}."),
                        params={"reason": str(error)},
                    )
                )
                self.close()
                os._exit(3)
        os._exit(0)  # the window is gone: no orphan, whatever the main thread is doing

    def _write(self) -> None:
        try:
            self._write_for_ever()
        except BaseException:  # a writer that died in silence would leave a window waiting for ever
            traceback.print_exc()
            os._exit(4)

    def _write_for_ever(self) -> None:
        next_beat = time.monotonic() + BEAT_SECONDS
        while True:
            with self._wake:
                if not (self._outbox or self._closed):
                    self._wake.wait(max(0.0, next_beat - time.monotonic()))
                batch: list[Message] = list(self._outbox)
                self._outbox.clear()
                if self._closed and not batch:
                    return
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + BEAT_SECONDS
                began = self._slice_began
                if self._greeted:
                    batch.append(Beat(busy=0.0 if began is None else time.monotonic() - began, doing=self._doing))
            self._greeted = self._greeted or bool(batch)
            for message in batch:
                _write_all(self._sink, encode(message))


def _read_some(fd: int) -> bytes:
    try:
        return os.read(fd, 1 << 20)
    except OSError:
        return b""


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError:
        os._exit(0)  # nobody reads any more
