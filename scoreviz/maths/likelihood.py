"""The exact likelihood of a score model: the probability-flow ODE as a continuous normalising flow.

dx = [f - g^2 s/2] dt moves p_eps to p_1, and along it d log p/dt = -div of that drift. In EDM's units u = x/a, sigma = std/a every linear
SDE's ODE is du/d ln sigma = -sigma std s(a u, t), whatever its schedule, so it is integrated there: steps even in ln sigma took four to
thirty times fewer evaluations than steps even in sigma^(1/rho), rho = 3 to 7, at equal error (mixtures of width .03 to .4; VE, VP, sub-VP).

It is the likelihood of p_eps, not of p_0, under a prior that p_1 only approximates: `likelihood_gaps` tells both apart for an exact target.
Sources: Song et al. 2021, section 4.3 and appendix D.2; Grathwohl et al. 2019 (FFJORD); Theis et al. 2016 (bits per dimension).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from scoreviz.maths.dormand_prince import ERROR, NODES, STAGES
from scoreviz.maths.fields import Field, draw_probes, value_and_divergence
from scoreviz.maths.grids import build_grid
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture, ScoreFn
from scoreviz.scene.grids import GridSpec, LogSNRGrid

STEPS = 100
"""Steps of RK4: on the mixtures above the largest error of 200 points is .0003 to .01 nats at 80."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """log p(x) of B points under a score model and the parts it is made of: nats = prior + log_det. Float64 but for `latent`."""

    nats: Tensor
    """log p(x), (B,); per data unit to the power D."""
    latent: Tensor
    """x_1, where the ODE takes x: shape and dtype of x."""
    prior: Tensor
    """log N(x_1; a(1) centre, prior_std^2 I), (B,)."""
    log_det: Tensor
    """log |det dx_1/dx|, (B,)."""
    error: Tensor | None
    """Standard error of `nats` from the probes, (B,); None for an exact trace, and for a single probe."""
    nfe: int
    """Evaluations of the score; each with D, or one a probe, backward passes (or two further evaluations with `difference`, counted)."""

    def bits_per_dim(self, data_range: float = 1.0, levels: int = 256) -> Tensor:
        """-log2 p/D of data with `levels` values over a width of `data_range` in data units ([0, 1]: 1, [-1, 1]: 2), (B,).

        One value's cell is data_range/levels wide: -nats/(D ln 2) + log2(levels/data_range), score_sde's offset 8 for [0, 1] and 7 for
        [-1, 1]. It bounds the code length of the stored values if x was dequantised: uniform noise added within its cell.
        """
        if not 0 < data_range < math.inf or levels < 1:
            raise ValueError(f"bits per dimension need a positive data_range and levels >= 1, got {data_range} and {levels}")
        return -self.nats / (self.latent[0].numel() * math.log(2)) + math.log2(levels / data_range)


class Gaps(NamedTuple):
    """What separates an exact score's likelihood from log p_0(x), both (B,) in nats: nats = log p_0 + eps + prior."""

    eps: Tensor
    """log p_eps(x) - log p_0(x): the ODE starts at eps, not at 0."""
    prior: Tensor
    """log N(x_1; a(1) centre, prior_std^2 I) - log p_1(x_1): the prior is not p_1."""


def log_likelihood(
    x: Tensor,
    sde: SDE,
    score_fn: ScoreFn,
    *,
    steps: int = STEPS,
    grid: GridSpec | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    probes: int | None = None,
    law: str = "rademacher",
    generator: torch.Generator | None = None,
    difference: float | None = None,
    eps: float | None = None,
    centre: Tensor | None = None,
) -> Likelihood:
    """log p(x) in nats of the points x (B, *) under the model whose score is score_fn(x, t), by the ODE from t = eps to 1.

    Solver: RK4 over `steps` steps of `grid` (default: even in ln sigma; 4 evaluations each), or with `rtol` adaptive Dormand-Prince
    (atol = rtol unless given; the worst sample rules). Trace of the score's Jacobian: exact, one backward pass for each of D dimensions;
    or `probes` = k random ones of `law` "rademacher" or "gaussian" from `generator`, held along the path, unbiased. score_fn must be
    differentiable in x by autograd; where it is not, `difference` takes central differences of that step in units of std(t) (1e-3 serves
    float64, 1e-2 float32).
    eps: default `sde.eps`. centre: the data's mean (*), if samples start from a prior centred there (`prior_points`); default 0.

    The score is asked in x's dtype, everything else is float64. NaN for points at which the score is not finite (fixed steps); ValueError
    where the tolerance cannot be met.
    """
    low = _low(sde, eps)
    flow = _Flow(x, sde, score_fn, _probes(x, probes, law, generator), difference, low)
    start = _Point(x.detach().double() / sde.mean_coefficient(low), flow.change)
    if rtol is None:
        for reached in _rk4(flow, start, _places(sde, steps, grid, low)):
            end = reached
    else:
        end = _dormand_prince(flow, start, math.log(sde.sigma(low)), math.log(sde.sigma(1.0)), rtol, rtol if atol is None else atol)
    return _arrived(end, x, flow, centre)


def likelihood_in_steps(
    x: Tensor, sde: SDE, score_fn: ScoreFn, *, steps: int = STEPS, difference: float | None = None, eps: float | None = None,
    centre: Tensor | None = None,
) -> Generator[None, None, Likelihood]:  # fmt: skip
    """`log_likelihood` by fixed steps and an exact trace, with a rest after each step: `found = yield from likelihood_in_steps(...)`.

    For whoever must not be away for long: a step is four evaluations of the score and its trace at the points x.
    """
    low = _low(sde, eps)
    flow = _Flow(x, sde, score_fn, None, difference, low)
    end = start = _Point(x.detach().double() / sde.mean_coefficient(low), flow.change)
    for reached in _rk4(flow, start, _places(sde, steps, None, low)):
        end = reached
        yield
    return _arrived(end, x, flow, centre)


def _places(sde: SDE, steps: int, grid: GridSpec | None, low: float) -> list[float]:
    """ln sigma of the levels of so many steps, upwards."""
    return [math.log(sde.sigma(t)) for t in build_grid(grid or LogSNRGrid())(sde, _checked_steps(steps) + 1, low)[::-1]]


def _arrived(end: _Point, x: Tensor, flow: _Flow, centre: Tensor | None) -> Likelihood:
    """What the end of the path says of the points x at its beginning."""
    sde, dim = flow.sde, x[0].numel()
    a_low, a_one = sde.mean_coefficient(flow.low), sde.mean_coefficient(1.0)
    latent = a_one * end.u
    prior = _log_prior(latent, sde, centre)
    rows = end.change + dim * math.log(a_one / a_low)
    error = rows.std(0) / math.sqrt(len(rows)) if flow.probes is not None and len(flow.probes) > 1 else None
    log_det = rows.mean(0)
    return Likelihood(prior + log_det, latent.to(x.dtype), prior, log_det, error, flow.nfe)


def likelihood_gaps(
    x: Tensor,
    sde: SDE,
    target: GaussianMixture,
    latent: Tensor | None = None,
    eps: float | None = None,
    centre: Tensor | None = None,
) -> Gaps:
    """Both gaps of `log_likelihood(x, sde, target.score_fn(sde))` from log p_0(x), exactly, at the points x (B, *).

    latent: that likelihood's own, if it is at hand, else it is computed. eps and centre as there.
    """
    low = _low(sde, eps)
    if latent is None:
        latent = log_likelihood(x.double(), sde, target.score_fn(sde), eps=low, centre=centre).latent
    x, latent = x.detach().double(), latent.detach().double()
    return Gaps(
        target.log_prob(x, sde, low) - target.log_prob(x),
        _log_prior(latent, sde, centre) - target.log_prob(latent, sde, 1.0),
    )


class _Point(NamedTuple):
    """u = x/a (B, *) and the integral of div (k, B) so far, one row a probe; also their rates."""

    u: Tensor
    change: Tensor

    def moved(self, *moves: tuple[float, _Point]) -> _Point:
        """self + sum of step * rate."""
        u, change = self.u, self.change
        for step, rate in moves:
            u, change = u.add(rate.u, alpha=step), change.add(rate.change, alpha=step)
        return _Point(u, change)


class _Flow:
    """The ODE's right-hand side in ln sigma, and how often the score was asked."""

    def __init__(self, x: Tensor, sde: SDE, score_fn: ScoreFn, probes: Tensor | None, difference: float | None, low: float) -> None:
        """x: the points, for shape and dtype; low: where the path begins."""
        self.sde, self.score_fn, self.probes, self.difference = sde, score_fn, probes, difference
        self.dtype, self.nfe = x.dtype, 0
        self.change = torch.zeros(1 if probes is None else len(probes), len(x), dtype=torch.float64, device=x.device)
        self.low, self.lowest, self.highest = low, sde.sigma(low), sde.sigma(1.0)

    def __call__(self, place: float, point: _Point) -> _Point:
        """d(u, change)/d ln sigma at ln sigma = place: -sigma std s and its divergence -std^2 div s."""
        sde = self.sde
        sigma = min(max(math.exp(place), self.lowest), self.highest)  # rounding must not lead out of the SDE's range
        t = min(max(sde.t_of_sigma(sigma), self.low), 1.0)
        a, std = sde.mean_coefficient(t), sde.std(t)
        h = None if self.difference is None else self.difference * std
        score, div = value_and_divergence(self._asked(t), (a * point.u).to(self.dtype), self.probes, h)
        return _Point(score.double() * (-sigma * std), div.double() * -(std**2))

    def _asked(self, t: float) -> Field:
        def field(x: Tensor) -> Tensor:
            self.nfe += 1
            return self.score_fn(x, t)

        return field


def _rk4(flow: _Flow, point: _Point, places: list[float]) -> Iterator[_Point]:
    """The classical fourth-order rule over the given places: the point after each step."""
    for here, there in pairwise(places):
        h = there - here
        k1 = flow(here, point)
        k2 = flow(here + h / 2, point.moved((h / 2, k1)))
        k3 = flow(here + h / 2, point.moved((h / 2, k2)))
        k4 = flow(there, point.moved((h, k3)))
        point = point.moved((h / 6, k1), (h / 3, k2), (h / 3, k3), (h / 6, k4))
        yield point


def _dormand_prince(flow: _Flow, point: _Point, here: float, end: float, rtol: float, atol: float) -> _Point:
    """Dormand & Prince 1980, 5(4), the step by the worst sample's error (Hairer et al. 1993, section II.4)."""
    if not (0 < rtol < 1 and 0 < atol < math.inf):
        raise ValueError(f"tolerances must be positive, and rtol below 1, got rtol={rtol}, atol={atol}")
    h, least, first = (end - here) / 50, 1e-9 * (end - here), flow(here, point)
    while h > least:
        h = min(h, end - here)
        rates = [first]
        for node, weights in zip(NODES, STAGES, strict=True):
            there = point.moved(*((h * w, k) for w, k in zip(weights, rates, strict=True) if w))
            rates.append(flow(here + node * h, there))
        none = _Point(torch.zeros_like(point.u), torch.zeros_like(point.change))
        off = none.moved(*((h * w, k) for w, k in zip(ERROR, rates, strict=True)))
        worst = _worst(off, point, there, rtol, atol)
        if worst <= 1:
            here, point, first = here + h, there, rates[-1]
            if end - here <= least:
                return point
        h *= min(10.0, max(0.2, 0.9 * worst**-0.2)) if worst > 0 else 10.0
    raise ValueError(
        f"the ODE does not meet rtol={rtol}, atol={atol} at ln sigma = {here:.4g} with any step; loosen them, or take fixed steps"
    )


def _worst(off: _Point, before: _Point, after: _Point, rtol: float, atol: float) -> float:
    """Largest over the samples of the root mean square of error/tolerance; infinite where the error is not finite."""
    u = off.u / (atol + rtol * torch.maximum(before.u.abs(), after.u.abs()))
    change = off.change / (atol + rtol * torch.maximum(before.change.abs(), after.change.abs()))
    worst = float(torch.cat([u.flatten(1), change.T], 1).square().mean(1).sqrt().amax())
    return worst if math.isfinite(worst) else math.inf


def _low(sde: SDE, eps: float | None) -> float:
    """Where the path begins."""
    low = max(sde.eps, sde.t_min) if eps is None else eps
    if not 0 <= low < 1 or not sde.std(low) > 0:
        raise ValueError(f"eps must lie in [0, 1), where the SDE has noise, got {low}")
    return low


def _log_prior(x: Tensor, sde: SDE, centre: Tensor | None) -> Tensor:
    if centre is None:
        return sde.prior_logp(x)
    if centre.shape != x.shape[1:]:
        raise ValueError(f"centre must have the shape of a point, {tuple(x.shape[1:])}, got {tuple(centre.shape)}")
    return sde.prior_logp(x - sde.mean_coefficient(1.0) * centre.to(x))


def _probes(x: Tensor, probes: int | None, law: str, generator: torch.Generator | None) -> Tensor | None:
    if x.ndim < 2 or not len(x) or not x.is_floating_point() or not bool(torch.isfinite(x).all()):
        raise ValueError(f"expected finite float points of shape (B, *) with B >= 1, got {x.dtype} of shape {tuple(x.shape)}")
    if probes is None:
        return None
    if generator is None:
        raise ValueError("a trace estimate by probes needs a generator")
    return draw_probes(x, probes, law, generator)


def _checked_steps(steps: int) -> int:
    if steps < 1:
        raise ValueError(f"the ODE needs at least 1 step, got {steps}")
    return steps
