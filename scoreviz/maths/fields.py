"""Measures of a vector field f: (B, *) to (B, *): Jacobian, divergence, curl; and how far a score lies from the exact one.

Derivatives are those of autograd by default (the exact scores and the networks of this package are differentiable in x); for a field that
is not, `difference` = h takes central differences of step h in its place, at an error of order h^2. A field must treat the samples of a
batch apart. Sources: Hutchinson 1990 (trace estimate); Hyvarinen 2005 (the Fisher divergence).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.maths.estimates import Estimate, mean_of
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture, ScoreFn, Target

Field = Callable[[Tensor], Tensor]
"""field(x): (B, *) to the same shape."""

EXACT_LIMIT = 1024
"""Dimensions up to which an exact Jacobian or trace is taken: it costs one backward pass for each."""

BLIND = "autograd cannot see through this field; give `difference`, a step, for central differences"
"""Said of a field whose answer is detached from x."""

PROBE_LAWS = ("rademacher", "gaussian")


def draw_probes(x: Tensor, count: int, law: str, generator: torch.Generator) -> Tensor:
    """`count` probes v with E v v^T = I for each sample of x (B, *): (count, B, *) of x's dtype, on the generator's device.

    law: "rademacher" (signs; the trace estimate's variance is 2 sum_{i != j} S_ij^2, S the symmetric part) or "gaussian" (2 |S|_F^2).
    """
    if law not in PROBE_LAWS:
        raise ValueError(f"there are no probes called “{law}”; known: {', '.join(PROBE_LAWS)}")
    if count < 1:
        raise ValueError(f"a trace estimate needs at least 1 probe, got {count}")
    shape = (count, *x.shape)
    if law == "gaussian":
        return torch.randn(shape, generator=generator, dtype=x.dtype, device=generator.device).to(x.device)
    signs = torch.randint(2, shape, generator=generator, device=generator.device)
    return signs.mul_(2).sub_(1).to(x)


def value_and_divergence(field: Field, x: Tensor, probes: Tensor | None = None, difference: float | None = None) -> tuple[Tensor, Tensor]:
    """f(x), shape of x, and its divergence (k, B): exact in one row, or v . J v for each of `probes` (k, B, *). Both are detached.

    Exact takes D backward passes (with `difference` 2 D further evaluations), a probe one (two).
    """
    directions = _axes(x) if probes is None else iter(probes)
    with torch.enable_grad():
        value, products = _products(field, x, directions, difference)
        forms = [(v * product).flatten(1).sum(1) for v, product in products]
    return value, torch.stack([torch.stack(forms).sum(0)] if probes is None else forms)


def divergence(
    field: Field,
    x: Tensor,
    probes: int | None = None,
    law: str = "rademacher",
    generator: torch.Generator | None = None,
    difference: float | None = None,
) -> Tensor:
    """div f = tr df/dx at x (B, *), (B,): exact, or with `probes` = k the mean of k estimates v . (df/dx) v, which is unbiased.

    law: of the probes, "rademacher" or "gaussian", drawn from `generator`. ValueError where an exact one would need more than EXACT_LIMIT
    backward passes, and where autograd cannot see through the field.
    """
    if probes is None:
        return value_and_divergence(field, x, difference=difference)[1][0]
    if generator is None:
        raise ValueError("a trace estimate by probes needs a generator")
    return value_and_divergence(field, x, draw_probes(x, probes, law, generator), difference)[1].mean(0)


def jacobian(field: Field, x: Tensor, difference: float | None = None) -> Tensor:
    """df_i/dx_j at x (B, *), flattened to (B, D, D): D backward passes, or 2 D evaluations with `difference`."""
    with torch.enable_grad():
        _, products = _products(field, x, _axes(x), difference)
        lines = [product.flatten(1) for _, product in products]
    return torch.stack(lines, 2 if difference else 1)


def curl(field: Field, x: Tensor, difference: float | None = None) -> Tensor:
    """How far df/dx at x (B, *) is from symmetric; zero for every gradient, so for every exact score.

    D = 2: the scalar df_2/dx_1 - df_1/dx_2, (B,). D = 3: the vector, (B, 3). D > 3: |J - J^T|_F/sqrt(2), (B,), which is the length of
    the other two where D is 2 or 3.
    """
    dim = math.prod(x.shape[1:])
    if dim < 2:
        raise ValueError(f"a curl needs at least 2 dimensions, got points of shape {tuple(x.shape[1:])}")
    j = jacobian(field, x, difference)
    turn = j - j.transpose(1, 2)
    if dim == 2:
        return turn[:, 1, 0]
    if dim == 3:
        return torch.stack([turn[:, 2, 1], turn[:, 0, 2], turn[:, 1, 0]], 1)
    return turn.square().sum((1, 2)).div(2).sqrt()


def _axes(x: Tensor) -> Iterator[Tensor]:
    """The D unit vectors as directions of shape x."""
    dim = math.prod(x.shape[1:])
    if dim > EXACT_LIMIT:
        raise ValueError(f"an exact trace over {dim} dimensions takes {dim} backward passes; use probes above {EXACT_LIMIT}")
    for i in range(dim):
        axis = torch.zeros_like(x).flatten(1)
        axis[:, i] = 1
        yield axis.view(x.shape)


def _products(
    field: Field, x: Tensor, directions: Iterable[Tensor], difference: float | None
) -> tuple[Tensor, Iterator[tuple[Tensor, Tensor]]]:
    """f(x), and for each direction v the pair (v, v^T J); by central differences (v, J v): their products with v are the same."""
    if difference is not None:
        if not 0 < difference < math.inf:
            raise ValueError(f"a central difference needs a positive step, got {difference}")
        return _value(field, x.detach()).detach(), _difference_products(field, x.detach(), directions, difference)
    place = x.detach().requires_grad_()
    try:
        value = _value(field, place)
    except RuntimeError as error:
        if "automatic differentiation" in str(error):  # torch's word for products written into a buffer, as `Empirical` makes them
            raise ValueError(BLIND) from error
        raise
    return value.detach(), ((v, _pulled(value, place, v)) for v in directions)


def _difference_products(field: Field, x: Tensor, directions: Iterable[Tensor], h: float) -> Iterator[tuple[Tensor, Tensor]]:
    with torch.no_grad():
        for v in directions:
            yield v, (field(x + h * v) - field(x - h * v)) / (2 * h)


def _value(field: Field, x: Tensor) -> Tensor:
    return _like(field(x), x)


def _like(value: Tensor, x: Tensor) -> Tensor:
    if value.shape != x.shape:
        raise ValueError(f"a vector field answers in the shape of x, {tuple(x.shape)}, got {tuple(value.shape)}")
    return value


def _pulled(value: Tensor, x: Tensor, v: Tensor) -> Tensor:
    """v^T J by one backward pass."""
    found = torch.autograd.grad(value, x, v, retain_graph=True, allow_unused=True)[0] if value.requires_grad else None
    if found is None:
        raise ValueError(BLIND)
    return found


@dataclass(frozen=True, slots=True)
class FisherDivergence:
    """E_{p_t}|s_model - s|^2, in inverse squared data units (no factor 1/2), and the same over E_{p_t}|s|^2, a pure number."""

    value: Estimate
    relative: Estimate


def fisher_divergence(score_fn: ScoreFn, target: Target, sde: SDE, t: float, n: int, generator: torch.Generator) -> FisherDivergence:
    """Fisher divergence of a model's score from the exact one at time t, over n >= 2 draws of x_t ~ p_t of `target`.

    Standard errors from the draws, the relative one by the delta method. It weights errors by p_t: where there is no data it sees none.
    NaN where the model's score is not finite.
    """
    mean, std = sde.marginal_prob(target.sample(n, generator), t)
    x = mean + std * torch.randn(mean.shape, generator=generator, dtype=mean.dtype, device=mean.device)
    with torch.no_grad():
        exact = target.score(x, sde, t)
        off = (_like(score_fn(x, t), x) - exact).double().flatten(1).square().sum(1)
    size = exact.double().flatten(1).square().sum(1)
    value, scale = mean_of(off), mean_of(size).value
    ratio = value.value / scale
    return FisherDivergence(value, Estimate(ratio, mean_of(off - ratio * size).error / scale))


@dataclass(frozen=True, slots=True)
class ErrorMap:
    """Where a model's score is off the exact one at time t, on a grid: each (len(ys), len(xs))."""

    absolute: Tensor
    """std(t) |s_model - s|, a pure number: the error of the noise prediction. At small noise it hides large errors of s."""
    relative: Tensor
    """|s_model - s| / |s|."""
    angle: Tensor
    """Angle between the two scores, in radians, 0 to pi; 0 where one of them vanishes."""
    weighted: Tensor
    """p_t |s_model - s|^2: its integral over the plane is the Fisher divergence."""


def error_map(score_fn: ScoreFn, target: GaussianMixture, sde: SDE, t: float, xs: Tensor, ys: Tensor) -> ErrorMap:
    """The four maps of a score's error over the points (x, y) of a grid, for points (2,), in xs's dtype."""
    if target.shape != (2,):
        raise ValueError(f"an error map is for points of shape (2,), this target's have shape {tuple(target.shape)}")
    x = torch.stack(torch.meshgrid(xs, ys.to(xs), indexing="xy"), -1).reshape(-1, 2)
    with torch.no_grad():
        exact, model = target.score(x, sde, t), _like(score_fn(x, t), x)
    off, size = (model - exact).norm(dim=1), exact.norm(dim=1)
    turn = model[:, 0] * exact[:, 1] - model[:, 1] * exact[:, 0]
    maps = (
        off * sde.std(t),
        off / size.clamp(min=torch.finfo(x.dtype).tiny),
        torch.atan2(turn.abs(), (model * exact).sum(1)),
        target.log_prob(x, sde, t).exp() * off.square(),
    )
    return ErrorMap(*(values.reshape(len(ys), len(xs)) for values in maps))
