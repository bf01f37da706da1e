"""Density and arrows: the maths' own numbers at the cell centres, only what the newest Look wants, and nothing touched by looking."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from scoreviz.engine.fields import AGAIN_SECONDS, Requests
from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import build_sde
from scoreviz.protocol.messages import Arrows, Density, Problem, RunDone, Train, Trained
from scoreviz.scene.density import Density as Drawing
from scoreviz.scene.density import Preset
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.learning import Score
from scoreviz.scene.samplers import PredictorCorrector
from tests.engine.driver import BOUNDS, Driver, look

SIGMAS = (0.01, 0.12, 0.9, 3.0)


def centres(shape: tuple[int, int]) -> torch.Tensor:
    """Centres of the cells, row 0 at the bottom, worked out anew."""
    x0, x1, y0, y1 = BOUNDS
    rows, columns = shape
    xs = [x0 + (j + 0.5) / columns * (x1 - x0) for j in range(columns)]
    ys = [y0 + (i + 0.5) / rows * (y1 - y0) for i in range(rows)]
    return torch.tensor([[x, y] for y in ys for x in xs], dtype=torch.float64)


def arrows(engine: Driver, kind: Any, sigmas: tuple[float, ...] = (0.3,)) -> list[Arrows]:
    mark = engine.mark()
    engine.send(look(arrows=sigmas, arrows_kind=kind))
    return [engine.wait(Arrows, lambda m, s=s: m.sigma == s and m.kind == kind, since=mark) for s in sigmas]


def train_a_little(engine: Driver, steps: int = 50) -> int:
    mark = engine.mark()
    engine.send(Train(running=True))
    engine.wait(Trained, lambda m: m.step >= steps, since=mark)
    engine.send(Train(running=False))
    return engine.wait(Trained, lambda m: not m.running, since=mark).step


@pytest.mark.parametrize("name", ["small", "two_spirals"])
def test_fields_are_the_exact_ones(engine: Driver, small: Scene, name: Any) -> None:
    drawing = small.density if name == "small" else Drawing(marks=(Preset(name=name),))
    engine.update({"density": drawing})
    target = compile_density(drawing, {})
    sde = build_sde(small.noise, target.diameter())
    mark = engine.mark()
    engine.send(look(density=SIGMAS, arrows=SIGMAS))
    for sigma in SIGMAS:
        t = sde.t_of_sigma(sigma)
        grid = engine.wait(Density, lambda m, s=sigma: m.sigma == s, since=mark)
        assert grid.bounds == BOUNDS and grid.log_p.shape == (24, 30)
        exact = target.log_prob(centres((24, 30)), sde, t).clamp(min=-600.0).reshape(24, 30)
        np.testing.assert_allclose(grid.log_p.numpy(), exact.numpy(), rtol=2e-5, atol=1e-3)
        field = engine.wait(Arrows, lambda m, s=sigma: m.sigma == s, since=mark)
        assert field.bounds == BOUNDS and field.vectors.shape == (8, 10, 2) and field.kind == "exact" and field.step is None
        score = sigma * target.score(centres((8, 10)), sde, t).reshape(8, 10, 2)
        np.testing.assert_allclose(field.vectors.numpy(), score.numpy(), rtol=1e-3, atol=1e-3)


def test_the_difference_is_network_minus_exact(engine: Driver) -> None:
    step = train_a_little(engine)
    exact, network, difference = (arrows(engine, kind, SIGMAS) for kind in ("exact", "network", "difference"))
    for e, n, d in zip(exact, network, difference, strict=True):
        assert (e.step, n.step, d.step) == (None, step, step)
        np.testing.assert_allclose(
            d.vectors.numpy(), n.vectors.numpy() - e.vectors.numpy(), atol=1e-4 * (1 + np.abs(e.vectors.numpy()).max())
        )
        assert np.abs(d.vectors.numpy()).max() > 1e-3, "a network of fifty steps is not exact"


def test_a_network_that_learned_is_looked_at_anew(engine: Driver) -> None:
    (before,) = arrows(engine, "network")
    step = train_a_little(engine)
    (after,) = arrows(engine, "network")
    assert (before.step, after.step) == (0, step)
    assert not np.array_equal(before.vectors.numpy(), after.vectors.numpy())


def test_most_urgent_first(engine: Driver) -> None:
    mark = engine.mark()
    engine.send(look(density=(0.3, 0.1, 2.0), arrows=(0.3, 0.1)))
    engine.wait(Density, lambda m: m.sigma == 2.0, since=mark)
    order = [(type(m), m.sigma) for m in engine.said[mark:] if isinstance(m, Density | Arrows)]
    assert order == [(Density, 0.3), (Arrows, 0.3), (Density, 0.1), (Arrows, 0.1), (Density, 2.0)]


def test_the_newest_look_replaces_the_one_before(engine: Driver) -> None:
    engine.update({"density": Drawing(marks=(Preset(name="two_spirals"),))})
    many = tuple(0.1 + 0.01 * k for k in range(200))
    mark = engine.mark()
    engine.send(look(density_shape=(300, 300), density=many))
    engine.wait(Density, since=mark)
    engine.send(look(density=(3.5,), arrows=(3.5,)))
    last = engine.wait(Arrows, lambda m: m.sigma == 3.5, since=mark)
    engine.run_of({"particles": Particles(count=5, seed=9)})  # whatever else were wanted would have come by now
    levels = [m.sigma for m in engine.since(mark, Density)]
    assert len(levels) < 150 and levels[-1] == 3.5
    assert last.vectors.shape == (8, 10, 2)


def test_every_level_of_a_run_can_be_looked_at(engine: Driver) -> None:
    started, _, _ = engine.run_of({"particles": Particles(count=5, seed=4)})
    levels = tuple(dict.fromkeys(started.sigma.numpy().tolist()))
    mark = engine.mark()
    engine.send(look(density=levels))
    for sigma in levels:
        engine.wait(Density, lambda m, s=sigma: m.sigma == s, since=mark)
    assert engine.since(mark, Problem) == []


@pytest.mark.parametrize("factor", [0.5, 0.9995, 1.0005, 2.0, float("nan")])
def test_a_level_of_the_noise_before_is_passed_over_in_silence(engine: Driver, factor: float) -> None:
    _, applied = engine.update({})
    assert applied.sigma_max is not None
    level = factor * (applied.sigma_max if not factor < 1 else 0.01)
    mark = engine.mark()
    engine.send(look(density=(level, 0.5), arrows=(level, 0.5)))
    engine.wait(Arrows, lambda m: m.sigma == 0.5, since=mark)
    assert engine.since(mark, Problem) == []


def test_looking_never_touches_a_run(engine: Driver) -> None:
    train_a_little(engine, 20)
    plan = {"sampler": PredictorCorrector(steps=60), "score": Score(source="network")}
    _, quiet, _ = engine.run_of({**plan, "particles": Particles(count=200, seed=11)})
    engine.run_of({"particles": Particles(count=200, seed=12)})
    mark = engine.mark()
    revision = engine.post({"particles": Particles(count=200, seed=11)})
    for k in range(200):
        sigma = 0.1 + 0.01 * k
        engine.send(look(density=(sigma,), arrows=(sigma,), arrows_kind=("exact", "network", "difference")[k % 3]))
    done = engine.wait(RunDone, since=mark)
    looked = engine.frames(done.run)
    first, last = engine.since(mark, Density)[0], engine.since(mark, Density)[-1]
    assert first.revision == last.revision == revision
    assert any(isinstance(m, Density) for m in engine.said[mark : engine.said.index(done)]), "it was looked at while it ran"
    assert looked.tobytes() == quiet.tobytes()


def test_looking_never_touches_the_training(engine: Driver) -> None:
    step = train_a_little(engine)
    (before,) = arrows(engine, "network", (0.4,))
    for k in range(30):
        arrows(engine, ("network", "difference")[k % 2], (0.5 + 0.01 * k,))
    engine.update({})  # forgets what was sent
    (after,) = arrows(engine, "network", (0.4,))
    assert before.step == after.step == step and before.vectors == after.vectors


def test_what_was_just_sent_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("scoreviz.engine.fields.time.monotonic", lambda: now)
    requests = Requests()
    wanted = look(density=(0.5,), arrows=(0.5,), arrows_kind="network")
    requests.take(wanted)
    assert [requests.next(3), requests.next(3), requests.next(3)] == [("density", 0.5), ("arrows", 0.5), None]
    requests.take(wanted)
    assert requests.next(3) is None and not requests.pending
    requests.take(wanted)
    assert requests.next(4) == ("arrows", 0.5), "the network has moved"
    requests.take(look(density=(0.5,), density_shape=(3, 3)))
    assert requests.next(4) == ("density", 0.5), "another grid"
    requests.take(wanted)
    requests.forget_sent()
    assert requests.next(4) == ("density", 0.5), "the drawing changed"
    now += AGAIN_SECONDS * 1.01
    requests.take(wanted)
    assert requests.next(4) == ("density", 0.5), "it was lost on the way"
