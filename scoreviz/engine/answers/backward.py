"""The exact past of a particle beside a reverse step's Gaussian."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.engine.answers.places import place
from scoreviz.engine.answers.registry import Part, World, answers
from scoreviz.engine.fields import cell_centres
from scoreviz.maths.estimates import Estimate
from scoreviz.maths.predictors import build_predictor
from scoreviz.maths.sde import Levels
from scoreviz.maths.targets import GaussianMixture
from scoreviz.maths.theory import backward_kernel, reverse_gaussian, total_variation
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.backward import AskBackward, Backward, Distance
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import NoPredictor, PredictorSpec, ReverseDiffusion
from scoreviz.scene.text import QT_TRANSLATE_NOOP

DRAWS = 2000
"""Of each law in one part of the Monte Carlo sum."""
PARTS = 12
WIDE = 3.5
"""Standard deviations of both laws that the window shows."""


@dataclass(frozen=True)
class _Step:
    """One reverse step, both ways."""

    exact: GaussianMixture
    gaussian: GaussianMixture
    shake: float


@answers(AskBackward)
def backward(question: AskBackward, world: World) -> Iterator[Part | None]:
    """The laws at once; their distance in parts, each a Monte Carlo sum over more draws (in 1-D a quadrature, once)."""
    x = place(question.x, world.target.dim)
    if not question.s < question.t:
        raise SceneError(QT_TRANSLATE_NOOP("engine", "A reverse step goes from t to an earlier time; this one goes nowhere."))
    step = _step(world, x, question.s, question.t)
    short = _step(world, x, question.t - (question.t - question.s) / 10, question.t)
    yield None
    bounds, density = _seen(step, question.cells)
    spec, own = _rule(world)
    parts = 1 if world.target.dim == 1 else PARTS
    found: tuple[list[Estimate], list[Estimate]] = ([], [])
    for part in range(parts):
        for distances, laws in zip(found, (step, short), strict=True):
            yield None
            distances.append(total_variation(laws.exact, laws.gaussian, points=DRAWS, seed=part))
        answer = Backward(
            t=question.t, s=question.s, rule=spec.LABEL, own=own, bounds=bounds, exact=density,
            mean=Array.of(step.gaussian.means[0].double().numpy()), shake=step.shake,
            distance=_mean(found[0]), tenth=_mean(found[1]),
        )  # fmt: skip
        yield (part + 1) / parts, answer


def _rule(world: World) -> tuple[PredictorSpec, bool]:
    """The predictor of the scene's sampler, or reverse diffusion where it has none."""
    spec = getattr(world.scene.sampler, "predictor", None)
    return (ReverseDiffusion(), False) if spec is None or isinstance(spec, NoPredictor) else (spec, True)


def _step(world: World, x: Tensor, s: float, t: float) -> _Step:
    """Exact transitions between s and t, the rule of the predictor, and the exact score at x."""
    spec, _ = _rule(world)
    keep, pull, shake = build_predictor(spec)(Levels.at(world.sde, [s, t]), 1)
    if not shake > 0:
        raise SceneError(
            QT_TRANSLATE_NOOP("engine", "To no noise at all this step adds none: it is a point, not a Gaussian. Step less far.")
        )
    exact = backward_kernel(world.target, world.sde, s, t, x)
    return _Step(exact, reverse_gaussian(x, world.target.score(x[None], world.sde, t)[0], keep, pull, shake), shake)


def _seen(step: _Step, cells: int) -> tuple[tuple[float, float, float, float], Array]:
    """A window that holds both laws, and the exact density in it; of more than two coordinates the law of the first two."""
    exact, centre = projected(step.exact), step.gaussian.means[0].double()
    spread = exact.cov().diagonal().sqrt()
    mean = exact.mean()
    low = torch.minimum(mean - WIDE * spread, centre[: exact.dim] - WIDE * step.shake)
    high = torch.maximum(mean + WIDE * spread, centre[: exact.dim] + WIDE * step.shake)
    middle, half = 0.5 * (low + high), 0.5 * float((high - low).max())
    x0, x1 = float(middle[0]) - half, float(middle[0]) + half
    xs = cell_centres(x0, x1, cells)
    if exact.dim == 1:
        return (x0, x1, 0.0, 0.0), Array.of(exact.log_prob(xs.double()[:, None]).exp().numpy())
    y0, y1 = float(middle[1]) - half, float(middle[1]) + half
    log_p = exact.log_prob_grid(xs.double(), cell_centres(y0, y1, cells).double())
    return (x0, x1, y0, y1), Array.of(log_p.exp().numpy())


def projected(law: GaussianMixture) -> GaussianMixture:
    """The law of the first two coordinates; itself where there are no more."""
    if law.dim <= 2:
        return law
    means = law.means[:, :2]
    if law.covs is not None:
        return GaussianMixture(law.weights, means, covs=law.covs[:, :2, :2])
    return GaussianMixture(law.weights, means, law.stds if law.isotropic else law.stds[:, :2])


def _mean(parts: list[Estimate]) -> Distance:
    """The mean of independent estimates, and its standard error."""
    n = len(parts)
    return Distance(value=sum(p.value for p in parts) / n, error=sum(p.error**2 for p in parts) ** 0.5 / n)
