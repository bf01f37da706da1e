"""Density and arrows of one noise level on a grid, as the window asks for them."""

from __future__ import annotations

import time
from collections import deque

import torch
from torch import Tensor

from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture, ScoreFn
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Arrows, Density, Look

AGAIN_SECONDS = 0.25
"""A grid that was sent this recently is still on its way, not wanted again."""


def cell_centres(low: float, high: float, n: int) -> Tensor:
    """Centres of n equal cells of [low, high]."""
    return low + (torch.arange(n, dtype=torch.float32) + 0.5) * ((high - low) / n)


def density(target: GaussianMixture, sde: SDE, sigma: float, look: Look, revision: int) -> Density:
    """log p_t at the cell centres, t being the time of `sigma`."""
    x0, x1, y0, y1 = look.bounds
    rows, columns = look.density_shape
    xs, ys = cell_centres(x0, x1, columns), cell_centres(y0, y1, rows)
    log_p = target.log_prob_grid(xs, ys, sde, sde.t_of_sigma(sigma))
    return Density(revision=revision, sigma=sigma, bounds=look.bounds, log_p=Array.of(log_p.float().numpy()))


def arrows(
    exact: ScoreFn, other: ScoreFn | None, step: int | None, sde: SDE, sigma: float, look: Look, revision: int
) -> Arrows:  # fmt: skip
    """std(t) times the wanted score at the cell centres: exact, the other (a network's, the data points'), or the other minus exact."""
    x0, x1, y0, y1 = look.bounds
    rows, columns = look.arrows_shape
    ys, xs = torch.meshgrid(cell_centres(y0, y1, rows), cell_centres(x0, x1, columns), indexing="ij")
    points = torch.stack([xs.reshape(-1), ys.reshape(-1)], dim=1)
    t = max(sde.t_of_sigma(sigma), sde.t_min)  # below it there is no noise, and no network knows a score
    kind = look.arrows_kind
    if kind == "exact":
        score, step = exact(points, t), None
    else:
        assert other is not None
        score = other(points, t)
        if kind == "difference":
            score = score - exact(points, t)
    vectors = Array.of((sde.std(t) * score).reshape(rows, columns, 2).float().numpy())
    return Arrows(revision=revision, sigma=sigma, bounds=look.bounds, kind=kind, step=step, vectors=vectors)


class Requests:
    """What the newest `Look` still asks for, most urgent first."""

    def __init__(self) -> None:
        self.look: Look | None = None
        self._pending: deque[tuple[str, float]] = deque()
        self._sent: dict[tuple[object, ...], float] = {}

    def take(self, look: Look) -> None:
        """The newest Look replaces the one before."""
        self.look = look
        order = [("density", s) for s in look.density] + [("arrows", s) for s in look.arrows]
        place = {s: i for i, s in enumerate(dict.fromkeys((*look.density, *look.arrows)))}
        self._pending = deque(sorted(order, key=lambda item: place[item[1]]))

    def forget_sent(self) -> None:
        """Something that grids depend on changed."""
        self._sent.clear()

    @property
    def pending(self) -> bool:
        return bool(self._pending)

    def next(self, step: int) -> tuple[str, float] | None:
        """What to compute now; None when all of it has just been sent."""
        assert self.look is not None
        now = time.monotonic()
        while self._pending:
            kind, sigma = self._pending.popleft()
            shape = self.look.density_shape if kind == "density" else self.look.arrows_shape
            moving = step if kind == "arrows" and self.look.arrows_kind in ("network", "difference", "guided") else None
            key = (kind, sigma, self.look.bounds, shape, self.look.arrows_kind if kind == "arrows" else None, moving)
            if now - self._sent.get(key, -1e9) > AGAIN_SECONDS:
                if len(self._sent) > 4096:
                    self._sent.clear()
                self._sent[key] = now
                return kind, sigma
        return None
