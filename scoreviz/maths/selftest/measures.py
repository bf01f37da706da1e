"""Measures on clouds, densities and fields small enough to be worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from scoreviz.maths.fields import curl, divergence, error_map, fisher_divergence
from scoreviz.maths.likelihood import likelihood_gaps, log_likelihood
from scoreviz.maths.metrics import (
    MEASURES,
    energy_distance,
    entropy,
    kl_divergence,
    max_mean_discrepancy,
    mode_mass,
    nearest_distance,
    sliced_wasserstein,
)
from scoreviz.maths.sde import VESDE, VPSDE, Time
from scoreviz.maths.selftest import gaussian
from scoreviz.maths.selftest.check import Check, Outcome
from scoreviz.maths.targets import GaussianMixture

POINTS = 4096
OFF = (0.3, -0.4)
"""A constant error of a score, of length 1/2."""


def checks() -> Iterator[Check]:
    """At least one for each measure that has a line here."""
    for name, (says, run) in CLOSED_FORMS.items():
        yield Check("measure", name.partition(" ")[0], says, run)


def registered() -> list[str]:
    """Every measure's name."""
    return list(MEASURES)


def _column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None]


def _pair() -> GaussianMixture:
    """Two unit modes forty apart, weighing 0.3 and 0.7."""
    means = torch.tensor([[-20.0, 0.0], [20.0, 0.0]], dtype=torch.float64)
    return GaussianMixture(torch.tensor([0.3, 0.7], dtype=torch.float64), means, torch.ones(2, dtype=torch.float64))


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _sliced() -> Outcome:
    """b of unit variance, a = 2 b + 1: the area between their quantiles is E|b + 1|."""
    b = torch.randn(POINTS, 1, generator=_generator())
    b = (b - b.mean()) / b.std(correction=0)
    return Outcome(sliced_wasserstein(2 * b + 1, b), float((b + 1).abs().mean()), 1e-5)


def _discrepancy() -> Outcome:
    measured = max_mean_discrepancy(_column(0.0, 0.0), _column(-1.0, 1.0), bandwidth=1.0)
    return Outcome(measured, 1 + math.exp(-2) - 2 * math.exp(-0.5), 1e-12)


def _mass() -> Outcome:
    half = torch.cat([torch.randn(POINTS, 2, generator=_generator()) + torch.tensor([side, 0.0]) for side in (-20.0, 20.0)])
    return Outcome(mode_mass(half, _pair()).total_variation, 0.2, 1e-9)


def _entropy() -> Outcome:
    found = entropy(_pair(), POINTS, _generator())
    expected = math.log(2 * math.pi * math.e) - 0.3 * math.log(0.3) - 0.7 * math.log(0.7)
    return Outcome(found.value, expected, 5 * found.error)


def _divergence_of_laws() -> Outcome:
    """N(m, v I) from N(m + d, 4 v I) in two dimensions: ln 4 + 2/8 - 1 + |d|^2/(8 v)."""
    target, v, d = gaussian.target(), gaussian.STD**2, torch.tensor([0.5, 0.2])
    model = GaussianMixture(torch.ones(1), target.means + d, 2 * target.stds)
    found = kl_divergence(target, model.log_prob, POINTS, _generator()).kl
    return Outcome(found.value, math.log(4) + 0.25 - 1 + float(d.square().sum()) / (8 * v), 5 * found.error)


def _likelihood() -> Outcome:
    """Largest error over 64 points of a mixture, with the two gaps that the method has taken off."""
    target = GaussianMixture(torch.tensor([0.4, 0.6]), torch.tensor([[-1.0, 0.3], [0.8, 0.0]]), torch.tensor([0.3, 0.4]))
    sde, x = VPSDE(), target.sample(64, _generator()).double()
    found = log_likelihood(x, sde, target.score_fn(sde))
    gaps = likelihood_gaps(x, sde, target, latent=found.latent)
    return Outcome(float((found.nats - gaps.eps - gaps.prior - target.log_prob(x)).abs().max()), 0.0, 0.01)


def _wrong_score(x: Tensor, t: Time) -> Tensor:
    return gaussian.target().score(x, VESDE(0.01, gaussian.SIGMA_MAX), t) + torch.tensor(OFF).to(x)


def _fisher() -> Outcome:
    sde = VESDE(0.01, gaussian.SIGMA_MAX)
    found = fisher_divergence(_wrong_score, gaussian.target(), sde, 0.5, POINTS, _generator())
    return Outcome(found.value.value, 0.25, 1e-4)


def _map() -> Outcome:
    sde, axis = VESDE(0.01, gaussian.SIGMA_MAX), torch.linspace(-2, 2, 9)
    found = error_map(_wrong_score, gaussian.target(), sde, 0.5, axis, axis)
    return Outcome(float(found.absolute.min()), 0.5 * sde.std(0.5), 1e-4 * sde.std(0.5))


def _linear(x: Tensor) -> Tensor:
    return x @ torch.tensor([[1.0, 2.0], [-3.0, 0.5]], dtype=x.dtype).T


def _field(measure: Callable[..., Tensor], expected: float) -> Outcome:
    x = torch.randn(16, 2, generator=_generator(), dtype=torch.float64)
    found = measure(_linear, x)
    return Outcome(float(found[(found - expected).abs().argmax()]), expected, 1e-9)


CLOSED_FORMS: dict[str, tuple[str, Callable[[], Outcome]]] = {
    "sliced_wasserstein": ("one dimension, 2 b + 1 from b: E|b + 1|", _sliced),
    "energy_distance": ("{0} from {-1, 1}: 2 - 1", lambda: Outcome(energy_distance(_column(0.0), _column(-1.0, 1.0)), 1.0, 1e-9)),
    "max_mean_discrepancy": ("{0, 0} from {-1, 1}, bandwidth 1: 1 + e^-2 - 2 e^-1/2", _discrepancy),
    "nearest_distance": (
        "{0.5} from {-1, 1}: 0.5",
        lambda: Outcome(nearest_distance(_column(0.5), _column(-1.0, 1.0)), 0.5, 1e-9),
    ),
    "mode_mass": ("halves at modes that weigh 0.3 and 0.7: mass at the wrong mode", _mass),
    "entropy": ("two far modes: ln(2 pi e) + the entropy of their weights", _entropy),
    "kl_divergence": ("Gaussian from one twice as wide and shifted", _divergence_of_laws),
    "log_likelihood": ("mixture under VP, gaps taken off: largest error of 64 points, in nats", _likelihood),
    "fisher_divergence": ("score that is off by a constant of length 1/2", _fisher),
    "error_map": ("score that is off by a constant of length 1/2: least std |error|", _map),
    "divergence": ("linear field: its trace", lambda: _field(divergence, 1.5)),
    "curl": ("linear field: twice its antisymmetric part", lambda: _field(curl, -5.0)),
}
"""What each measure is held against; a name may have a second line, told apart by words after a space."""
