"""What the recorder's process does: encode live, then make the film, whatever becomes of the window."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from scoreviz.record.messages import Discard, Failed, Filled, Finish, Freed, Leave, Making, Ready, Record, Saved
from scoreviz.record.parts import PART, free_name, in_use, part_of
from scoreviz.record.slots import Slots
from scoreviz.record.stdio import Channel
from scoreviz.record.stream import Source
from scoreviz.record.transcode import finish
from scoreviz.record.video import VideoFile
from scoreviz.record.whole import sentences
from scoreviz.scene.errors import SceneError

TOLD_SECONDS = 0.1
CALM = 5
"""Niceness while the film is made: nobody waits for single frames any more."""


class _Discarded(Exception):
    """A person stopped it."""


class _Left(Exception):
    """The window closed."""


def serve(channel: Channel) -> int:
    """One recording, or one leftover, from its order to its film."""
    part: Path | None = None
    try:
        match channel.next():
            case Record() as order:
                part = part_of(Path(order.target))
                _record(channel, order, part)
                _make(channel, part, Path(order.target))
            case Finish() as order:
                part = Path(order.part)
                _make(channel, part, None)
    except SceneError as error:
        params = {key: value if isinstance(value, int | float) else str(value) for key, value in error.params.items()}
        kept = str(part) if part is not None and part.exists() else ""
        channel.send(Failed(template=error.template, params=params, kept=kept))
        return 1
    except _Discarded:
        channel.send(Saved(path="", frames=0))
    except _Left:
        pass
    return 0


def _record(channel: Channel, order: Record, part: Path) -> None:
    """Into the part file until the window says Stop, or is gone."""
    size = (order.width, order.height)
    slots = Slots(Path(order.slots), size, order.count)
    slots.remove()
    video = VideoFile(part, size, order.fps, quality="live")
    with sentences(part), part.open("xb"):  # never over another recording
        pass
    try:
        with video, in_use(part):
            channel.send(Ready())
            while isinstance(message := channel.next(), Filled):
                video.write(slots.picture(message.slot), layout="bgra", index=message.index)
                channel.send(Freed(slot=message.slot))
    except SceneError:
        if not video.written:
            part.unlink(missing_ok=True)
        raise
    if isinstance(message, Discard) or not video.written:
        part.unlink(missing_ok=True)
        raise _Discarded
    if isinstance(message, Leave):
        _hand_over(part)


def _make(channel: Channel, part: Path, target: Path | None) -> None:
    """The film; tells how far it is, and listens."""
    if hasattr(os, "nice"):
        os.nice(CALM)
    next_word = 0.0

    def told(fraction: float) -> None:
        nonlocal next_word
        match channel.peek():
            case Discard():
                raise _Discarded
            case Leave():
                raise _Left
        if time.monotonic() >= next_word:
            next_word = time.monotonic() + TOLD_SECONDS
            channel.send(Making(fraction=fraction))

    frames = Source(part).frames
    try:
        film = finish(part, target, told)
        channel.send(Making(fraction=1.0))
    except _Discarded:
        film = part.rename(free_name(part.with_name(part.name.removesuffix(PART)).with_suffix(".mkv")))
    except _Left:
        _hand_over(part)
    channel.send(Saved(path=str(film), frames=frames))


def _hand_over(part: Path) -> None:
    """To a process that is not the window's child: Qt ends those when it ends."""
    subprocess.Popen(
        [sys.executable, "-m", "scoreviz.record", "--finish", str(part)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    raise _Left
