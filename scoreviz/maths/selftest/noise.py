"""Noise processes and step grids: marginals against their own drift and diffusion, inverses, and the coordinate of each grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from scoreviz.maths.grids import build_grid
from scoreviz.maths.sde import SDE, VESDE
from scoreviz.maths.selftest import gaussian
from scoreviz.maths.selftest.check import Check, Outcome
from scoreviz.scene.choice import tag_of
from scoreviz.scene.grids import GridSpec, KarrasGrid, LogSNRGrid, QuadraticGrid, UniformGrid

INTERVALS = 2000
FROM = 0.05
"""Where the moment equations are integrated from: below it sub-VP's sigma falls as t^1 and VP's as t^(1/2), which no even grid resolves."""

COORDINATES: dict[type[Any], Callable[[Any, SDE, float], float]] = {
    UniformGrid: lambda spec, sde, t: t,
    QuadraticGrid: lambda spec, sde, t: math.sqrt(t),
    LogSNRGrid: lambda spec, sde, t: sde.log_snr(t),
    KarrasGrid: lambda spec, sde, t: sde.sigma(t) ** (1 / spec.rho),
}
"""In which coordinate each grid is even."""


def checks() -> Iterator[Check]:
    """Three for each noise process, one for each grid that has a coordinate here."""
    for name, sde in gaussian.processes().items():
        yield Check("noise", name, "a(1)/a(0.05) by integrating the drift", partial(_mean, sde))
        yield Check("noise", name, "std(1)² by integrating dv/dt = 2 c v + g²", partial(_variance, sde))
        yield Check("noise", name, "sigma(t) and back to t: largest error", partial(_inverse, sde))
    for kind in GridSpec.members():
        if kind in COORDINATES:
            says = "12 times, even in the grid's own coordinate: largest deviation, and its ends"
            yield Check("step grid", tag_of(kind), says, partial(_even, kind()))


def _integral(f: Callable[[float], float], low: float, high: float) -> float:
    """Simpson's rule."""
    h = (high - low) / INTERVALS
    values = [f(low + k * h) for k in range(INTERVALS + 1)]
    return h / 3 * (values[0] + values[-1] + 4 * sum(values[1:-1:2]) + 2 * sum(values[2:-1:2]))


def _mean(sde: SDE) -> Outcome:
    measured = math.exp(_integral(sde.drift_coefficient, FROM, 1.0))
    return Outcome(measured, sde.mean_coefficient(1.0) / sde.mean_coefficient(FROM), 1e-6)


def _variance(sde: SDE) -> Outcome:
    """v(1) = (a_1/a_0)^2 v(0) + integral of (a_1/a_t)^2 g^2 dt."""
    end = sde.mean_coefficient(1.0)
    grown = _integral(lambda t: (end / sde.mean_coefficient(t) * sde.diffusion(t)) ** 2, FROM, 1.0)
    expected = sde.std(1.0) ** 2
    return Outcome((end / sde.mean_coefficient(FROM) * sde.std(FROM)) ** 2 + grown, expected, 1e-4 * expected)


def _inverse(sde: SDE) -> Outcome:
    times = [max(k / 20, sde.t_min, 1e-3) for k in range(21)]
    return Outcome(max(abs(sde.t_of_sigma(sde.sigma(t)) - t) for t in times), 0.0, 1e-6)


def _even(spec: Any) -> Outcome:
    sde = VESDE(0.01, gaussian.SIGMA_MAX)
    times = build_grid(spec)(sde, 12, 1e-3)
    u = [COORDINATES[type(spec)](spec, sde, t) for t in times]
    even = [u[0] + (u[-1] - u[0]) * k / 11 for k in range(12)]
    off = max(abs(a - b) for a, b in zip(u, even, strict=True)) / abs(u[-1] - u[0])
    return Outcome(max(off, abs(times[0] - 1), abs(times[-1] - 1e-3)), 0.0, 1e-9)
