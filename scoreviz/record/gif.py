"""GIFs with a palette of their own: one pass looks for the 255 colours that fit all frames, a second one uses them, dithered.

A GIF counts in hundredths of a second, so 30 frames per second come as 3, 3, 4, ...; browsers slow down what lasts less than 2.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.filter import Graph
from av.filter.context import FilterContext

from scoreviz.record.whole import Whole, sentences
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

FASTEST = 50
Pictures = Callable[[], Iterable[tuple[int, av.VideoFrame]]]
"""Supplies (index, picture) anew at each call: a GIF is made in two passes, so that only one frame is in memory."""


def check_rate(fps: int) -> None:
    """SceneError for what browsers would slow down."""
    if fps > FASTEST:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "A GIF cannot show {fps} frames per second; choose at most {most}, or MP4."), fps=fps, most=FASTEST
        )


def write_gif(path: Path, pictures: Pictures, size: tuple[int, int], fps: int) -> None:
    """An endless GIF of the pictures, which stand from index / fps on. SceneError if it cannot be written; no leftover then."""
    check_rate(fps)
    whole = Whole(path)
    try:
        with sentences(path):
            palette = _palette(pictures(), size, fps)
            _write(whole.part, pictures(), palette, size, fps)
        whole.commit()
    except BaseException:
        whole.discard()
        raise


def _palette(pictures: Iterable[tuple[int, av.VideoFrame]], size: tuple[int, int], fps: int) -> av.VideoFrame:
    graph = Graph()
    source = _buffer(graph, size, "bgra", fps)
    sink = _chain(graph, source, graph.add("palettegen"), graph.add("buffersink"))
    graph.configure()
    for index, picture in pictures:
        source.push(_as_bgra(picture, index, fps))
    source.push(None)
    return _video(sink.pull())


def _write(path: Path, pictures: Iterable[tuple[int, av.VideoFrame]], palette: av.VideoFrame, size: tuple[int, int], fps: int) -> None:
    graph = Graph()
    source = _buffer(graph, size, "bgra", fps)
    colours = _buffer(graph, (palette.width, palette.height), palette.format.name, fps)
    use = graph.add("paletteuse")
    colours.link_to(use, 0, 1)
    sink = _chain(graph, source, use, graph.add("buffersink"))
    graph.configure()
    palette.pts, palette.time_base = 0, Fraction(1, fps)
    colours.push(palette)
    colours.push(None)
    with av.open(str(path), "w", format="gif", options={"loop": "0"}) as container:
        stream = container.add_stream("gif", rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "pal8"
        stream.time_base = Fraction(1, fps)
        for index, picture in pictures:
            source.push(_as_bgra(picture, index, fps))
            for indexed in _pulled(sink):
                container.mux(stream.encode(indexed))
        source.push(None)
        for indexed in _pulled(sink):
            container.mux(stream.encode(indexed))
        container.mux(stream.encode(None))


def _buffer(graph: Graph, size: tuple[int, int], pixels: str, fps: int) -> FilterContext:
    return graph.add("buffer", f"video_size={size[0]}x{size[1]}:pix_fmt={pixels}:time_base=1/{fps}:pixel_aspect=1/1")


def _chain(graph: Graph, *filters: FilterContext) -> FilterContext:
    for before, after in itertools.pairwise(filters):
        before.link_to(after)
    return filters[-1]


def _as_bgra(picture: av.VideoFrame, index: int, fps: int) -> av.VideoFrame:
    picture = picture.reformat(format="bgra")
    picture.pts, picture.time_base = index, Fraction(1, fps)
    return picture


def _pulled(sink: FilterContext) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield _video(sink.pull())
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _video(frame: object) -> av.VideoFrame:
    assert isinstance(frame, av.VideoFrame)
    return frame
