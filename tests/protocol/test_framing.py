"""Frames in whatever pieces, arrays with whatever shape, and what is not a message."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.framing import LARGEST_FRAME, ProtocolError, encode, engine_unframer, window_unframer
from scoreviz.protocol.messages import Beat, Density, Hello, Look, RunFrames, Snapshot, Train, Update
from scoreviz.scene.document import Scene


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_messages_survive_any_cut(cuts: list[int]) -> None:
    sent = [Beat(busy=0.5, doing="run"), RunFrames(run=1, first=0, frames=Array.of(np.arange(24, dtype=np.float32).reshape(3, 4, 2)))]
    stream = b"".join(encode(m) for m in sent)
    unframer, found, place = window_unframer(), [], 0
    while place < len(stream):
        size = cuts[len(found) % len(cuts)] if cuts else 1
        found.extend(unframer.feed(stream[place : place + size]))
        place += size
    assert found == sent


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (1, 2, 3)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8"])
def test_arrays_keep_shape_and_values(shape: tuple[int, ...], dtype: str) -> None:
    array = np.arange(int(np.prod(shape)), dtype=dtype).reshape(shape)
    back = Array.of(array).numpy()
    assert back.shape == array.shape and back.dtype == array.dtype and np.array_equal(back, array)
    assert np.array_equal(Array.of(array.T).numpy(), array.T), "whatever its order in memory"


def test_arrays_that_lie_are_refused() -> None:
    with pytest.raises(ValueError, match="are not an array"):
        Array(dtype="float32", shape=(2**40,), data=b"1234").numpy()
    with pytest.raises(ValueError, match="no array of dtype object"):
        Array(dtype="object", shape=(1,), data=b"12345678").numpy()
    with pytest.raises(ValueError, match="does not travel"):
        Array.of(np.array(["text"]))


def test_what_is_not_a_message() -> None:
    with pytest.raises(ProtocolError, match="over the limit"):
        list(engine_unframer().feed(struct.pack("<I", LARGEST_FRAME + 1)))
    with pytest.raises(ProtocolError, match="not a message"):
        list(engine_unframer().feed(struct.pack("<I", 3) + b"abc"))
    with pytest.raises(ProtocolError, match="not a message"):
        list(engine_unframer().feed(encode(Beat(busy=0.0, doing=""))))  # the wrong direction


def test_what_the_window_sends_arrives() -> None:
    scene = Scene()
    look = Look(bounds=(-1.0, 1.0, -1.0, 1.0), density_shape=(2, 3), arrows_shape=(4, 5), density=(0.5,))
    sent = [Hello(), Train(running=True), look]
    assert list(engine_unframer().feed(b"".join(map(encode, sent)))) == sent
    (update,) = engine_unframer().feed(encode(Update(revision=2, parts={"sampler": scene.sampler})))
    assert isinstance(update, Update) and update.parts["sampler"]["type"] == "reverse_sde"
    back = Snapshot(step=1, tensors={"w": Array.of(np.float32([1, 2]))})
    assert next(iter(window_unframer().feed(encode(back)))) == back
    grid = Density(revision=1, sigma=0.1, bounds=(0.0, 1.0, 0.0, 1.0), log_p=Array.of(np.zeros((2, 2), np.float32)))
    assert next(iter(window_unframer().feed(encode(grid)))) == grid
