"""Steering by a class: the score of p_t(x) plus w times the gradient of log p_t(y | x).

At w = 1 both rules here give the conditional score exactly (Bayes: grad log p(x | y) = grad log p(x) + grad log p(y | x)), so every
sampler then samples p(x | y). At any other w the field is, at each t, the score of p_t(x) p_t(y | x)^w / Z_t; these densities are not the
noised versions of any one density, so what is sampled is neither p(x | y) nor p(x) p(y | x)^w, and it differs between the ODE and the
SDE. A Gaussian shows it: x ~ N(0, v) with p(x | y) = N(m, c) ends, along the probability-flow ODE from much noise, on the variance
c^w v^(1-w) (a geometric mean), where p p(y | x)^w has 1/(w/c + (1-w)/v) (a harmonic one).

An evaluation of a guided score is one evaluation of each of the two fields that it is made of; samplers count it as one.
Sources: Song et al. 2021, section 5; Dhariwal & Nichol 2021; Ho & Salimans 2021; on the law that is sampled, Bradley & Nakkiran 2024.
"""

from __future__ import annotations

import math
from typing import Protocol

from torch import Tensor

from scoreviz.maths.sde import SDE, Time, expand_as
from scoreviz.maths.targets import ScoreFn


class ClassScore(Protocol):
    """Anything that knows grad log p_t(y | x): a labelled mixture exactly, a `NoiseClassifier` as learned."""

    def class_score(self, x: Tensor, y: int | Tensor, sde: SDE, t: Time) -> Tensor:
        """grad_x log p_t(y | x), shape of x (B, *); y one label for all, or (B,)."""
        ...


def class_score_fn(source: ClassScore, y: int | Tensor, sde: SDE) -> ScoreFn:
    """grad log p_t(y | x) of `source` for the label y (an int, or (B,)) as f(x, t)."""
    return lambda x, t: source.class_score(x, y, sde, t)


def guided(score_fn: ScoreFn, class_score: ScoreFn, w: Time) -> ScoreFn:
    """s(x, t) + w grad log p_t(y | x) as f(x, t): classifier guidance.

    class_score(x, t) is grad log p_t(y | x), e.g. of `class_score_fn`. w a float, or (B,), one for each sample: 0 is the unconditional
    score, 1 the conditional one, more exaggerates the class, less than 0 shuns it. ValueError if w is not finite.
    """
    w = _checked(w)

    def guided_score(x: Tensor, t: Time) -> Tensor:
        return score_fn(x, t) + expand_as(w, x) * class_score(x, t)

    return guided_score


def classifier_free(score_u: ScoreFn, score_c: ScoreFn, w: Time) -> ScoreFn:
    """s_u + w (s_c - s_u) as f(x, t), from an unconditional and a conditional score: guidance without a classifier.

    The same combination holds for predictions of the noise, eps_u + w (eps_c - eps_u), of the data and of v: all are the score times one
    factor of t, plus one term in x that both share. w as in `guided`; some texts call w - 1 the scale. w = 1 gives the
    bits of s_c. ValueError if w is not finite.
    """
    w = _checked(w)
    if not isinstance(w, Tensor) and w == 1.0:
        return score_c

    def free_score(x: Tensor, t: Time) -> Tensor:
        unconditional = score_u(x, t)
        return unconditional + expand_as(w, x) * (score_c(x, t) - unconditional)

    return free_score


def _checked(w: Time) -> Time:
    if isinstance(w, Tensor):
        if w.ndim > 1 or not bool(w.isfinite().all()):
            raise ValueError(f"the guidance weight must be finite, a number or (B,), got {w.tolist() if w.numel() < 8 else tuple(w.shape)}")
        return w
    if not math.isfinite(w):
        raise ValueError(f"the guidance weight must be finite, got {w}")
    return float(w)
