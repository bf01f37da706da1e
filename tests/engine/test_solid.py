"""Three dimensions through the real engine: the slice against sums written out here, samples against the truth, the network learning."""

from __future__ import annotations

import time

import msgspec
import numpy as np
import pytest

from scoreviz.maths.solid import solid_preset
from scoreviz.protocol import messages
from scoreviz.protocol.messages import Answered, Arrows, Ask, Refused, RunDone, RunStarted, Train, Trained
from scoreviz.protocol.questions import AskCloud, AskSlice, Slice
from scoreviz.scene.control import ByClass
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import Density
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.learning import Score
from scoreviz.scene.noise import VE, VP
from scoreviz.scene.samplers import DDIM, Langevin, ProbabilityFlow, ReverseSDE
from scoreviz.scene.solid import SolidPoints, SolidPreset
from tests.engine.driver import Driver, look

HELIX = Density(dimensions="3", solid=(SolidPreset(name="helix"),))
FIXED = VE(sigma_min=0.01, sigma_max=4.0)


def by_hand(points: np.ndarray, variance: float, shrink: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """log p (n,) and score (n, 3) of the helix under x = shrink x_0 + noise of that variance, component by component."""
    mixture = solid_preset("helix")
    w = (mixture.weights / mixture.weights.sum()).double().numpy()
    m, v = shrink * mixture.means.double().numpy(), shrink**2 * mixture.stds.double().numpy() ** 2 + variance
    gap = m[None] - points[:, None]
    logs = np.log(w) - 1.5 * np.log(2 * np.pi * v) - (gap**2).sum(-1) / (2 * v)
    top = logs.max(1, keepdims=True)
    p = np.exp(logs - top)
    score = ((p / v)[..., None] * gap).sum(1) / p.sum(1, keepdims=True)
    return (top[:, 0] + np.log(p.sum(1))), score


def plane(axis: str, at: float, half: float, n: int) -> np.ndarray:
    centres = -half + (np.arange(n) + 0.5) * 2 * half / n
    points = []
    for v in centres:
        for u in centres:
            points.append({"x": (at, u, v), "y": (u, at, v), "z": (u, v, at)}[axis])
    return np.array(points)


def ask(engine: Driver, question: AskCloud | AskSlice) -> Answered:
    mark = engine.mark()
    engine.send(Ask(asker="space", number=mark, question=question))
    return engine.wait(Answered, lambda m: m.number == mark and m.share == 1.0, since=mark)


@pytest.mark.parametrize(("axis", "at"), [("x", 0.4), ("y", -0.3), ("z", 0.0)])
def test_a_slice_is_the_mixtures_own_density_and_score(engine: Driver, small: Scene, axis: str, at: float) -> None:
    engine.update({"density": HELIX, "noise": FIXED})
    answer = ask(engine, AskSlice(axis=axis, at=at, sigmas=(0.3, 1.7), half=2.0, cells=12, arrows=5)).answer  # type: ignore[arg-type]
    assert isinstance(answer, Slice) and (answer.axis, answer.at, answer.step) == (axis, at, None)
    assert [p.sigma for p in answer.planes] == [0.3, 1.7]
    for part in answer.planes:
        log_p, _ = by_hand(plane(axis, at, 2.0, 12), part.sigma**2)
        assert np.abs(part.log_p.numpy().reshape(-1) - log_p).max() < 1e-4
        _, score = by_hand(plane(axis, at, 2.0, 5), part.sigma**2)
        assert np.abs(part.vectors.numpy().reshape(-1, 3) - part.sigma * score).max() < 1e-4


def test_a_slice_under_a_noise_that_shrinks(engine: Driver, small: Scene) -> None:
    engine.update({"density": HELIX, "noise": VP()})
    answer = ask(engine, AskSlice(axis="z", at=0.1, sigmas=(1.0,), half=1.5, cells=6, arrows=4)).answer
    shrink = np.sqrt(0.5)  # sigma = std/a = 1 where a^2 + std^2 = 1
    log_p, _ = by_hand(plane("z", 0.1, 1.5, 6), 0.5, shrink)
    _, score = by_hand(plane("z", 0.1, 1.5, 4), 0.5, shrink)
    assert np.abs(answer.planes[0].log_p.numpy().reshape(-1) - log_p).max() < 1e-3
    assert np.abs(answer.planes[0].vectors.numpy().reshape(-1, 3) - shrink * score).max() < 1e-3


def test_parts_that_nobody_looks_at_cost_nothing_and_unknown_levels_are_left_out(engine: Driver, small: Scene) -> None:
    engine.update({"density": HELIX, "noise": FIXED})
    answer = ask(engine, AskSlice(axis="z", at=0.0, sigmas=(0.5, 77.0), half=2.0, cells=0, arrows=3)).answer
    assert [p.sigma for p in answer.planes] == [0.5]
    assert answer.planes[0].log_p.shape == (0, 0) and answer.planes[0].vectors.shape == (3, 3, 3)
    answer = ask(engine, AskSlice(axis="z", at=0.0, sigmas=(77.0,), half=2.0)).answer
    assert answer.planes == ()


def test_the_data_set_pulls_towards_its_points_alone_and_the_difference_is_a_difference(engine: Driver, small: Scene) -> None:
    engine.update({"density": HELIX, "noise": FIXED, "data": DataSet(size=1, seed=4)})
    where: dict[str, object] = {"axis": "z", "at": 0.2, "sigmas": (0.5,), "half": 2.0, "cells": 0, "arrows": 4}
    data = ask(engine, AskSlice(kind="data", **where)).answer.planes[0].vectors.numpy().reshape(-1, 3)  # type: ignore[arg-type]
    meets = plane("z", 0.2, 2.0, 4) + 0.5 * data  # x + sigma^2 s is the one point
    assert np.abs(meets - meets[0]).max() < 1e-4
    parts = {kind: ask(engine, AskSlice(kind=kind, **where)).answer for kind in ("exact", "network", "difference")}  # type: ignore[arg-type]
    exact, network, difference = (parts[kind].planes[0].vectors.numpy() for kind in ("exact", "network", "difference"))
    assert np.abs(network - exact - difference).max() < 1e-5 and np.abs(difference).max() > 0.05
    assert parts["network"].step == 0 and parts["exact"].step is None


def test_guided_arrows_are_of_the_score_that_drives_the_sampler(engine: Driver, small: Scene) -> None:
    """All of a helix is of one class: p(y|x) = 1, so that guidance by a classifier adds nothing to whichever score drives."""
    where: dict[str, object] = {"axis": "z", "at": 0.2, "sigmas": (0.5,), "half": 2.0, "cells": 0, "arrows": 4}
    engine.update({"density": HELIX, "noise": FIXED, "control": ByClass(weight=3.0)})
    guided = ask(engine, AskSlice(kind="guided", **where)).answer  # type: ignore[arg-type]
    _, score = by_hand(plane("z", 0.2, 2.0, 4), 0.25)
    assert guided.kind == "guided" and guided.step is None
    assert np.abs(guided.planes[0].vectors.numpy().reshape(-1, 3) - 0.5 * score).max() < 1e-3
    engine.update({"density": HELIX, "noise": FIXED, "control": ByClass(weight=3.0), "score": Score(source="network")})
    guided, network = (ask(engine, AskSlice(kind=kind, **where)).answer for kind in ("guided", "network"))  # type: ignore[arg-type]
    assert guided.step == 0 and np.abs(guided.planes[0].vectors.numpy() - network.planes[0].vectors.numpy()).max() < 1e-5
    assert np.abs(guided.planes[0].vectors.numpy().reshape(-1, 3) - 0.5 * score).max() > 0.05


def test_the_cloud_is_of_the_drawing_and_always_the_same(engine: Driver, small: Scene) -> None:
    engine.update({"density": HELIX})
    first, second = (ask(engine, AskCloud(count=3000)).answer for _ in range(2))
    points = first.points.numpy()
    assert (points == second.points.numpy()).all() and points.shape == (3000, 3)
    assert np.abs(np.hypot(points[:, 0], points[:, 1]) - 1.2).max() < 5 * 0.07
    assert first.reach == pytest.approx(1.6 + 2 * 0.07, abs=0.02)


def test_a_plane_has_no_slices(engine: Driver, small: Scene) -> None:
    for question in (AskCloud(), AskSlice(axis="z", at=0.0, sigmas=(0.5,), half=2.0)):
        mark = engine.mark()
        engine.send(Ask(asker="space", number=mark, question=question))
        refused = engine.wait(Refused, since=mark)
        assert "dimensions" in refused.template and not refused.details


def test_looking_leaves_the_run_as_it_is(engine: Driver, small: Scene) -> None:
    parts = {"density": HELIX, "particles": Particles(count=50, seed=1), "sampler": ReverseSDE(steps=30)}
    _, quiet, _ = engine.run_of(parts)
    mark = engine.mark()
    revision = engine.post({**parts, "particles": Particles(count=50, seed=2)})
    engine.wait(RunStarted, lambda m: m.revision == revision, since=mark)
    mark = engine.mark()
    revision = engine.post(parts)
    for number in range(5):
        engine.send(Ask(asker="space", number=number, question=AskSlice(axis="x", at=0.0, sigmas=(0.2, 0.4), half=2.0, kind="network")))
        engine.send(Ask(asker="cloud", number=number, question=AskCloud()))
    started = engine.wait(RunStarted, lambda m: m.revision == revision, since=mark)
    engine.wait(RunDone, lambda m: m.run == started.run, since=mark)
    assert quiet.shape == (32, 50, 3) and (engine.frames(started.run) == quiet).all()


@pytest.mark.parametrize("sampler", [ReverseSDE(steps=100), ProbabilityFlow(steps=60), DDIM(steps=80)])
@pytest.mark.parametrize("name", ["swiss_roll", "lorenz"])
def test_samplers_with_the_exact_score_land_on_the_truth(engine: Driver, small: Scene, sampler: object, name: str) -> None:
    density = Density(dimensions="3", solid=(SolidPreset(name=name),))  # type: ignore[arg-type]
    started, frames, done = engine.run_of({"density": density, "sampler": sampler, "particles": Particles(count=1500)})
    assert frames.shape[1:] == (1500, 3) and frames.dtype == np.float32 and started.source == "exact"
    assert done.distance is not None and done.floor is not None
    assert done.distance < 0.1 and done.floor[0] < 0.06


def test_langevin_stays_at_its_level(engine: Driver, small: Scene) -> None:
    _, frames, done = engine.run_of(
        {"density": HELIX, "sampler": Langevin(sigma=0.5, steps=300, step_size=0.05), "particles": Particles(count=800)}
    )
    assert frames.shape == (301, 800, 3) and done.distance is not None and done.distance < 0.2


def test_a_look_at_the_plane_is_idle_in_space(engine: Driver, small: Scene) -> None:
    engine.update({"density": HELIX})
    mark = engine.mark()
    engine.send(look(density=(0.5,), arrows=(0.5,)))
    ask(engine, AskCloud())
    assert not engine.since(mark, messages.Density) and not engine.since(mark, Arrows)
    engine.update({"density": small.density}, look(density=(0.5,), arrows=(0.5,)))
    assert engine.since(mark, messages.Density)


def test_empty_space_and_points_that_are_missing_are_sentences(engine: Driver, small: Scene) -> None:
    from scoreviz.protocol.messages import Problem

    for solid, says in (((), "Space is empty"), ((SolidPoints(name="a.csv", points="nowhere"),), "missing")):
        mark = engine.mark()
        engine.post({"density": Density(dimensions="3", solid=solid)})
        assert says in engine.wait(Problem, since=mark).template


def test_the_network_learns_a_helix_in_seconds(engine: Driver, small: Scene) -> None:
    usual = Scene()
    score = msgspec.structs.replace(usual.score, source="network")
    parts = {"density": HELIX, "network": usual.network, "training": usual.training, "score": score, "sampler": ReverseSDE(steps=60)}
    mark, _ = engine.update({**parts, "particles": Particles(count=1000)})
    before = engine.wait(RunDone, since=mark).distance
    assert before is not None and before > 0.15, "an untrained network does not know it"
    engine.send(Train(running=True))
    began = time.monotonic()
    done = engine.wait(RunDone, lambda m: m.distance is not None and m.distance < 0.08, since=mark, seconds=20)
    engine.send(Train(running=False))
    assert done.step and time.monotonic() - began < 20
    engine.wait(Trained, lambda m: not m.running, since=mark)


def test_another_number_of_dimensions_begins_a_new_network(engine: Driver, small: Scene) -> None:
    mark, _ = engine.update({"density": HELIX})
    engine.send(Train(running=True))
    engine.wait(Trained, lambda m: m.step > 20, since=mark)
    engine.send(Train(running=False))
    engine.wait(Trained, lambda m: not m.running and m.step > 20, since=mark)
    mark, _ = engine.update({"density": small.density})
    assert engine.wait(Trained, lambda m: m.step == 0, since=mark).step == 0
    score = msgspec.structs.replace(small.score, source="network")
    _, frames, _ = engine.run_of({"score": score})
    assert frames.shape[2] == 2


def test_a_network_of_the_plane_does_not_fit_space_and_that_is_a_sentence(engine: Driver, small: Scene) -> None:
    mark = engine.mark()
    engine.send(Train(running=True))
    engine.wait(Trained, lambda m: m.step > 5, since=mark)
    engine.send(Train(running=False))
    snapshot = engine.wait(messages.Snapshot, lambda m: m.step > 5, since=mark)
    mark, _ = engine.update({"density": HELIX})
    engine.send(messages.Restore(snapshot=snapshot))
    problem = engine.wait(messages.Problem, since=mark)
    assert "does not fit" in problem.template and not problem.details
    assert ask(engine, AskCloud()).answer.points.shape == (1500, 3), "it goes on"
