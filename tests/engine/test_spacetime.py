"""One dimension through the real engine: heat map, quantile lines, forward paths and ways from a point, each against a closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from scoreviz.protocol.messages import Answered, Ask, Blob, Problem, Refused, RunDone, Train, Trained
from scoreviz.protocol.questions import AskCurve, AskFlowLines, AskForwardPaths, AskSpaceTime, AskWays, Question
from scoreviz.scene.density import Density, digest_of
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.learning import Score
from scoreviz.scene.line import LineCurve, LinePreset, line_bumps
from scoreviz.scene.noise import VE, VP
from scoreviz.scene.samplers import ReverseSDE
from tests.engine.driver import Driver, look

LINE = Density(dimensions="1", line=(LinePreset(name="uneven_bumps"),))
W, M, S = (np.array(column) for column in zip(*line_bumps("uneven_bumps"), strict=True))
SIGMA_MIN, SIGMA_MAX, BETA = 0.01, 4.0, (0.1, 20.0)
Level = Callable[[float], tuple[float, float]]


def ve(t: float) -> tuple[float, float]:
    """(a, std) of VE, written out."""
    return 1.0, SIGMA_MIN * (SIGMA_MAX / SIGMA_MIN) ** t


def vp(t: float) -> tuple[float, float]:
    """(a, std) of VP, written out."""
    log_a = -0.25 * t * t * (BETA[1] - BETA[0]) - 0.5 * t * BETA[0]
    return math.exp(log_a), math.sqrt(1 - math.exp(2 * log_a))


NOISES = {"ve": (VE(sigma_min=SIGMA_MIN, sigma_max=SIGMA_MAX), ve), "vp": (VP(beta_min=BETA[0], beta_max=BETA[1]), vp)}


def density(x: np.ndarray, level: tuple[float, float]) -> np.ndarray:
    a, std = level
    return np.asarray((W * norm.pdf(x[..., None], a * M, np.hypot(a * S, std))).sum(-1))


def cumulative(x: np.ndarray, level: tuple[float, float]) -> np.ndarray:
    a, std = level
    return np.asarray((W * norm.cdf(x[..., None], a * M, np.hypot(a * S, std))).sum(-1))


def asked(engine: Driver, question: Question) -> Any:
    mark = engine.mark()
    engine.send(Ask(asker="line", number=1, question=question))
    engine.wait(Answered, lambda m: m.share == 1.0, since=mark)
    return engine.since(mark, Answered)[-1].answer


@pytest.fixture(params=NOISES)
def line(engine: Driver, request: pytest.FixtureRequest) -> tuple[Driver, Level]:
    """The engine on the uneven bumps under each noise, and that noise's closed form."""
    noise, level = NOISES[request.param]
    engine.update({"density": LINE, "noise": noise, "score": Score(source="exact")})
    return engine, level


def test_the_heat_map_is_log_p(line: tuple[Driver, Level]) -> None:
    engine, level = line
    times = (1.0, 0.37, 0.62, 0.05, 0.0)
    answer = asked(engine, AskSpaceTime(t=times, x0=-3.0, x1=3.0, rows=60))
    x = -3.0 + (np.arange(60) + 0.5) * 0.1
    log_p = answer.log_p.numpy()
    assert answer.t == times and log_p.shape == (60, 5)
    for column, t in zip(log_p.T, times, strict=True):
        true = np.log(np.maximum(density(x, level(t)), 1e-300))
        assert np.allclose(column, true, atol=1e-4)


def test_the_curve_is_the_drawing(engine: Driver) -> None:
    engine.update({"density": LINE})
    p = asked(engine, AskCurve(x0=-3.0, x1=3.0, n=61)).p.numpy()
    assert np.allclose(p, density(np.linspace(-3, 3, 61), (1.0, 0.0)), atol=1e-6)


def test_each_ode_path_is_the_line_of_one_quantile(line: tuple[Driver, Level]) -> None:
    engine, level = line
    answer = asked(engine, AskFlowLines(n=19))
    t, x, u = answer.t.numpy(), answer.x.numpy(), answer.level.numpy()
    assert np.allclose(u, (np.arange(19) + 0.5) / 19) and t[0] == 1.0 and t[-1] <= 1e-3 and (np.diff(t) < 0).all()
    for each, row in zip(t.tolist(), x, strict=True):
        assert np.abs(cumulative(row.astype(float), level(each)) - u).max() < 1e-3


def test_the_moments_of_forward_paths(line: tuple[Driver, Level]) -> None:
    engine, level = line
    answer = asked(engine, AskForwardPaths(n=1000, times=9, seed=5))
    mean, var = float(W @ M), float(W @ (S**2 + M**2) - (W @ M) ** 2)
    t, x = answer.t.numpy(), answer.x.numpy().astype(float)
    assert x.shape == (9, 1000) and t[0] == 0.0 and t[-1] == 1.0
    for each, row in zip(t.tolist(), x, strict=True):
        a, std = level(each)
        true = a * a * var + std * std
        assert abs(row.mean() - a * mean) < 4 * math.sqrt(true / 1000)
        assert row.var() == pytest.approx(true, rel=0.25)
    first, last = x[0] - x[0].mean(), x[3] - x[3].mean()  # increments belong to one path: Cov(x_0, x_t) = a_t/a_0 Var x_0
    a0, s0 = level(0.0)
    assert (first * last).mean() == pytest.approx(level(float(t[3]))[0] / a0 * (a0**2 * var + s0**2), rel=0.2)


def test_ways_begin_where_they_were_asked_for_and_end_in_the_posterior(line: tuple[Driver, Level]) -> None:
    """With x_t = a x_0 + std z the law of x_0 given x_t is again a mixture: its mean and spread are in closed form."""
    engine, level = line
    t, x = 0.55, 0.4
    answer = asked(engine, AskWays(t=t, x=x, n=1000, steps=400, seed=3))
    fan, flow = answer.sde.x.numpy().astype(float), answer.flow.x.numpy().astype(float)
    assert (fan[0] == np.float32(x)).all() and flow[0, 0] == np.float32(x)
    assert answer.sde.t.numpy()[0] == t == answer.flow.t.numpy()[0] and answer.sde.t.numpy()[-1] == 0.0
    a, std = level(t)
    v = (a * S) ** 2 + std**2
    r = W * norm.pdf(x, a * M, np.sqrt(v))
    r /= r.sum()
    means, variances = M + a * S**2 / v * (x - a * M), S**2 * std**2 / v
    mean = float(r @ means)
    spread = math.sqrt(float(r @ (variances + means**2)) - mean**2)
    assert abs(fan[-1].mean() - mean) < 5 * spread / math.sqrt(1000) + 0.02
    assert fan[-1].std() == pytest.approx(spread, rel=0.12)
    end = level(float(answer.flow.t.numpy()[-1]))  # the ODE keeps the quantile, also from here
    assert float(cumulative(flow[-1], end)[0]) == pytest.approx(float(cumulative(np.array([x]), level(t))[0]), abs=1e-3)


def test_a_way_from_the_data_is_short_and_still_there(engine: Driver) -> None:
    engine.update({"density": LINE})
    answer = asked(engine, AskWays(t=0.0, x=-1.4, n=3))
    assert np.abs(answer.sde.x.numpy() + 1.4).max() < 0.1


def test_the_network_drives_the_lines_where_it_drives_the_sampler(engine: Driver) -> None:
    engine.update({"density": LINE, "noise": NOISES["ve"][0], "score": Score(source="network")})
    x = asked(engine, AskFlowLines(n=5, steps=40)).x.numpy()
    exact = norm.cdf(x[-1])
    engine.update({"score": Score(source="exact")})
    assert np.abs(norm.cdf(asked(engine, AskFlowLines(n=5, steps=40)).x.numpy()[-1]) - exact).max() > 0.01, "untrained, it is another"


def test_questions_of_the_line_are_refused_in_the_plane(engine: Driver, small: Scene) -> None:
    engine.update({"density": small.density})
    for question in (
        AskSpaceTime(t=(0.5,), x0=-1.0, x1=1.0),
        AskFlowLines(),
        AskForwardPaths(),
        AskWays(t=0.5, x=0.0),
        AskCurve(x0=0.0, x1=1.0),
    ):
        mark = engine.mark()
        engine.send(Ask(asker="line", number=1, question=question))
        refused = engine.wait(Refused, since=mark)
        assert "one dimension only" in refused.template and refused.params == {"n": "2"}


def test_a_look_at_the_plane_says_nothing_on_the_line(engine: Driver) -> None:
    mark, _ = engine.update({"density": LINE, "noise": NOISES["ve"][0]}, look(density=(1.0, 0.5), arrows=(1.0,)))
    asked(engine, AskCurve(x0=0.0, x1=1.0))  # looks come first
    assert not engine.since(mark, Problem)


def test_what_cannot_be_drawn_is_told(engine: Driver) -> None:
    data = np.zeros(8, "<f4").tobytes()
    engine.send(Blob(digest=digest_of(data), data=data))
    mark, _ = engine.update({"density": Density(dimensions="1", line=(LineCurve(heights=digest_of(data), x0=-1.0, x1=1.0),))})
    assert "zero everywhere" in engine.wait(Problem, since=mark).template


def test_the_engine_learns_a_curve(engine: Driver) -> None:
    """A few hundred steps, and the network's samples of three bumps come within a tenth of a standard deviation."""
    mark, _ = engine.update(
        {
            "density": Density(dimensions="1"), "noise": VE(), "score": Score(source="network"),
            "network": Scene().network, "training": Scene().training, "sampler": ReverseSDE(steps=60),
            "particles": Particles(count=1000, seed=3),
        }
    )  # fmt: skip
    engine.send(Train(running=True))
    engine.wait(Trained, lambda m: m.step > 600, since=mark, seconds=60)
    engine.send(Train(running=False))
    done = engine.wait(RunDone, lambda m: (m.step or 0) > 600, since=mark, seconds=30)
    assert done.distance is not None and done.distance < 0.1
