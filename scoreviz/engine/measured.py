"""The distance of a run's last points to the truth: of the scene's own run, and of those of panes."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor

from scoreviz.engine.plan import Plan
from scoreviz.maths import metrics
from scoreviz.maths.targets import GaussianMixture
from scoreviz.maths.truth import LEAST_MEASURED, MEASURED, Truth, exact_samples
from scoreviz.scene.control import ByClass, Inpaint
from scoreviz.scene.samplers.family import denoises
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class Measured(NamedTuple):
    """Sliced Wasserstein distance in data standard deviations, its floor, and what it is measured against (a sentence and its figures)."""

    distance: float | None
    floor: tuple[float, float] | None
    truth: str
    params: dict[str, str]


class Truths:
    """Exact samples and their floors, kept for one drawing: panes whose runs aim at one law share them."""

    def __init__(self) -> None:
        self._target: GaussianMixture | None = None
        self._kept: dict[tuple[Any, ...], Truth] = {}

    def truth(self, plan: Plan, law: GaussianMixture, n: int, t: float) -> Truth:
        """n exact samples of the law that the plan aims at when its last frame is at time t."""
        if plan.target is not self._target:
            self._target, self._kept = plan.target, {}
        key = (n, *_place(plan, t), plan.scene.control)
        if key not in self._kept:
            self._kept[key] = exact_samples(law, n)
        return self._kept[key]


def _place(plan: Plan, t: float) -> tuple[float, float]:
    """sigma and scale of the law: 0 and 1 for a sampler that ends without noise."""
    return (0.0, 1.0) if denoises(plan.scene.sampler) else (float(plan.sde.sigma(t)), float(plan.sde.mean_coefficient(t)))


def measured(plan: Plan, x: Tensor, t: float, truths: Truths) -> Measured:
    """Of the last points x (n, D), at time t; None where there is no law to compare with, or too few points."""
    sigma, _ = _place(plan, t)
    params = {"sigma": f"{sigma:.3g}"}
    law = plan.law(t)
    n = min(len(x), MEASURED)
    if law is None:
        return Measured(None, None, QT_TRANSLATE_NOOP("engine", "nothing: at this guidance nobody knows the law that is sampled"), params)
    if n < LEAST_MEASURED:
        return Measured(None, None, QT_TRANSLATE_NOOP("engine", "too few points to measure"), params)
    truth = truths.truth(plan, law.mixture, n, t)
    return Measured(metrics.sliced_wasserstein(law.of(x)[:n], truth.samples), truth.floor, _words(plan, sigma), params)


def _words(plan: Plan, sigma: float) -> str:
    """What the last points were compared with."""
    match plan.scene.control:
        case Inpaint():
            return QT_TRANSLATE_NOOP("engine", "the exact conditional of the coordinates that are not known")
        case ByClass(weight=1.0):
            return QT_TRANSLATE_NOOP("engine", "exact samples of the class")
    if sigma:
        return QT_TRANSLATE_NOOP("engine", "exact samples at σ {sigma}")
    return QT_TRANSLATE_NOOP("engine", "exact samples of the drawing")
