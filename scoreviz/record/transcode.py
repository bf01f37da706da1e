"""From the live recording `NAME.mp4.part.mkv` to `NAME.mp4` (or .gif): every frame at its own time, no matter how the recording ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av

from scoreviz.record.gif import write_gif
from scoreviz.record.parts import in_use, target_of
from scoreviz.record.stream import Source
from scoreviz.record.video import VideoFile

Told = Callable[[float], None]


def finish(part: Path, target: Path | None = None, told: Told = lambda fraction: None) -> Path:
    """Encode the recording for good and remove it; returns the video's path.

    `told` hears how far it is, 0 to 1, for every frame; what it raises ends the work. Then, and after every SceneError (full disk,
    nothing readable), the recording is as it was, and under the final name there is nothing.
    """
    with in_use(part):
        source = Source(part)
        target = target_of(part) if target is None or target.exists() else target
        if target.suffix == ".gif":
            _to_gif(source, target, told)
        else:
            _to_mp4(source, target, told)
    part.unlink(missing_ok=True)
    return target


def _to_mp4(source: Source, target: Path, told: Told) -> None:
    with VideoFile(target, source.size, source.fps) as video:
        for index, picture in source.pictures():
            video.write_picture(picture, index)
            told(video.written / source.frames)


def _to_gif(source: Source, target: Path, told: Told) -> None:
    passes = iter(((0.0, 0.2), (0.2, 0.8)))  # the second one takes longer

    def pictures() -> Iterator[tuple[int, av.VideoFrame]]:
        begin, share = next(passes)
        for count, (index, picture) in enumerate(source.pictures(), 1):
            yield index, picture
            told(begin + share * count / source.frames)

    write_gif(target, pictures, source.size, source.fps)
