"""What window and recorder say to each other: msgpack frames on the recorder's stdin and stdout, as `protocol.framing` cuts them.

The pixels themselves do not travel: they lie in `slots`. The window's end (EOF) means: make a film of what there is.
"""

from __future__ import annotations

import struct

import msgspec

from scoreviz.protocol.framing import Unframer


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all messages."""


# ---- to the recorder


class Record(Message, tag="record", frozen=True, kw_only=True):
    """Record pictures of `width` x `height` (BGRA) that will lie in the slots; the film is to be `target`."""

    target: str
    width: int
    height: int
    fps: int
    slots: str  # the file
    count: int


class Filled(Message, tag="filled", frozen=True, kw_only=True):
    """Slot `slot` holds the picture of time index / fps; it is the recorder's until it says Freed."""

    slot: int
    index: int


class Stop(Message, tag="stop", frozen=True, kw_only=True):
    """Nothing more comes: make the film."""


class Discard(Message, tag="discard", frozen=True, kw_only=True):
    """While recording: forget it. While making the film: stop that, and keep the recording as an MKV."""


class Leave(Message, tag="leave", frozen=True, kw_only=True):
    """The window closes: hand the work to a process that outlives it."""


class Finish(Message, tag="finish", frozen=True, kw_only=True):
    """Make the film of a recording that was left over."""

    part: str


# ---- from the recorder


class Ready(Message, tag="ready", frozen=True, kw_only=True):
    """It records: time begins."""


class Freed(Message, tag="freed", frozen=True, kw_only=True):
    """The picture in `slot` is encoded."""

    slot: int


class Making(Message, tag="making", frozen=True, kw_only=True):
    """How far the film is, 0 to 1."""

    fraction: float


class Saved(Message, tag="saved", frozen=True, kw_only=True):
    """The film, or the MKV if its making was stopped, is in `path`; nothing is there if the recording was discarded."""

    path: str
    frames: int


class Failed(Message, tag="failed", frozen=True, kw_only=True):
    """A SceneError as data, so that it translates; it ends the recorder."""

    template: str
    params: dict[str, str | int | float]
    kept: str = ""  # where what was recorded is


ToRecorder = Record | Filled | Stop | Discard | Leave | Finish
FromRecorder = Ready | Freed | Making | Saved | Failed
_encoder = msgspec.msgpack.Encoder()


def encode(message: ToRecorder | FromRecorder) -> bytes:
    """One frame: length and msgpack."""
    body = _encoder.encode(message)
    return struct.pack("<I", len(body)) + body


def recorder_unframer() -> Unframer[ToRecorder]:
    """For the recorder: reads what the window sends."""
    return Unframer(msgspec.msgpack.Decoder(ToRecorder))


def window_unframer() -> Unframer[FromRecorder]:
    """For the window: reads what the recorder sends."""
    return Unframer(msgspec.msgpack.Decoder(FromRecorder))
