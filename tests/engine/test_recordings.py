"""What the window shows before its engine is up is what the engine computes now."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import numpy as np

from scoreviz.engine.recordings import FIRST, LAST, POINTS, first_sight, preset_points, solid_points
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.framing import window_unframer
from scoreviz.protocol.messages import Arrows, Density, RunFrames, RunStarted
from scoreviz.resources import asset
from scoreviz.scene.density import PRESET_LABELS
from scoreviz.scene.solid import SOLID_LABELS

TOLERANCE = {"frames": 0.02, "log_p": 0.1, "vectors": 0.05, "t": 1e-9, "sigma": 1e-9, "log_snr": 1e-6, "substep": 0, "stage": 0}
"""Machines differ in the last digits, and rounding to the recording's grid adds one of its steps."""


def split(message: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plain fields, and arrays."""
    fields = msgspec.structs.asdict(message)
    arrays = {name: value.numpy() for name, value in fields.items() if isinstance(value, Array)}
    return {name: value for name, value in fields.items() if name not in arrays}, arrays


def test_the_first_sight_is_what_the_engine_computes() -> None:
    recorded = list(window_unframer().feed(zlib.decompress(asset("first_sight.bin").read_bytes())))
    computed = first_sight()
    assert [type(m) for m in recorded] == [type(m) for m in computed]
    for k, (old, new) in enumerate(zip(recorded, computed, strict=True)):
        (plain, arrays), (expected, wanted) = split(old), split(new)
        sigma = plain.pop("sigma", None) if isinstance(plain.get("sigma"), float) else None
        if sigma is not None:
            np.testing.assert_allclose(sigma, expected.pop("sigma"), rtol=1e-9)
        assert plain == expected, f"message {k}"
        assert arrays.keys() == wanted.keys()
        for name, values in arrays.items():
            assert values.dtype == wanted[name].dtype
            np.testing.assert_allclose(values, wanted[name], rtol=0, atol=TOLERANCE[name], err_msg=f"{name} of message {k}")


def test_the_first_sight_is_a_run_that_can_be_shown() -> None:
    recorded = list(window_unframer().feed(zlib.decompress(asset("first_sight.bin").read_bytes())))
    started = recorded[0]
    assert isinstance(started, RunStarted) and started.source == "exact" and started.axis == "reverse"
    frames = [m for m in recorded if isinstance(m, RunFrames)]
    assert frames[0].frames.shape[0] == FIRST + 1 and sum(m.frames.shape[0] for m in frames) == LAST + 1
    shown = started.sigma.numpy()[FIRST : LAST + 1].tolist()
    assert [m.sigma for m in recorded if isinstance(m, Density)] == [m.sigma for m in recorded if isinstance(m, Arrows)] == shown


def test_the_presets_points_are_what_the_engine_computes() -> None:
    recorded = msgspec.msgpack.decode(asset("presets.bin").read_bytes(), type=dict[str, Array])
    computed = preset_points()
    assert list(recorded) == list(computed) == list(PRESET_LABELS)
    for name, points in recorded.items():
        assert points.shape == (POINTS, 2)
        np.testing.assert_allclose(points.numpy(), computed[name].numpy(), rtol=0, atol=0.02, err_msg=name)


def test_the_solids_points_are_what_the_engine_computes() -> None:
    recorded = msgspec.msgpack.decode(asset("solid_presets.bin").read_bytes(), type=dict[str, Array])
    computed = solid_points()
    assert list(recorded) == list(computed) == list(SOLID_LABELS)
    for name, points in recorded.items():
        assert points.shape == (POINTS, 3)
        np.testing.assert_allclose(points.numpy(), computed[name].numpy(), rtol=0, atol=0.02, err_msg=name)
