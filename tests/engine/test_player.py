"""The player alone, into a list instead of a pipe: which frames are kept when a run is larger than the cache."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from scoreviz.engine import player as players
from scoreviz.engine.player import Plan, Player
from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import build_sde
from scoreviz.protocol.messages import Message, RunDone, RunFrames, RunStarted
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.samplers import PredictorCorrector, ReverseSDE

FRAME = 50 * 2 * 4
"""Bytes of a frame of 50 particles."""


class Pipe(list[Message]):
    def send(self, message: Message) -> None:
        self.append(message)


def play(scene: Scene) -> tuple[RunStarted, np.ndarray[Any, Any], RunDone, list[RunFrames]]:
    target = compile_density(scene.density, {})
    sde = build_sde(scene.noise, target.diameter())
    pipe: Any = Pipe()
    player = Player(pipe)
    player.start(Plan(4, scene, sde, target, target.score_fn(sde), target.log_prob_fn(sde), None, live=False))
    assert player.active and not player.unmeasured
    while not player.unmeasured:
        player.slice(0.01)
    assert player.position == 1.0
    player.measure()
    assert not player.active
    (started,), (done,) = ([m for m in pipe if isinstance(m, kind)] for kind in (RunStarted, RunDone))
    parts = [m for m in pipe if isinstance(m, RunFrames)]
    assert [m.first for m in parts] == np.cumsum([0, *(m.frames.shape[0] for m in parts)])[:-1].tolist()
    return started, np.concatenate([m.frames.numpy() for m in parts]), done, parts


@pytest.fixture
def scene(small: Scene) -> Scene:
    return msgspec.structs.replace(small, particles=Particles(count=50, seed=1), sampler=ReverseSDE(steps=40))


@pytest.mark.parametrize("room", [2, 3, 7, 10, 13, 20, 40, 41, 42, 100])
def test_a_run_larger_than_the_cache_is_thinned(scene: Scene, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    whole, every, measured, _ = play(scene)
    monkeypatch.setattr(players, "CACHE_BYTES", room * FRAME)
    started, frames, done, _ = play(scene)
    kept = started.substep.numpy()
    assert kept[0] == 0 and kept[-1] == started.total == whole.total, "the start and the end are there"
    assert len(set(np.diff(kept)[:-1].tolist())) <= 1, "every n-th"
    assert frames.tobytes() == every[kept].tobytes(), "the frames it keeps are those of the whole run"
    for name in ("t", "sigma", "log_snr", "stage"):
        assert getattr(started, name).numpy().tolist() == getattr(whole, name).numpy()[kept].tolist()
    assert done.distance == measured.distance and done.nfe == measured.nfe
    assert frames.nbytes <= room * FRAME, "what is kept fits the cache"
    if room >= len(every):
        assert len(frames) == len(every), "nothing is thinned that fits"


def test_the_stages_of_the_kept_frames(small: Scene) -> None:
    scene = msgspec.structs.replace(small, particles=Particles(count=50), sampler=PredictorCorrector(steps=10, corrector_steps=1))
    started, frames, _, _ = play(scene)
    stages = started.stage.numpy().tolist()
    assert stages[0] == 0 and {1, 2} <= set(stages[1:]) <= {1, 2, 3} and len(stages) == len(frames)


def test_large_frames_travel_in_pieces(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(players, "CHUNK_BYTES", 4 * FRAME)
    monkeypatch.setattr(players, "FLUSH_SECONDS", 1e9)
    *_, parts = play(scene)
    sizes = [m.frames.shape[0] for m in parts]
    assert sizes[0] == 1, "the start is seen at once"
    assert set(sizes[1:-1]) == {4} and sizes[-1] <= 4
