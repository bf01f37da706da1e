"""DDPM's table of noise levels as an SDE."""

from __future__ import annotations

import functools
import math
from itertools import pairwise

import torch
from torch import Tensor

from scoreviz.maths.sde.base import SDE, Levels
from scoreviz.maths.sde.elementary import T, Time, checked, exp, expm1, sqrt, within
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class DiscreteVPSDE(SDE):
    """DDPM's table of abar_i = prod (1 - beta_j), i = 0 ... T-1, as a variance-preserving SDE: a = sqrt(abar), std = sqrt(1 - abar).

    Index i stands at t = i/(T-1), and ln abar is linear in between, so that with c(t) = (ln abar)'/2 and g^2 = -(ln abar)' the marginals
    are exact at every t. Level k of n is the index that diffusers' DDPMScheduler visits: `spacing` "leading" k (T//n) + offset,
    "trailing" and "linspace" as there. Below the lowest level comes the data itself (abar = 1). Sampling starts from N(0, 1).
    Sources: Ho et al. 2020; Lin et al. 2023, table 2 (spacings).
    """

    def __init__(self, alphas_cumprod: Tensor, spacing: str = "leading", steps_offset: int = 0) -> None:
        """alphas_cumprod (T,), T >= 2, strictly falling within (0, 1). ValueError otherwise."""
        table = alphas_cumprod.detach().double().cpu()
        if table.ndim != 1 or len(table) < 2 or not bool(((table > 0) & (table < 1)).all()) or not bool((table.diff() < 0).all()):
            raise ValueError("alphas_cumprod must be a table of at least 2 entries that fall strictly within (0, 1)")
        if spacing not in ("leading", "trailing", "linspace"):
            raise ValueError(f"spacing must be leading, trailing or linspace, got {spacing!r}")
        self.spacing, self.steps_offset, self.size = spacing, steps_offset, len(table)
        self._log_abar = table.log()
        self._slope = self._log_abar.diff() * (len(table) - 1)
        self._indices = functools.lru_cache(maxsize=16)(self._spaced)

    def __repr__(self) -> str:
        """DiscreteVPSDE(T=1000, leading)."""
        return f"DiscreteVPSDE(T={self.size}, {self.spacing})"

    def indices(self, n: int) -> list[int]:
        """The n table entries of the n levels, ascending. SceneError if the table has fewer, or if the offset leads beyond its end."""
        return list(self._indices(n))

    def _spaced(self, n: int) -> tuple[int, ...]:
        size = self.size
        if n < 1:
            raise ValueError(f"a discretisation needs at least 1 level, got {n}")
        if n > size:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "This model was trained with {size} noise levels, so it cannot take {n} steps: choose fewer."),
                size=size, n=n,
            )  # fmt: skip
        if self.spacing == "leading":
            found = [k * (size // n) + self.steps_offset for k in range(n)]
        elif self.spacing == "linspace":
            found = [round(k * ((size - 1) / max(n - 1, 1))) for k in range(n)]
        else:
            found = [round(size - k * (size / n)) - 1 for k in reversed(range(n))]
        if found[-1] >= size:
            raise SceneError(
                QT_TRANSLATE_NOOP(
                    "errors", "With steps_offset {offset} step {index} lies beyond this model's {size} noise levels: choose fewer steps."
                ),
                offset=self.steps_offset, index=found[-1], size=size,
            )  # fmt: skip
        return tuple(found)

    def times(self, n: int) -> list[float]:
        """i/(T-1) of `indices(n)`, ascending."""
        return [i / (self.size - 1) for i in self._indices(n)]

    def timesteps(self, n: int) -> list[float]:
        """The same as `times`: DDPM evaluates its network at the levels themselves."""
        return self.times(n)

    def log_abar(self, t: T) -> T:
        """ln abar(t), linear between the table's entries."""
        i, part = self._place(t)
        value = self._log_abar[i] + part * (self._log_abar[i + 1] - self._log_abar[i])
        return value.to(t) if isinstance(t, Tensor) else float(value)

    def _place(self, t: Time) -> tuple[Tensor, Tensor]:
        """The interval of the table that t lies in (at an entry the one below it) and the share of it, float64."""
        position = torch.as_tensor(checked(t), dtype=torch.float64).cpu() * (self.size - 1)
        i = ((position - 1e-9).ceil().long() - 1).clamp(0, self.size - 2)  # i/(T-1) (T-1) may come out above i
        return i, position - i

    def mean_coefficient(self, t: T) -> T:
        """sqrt(abar)."""
        return exp(0.5 * self.log_abar(t))

    def std(self, t: T) -> T:
        """sqrt(1 - abar)."""
        return sqrt(-expm1(self.log_abar(t)))

    def drift_coefficient(self, t: T) -> T:
        """(ln abar)'/2; at an entry of the table the slope below it."""
        slope = 0.5 * self._slope[self._place(t)[0]]
        return slope.to(t) if isinstance(t, Tensor) else float(slope)

    def diffusion(self, t: T) -> T:
        """sqrt(-(ln abar)')."""
        return sqrt(-2 * self.drift_coefficient(t))

    def t_of_sigma(self, sigma: T) -> T:
        """Where ln abar = -ln(1 + sigma^2)."""
        within(sigma, self.sigma(0.0), self.sigma(1.0), "sigma")
        wanted = -torch.log1p(torch.as_tensor(sigma, dtype=torch.float64).cpu().square())
        i = (torch.searchsorted(-self._log_abar, -wanted) - 1).clamp(0, self.size - 2)
        t = ((i + (wanted - self._log_abar[i]) * (self.size - 1) / self._slope[i]) / (self.size - 1)).clamp(0, 1)
        return t.to(sigma) if isinstance(sigma, Tensor) else float(t)

    def prior_std(self) -> float:
        """1: DDPM starts from N(0, 1), though std(1) is a little less."""
        return 1.0

    def discretise(self, n: int) -> Levels:
        """The levels of `indices(n)` with their exact transitions, from the data up.

        Euler's steps are their distances in t; below the lowest, one entry of the table beyond its first stands for the data.
        """
        indices = self._indices(n)
        steps = [(high - low) / (self.size - 1) for low, high in pairwise((-1, *indices))]
        log_abars = [float(self._log_abar[i]) for i in indices]
        ratios = [high - low for low, high in pairwise((0.0, *log_abars))]
        kernels = tuple((math.exp(0.5 * ratio), math.sqrt(-math.expm1(ratio))) for ratio in ratios)
        times = tuple(self.times(n))
        return Levels(self, times, kernels, tuple(self.std(t) for t in times), tuple(scale**2 for scale, _ in kernels), tuple(steps))
