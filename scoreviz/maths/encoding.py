"""Encoding: the probability-flow ODE upwards gives every point a latent, downwards the point again.

It is the ODE of the solvers (`solvers.ode`) through the same levels in rising order. On data of the model's own law the latents have the
law p_1, about N(0, prior_std^2). For Gaussian data N(m, v) the path is a m + (x_eps - a_eps m) S_t/S_eps with S = sqrt(a^2 v + std^2).
Sources: Song et al. 2021, section 4.3 and appendix D; Karras et al. 2022, eq. 4.
"""

from __future__ import annotations

import torch
from torch import Tensor

from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Sampler, sample
from scoreviz.maths.sde import SDE, Time, expand_as
from scoreviz.maths.solvers.levels import grid_levels
from scoreviz.maths.solvers.ode import EulerSampler, HeunSampler, RK4Sampler, SinglestepSampler
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.grids import GridSpec, UniformGrid
from scoreviz.scene.samplers.control import Encode

RULES: dict[str, type[SinglestepSampler]] = {"euler": EulerSampler, "heun": HeunSampler, "rk4": RK4Sampler}
"""By name: order 1, 2 and 4, as many evaluations a step."""


def flow_sampler(sde: SDE, score_fn: ScoreFn, n: int, method: str = "rk4", grid: GridSpec | None = None, upwards: bool = True) -> Sampler:
    """The probability-flow ODE in n >= 1 steps of `grid` (None: even in t) from `sde.eps` to 1, or down again; no noise is drawn.

    method: euler, heun or rk4. ValueError for another, or n < 1.
    """
    if method not in RULES:
        raise ValueError(f"there is no method {method!r}; known: {', '.join(RULES)}")
    if n < 1:
        raise ValueError(f"encoding needs at least 1 step, got {n}")
    levels = [level for level in grid_levels(sde, grid or UniformGrid(), n) if level.sigma > 0]  # a table's own grid ends at the data
    return RULES[method](sde, score_fn, levels[::-1] if upwards else levels)


def encode(x: Tensor, sde: SDE, score_fn: ScoreFn, n: int = 60, method: str = "rk4") -> Tensor:
    """The latent (B, *) at t = 1 of points x (B, *), taken as x_eps at t = `sde.eps`, by n steps even in t.

    n >= 1; method: euler, heun or rk4 (1, 2, 4 evaluations a step). 60 steps of rk4 there and back return a 2-D mixture's points to 1e-4.
    """
    return sample(flow_sampler(sde, score_fn, n, method), x, 0)


def decode(z: Tensor, sde: SDE, score_fn: ScoreFn, n: int = 60, method: str = "rk4") -> Tensor:
    """The point (B, *) at t = `sde.eps` of a latent z (B, *) at t = 1: the inverse of `encode` up to the error of the rule."""
    return sample(flow_sampler(sde, score_fn, n, method, upwards=False), z, 0)


def slerp(a: Tensor, b: Tensor, share: Time) -> Tensor:
    """Spherical interpolation (sin((1-w) f) a + sin(w f) b)/sin f between latents (B, *), f the angle between a and b, w = share.

    Unlike a straight line it keeps the norm that latents have. share a float or (B,), 0 gives a, 1 gives b; where a and b point the same
    or opposite ways the line is taken. ValueError for shapes that differ. Sources: Shoemake 1985; Song, Meng & Ermon 2021, appendix D.5.
    """
    if a.shape != b.shape or a.ndim < 2:
        raise ValueError(f"expected two tensors of one shape (B, *), got {tuple(a.shape)} and {tuple(b.shape)}")
    flat_a, flat_b = a.flatten(1), b.flatten(1)
    norms = (flat_a.norm(dim=1) * flat_b.norm(dim=1)).clamp(min=torch.finfo(a.dtype).tiny)
    angle = expand_as(((flat_a * flat_b).sum(1) / norms).clamp(-1, 1).acos(), a)
    w = expand_as(torch.as_tensor(share, dtype=a.dtype, device=a.device), a)
    aligned = angle.sin() < 1e-4
    safe = torch.where(aligned, torch.ones_like(angle), angle)
    return torch.where(aligned, torch.lerp(a, b, w.expand_as(a)), (((1 - w) * safe).sin() * a + (w * safe).sin() * b) / safe.sin())


@implements(Encode)
def _encode(spec: Encode, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return flow_sampler(sde, score_fn, spec.steps, spec.method, spec.grid)
