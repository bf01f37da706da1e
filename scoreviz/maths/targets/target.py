"""What every exact target offers: samples, and log p_t and its gradient at each noise level, of the whole and of each class.

Bayes' rule makes a classifier of class laws that are known: p_t(y|x) = pi_y p_t(x|y) / p_t(x), and with it the gradient that guides
a sampler towards a class, grad log p_t(y|x) = s_y - s. Source: Song et al. 2021, section 5 and appendix I.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, Self

import torch
from torch import Tensor

from scoreviz.maths.sde import SDE, Time

ScoreFn = Callable[[Tensor, Time], Tensor]
"""score_fn(x, t): x (B, *) and t (a float or (B,)) to grad log p_t(x), shape of x."""

LogProbFn = Callable[[Tensor, Time], Tensor]
"""log_prob_fn(x, t): x (B, *) and t (a float or (B,)) to log p_t(x) in nats, (B,)."""


class Posterior(NamedTuple):
    """The law of x_0 given x_t: its mean, shape of x (Tweedie's denoiser), and the trace (B,) of its covariance."""

    mean: Tensor
    trace: Tensor


class Moments(NamedTuple):
    """Mean, shape of x, and whole covariance (B, D, D) of x_0 given x_t, D the number of coordinates."""

    mean: Tensor
    cov: Tensor


class Target(ABC):
    """A law p_0 of data, points of shape `shape`, blurred by an SDE to p_t: x_t = a x_0 + std z.

    Methods take x (B, *) of any float dtype on the target's device and answer in that dtype; t is a float or (B,) in [0, 1]. Without
    sde and t they speak of p_0 itself, where that has a density.
    """

    labels: Tensor | None = None
    """Class (an integer >= 0) of each component or stored point, int64, or None."""

    @property
    @abstractmethod
    def shape(self) -> torch.Size:
        """Shape of one point."""

    @property
    def dim(self) -> int:
        """Number of coordinates D of one point."""
        return self.shape.numel()

    @abstractmethod
    def mean(self) -> Tensor:
        """E x, float64, shape of a point."""

    @property
    @abstractmethod
    def sigma_data(self) -> float:
        """Root mean square of the per-coordinate standard deviations, sqrt(tr Cov / D)."""

    @abstractmethod
    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """n independent draws (n, *)."""

    @abstractmethod
    def log_prob(self, x: Tensor, sde: SDE | None = None, t: Time | None = None) -> Tensor:
        """log p_t(x) in nats, (B,)."""

    @abstractmethod
    def score(self, x: Tensor, sde: SDE | None = None, t: Time | None = None) -> Tensor:
        """grad log p_t(x), shape of x, in inverse data units."""

    @abstractmethod
    def posterior(self, x: Tensor, sde: SDE, t: Time) -> Posterior:
        """Mean and trace of the covariance of x_0 given x_t = x."""

    @abstractmethod
    def of_class(self, y: int) -> Self:
        """The law p(x|y) of one class alone, without labels. ValueError if there is no such class."""

    @abstractmethod
    def _share(self, y: int) -> float:
        """pi_y, the probability of a class."""

    def denoise(self, x: Tensor, sde: SDE, t: Time) -> Tensor:
        """E[x_0 | x_t = x], shape of x: Tweedie's (x + std^2 score)/a, summed without its cancellation."""
        return self.posterior(x, sde, t).mean

    def score_fn(self, sde: SDE) -> ScoreFn:
        """The exact score as f(x, t), for samplers."""
        return lambda x, t: self.score(x, sde, t)

    def log_prob_fn(self, sde: SDE) -> LogProbFn:
        """The exact log p_t as f(x, t), for samplers that accept or reject."""
        return lambda x, t: self.log_prob(x, sde, t)

    @cached_property
    def classes(self) -> tuple[int, ...]:
        """The labels that occur, ascending; () without labels."""
        return () if self.labels is None else tuple(sorted(set(self.labels.tolist())))

    def class_log_prob(self, x: Tensor, sde: SDE | None = None, t: Time | None = None) -> Tensor:
        """log p_t(y|x) = log pi_y + log p_t(x|y) - log p_t(x) in nats, (B, C), one column for each of `classes`.

        ValueError without labels.
        """
        joint = torch.stack([math.log(share) + law.log_prob(x.double(), sde, t) for share, law in self._laws], 1)
        return torch.log_softmax(joint, 1).to(x.dtype)

    def class_score(self, x: Tensor, y: int | Tensor, sde: SDE | None = None, t: Time | None = None) -> Tensor:
        """grad log p_t(y|x), shape of x; y is one class or a class for each sample, (B,).

        It is s_y - s = sum_c p_t(c|x) (s_y - s_c), summed in this form since s_y and s nearly cancel where y is nearly certain.
        ValueError without labels, or for a class that does not occur.
        """
        scores = torch.stack([law.score(x.double(), sde, t) for _, law in self._laws], 1)
        own = scores[torch.arange(len(x), device=x.device), self._columns_of(y, len(x)).to(x.device)]
        p = self.class_log_prob(x.double(), sde, t).exp().reshape(len(x), -1, *[1] * (x.ndim - 1))
        return (p * (own[:, None] - scores)).sum(1).to(x.dtype)

    @cached_property
    def _laws(self) -> list[tuple[float, Self]]:
        """(pi_y, p(x|y)) of each class."""
        if self.labels is None:
            raise ValueError("this target has no labels, so it has no classes: give labels=")
        return [(self._share(y), self.of_class(y)) for y in self.classes]

    def _columns_of(self, y: int | Tensor, n: int) -> Tensor:
        """The place of y in `classes`, (n,)."""
        wanted = torch.as_tensor(y)
        if wanted.is_floating_point() or (wanted.ndim and wanted.shape != (n,)):
            raise ValueError(f"expected a class or integer classes of shape ({n},), got {wanted.dtype} of shape {tuple(wanted.shape)}")
        known = torch.tensor(self.classes, device=wanted.device)
        column = torch.searchsorted(known, wanted).clamp(max=len(known) - 1)
        if not bool((known[column] == wanted).all()):
            raise ValueError(f"there is no class {y if isinstance(y, int) else y.tolist()[:8]}; known: {', '.join(map(str, self.classes))}")
        return column.expand(n)


def checked_labels(labels: Tensor | None, n: int) -> Tensor | None:
    """Labels as int64 (n,). ValueError unless they are n integers >= 0."""
    if labels is None:
        return None
    if labels.shape != (n,) or labels.is_floating_point() or labels.is_complex() or bool((labels < 0).any()):
        raise ValueError(f"labels must be {n} integers >= 0, got {labels.dtype} of shape {tuple(labels.shape)}: {labels.tolist()[:8]}")
    return labels.long()


def rows_of_class(labels: Tensor | None, y: int) -> Tensor:
    """Which rows carry the label y, boolean. ValueError if none does."""
    if labels is None or not bool((labels == y).any()):
        known = "none" if labels is None else ", ".join(map(str, sorted(set(labels.tolist()))))
        raise ValueError(f"there is no class {y}; known: {known}")
    return labels == y


def level(sde: SDE | None, t: Time | None) -> tuple[Time, Time]:
    """(a, std) in float64; (1, 0) without an SDE."""
    if (sde is None) != (t is None):
        raise ValueError(f"give both sde and t, or neither: got sde={sde}, t={t}")
    if sde is None or t is None:
        return 1.0, 0.0
    t = double(t)
    return sde.mean_coefficient(t), sde.std(t)


def double(value: Time) -> Time:
    """A float, or a float64 tensor where there are several values or a gradient is wanted."""
    if not isinstance(value, Tensor):
        return float(value)
    return float(value) if value.numel() == 1 and not value.requires_grad else value.double()


def column(value: Time, x: Tensor) -> Tensor:
    """(B, 1) from a float or (B,)."""
    if not isinstance(value, Tensor):
        return x.new_full((len(x), 1), value)
    if value.shape != x.shape[:1]:
        raise ValueError(f"expected a float or a tensor of shape ({len(x)},), got shape {tuple(value.shape)}")
    return value.to(x)[:, None]
