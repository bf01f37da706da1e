"""One video stream of H.264 in one container: pictures in, time stamps exact, colours tagged."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Literal, NamedTuple

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

Layout = Literal["rgb", "rgba", "bgra"]
_FORMATS: dict[str, str] = {"rgb": "rgb24", "rgba": "rgba", "bgra": "bgra"}
SMALLEST, LARGEST = 16, 8192
FASTEST = 240


class Coding(NamedTuple):
    """How a stream is encoded. `threads` is fixed, because x264's bytes depend on it and not on the machine's cores."""

    container: str
    codec: str
    pixels: str
    threads: int
    options: dict[str, str]
    muxing: dict[str, str]


FINAL = Coding(  # without mbtree, which in the x264 of PyAV 18 depends on what memory held before: the same frames gave other bytes
    "mp4", "libx264", "yuv420p", 4, {"preset": "veryfast", "crf": "16", "mbtree": "0"}, {"movflags": "+faststart"}
)
LIVE = Coding(  # readable up to its last half second, whatever becomes of the process
    "matroska", "libx264", "yuv444p", 2, {"preset": "ultrafast", "crf": "12", "tune": "zerolatency"},
    {"flush_packets": "1", "cluster_time_limit": "250"},
)  # fmt: skip
LOSSLESS = Coding("matroska", "libx264rgb", "rgb24", 4, {"preset": "ultrafast", "qp": "0"}, {})


def check(size: tuple[int, int], fps: int) -> None:
    """SceneError for a size or a rate that a video cannot have; 4:2:0 pairs pixels, so both sides are even."""
    width, height = size
    if not all(SMALLEST <= side <= LARGEST for side in size):
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "A video of {width} × {height} is not possible: a side has {least} to {most} pixels."),
            width=width, height=height, least=SMALLEST, most=LARGEST,
        )  # fmt: skip
    if width % 2 or height % 2:
        raise SceneError(
            QT_TRANSLATE_NOOP(
                "errors", "A video of {width} × {height} is not possible: both sides must be even. The nearest is {near}."
            ),
            width=width, height=height, near=f"{width - width % 2} × {height - height % 2}",
        )  # fmt: skip
    if not 1 <= fps <= FASTEST:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "{fps} frames per second are not possible; choose 1 to {most}."), fps=fps, most=FASTEST
        )


def picture_of(pixels: np.ndarray, layout: Layout, size: tuple[int, int]) -> av.VideoFrame:
    """A frame over the same memory. ValueError if the array is not (h, w, 3 or 4) uint8 of that size."""
    channels = 3 if layout == "rgb" else 4
    if pixels.shape != (size[1], size[0], channels) or pixels.dtype != np.uint8:
        raise ValueError(f"a frame of {size[0]} x {size[1]} in {layout} was expected, not {pixels.dtype} {pixels.shape}")
    return av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(pixels), _FORMATS[layout])


class Stream:
    """Encodes into the file at `path`, as it is: who wants it whole writes into a part file."""

    def __init__(self, path: Path, size: tuple[int, int], fps: int, coding: Coding) -> None:
        check(size, fps)
        self.size, self.fps, self._coding = size, fps, coding
        self.last_index = -1
        self._container = av.open(str(path), "w", format=coding.container, options=coding.muxing)
        keyframes = {"g": str(fps if coding is LIVE else 2 * fps)}
        stream = self._container.add_stream(coding.codec, rate=fps, options={**coding.options, **keyframes})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = coding.pixels
        stream.time_base = Fraction(1, fps)
        context = stream.codec_context
        context.thread_count = coding.threads
        if coding is not LOSSLESS:
            context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709, which players would guess only for some sizes
            context.color_range = 1
        self._stream = stream
        self._container.start_encoding()  # a place that cannot be written says so now

    def write(self, picture: av.VideoFrame, index: int) -> None:
        """Show `picture` from index / fps on, until the next one. Indices rise."""
        if index <= self.last_index:
            raise ValueError(f"frame {index} came after frame {self.last_index}")
        if (picture.width, picture.height) != self.size:
            raise ValueError(f"the video is {self.size[0]} x {self.size[1]}, the frame {picture.width} x {picture.height}")
        if self._coding is not LOSSLESS:
            picture = picture.reformat(format=self._coding.pixels, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
        elif picture.format.name != self._coding.pixels:
            picture = picture.reformat(format=self._coding.pixels)
        picture.pts, picture.time_base = index, Fraction(1, self.fps)
        self._container.mux(self._stream.encode(picture))
        self.last_index = index

    def close(self) -> None:
        """Write what the encoder holds back, and the end."""
        try:
            self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def abandon(self) -> None:
        """Let go of the file; what is in it is of no interest."""
        try:
            self._container.close()
        except (OSError, av.FFmpegError):
            return


class Source:
    """The pictures of a video file, however it ended. SceneError if there are none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.frames, last = 0, 0
        try:
            with av.open(str(path)) as container:
                stream = container.streams.video[0]
                self.size = (stream.width, stream.height)
                self.fps = round(stream.guessed_rate or stream.average_rate or 0)
                for packet in _whole(container.demux(stream)):
                    if packet.pts is not None and packet.time_base is not None:
                        self.frames, last = self.frames + 1, max(last, round(packet.pts * packet.time_base * self.fps))
        except (OSError, av.FFmpegError, IndexError) as error:
            raise _unreadable(path, error) from error
        if not self.frames or not self.fps:
            raise _unreadable(path, EOFError("it holds no picture"))
        self.last_index = last

    def pictures(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """(index, picture), in order; the time stamp is index / fps. A file that was cut off ends where it was cut."""
        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for picture in _whole(container.decode(stream)):
                if picture.pts is not None and picture.time_base is not None:
                    yield round(picture.pts * picture.time_base * self.fps), picture


def _whole(things: Iterator) -> Iterator:
    """Up to the first that is damaged."""
    try:
        yield from things
    except (av.error.InvalidDataError, av.error.EOFError):
        return


def _unreadable(path: Path, error: BaseException) -> SceneError:
    reason = getattr(error, "strerror", None) or str(error)
    return SceneError(
        QT_TRANSLATE_NOOP("errors", "Nothing can be read from the recording “{name}”: {reason}. It can be deleted."),
        name=str(path), reason=reason,
    )  # fmt: skip
