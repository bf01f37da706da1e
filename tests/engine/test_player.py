"""The player alone, into a list instead of a pipe: which frames are kept when a run is larger than the cache."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from scoreviz.engine import player as players
from scoreviz.engine.plan import Plan
from scoreviz.engine.player import Player
from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import build_sde
from scoreviz.protocol.messages import Message, RunDone, RunFrames, RunStarted
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.noise import VE, VP, Custom, NoiseSpec
from scoreviz.scene.samplers import Forward, PredictorCorrector, ReverseSDE, SamplerSpec

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


@pytest.mark.parametrize("kind", [kind for kind in SamplerSpec.members() if kind.ADAPTIVE])
@pytest.mark.parametrize("noise", [VE(), VP()], ids=repr)
def test_a_sampler_that_chooses_its_steps_is_told_whole(kind: type[Any], noise: Any, small: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = msgspec.structs.replace(small, noise=noise, particles=Particles(count=50, seed=1), sampler=kind(rtol=0.1, atol=0.1))
    started, frames, done, _ = play(scene)
    assert started.total == len(frames) - 1 > 2
    t, sde = started.t.numpy(), build_sde(noise, compile_density(scene.density, {}).diameter())
    assert t[0] == 1.0 and (np.diff(t) <= 0).all() and t[-1] == (0.0 if scene.sampler.to_data else sde.eps)  # type: ignore[attr-defined]
    assert done.nfe > started.total and done.distance is not None
    held: list[int] = []
    find = Player._find
    monkeypatch.setattr(Player, "_find", lambda self, substep: (find(self, substep), held.append(len(self._states)))[0])
    for room in (2, 3, 4, 7, started.total, started.total + 1):
        monkeypatch.setattr(players, "CACHE_BYTES", room * FRAME)
        held.clear()
        thinned, few, again, _ = play(scene)
        kept = thinned.substep.numpy()
        assert len(few) <= room and kept[0] == 0 and kept[-1] == started.total and few.tobytes() == frames[kept].tobytes()
        assert len(set(np.diff(kept)[:-1].tolist())) <= 1, "every n-th"
        assert max(held) < room, "and no more was kept on the way"
        assert (again.nfe, again.distance) == (done.nfe, done.distance)
    assert len(few) == len(frames), "nothing is thinned that fits"


@pytest.mark.parametrize("kind", SamplerSpec.members())
@pytest.mark.parametrize("noise", [kind() for kind in NoiseSpec.members()], ids=repr)
def test_every_sampler_plays_on_every_noise(kind: type[Any], noise: Any, small: Scene) -> None:
    few = {name: 4 for name in ("steps", "levels", "steps_per_level") if name in kind.__struct_fields__}
    scene = msgspec.structs.replace(small, noise=noise, particles=Particles(count=50, seed=1), sampler=kind(**few))
    started, frames, done, _ = play(scene)
    assert np.isfinite(frames).all() and len(frames) == started.total + 1
    assert np.isfinite(started.sigma.numpy()).all() and not np.isnan(started.log_snr.numpy()).any()
    assert done.distance is not None and np.isfinite(done.distance)


def test_the_truth_is_that_of_the_noise(small: Scene) -> None:
    """Two noises with one sigma have laws of two scales."""
    scene = msgspec.structs.replace(small, particles=Particles(count=2000, seed=1), sampler=Forward(steps=4))
    exploding = msgspec.structs.replace(scene, noise=Custom(points=((0.0, 0.01), (1.0, 3.0))))
    preserving = msgspec.structs.replace(scene, noise=Custom(points=((0.0, 0.01), (1.0, 3.0)), scale="preserving"))
    target = compile_density(scene.density, {})
    player = Player(Pipe())  # type: ignore[arg-type]
    for one in (exploding, preserving):
        sde = build_sde(one.noise, target.diameter())
        pipe: Any = Pipe()
        player._channel = pipe
        player.start(Plan(4, one, sde, target, target.score_fn(sde), target.log_prob_fn(sde), None, live=False))
        while not player.unmeasured:
            player.slice(0.01)
        player.measure()
        (done,) = (m for m in pipe if isinstance(m, RunDone))
        assert done.distance is not None and done.floor is not None and done.distance < 3 * done.floor[0]


def test_large_frames_travel_in_pieces(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(players, "CHUNK_BYTES", 4 * FRAME)
    monkeypatch.setattr(players, "FLUSH_SECONDS", 1e9)
    *_, parts = play(scene)
    sizes = [m.frames.shape[0] for m in parts]
    assert sizes[0] == 1, "the start is seen at once"
    assert set(sizes[1:-1]) == {4} and sizes[-1] <= 4
