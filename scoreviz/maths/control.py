"""A scene's control carried out: the score that drives a run, the sampler around it, and the law that the samples should have.

nothing      s(x, t)                                                       p(x)
a class      s + w grad log p_t(y|x), or s + w (s(x|y) - s)                p(x|y) at w = 1, else no law in closed form (`guidance`)
a coordinate s(x, t), the known coordinate replaced after each substep     p(x_u | y), which replacement alone misses (`inpainting`)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from scoreviz.maths.denoiser import Denoiser, LabelledDenoiser, score_fn_of
from scoreviz.maths.guidance import class_score_fn, classifier_free, guided
from scoreviz.maths.inpainting import Inpainting
from scoreviz.maths.sampling import Sampler
from scoreviz.maths.sde import SDE, Time
from scoreviz.maths.targets import GaussianMixture, LogProbFn, ScoreFn
from scoreviz.maths.targets.target import Target
from scoreviz.scene.control import ByClass, ControlSpec, Inpaint
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

Source = Callable[[int | None], ScoreFn]
"""source(None) is an unconditional score f(x, t), source(y) that of class y."""

L = TypeVar("L", bound=Target)

AXES = ("x", "y", "z")


def source_of(law: Target, sde: SDE) -> Source:
    """The scores of a law that knows its own: a drawing, or stored data. SceneError for a class that it has no point of."""

    def source(label: int | None) -> ScoreFn:
        return law.score_fn(sde) if label is None else _class_of(law, label).score_fn(sde)

    return source


def learned_source(network: Denoiser | LabelledDenoiser, sde: SDE) -> Source:
    """The scores of a network. SceneError for a class that it was not made to tell apart."""

    def source(label: int | None) -> ScoreFn:
        if label is None:
            return score_fn_of(network, sde)
        classes = getattr(network, "classes", 0)
        if label >= classes:
            raise SceneError(
                QT_TRANSLATE_NOOP(
                    "errors",
                    "This network tells {classes} classes apart, so it has no score of class {label}. "
                    "Raise “classes” of the network to {needed}, or choose the rule “classifier”.",
                ),
                classes=classes, label=label, needed=label + 1,
            )  # fmt: skip
        return score_fn_of(network, sde, label)

    return source


def controlled_score(control: ControlSpec, source: Source, target: GaussianMixture, sde: SDE) -> ScoreFn:
    """The score f(x, t) that drives a run. The classifier p_t(y|x) is the drawing's exact one, whatever the source."""
    if not isinstance(control, ByClass):
        return source(None)
    _class_of(target, control.label)
    if target.labels is None:
        return source(None)  # of one colour alone: p(y|x) = 1 everywhere
    if control.rule == "classifier":
        return guided(source(None), class_score_fn(target, control.label, sde), control.weight)
    return classifier_free(source(None), source(control.label), control.weight)


def controlled_log_prob(control: ControlSpec, log_prob_fn: LogProbFn | None, target: GaussianMixture, sde: SDE) -> LogProbFn | None:
    """log p_t(x) + w log p_t(y|x), what the guided score is the gradient of at each t; None where there is no density.

    For the rule "classifier" alone: the other one has it where both scores are of one law, and says the same there.
    """
    if log_prob_fn is None or not isinstance(control, ByClass) or target.labels is None:
        return log_prob_fn
    column, weight = target.classes.index(control.label), control.weight

    def log_prob(x: Tensor, t: Time) -> Tensor:
        return log_prob_fn(x, t) + weight * target.class_log_prob(x, sde, t)[:, column].to(x.dtype)

    return log_prob


def controlled_sampler(control: ControlSpec, sampler: Sampler, sde: SDE, dim: int) -> Sampler:
    """`sampler`, its known coordinate replaced after every substep. SceneError where that cannot be."""
    if not isinstance(control, Inpaint):
        return sampler
    mask, values = _known(control, dim)
    if sampler.adaptive:
        raise SceneError(
            QT_TRANSLATE_NOOP(
                "errors", "A known coordinate is replaced at the level of each substep, and this sampler chooses its levels by itself. "
                "Choose one with a number of steps.",
            )
        )  # fmt: skip
    if any(substep.s > substep.t for substep in sampler.plan):
        raise SceneError(
            QT_TRANSLATE_NOOP(
                "errors", "A known coordinate is for sampling. This process goes from data to noise, and asks nothing of them."
            )
        )
    made = Inpainting(sampler, sde, values, mask)
    made.origin = sampler.origin
    return made


@dataclass(frozen=True, slots=True)
class Law:
    """What samples are compared with: a mixture over the coordinates `columns` of a point (None: all of them)."""

    mixture: GaussianMixture
    columns: tuple[int, ...] | None = None

    def of(self, x: Tensor) -> Tensor:
        """Those coordinates of points (N, D)."""
        return x if self.columns is None else x[:, list(self.columns)]


def law_of(control: ControlSpec, target: GaussianMixture) -> Law | None:
    """The law that the samples should have; None where it is known to nobody (guidance with w other than 0 and 1)."""
    if isinstance(control, ByClass):
        if control.weight == 0.0:
            return Law(target)
        return Law(_class_of(target, control.label)) if control.weight == 1.0 else None
    if isinstance(control, Inpaint):
        mask, values = _known(control, target.dim)
        if target.dim == 1:
            return None
        return Law(target.given(mask, values), tuple(int(i) for i in (~mask).nonzero().flatten()))
    return Law(target)


def data_law(control: ControlSpec, target: GaussianMixture) -> GaussianMixture:
    """Where a run that begins with data begins: the class that is asked for, or the whole drawing."""
    return _class_of(target, control.label) if isinstance(control, ByClass) else target


def _known(control: Inpaint, dim: int) -> tuple[Tensor, Tensor]:
    """mask and values (D,)."""
    place = AXES.index(control.coordinate)
    if place >= dim:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "The drawing has {dim} coordinates, so “{coordinate}” cannot be known. Choose another."),
            dim=dim, coordinate=control.coordinate,
        )  # fmt: skip
    if dim == 1:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "In one dimension a known coordinate leaves nothing to be sampled."))
    mask = torch.arange(dim) == place
    return mask, torch.full((dim,), control.value)


def _class_of(law: L, label: int) -> L:
    if law.labels is None and label == 0:
        return law  # all is of the first colour
    if label not in law.classes:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "Nothing is drawn in class colour {label}. Draw with it, or ask for another class."), label=label
        )
    return law.of_class(label)
