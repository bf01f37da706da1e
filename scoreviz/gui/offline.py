"""An engine process without Qt's event loop, for work that is done in one go: say something, read on until it is there."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import scoreviz
from scoreviz.protocol.framing import ProtocolError, encode, window_unframer
from scoreviz.protocol.messages import PROTOCOL, Blob, FromEngine, Hello, Message, Problem, Update, Welcome
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class OfflineEngine:
    """with OfflineEngine(document) as engine: ...; the process, which has the document's blobs, ends with the block."""

    def __init__(self, document: Document) -> None:
        self._blobs = document.blobs
        self._revision = 0
        self.torch = ""  # its version, once it has said so

    def __enter__(self) -> Self:
        self._stderr = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scoreviz.engine", "--stdio"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr, env=_environment(os.environ),
            start_new_session=True,  # Ctrl-C is for this process, which ends the engine when its own work is put away
        )  # fmt: skip
        self._said: Generator[FromEngine, None, None] = self._read()
        self.send(Hello())
        for digest, data in sorted(self._blobs.items()):
            self.send(Blob(digest=digest, data=data))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()  # it holds nothing that is worth keeping
        self._process.wait()
        self._said.close()
        for pipe in (self._process.stdin, self._process.stdout, self._stderr):
            assert pipe is not None
            with contextlib.suppress(OSError):  # what was still to be sent has no reader
                pipe.close()

    def update(self, parts: dict[str, Any]) -> None:
        """Change parts of the scene."""
        self._revision += 1
        self.send(Update(revision=self._revision, parts=parts))

    def send(self, message: Message) -> None:
        """Returns when it is in the pipe; the engine's reader takes it even while it computes."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # what it said last is still to be read, and then that it ended
            self._process.stdin.write(encode(message))
            self._process.stdin.flush()

    def heard(self) -> Iterator[FromEngine]:
        """What it says, as it comes, without end. SceneError for its problems, and when it ends by itself."""
        for message in self._said:
            match message:
                case Welcome():
                    if message.protocol != PROTOCOL:
                        raise SceneError(QT_TRANSLATE_NOOP("errors", "The engine is of another version. Install scoreviz again."))
                    self.torch = message.torch
                case Problem():
                    raise SceneError(message.template, **message.params)
            yield message

    def _read(self) -> Generator[FromEngine, None, None]:
        assert self._process.stdout is not None
        unframer, pipe = window_unframer(), self._process.stdout.fileno()
        try:
            while data := os.read(pipe, 1 << 20):
                yield from unframer.feed(data)
            reason = f"it ended with code {self._process.wait()}"
        except ProtocolError as error:
            reason = str(error)
        template = QT_TRANSLATE_NOOP("errors", "The engine stopped: {reason}. {details}")
        raise SceneError(template, reason=reason, details=self._last_words())

    def _last_words(self) -> str:
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """The child finds the package where this process has it."""
    root = str(Path(scoreviz.__file__).parent.parent)
    paths = [root, *filter(None, given.get("PYTHONPATH", "").split(os.pathsep))]
    return {**given, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
