"""States to bytes and back: every bit, every kind of memory, and every wrong file its sentence."""

import json
import math
import struct
from dataclasses import replace
from typing import Any

import pytest
import torch
from safetensors.torch import load, save

from scoreviz.maths import State, rng_from_seed
from scoreviz.maths.sampling import draw_noise
from scoreviz.maths.states import fork, state_bytes, state_from_bytes
from scoreviz.scene.errors import SceneError


def state(memory: tuple[Any, ...] = (), dtype: torch.dtype = torch.float32, shape: tuple[int, ...] = (4, 2)) -> State:
    g = torch.Generator().manual_seed(0)
    return State(torch.randn(shape, generator=g, dtype=dtype), torch.randn(shape, generator=g, dtype=dtype), 7, rng_from_seed(3), memory)


def same(one: Any, two: Any) -> bool:
    """To the bit and to the order in memory, nan included."""
    if isinstance(one, torch.Tensor):
        return (
            isinstance(two, torch.Tensor)
            and (one.dtype, one.shape, one.stride()) == (two.dtype, two.shape, two.stride())
            and one.reshape(-1).view(torch.uint8).equal(two.reshape(-1).view(torch.uint8))
        )
    if isinstance(one, tuple):
        return isinstance(two, tuple) and len(one) == len(two) and all(same(a, b) for a, b in zip(one, two, strict=True))
    if isinstance(one, float):
        return type(two) is float and struct.pack("d", one) == struct.pack("d", two)
    return type(one) is type(two) and bool(one == two)


def whole(value: State) -> tuple[Any, ...]:
    return value.x, value.x_mean, value.cursor, value.rng, value.memory


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("shape", [(1, 1), (5, 2), (0, 2), (2, 3, 4, 4), (6,)], ids=str)
def test_points_return_bit_for_bit(dtype: torch.dtype, shape: tuple[int, ...]):
    kept = state(dtype=dtype, shape=shape)
    back = state_from_bytes(state_bytes(kept))
    assert same(whole(kept), whole(back))
    assert same(draw_noise(kept.rng, kept.x.float()), draw_noise(back.rng, back.x.float()))


MEMORIES = [
    (),
    (1, -5, 2**80, True, False, None),
    (0.1, -0.0, math.pi * 1e-310, math.inf, -math.inf, math.nan, 5e-324, 1.7e308),
    (torch.arange(6.0).reshape(2, 3), torch.tensor(3), torch.tensor([True, False]), torch.tensor([2**62])),
    ((), ((torch.ones(2), (0.5, (None, (1,)))),), (torch.zeros(0, 3),)),
    (torch.tensor([math.nan, -0.0, math.inf]), torch.arange(12.0).reshape(3, 4).T),
    (torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0)).permute(2, 0, 1), torch.ones(1, 4).expand(3, 4).contiguous().T),
]


@pytest.mark.parametrize("memory", MEMORIES, ids=range(len(MEMORIES)))
def test_memory_returns_bit_for_bit(memory: tuple[Any, ...]):
    kept = state(memory)
    assert same(whole(state_from_bytes(state_bytes(kept))), whole(kept))
    assert state_bytes(state_from_bytes(state_bytes(kept))) == state_bytes(kept)


def test_tensors_with_gaps_or_shared_storage_return_with_their_values():
    base = torch.arange(24.0).reshape(4, 6)
    x = base[:, :2]
    kept = State(x, x, 0, rng_from_seed(0), (base, base[:, ::2], base[0].expand(3, 6), base))
    back = state_from_bytes(state_bytes(kept))
    assert torch.equal(back.x, kept.x) and back.x is back.x_mean and back.memory[0] is back.memory[3]
    assert all(torch.equal(one, two) for one, two in zip(kept.memory, back.memory, strict=True))
    assert len(load(state_bytes(kept))) == 5, "what is shared is written once"


def test_what_was_loaded_is_its_own():
    kept = state((torch.ones(3),))
    data = state_bytes(kept)
    back = state_from_bytes(data)
    back.x.zero_(), back.memory[0].zero_()
    assert kept.x.any() and kept.memory[0].any()
    assert same(whole(state_from_bytes(data)), whole(kept))


def test_the_order_in_memory_is_kept():
    """A transposed x multiplies by another path of the BLAS: its order in memory is part of the bits of what follows."""
    x = torch.randn(64, 8, generator=torch.Generator().manual_seed(0)).T
    back = state_from_bytes(state_bytes(State(x, x, 0, rng_from_seed(0)))).x
    assert back.stride() == x.stride() and torch.equal(back, x)


@pytest.mark.parametrize("thing", ["text", [1], {"a": 1}, 1j, object()], ids=lambda value: type(value).__name__)
def test_what_cannot_be_kept_is_named(thing: Any):
    with pytest.raises(TypeError, match=type(thing).__name__):
        state_bytes(state((thing,)))


def test_fork_changes_the_noise_alone():
    kept = state((1, torch.ones(2)))
    before = kept.rng.clone()
    forked = fork(kept, 11)
    assert forked.x is kept.x and forked.x_mean is kept.x_mean and forked.cursor == 7 and forked.memory is kept.memory
    assert torch.equal(forked.rng, rng_from_seed(11)) and torch.equal(kept.rng, before)
    assert torch.equal(fork(kept, 11).rng, forked.rng) and not torch.equal(fork(kept, 12).rng, forked.rng)


# wrong files


def rewritten(change: Any, tensors: Any = lambda found: found) -> bytes:
    data = state_bytes(state((torch.ones(2, 3), 0.5)))
    found = load(data)
    size = int.from_bytes(data[:8], "little")
    header = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["scoreviz.state"])
    change(header)
    return save(tensors(found), metadata={"scoreviz.state": json.dumps(header)})


def node(name: str, value: Any) -> bytes:
    return rewritten(lambda header: header.update({name: value}))


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else []


GOOD = state_bytes(state())
WRONG = {
    "empty": (b"", "not a kept state of a run"),
    "text": (b"hello world, this is text", "not a kept state of a run"),
    "short": (GOOD[:-1], "not a kept state of a run"),
    "long": (GOOD + b"x", "not a kept state of a run"),
    "huge header": (b"\xff" * 8 + GOOD[8:], "not a kept state of a run"),
    "other safetensors": (save({"w": torch.ones(2)}), "not those of a state"),
    "other metadata": (save({"w": torch.ones(2)}, metadata={"format": "pt"}), "not those of a state"),
    "not json": (save({}, metadata={"scoreviz.state": "{"}), "not a kept state"),
    "a list": (save({}, metadata={"scoreviz.state": "[]"}), "header is not one of a state"),
    "deep json": (save({}, metadata={"scoreviz.state": "[" * 100_000}), "not a kept state"),
    "key missing": (rewritten(lambda header: header.pop("rng")), "header is not one of a state"),
    "key too many": (node("more", 1), "header is not one of a state"),
    "version": (node("version", 2), "version 2, and 1 is known"),
    "cursor": (node("cursor", -1), "whole number from 0, got -1"),
    "cursor bool": (node("cursor", True), "whole number from 0, got True"),
    "cursor text": (node("cursor", "7"), "whole number from 0"),
    "x": (node("x", 3), "floating-point numbers"),
    "x whole": (rewritten(lambda header: None, lambda found: found | {"0": torch.ones(4, 2, dtype=torch.int64)}), "floating-point numbers"),
    "x scalar": (rewritten(lambda header: None, lambda found: found | {"0": torch.tensor(1.0)}), "shape"),
    "x_mean": (rewritten(lambda header: None, lambda found: found | {"1": torch.ones(3, 2)}), "x and x_mean differ"),
    "x_mean dtype": (rewritten(lambda header: None, lambda found: found | {"1": torch.ones(4, 2).double()}), "x and x_mean differ"),
    "missing": (rewritten(lambda header: None, lambda found: {k: v for k, v in found.items() if k != "1"}), "tensor '1' is missing"),
    "unused": (rewritten(lambda header: None, lambda found: found | {"new": torch.ones(1)}), "no part of a state: new"),
    "name": (node("memory", [{"tensor": 3}]), "tensor '3' is missing"),
    "order": (node("memory", [{"tensor": "3", "order": [0, 0]}]), "order of the tensor '3'"),
    "order text": (node("memory", [{"tensor": "3", "order": "01"}]), "order of the tensor '3'"),
    "order bool": (node("memory", [{"tensor": "3", "order": [False, True]}]), "order of the tensor '3'"),
    "memory": (node("memory", 3), "memory must be a tuple"),
    "text in memory": (node("memory", ["__import__('os')"]), "no part of a state"),
    "plain float": (node("memory", [0.5]), "no part of a state"),
    "bad float": (node("memory", [{"float": "0x1.gp+0"}]), "no part of a state"),
    "float overflows": (node("memory", [{"float": "0x1.8p+99999"}]), "not a kept state"),
    "unknown node": (node("memory", [{"tensor": "3", "call": "x"}]), "no part of a state"),
    "nested": (node("memory", nested(40)), "nested more than 32 deep"),
    "rng": (node("rng", 5), "generator must be bytes"),
    "rng short": (rewritten(lambda header: None, lambda found: found | {"2": torch.zeros(16).byte()}), "generator is none of the device"),
    "rng floats": (rewritten(lambda header: None, lambda found: found | {"2": torch.zeros(5056)}), "generator must be bytes"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_bytes_have_their_sentence(case: str):
    data, sentence = WRONG[case]
    with pytest.raises(SceneError, match=sentence) as caught:
        state_from_bytes(data)
    assert isinstance(caught.value, ValueError)
    assert "{reason}" in caught.value.template


def test_every_byte_that_is_cut_off_is_noticed():
    for length in (*range(0, 400, 7), *range(400, len(GOOD), 97)):
        with pytest.raises(SceneError):
            state_from_bytes(GOOD[:length])


def test_reading_draws_nothing():
    before = torch.random.get_rng_state()
    state_from_bytes(GOOD)
    fork(state(), 3)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_replaced_field_is_written():
    one = state()
    assert state_from_bytes(state_bytes(replace(one, cursor=9))).cursor == 9
