"""Every SDE once more, written out from the papers and the published code with no help from the package.

`Reference` holds the four functions of t and, for n levels from the data up, the score's times, the forward kernels (scale, G), the
noise of each level, the correctors' alphas and Euler's steps, as score_sde's sde_lib.py and sampling.py have them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from scoreviz.maths.sde import EDMSDE, SDE, VESDE, VPSDE, CustomSDE, DiscreteVPSDE, SubVPSDE

LOW, HIGH = 0.02, 4.0
B0, B1 = 0.1, 20.0
CURVE = ((0.0, 0.02), (0.3, 0.2), (1.0, 4.0))
BETAS = np.linspace(1e-4, 0.02, 1000)
ABAR = np.cumprod(1 - BETAS)


@dataclass(frozen=True)
class Table:
    """n levels."""

    times: list[float]
    kernels: list[tuple[float, float]]
    stds: list[float]
    alphas: list[float]
    steps: list[float]


@dataclass(frozen=True)
class Reference:
    sde: SDE
    a: Callable[[float], float]
    std: Callable[[float], float]
    c: Callable[[float], float]
    g2: Callable[[float], float]
    table: Callable[[int], Table]


def linspace(low: float, high: float, n: int) -> list[float]:
    """score_sde's linspace(T, eps, N) from below; a single level is t = 1."""
    return np.linspace(high, low, n)[::-1].tolist() if n > 1 else [high]


def exact(r: Reference, times: list[float], steps: list[float] | None = None) -> Table:
    """Levels at any times: x_k = (a_k/a_{k-1}) x_{k-1} + G z, std_k^2 = scale^2 std_{k-1}^2 + G^2; below them the data, a = 1, std = 0."""
    kernels, a, s = [], 1.0, 0.0
    for t in times:
        scale = r.a(t) / a
        kernels.append((scale, math.sqrt(r.std(t) ** 2 - (scale * s) ** 2)))
        a, s = r.a(t), r.std(t)
    steps = steps or np.diff([0.0, *times]).tolist()
    return Table(times, kernels, [r.std(t) for t in times], [scale**2 for scale, _ in kernels], steps)


def ve() -> Reference:
    def sigma(t: float) -> float:
        return LOW * (HIGH / LOW) ** t

    def table(n: int) -> Table:
        sigmas = np.exp(np.linspace(math.log(HIGH), math.log(LOW), n)[::-1])
        growth = np.sqrt(np.diff(np.concatenate([[0.0], sigmas**2])))
        return Table(linspace(1e-5, 1.0, n), [(1.0, float(g)) for g in growth], sigmas.tolist(), [1.0] * n, [1 / n] * n)

    return Reference(VESDE(LOW, HIGH), lambda t: 1.0, sigma, lambda t: 0.0, lambda t: sigma(t) ** 2 * 2 * math.log(HIGH / LOW), table)


def log_mean(t: float) -> float:
    return -0.25 * t**2 * (B1 - B0) - 0.5 * t * B0


def beta(t: float) -> float:
    return B0 + t * (B1 - B0)


def vp() -> Reference:
    def table(n: int) -> Table:
        times = linspace(1e-3, 1.0, n)
        if n <= B1:  # a beta would reach 1: ratios of the continuous a^2
            return exact(r, times, [1 / n] * n)
        betas = np.linspace(B0 / n, B1 / n, n)
        stds = np.sqrt(1 - np.cumprod(1 - betas))
        kernels = list(zip(np.sqrt(1 - betas).tolist(), np.sqrt(betas).tolist(), strict=True))
        return Table(times, kernels, stds.tolist(), (1 - betas).tolist(), [1 / n] * n)

    r = Reference(
        VPSDE(B0, B1), lambda t: math.exp(log_mean(t)), lambda t: math.sqrt(1 - math.exp(2 * log_mean(t))),
        lambda t: -0.5 * beta(t), beta, table,
    )  # fmt: skip
    return r


def sub_vp() -> Reference:
    def table(n: int) -> Table:
        times = linspace(1e-3, 1.0, n)
        kernels = [(1 - 0.5 * beta(t) / n, math.sqrt(r.g2(t) / n)) for t in times]
        squares = [math.exp(2 * log_mean(t)) for t in (linspace(0.0, 1.0, n))]
        alphas = [high / low for low, high in zip([1.0, *squares], squares, strict=False)]
        return Table(times, kernels, [r.std(t) for t in times], alphas, [1 / n] * n)

    r = Reference(
        SubVPSDE(B0, B1), lambda t: math.exp(log_mean(t)), lambda t: 1 - math.exp(2 * log_mean(t)), lambda t: -0.5 * beta(t),
        lambda t: beta(t) * (1 - math.exp(-2 * B0 * t - (B1 - B0) * t**2)), table,
    )  # fmt: skip
    return r


def edm() -> Reference:
    def sigma(t: float) -> float:
        return LOW + t * (HIGH - LOW)

    r = Reference(
        EDMSDE(LOW, HIGH), lambda t: 1.0, sigma, lambda t: 0.0, lambda t: 2 * sigma(t) * (HIGH - LOW),
        lambda n: exact(r, linspace(0.0, 1.0, n), [1 / n] * n),
    )  # fmt: skip
    return r


def custom() -> Reference:
    """Broken line of ln sigma, scale 1/sqrt(1 + sigma^2)."""
    t0, s0 = zip(*CURVE, strict=True)

    def sigma(t: float) -> float:
        return math.exp(float(np.interp(t, t0, np.log(s0))))

    def rate(t: float) -> float:
        k = min(int(np.searchsorted(t0, t, side="right")) - 1, len(t0) - 2)
        return math.log(s0[k + 1] / s0[k]) / (t0[k + 1] - t0[k])

    def g2(t: float) -> float:
        return 2 * rate(t) * sigma(t) ** 2 / (1 + sigma(t) ** 2)

    r = Reference(
        CustomSDE(CURVE, "linear", preserving=True), lambda t: 1 / math.sqrt(1 + sigma(t) ** 2),
        lambda t: sigma(t) / math.sqrt(1 + sigma(t) ** 2), lambda t: -0.5 * g2(t), g2,
        lambda n: exact(r, linspace(0.0, 1.0, n), [1 / n] * n),
    )  # fmt: skip
    return r


def discrete() -> Reference:
    """DDPM's table with "leading" levels; ln abar is linear between its entries."""
    log_abar = np.log(ABAR)

    def between(t: float) -> float:
        return float(np.interp(t * 999, np.arange(1000), log_abar))

    def rate(t: float) -> float:
        k = min(max(math.ceil(t * 999 - 1e-9) - 1, 0), 998)
        return float(log_abar[k] - log_abar[k + 1]) * 999

    def table(n: int) -> Table:
        places = [k * (1000 // n) for k in range(n)]
        abar = ABAR[places]
        ratios = abar / np.concatenate([[1.0], abar[:-1]])
        kernels = list(zip(np.sqrt(ratios).tolist(), np.sqrt(1 - ratios).tolist(), strict=True))
        steps = np.diff([-1, *places]) / 999
        return Table([i / 999 for i in places], kernels, np.sqrt(1 - abar).tolist(), ratios.tolist(), steps.tolist())

    return Reference(
        DiscreteVPSDE(torch.from_numpy(ABAR)), lambda t: math.exp(0.5 * between(t)), lambda t: math.sqrt(1 - math.exp(between(t))),
        lambda t: -0.5 * rate(t), rate, table,
    )  # fmt: skip


REFERENCES = {"ve": ve(), "vp": vp(), "sub_vp": sub_vp(), "edm": edm(), "custom": custom(), "discrete": discrete()}
