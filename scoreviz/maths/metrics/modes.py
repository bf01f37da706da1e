"""How much of a cloud lies at each mode of a mixture: the failure that separated modes cause, and that distances hardly see.

A point counts for component k by its responsibility r_k(x) = p(k|x), whose mean under the mixture is exactly w_k, overlap or not.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.maths.targets import GaussianMixture

CHUNK = 2**20
"""Responsibilities held at once: 8 MB of float64."""


@dataclass(frozen=True, slots=True)
class ModeMass:
    """Shares of N points at K modes, beside the truth. Tensors (K,), float64."""

    weights: Tensor
    """The truth: weights of the components, or of the classes."""
    shares: Tensor
    """Mean responsibility over all points; they sum to 1 - lost."""
    errors: Tensor
    """Standard errors of the shares."""
    lost: float
    """Share of points that are not finite, which belong to no mode."""
    chi_square: float
    """N sum (share - weight)^2/weight."""
    expected: float
    """The chi_square of chance alone: sum Var(r_k)/w_k of these points, near K - 1 for draws of modes that do not overlap."""

    @property
    def total_variation(self) -> float:
        """(sum |share - weight| + lost)/2: the mass that is at the wrong mode or at none, in [0, 1]."""
        return 0.5 * (float((self.shares - self.weights).abs().sum()) + self.lost)


def mode_mass(x: Tensor, target: GaussianMixture, classes: bool = False, hard: bool = False) -> ModeMass:
    """Share of the points x (N, *), N >= 2, at each component of `target`, or with `classes` at each class of its labels.

    By responsibilities; `hard` counts a point wholly for the mode of the largest one, which is what one sees, and is the same where modes
    do not overlap (elsewhere the shares of perfect samples are then not the weights). ValueError for classes of a target without labels.
    """
    if x.ndim < 2 or len(x) < 2:
        raise ValueError(f"mode masses need at least 2 points of shape (N, *), got shape {tuple(x.shape)}")
    points = x.detach().double()
    finite = torch.isfinite(points.flatten(1)).all(1)
    modes = _modes(target, classes)
    parts = []
    for rows in torch.split(points[finite], max(1, CHUNK // len(target))):
        r = target.responsibilities(rows)
        r = r if modes is None else r @ modes
        parts.append(torch.nn.functional.one_hot(r.argmax(1), r.shape[1]).double() if hard else r)
    weights = target.weights.double() if modes is None else target.weights.double() @ modes
    r = torch.cat([*parts, weights.new_zeros(len(x) - int(finite.sum()), len(weights))])
    shares, variances = r.mean(0), r.var(0)
    return ModeMass(
        weights=weights,
        shares=shares,
        errors=(variances / len(x)).sqrt(),
        lost=1 - float(finite.double().mean()),
        chi_square=len(x) * float(((shares - weights).square() / weights).sum()),
        expected=float((variances / weights).sum()),
    )


def _modes(target: GaussianMixture, classes: bool) -> Tensor | None:
    """(K, C): one in the column of each component's class; None where every component is a mode of its own."""
    if not classes:
        return None
    if target.labels is None:
        raise ValueError("this mixture has no labels, so its points have no classes")
    return (target.labels[:, None] == torch.tensor(target.classes, device=target.labels.device)).double()
