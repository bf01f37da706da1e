"""Length-prefixed frames, and the two directions' codecs."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

from scoreviz.protocol.messages import FromEngine, Message, ToEngine
from scoreviz.scene.choice import decode_choice
from scoreviz.scene.errors import SceneError

LARGEST_FRAME = 512 * 2**20
_LENGTH = struct.Struct("<I")
T = TypeVar("T")


class ProtocolError(ValueError):
    """The other side sent something that is not a message: wrong length, wrong type, wrong version."""


_encoder = msgspec.msgpack.Encoder()


def encode(message: Message) -> bytes:
    """One frame: length and msgpack."""
    body = _encoder.encode(message)
    if len(body) > LARGEST_FRAME:
        raise ProtocolError(f"a message of {len(body)} bytes is over the limit of {LARGEST_FRAME}")
    return _LENGTH.pack(len(body)) + body


class Unframer(Generic[T]):
    """Turns a stream of bytes, in whatever pieces, into messages."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[T]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[T]:
        """Messages that `data` completes. ProtocolError for a frame that cannot be one."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > LARGEST_FRAME:
                raise ProtocolError(f"a frame of {length} bytes is over the limit of {LARGEST_FRAME}")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(memoryview(self._buffer)[_LENGTH.size : end])
            del self._buffer[:end]
            try:
                yield self._decoder.decode(body)
            except (msgspec.DecodeError, SceneError) as error:
                raise ProtocolError(f"not a message: {error}") from error


def engine_unframer() -> Unframer[ToEngine]:
    """For the engine: reads what the window sends."""
    return Unframer(msgspec.msgpack.Decoder(ToEngine, dec_hook=decode_choice))


def window_unframer() -> Unframer[FromEngine]:
    """For the window: reads what the engine sends."""
    return Unframer(msgspec.msgpack.Decoder(FromEngine, dec_hook=decode_choice))
