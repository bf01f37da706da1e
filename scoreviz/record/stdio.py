"""The recorder's two pipes."""

from __future__ import annotations

import os
import queue
import sys
import threading

from scoreviz.protocol.framing import ProtocolError
from scoreviz.record.messages import FromRecorder, ToRecorder, encode, recorder_unframer


class Channel:
    """Messages in, in a thread of their own; messages out, inline, for they are small. The window's end is None, for ever."""

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._inbox: queue.SimpleQueue[ToRecorder | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="reader", daemon=True).start()

    @classmethod
    def take_over_stdio(cls) -> Channel:
        """Duplicate fds 0 and 1, then point them at null and stderr: a stray print or read can harm nothing."""
        source, sink = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        if sys.platform == "win32":
            import msvcrt

            msvcrt.setmode(source, os.O_BINARY)
            msvcrt.setmode(sink, os.O_BINARY)
        return cls(source, sink)

    def next(self) -> ToRecorder | None:
        """The next message; waits for it. None: the window is gone."""
        message = self._inbox.get()
        if message is None:
            self._inbox.put(None)
        return message

    def peek(self) -> ToRecorder | None:
        """The next message if there is one already, else None."""
        try:
            message = self._inbox.get_nowait()
        except queue.Empty:
            return None
        if message is None:
            self._inbox.put(None)
        return message

    def send(self, message: FromRecorder) -> None:
        """To the window. Nothing happens when there is none any more: the film is made all the same."""
        try:
            view = memoryview(encode(message))
            while view:
                view = view[os.write(self._sink, view) :]
        except OSError:
            return

    def _read(self) -> None:
        unframer = recorder_unframer()
        try:
            while data := os.read(self._source, 1 << 16):
                for message in unframer.feed(data):
                    self._inbox.put(message)
        except (OSError, ProtocolError) as error:
            print(f"recorder: {error}", file=sys.stderr)
        self._inbox.put(None)
