"""`VideoFile`: frames in, a whole video out; the suffix chooses MP4, MKV or GIF."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import av
import numpy as np

from scoreviz.record.gif import check_rate, write_gif
from scoreviz.record.stream import FINAL, LIVE, LOSSLESS, Coding, Layout, Source, Stream, check, picture_of
from scoreviz.record.whole import WRITING, Whole, refusal, sentences
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

Quality = Literal["final", "live"]
_FINAL: dict[str, Coding] = {".mp4": FINAL, ".mkv": FINAL._replace(container="matroska", muxing={}), ".gif": LOSSLESS}


class VideoFile:
    """with VideoFile(path, (1280, 720), 30) as video: video.write(frame)

    final   a hidden part file beside `path` gets its name at the end; after an exception nothing is left. Two encodes of the same
            frames are the same bytes. A GIF goes by way of a lossless part file.
    live    straight into `path` (MKV, 4:4:4, no delay), readable whatever becomes of the process; after an exception it stays.

    Both sides of `size` must be even. SceneError for a size, rate, suffix or place that will not do, and for a full disk.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: int, *, quality: Quality = "final") -> None:
        check(size, fps)
        self.path, self.size, self.fps, self._quality = path, size, fps, quality
        self._coding = LIVE if quality == "live" else _coding(path, fps)
        self._whole: Whole | None = None
        self._stream: Stream | None = None
        self.written = 0
        """Frames so far."""

    def __enter__(self) -> Self:
        if self._quality == "final":
            self._whole = Whole(self.path)
        try:
            with sentences(self.path):
                self._stream = Stream(self._whole.part if self._whole else self.path, self.size, self.fps, self._coding)
        except BaseException:
            self._discard()
            raise
        return self

    def write(self, frame: np.ndarray, *, layout: Layout = "rgb", index: int | None = None) -> None:
        """Append (h, w, 3 or 4) uint8, shown from index / fps on; without an index, right after the last one.

        ValueError for another size than the video's, and for an index that does not rise. `frame` may be used again at once.
        """
        self.write_picture(picture_of(frame, layout, self.size), index)

    def write_picture(self, picture: av.VideoFrame, index: int | None = None) -> None:
        """The same for a frame of PyAV's."""
        assert self._stream is not None, "VideoFile is a context manager"
        with sentences(self.path):
            self._stream.write(picture, self._stream.last_index + 1 if index is None else index)
        self.written += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        stream, self._stream = self._stream, None
        assert stream is not None
        if kind is not None and self._whole is not None:
            stream.abandon()
            self._discard()
            return
        try:
            if not self.written and kind is None and self._whole is not None:
                stream.abandon()
                raise SceneError(QT_TRANSLATE_NOOP("errors", "“{name}” was not written: there is no frame to write."), name=self.path.name)
            stream.close()
            self._commit()
        except WRITING as failure:
            self._discard()
            if kind is None:
                raise refusal(failure, self.path) from failure
        except BaseException:
            self._discard()
            raise

    def _commit(self) -> None:
        if self._whole is None:
            return
        if self._coding is not LOSSLESS:
            self._whole.commit()
            return
        try:
            write_gif(self.path, Source(self._whole.part).pictures, self.size, self.fps)
        finally:
            self._whole.discard()

    def _discard(self) -> None:
        if self._whole is not None:
            self._whole.discard()


def _coding(path: Path, fps: int) -> Coding:
    coding = _FINAL.get(path.suffix.lower())
    if coding is None:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” does not say which video it is to be. End its name in {known}."),
            name=path.name, known=", ".join(_FINAL),
        )  # fmt: skip
    if coding is LOSSLESS:
        check_rate(fps)
    return coding
