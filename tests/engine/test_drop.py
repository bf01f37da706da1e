"""Dropped particles follow the scene's sampler from where they fall, by themselves; the run does not notice."""

from __future__ import annotations

import numpy as np
import pytest

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Answered, Ask, Refused
from scoreviz.protocol.questions import AskDrop, Drop, Dropped
from scoreviz.scene.choice import tag_of
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Scene
from scoreviz.scene.noise import VE, VP, NoiseSpec
from scoreviz.scene.samplers import RK4, RK45, LangevinCorrector, PredictorCorrector, ReverseSDE, SamplerSpec
from tests.engine.driver import Driver
from tests.engine.oracles import ve, vp


def drop(points: object, substep: int, seed: int = 0) -> Drop:
    return Drop(points=Array.of(np.asarray(points, np.float32)), substep=substep, seed=seed)


def asked(engine: Driver, *drops: Drop, total: int, kept: tuple[int, ...] | None = None) -> list[np.ndarray]:
    mark = engine.mark()
    engine.send(Ask(asker="drop", number=1, question=AskDrop(drops=drops, total=total, kept=kept or tuple(range(total + 1)))))
    answer = engine.wait(Answered, lambda m: m.asker == "drop", since=mark).answer
    assert isinstance(answer, Dropped)
    return [frames.numpy() for frames in answer.frames]


def refused(engine: Driver, question: AskDrop) -> str:
    mark = engine.mark()
    engine.send(Ask(asker="drop", number=1, question=question))
    found = engine.wait(Refused, since=mark)
    assert not found.details
    return found.template


@pytest.mark.parametrize("noise", [VE(sigma_min=0.01, sigma_max=4.0), VP()], ids=tag_of)
def test_with_the_ode_they_follow_the_exact_flow_of_a_gaussian(engine: Driver, noise: NoiseSpec) -> None:
    """x_t = a m + (x_T - a_T m) S_t/S_T, S = sqrt(a^2 s0^2 + std^2), from the middle of the run and from its start."""
    mean, spread = np.array([0.8, -0.5]), 0.4
    one = Density(marks=(Gaussian(x=0.8, y=-0.5, std=0.4),))
    started, _, _ = engine.run_of({"density": one, "noise": noise, "sampler": RK4(steps=40)})
    t = started.t.numpy()
    points = np.array([[2.0, 1.0], [-1.5, 0.2], [0.8, -0.5]])
    for begin, frames in zip((25, 0), asked(engine, drop(points, 25), drop(points, 0), total=started.total), strict=True):
        levels = np.array([ve(u, 0.01, 4.0) if isinstance(noise, VE) else vp(u) for u in t[begin:]])
        a, s = levels[:, 0], np.sqrt((levels[:, 0] * spread) ** 2 + levels[:, 1] ** 2)
        exact = a[:, None, None] * mean + (points - a[0] * mean)[None] * (s / s[0])[:, None, None]
        assert frames.shape == exact.shape and frames.dtype == np.float32
        assert np.abs(frames - exact).max() < 3e-3


def test_they_end_where_the_density_is(engine: Driver) -> None:
    """From far away, with half the run left, all but a few reach one of the two modes."""
    started, _, _ = engine.run_of({"sampler": ReverseSDE(steps=60)})
    (frames,) = asked(engine, drop(np.full((40, 2), 1.5), 10), total=started.total)
    means, stds = np.array([[-1.0, 0.3], [1.2, -0.4]]), np.array([0.3, 0.2])
    distance = (np.linalg.norm(frames[-1][:, None] - means, axis=-1) / stds).min(1)
    assert np.mean(distance < 3.5) > 0.9 and np.linalg.norm(frames[0] - 1.5) == 0


def test_the_run_is_the_same_bytes_with_and_without_them(engine: Driver) -> None:
    """Also asked in the middle of the run, and with a corrector whose norms are means over a batch."""
    sampler = PredictorCorrector(steps=150, corrector=LangevinCorrector(norms="batch"))
    _, alone, _ = engine.run_of({"sampler": sampler})
    engine.update({"sampler": ReverseSDE(steps=20)})
    total = 2 * 150 + 1
    question = AskDrop(drops=(drop(np.ones((12, 2)), 40), drop(np.zeros((3, 2)), 0, seed=9)), total=total, kept=tuple(range(total + 1)))
    mark = engine.mark()
    revision = engine.post({"sampler": sampler}, Ask(asker="drop", number=5, question=question))
    engine.wait(Answered, lambda m: m.number == 5, since=mark)
    from scoreviz.protocol.messages import RunDone, RunStarted

    started = engine.wait(RunStarted, lambda m: m.revision == revision, since=mark)
    engine.wait(RunDone, lambda m: m.run == started.run, since=mark)
    assert engine.frames(started.run).tobytes() == alone.tobytes()


def test_each_drop_is_alone_and_repeats(engine: Driver) -> None:
    """Neither another drop nor asking twice changes a drop's bytes, with norms over the batch too; another seed does."""
    sampler = PredictorCorrector(steps=20, corrector=LangevinCorrector(norms="batch"))
    started, _, _ = engine.run_of({"sampler": sampler})
    first, second = drop(np.ones((5, 2)), 12, seed=1), drop(np.zeros((4, 2)), 3, seed=2)
    (alone,) = asked(engine, first, total=started.total)
    together, _ = asked(engine, first, second, total=started.total)
    assert np.array_equal(alone, together)
    (other,) = asked(engine, drop(np.ones((5, 2)), 12, seed=3), total=started.total)
    assert not np.array_equal(alone, other)


def test_only_kept_substeps_come(engine: Driver) -> None:
    started, _, _ = engine.run_of({"sampler": ReverseSDE(steps=22)})
    points = np.ones((2, 2))
    (every,) = asked(engine, drop(points, 6), total=started.total)
    (some,) = asked(engine, drop(points, 6), total=started.total, kept=(0, 3, 6, 9, 15, 23))
    assert np.array_equal(some, every[[0, 3, 9, 17]])


@pytest.mark.parametrize("kind", [s for s in SamplerSpec.members() if not s.ADAPTIVE], ids=tag_of)
def test_every_sampler_with_fixed_steps_takes_them(engine: Driver, kind: type[SamplerSpec]) -> None:
    """From the middle, where solvers that look back have no past."""
    short = {name: 6 for name in ("steps", "levels") if name in kind.__struct_fields__}  # type: ignore[attr-defined]
    started, _, _ = engine.run_of({"sampler": kind(**short)})
    (frames,) = asked(engine, drop(np.full((3, 2), 0.5), started.total // 2), total=started.total)
    assert frames.shape == (started.total - started.total // 2 + 1, 3, 2) and np.isfinite(frames).all()


def test_what_cannot_be_dropped_is_a_sentence(engine: Driver, small: Scene) -> None:
    started, _, _ = engine.run_of({"sampler": ReverseSDE(steps=24)})
    total, kept = started.total, tuple(range(started.total + 1))
    one = drop(np.ones((1, 2)), 3)
    assert "another sampler" in refused(engine, AskDrop(drops=(one,), total=total + 1, kept=kept))
    assert "At most" in refused(engine, AskDrop(drops=(drop(np.ones((65, 2)), 3),), total=total, kept=kept))
    assert "not of this drawing" in refused(engine, AskDrop(drops=(drop(np.ones((1, 3)), 3),), total=total, kept=kept))
    engine.run_of({"sampler": RK45()})
    assert "keep step" in refused(engine, AskDrop(drops=(one,), total=total, kept=kept))
