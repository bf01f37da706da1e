"""Control through the real engine: the run, its arrows and what it is measured against are those of what was asked for."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from scoreviz.protocol.messages import Arrows, Problem, RunDone
from scoreviz.scene.control import ByClass, Inpaint, Unconditional
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.learning import MLP, Score
from scoreviz.scene.samplers import RK45, PredictorCorrector, ReverseSDE
from tests.engine.driver import Driver, look

COLOURED = Density(marks=(Gaussian(x=-1.0, y=0.0, std=0.3, label=0), Gaussian(x=1.2, y=0.4, std=0.2, weight=2.0, label=2)))
MANY = Particles(count=1500, seed=3)


@pytest.fixture(autouse=True)
def back(engine: Driver, small: Scene):  # type: ignore[no-untyped-def]
    yield
    engine.update(
        {"control": Unconditional(), "score": small.score, "density": small.density, "network": small.network, "data": small.data}
    )


def test_a_class_is_sampled_and_measured_against_its_own_law(engine: Driver) -> None:
    parts = {"density": COLOURED, "control": ByClass(label=2), "particles": MANY, "sampler": ReverseSDE(steps=100)}
    _started, frames, done = engine.run_of(parts)
    assert np.allclose(frames[-1].mean(0), [1.2, 0.4], atol=0.04) and frames[-1].std() > 0
    assert done.truth == "exact samples of the class" and done.distance is not None and done.floor is not None
    assert done.distance < done.floor[0] + 5 * done.floor[1]
    _started, _frames, done = engine.run_of({"control": ByClass(label=2, weight=3.0)})
    assert done.distance is None and "nobody knows the law" in done.truth


def test_a_class_without_data_is_a_sentence_and_the_scene_stays(engine: Driver) -> None:
    mark, _ = engine.update({"density": COLOURED, "control": ByClass(label=5)})
    problem = engine.wait(Problem, since=mark)
    assert problem.where == "run" and "Nothing is drawn in class colour {label}" in problem.template and problem.params["label"] == "5"
    mark, _ = engine.update({"control": ByClass(label=0)})
    assert engine.wait(RunDone, since=mark).distance is not None, "asking for a class that there is goes on"


def test_arrows_are_those_of_the_score_that_drives(engine: Driver) -> None:
    control = ByClass(label=0, weight=2.0)
    mark, _ = engine.update({"density": COLOURED, "control": control}, look(arrows=(0.5,), arrows_kind="guided"))
    found = engine.wait(Arrows, lambda m: m.kind == "guided", since=mark)
    x0, x1, y0, y1 = found.bounds
    rows, columns, _ = found.vectors.shape
    xs, ys = x0 + (np.arange(columns) + 0.5) * (x1 - x0) / columns, y0 + (np.arange(rows) + 0.5) * (y1 - y0) / rows
    x = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)
    means, variances, weights = np.array([[-1.0, 0.0], [1.2, 0.4]]), np.array([0.3, 0.2]) ** 2 + 0.25, np.array([1.0, 2.0]) / 3
    log = np.log(weights) - np.log(variances) - 0.5 * ((x[:, None] - means) ** 2).sum(2) / variances
    r = np.exp(log - log.max(1, keepdims=True))
    r /= r.sum(1, keepdims=True)
    each = -(x[:, None] - means) / variances[:, None]
    whole, own = (r[..., None] * each).sum(1), each[:, 0]
    assert np.allclose(found.vectors.numpy().reshape(-1, 2), 0.5 * (whole + 2.0 * (own - whole)), atol=1e-4)


def test_a_known_coordinate_is_measured_against_the_conditional(engine: Driver) -> None:
    parts = {
        "density": COLOURED, "control": Inpaint(coordinate="x", value=-0.9), "particles": MANY, "sampler": PredictorCorrector(steps=100),
    }  # fmt: skip
    _started, frames, done = engine.run_of(parts)
    assert (frames[-1][:, 0] == np.float32(-0.9)).all()
    assert frames[-1][:, 1].mean() == pytest.approx(0.0, abs=0.05) and frames[-1][:, 1].std() == pytest.approx(0.3, abs=0.04)
    assert "conditional" in done.truth and done.distance is not None and done.floor is not None and done.distance < 3 * done.floor[0]


def test_what_cannot_hold_a_coordinate_says_so(engine: Driver) -> None:
    mark, _ = engine.update({"density": COLOURED, "control": Inpaint(), "sampler": RK45()})
    assert "chooses its levels by itself" in engine.wait(Problem, since=mark).template


def test_data_pull_towards_nothing_but_themselves(engine: Driver) -> None:
    parts = {
        "density": COLOURED,
        "score": Score(source="data"),
        "data": DataSet(size=12),
        "particles": MANY,
        "sampler": ReverseSDE(steps=60),
    }
    started, frames, _done = engine.run_of(parts)
    assert started.source == "data" and started.step is None
    ends = np.round(frames[-1], 3)
    apart = np.linalg.norm(ends[:, None] - ends, axis=2)
    assert len({tuple(row) for row in (apart < 0.1)}) <= 12, "every sample is one of the twelve"


def test_a_network_without_classes_says_what_to_do(engine: Driver) -> None:
    control = ByClass(label=2, rule="classifier_free")
    mark, _ = engine.update({"density": COLOURED, "control": control, "score": Score(source="network")})
    problem = engine.wait(Problem, since=mark)
    assert "Raise “classes”" in problem.template and problem.params["needed"] == "3"
    mark, _ = engine.update({"network": MLP(width=16, depth=2, features=4, classes=3)})
    done = engine.wait(RunDone, since=mark)
    assert done.truth == "exact samples of the class" and msgspec.to_builtins(done)["nfe"] > 0
