"""A Gaussian mixture as a law of data: its parameters, moments, draws, and the laws that follow from it in closed form.

Conditioning is Schur's complement, component by component, with the weights moved by the evidence
w_k N(y; m_k, C_k) of the coordinates that are known. Source: Bishop 2006, section 2.3.1.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from scoreviz.maths.sde import SDE, expand_as
from scoreviz.maths.targets.target import checked_labels, rows_of_class


class Components:
    """sum_k w_k N(m_k, C_k) with parameters that are checked; D is the number of coordinates of a point."""

    def __init__(
        self, weights: Tensor, means: Tensor, stds: Tensor | None = None, *, covs: Tensor | None = None, labels: Tensor | None = None
    ) -> None:
        """Check and store; ValueError names what is wrong, and which component has it."""
        _check_shapes(weights, means, stds, covs)
        for name, value, positive in (("weights", weights, True), ("means", means, False), ("stds", stds, True), ("covs", covs, False)):
            if value is not None and (not bool(torch.isfinite(value).all()) or (positive and not bool((value > 0).all()))):
                raise ValueError(f"{name} must be finite{' and positive' if positive else ''}, got {value.tolist()[:8]}")
        total = weights.sum()
        if not bool(torch.isfinite(total)):
            raise ValueError(f"weights must have a finite sum, got {float(total)}")
        self.weights, self.means, self.covs = weights / total, means, covs
        self.labels = checked_labels(labels, len(weights))
        self._w, self._m = (weights / total).double(), means.double().flatten(1)
        self._cumulative = self._w.cumsum(0).to(means.dtype)
        self._basis: Tensor | None = None
        if covs is not None:
            self._v, self._basis = _axes(covs.double())
            self.stds = covs.diagonal(dim1=1, dim2=2).sqrt()
        elif stds is not None:
            self.stds, self._v = stds, stds.double().square().flatten(min(1, stds.ndim - 1))

    def __len__(self) -> int:
        """Number of components K."""
        return len(self.weights)

    @property
    def shape(self) -> torch.Size:
        """Shape of one point."""
        return self.means.shape[1:]

    @property
    def isotropic(self) -> bool:
        """Whether every component has one standard deviation for all coordinates."""
        return self._v.ndim == 1

    def mean(self) -> Tensor:
        """E x, float64, shape of a point."""
        return (self._w @ self._m).reshape(self.shape)

    def cov(self) -> Tensor:
        """Cov x, float64 (D, D)."""
        centred = self._m - self._w @ self._m
        between = (centred * self._w[:, None]).T @ centred
        if self.isotropic:
            return between + torch.eye(self._m.shape[1]).to(centred) * (self._w @ self._v)
        if self.covs is None:
            return between + torch.diag(self._w @ self._v)
        return between + torch.einsum("k,kij->ij", self._w, self.covs.double())

    @property
    def sigma_data(self) -> float:
        """Root mean square of the per-coordinate standard deviations, sqrt(tr Cov / D)."""
        return math.sqrt(float(self.cov().trace()) / self._m.shape[1])

    def diameter(self) -> float:
        """Largest distance between data points: the widest of 64 projections of the components' ellipsoids of radius 3 std.

        Rounded up to two significant figures. This is sigma_max after Song & Ermon 2020 (technique 1).
        """
        directions = _directions(self._m.shape[1]).to(self._m)
        shadows = self._m @ directions
        reach = 3 * self._reach(directions)
        width = float(((shadows + reach).amax(0) - (shadows - reach).amin(0)).max())
        unit = 10.0 ** (math.floor(math.log10(width)) - 1)
        return float(f"{math.ceil(width / unit - 1e-9) * unit:.2g}")

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """n independent draws (n, *)."""
        u = torch.rand(n, generator=generator, dtype=self.means.dtype, device=self.means.device)
        return self.sample_at(u, torch.randn(n, *self.shape, generator=generator, dtype=self.means.dtype, device=self.means.device))

    def sample_at(self, u: Tensor, z: Tensor) -> Tensor:
        """The points (n, *) that uniform u (n,) in [0, 1] and normal z (n, *) stand for: u chooses the component."""
        k = self.components_at(u)
        if self.covs is not None:
            return self.means[k] + torch.einsum("nij,nj->ni", self._factors[k], z.flatten(1)).reshape(z.shape)
        return torch.addcmul(self.means[k], z, expand_as(self.stds[k], z) if self.isotropic else self.stds[k])

    def components_at(self, u: Tensor) -> Tensor:
        """The component (n,) that uniform u (n,) in [0, 1] stands for; `labels[components_at(u)]` are the classes of `sample_at(u, z)`."""
        return torch.searchsorted(self._cumulative, u).clamp_(max=len(self) - 1)

    def marginal(self, sde: SDE, t: float) -> Self:
        """The law p_t itself, again a mixture: means a m_k, covariances a^2 C_k + std^2 I."""
        a, std = sde.mean_coefficient(t), sde.std(t)
        if self.covs is not None:
            covs = a**2 * self.covs + std**2 * torch.eye(self.covs.shape[1]).to(self.covs)
            return type(self)(self.weights, a * self.means, covs=covs, labels=self.labels)
        return type(self)(self.weights, a * self.means, ((a * self.stds).square() + std**2).sqrt(), labels=self.labels)

    def of_class(self, y: int) -> Self:
        """The law p(x|y) of the components labelled y alone, without labels. ValueError if there are none."""
        kept = rows_of_class(self.labels, y)
        stds, covs = (None, self.covs[kept]) if self.covs is not None else (self.stds[kept], None)
        return type(self)(self.weights[kept], self.means[kept], stds, covs=covs)

    def given(self, mask: Tensor, values: Tensor) -> Self:
        """The exact law of the coordinates where mask is false, given those where it is true: points of shape (D - known,), flattened.

        mask bool and values (its entries where mask is false are not read) have the shape of a point. Component k becomes
        N(m_u + C_uk C_kk^-1 (y - m_k), C_uu - C_uk C_kk^-1 C_ku) with weight w_k N(y; m_k, C_kk); a component whose weight
        underflows against the largest (by 600 nats) is dropped. This is p_0(x_u | y): noised by an SDE it is the exact conditional of
        inpainting. ValueError for other shapes, a mask that is not boolean or knows every coordinate, values that are not finite.
        """
        known, y = self._known(mask, values)
        unknown, apart = ~known, y - self._m[:, known]
        if self.covs is not None:
            c = self.covs.double()
            lower = torch.linalg.cholesky(c[:, known][:, :, known])
            white = torch.linalg.solve_triangular(lower, apart[:, :, None], upper=False)
            mixed = torch.linalg.solve_triangular(lower, c[:, known][:, :, unknown], upper=False)
            means = self._m[:, unknown] + (mixed.transpose(1, 2) @ white)[:, :, 0]
            covs, stds = c[:, unknown][:, :, unknown] - mixed.transpose(1, 2) @ mixed, None
            surprise = 0.5 * white.square().sum((1, 2)) + lower.diagonal(dim1=1, dim2=2).log().sum(1)
        else:
            v = self._v[:, None].expand(-1, len(known)) if self.isotropic else self._v
            means, covs, stds = self._m[:, unknown], None, self.stds if self.isotropic else self.stds.flatten(1)[:, unknown]
            surprise = 0.5 * (apart.square() / v[:, known] + v[:, known].log()).sum(1)
        return self._reweighted(surprise, means, stds, covs)

    def observed(self, y: Tensor, scale: float, std: float) -> Self:
        """The exact law of x given y = scale x + std z, z ~ N(0, I); y has the shape of a point, std > 0.

        Component k becomes N(m_k + scale C_k V_k^-1 (y - scale m_k), std^2 C_k V_k^-1) with V_k = scale^2 C_k + std^2 I and weight
        w_k N(y; scale m_k, V_k); what underflows is dropped as in `given`.
        """
        if y.shape != self.shape or not std > 0:
            raise ValueError(f"expected y of shape {tuple(self.shape)} and std > 0, got {tuple(y.shape)} and {std}")
        gap = y.to(self._m).flatten() - scale * self._m
        v = scale**2 * self._v + std**2
        stds, covs = None, None
        if self._basis is None:
            each, own = (v[:, None], self._v[:, None]) if self.isotropic else (v, self._v)
            means = self._m + scale * own / each * gap
            stds = (std**2 * self._v / v).sqrt().reshape(self.stds.shape).to(self.stds.dtype)
        else:
            each, gap = v, torch.einsum("ki,kij->kj", gap, self._basis)
            means = self._m + torch.einsum("kj,kij->ki", scale * self._v / v * gap, self._basis)
            covs = (self._basis * (std**2 * self._v / v)[:, None]) @ self._basis.transpose(1, 2)
        surprise = 0.5 * (gap.square() / each + each.log().expand_as(gap)).sum(1)
        return self._reweighted(surprise, means, stds, covs)

    def _reweighted(self, surprise: Tensor, means: Tensor, stds: Tensor | None, covs: Tensor | None) -> Self:
        """The components (means (K, D')) with weights w_k exp(-surprise_k), but for those that underflow."""
        log_w = self._w.log() - surprise
        log_w = log_w - log_w.max()
        kept = log_w > -600
        if means.shape[1] == self._m.shape[1]:
            means = means.reshape(self.means.shape)
        return type(self)(
            log_w[kept].exp(),  # float64: float32 ends at 87 nats
            means[kept].to(self.means.dtype),
            None if stds is None else stds[kept],
            covs=None if covs is None else covs[kept],
            labels=None if self.labels is None else self.labels[kept],
        )

    def _known(self, mask: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """The mask, flat, and the known values, float64."""
        for name, value in (("mask", mask), ("values", values)):
            if value.shape != self.shape:
                raise ValueError(f"{name} must have the shape {tuple(self.shape)} of a point, got {tuple(value.shape)}")
        if mask.dtype != torch.bool or bool(mask.all()):
            raise ValueError(f"mask must be boolean and leave a coordinate unknown, got {mask.dtype} {mask.tolist()}")
        known = mask.flatten().to(self._m.device)
        y = values.to(self._m).flatten()[known]
        if not bool(y.isfinite().all()):
            raise ValueError(f"the known values must be finite, got {y.tolist()[:8]}")
        return known, y

    def _share(self, y: int) -> float:
        """pi_y, the probability of a class."""
        return float(self._w[rows_of_class(self.labels, y)].sum())

    def _reach(self, directions: Tensor) -> Tensor:
        """Standard deviation of each component along each direction: (K, 1) or (K, directions)."""
        if self.isotropic:
            return self._v.sqrt()[:, None]
        turned: Tensor = directions if self._basis is None else torch.einsum("kij,id->kjd", self._basis, directions)
        return (self._v[:, :, None] * turned.square()).sum(1).sqrt()

    @cached_property
    def _factors(self) -> Tensor:
        """Lower Cholesky factors of the covariances, (K, D, D), in the means' dtype; unique, unlike axes, whose signs are a library's."""
        assert self.covs is not None
        factors: Tensor = torch.linalg.cholesky(self.covs.double())
        return factors.to(self.means.dtype)


def _check_shapes(weights: Tensor, means: Tensor, stds: Tensor | None, covs: Tensor | None) -> None:
    if (stds is None) == (covs is None):
        raise ValueError("a mixture needs either stds or covs, " + ("got neither" if stds is None else "got both"))
    k, dim = weights.shape, means.shape[1:].numel()
    fits = means.ndim >= 2 and weights.shape == means.shape[:1] and len(weights) > 0 and dim > 0
    if stds is not None and not (fits and stds.shape in (k, means.shape)):
        raise ValueError(
            f"a mixture needs weights (K,), means (K, *), stds (K,) or the shape of means, with K >= 1, "
            f"got {tuple(weights.shape)}, {tuple(means.shape)}, {tuple(stds.shape)}"
        )
    if covs is not None and not (fits and covs.shape == (*k, dim, dim)):
        raise ValueError(
            f"a mixture needs weights (K,), means (K, *), covs (K, D, D) with K >= 1 and D numbers a point, "
            f"got {tuple(weights.shape)}, {tuple(means.shape)}, {tuple(covs.shape)}"
        )


def _axes(covs: Tensor) -> tuple[Tensor, Tensor]:
    """Variances (K, D) and axes (K, D, D) of symmetric positive definite matrices; ValueError names the first that is not."""
    size = covs.abs().amax((1, 2))
    skew = (covs - covs.transpose(1, 2)).abs().amax((1, 2)) > 1e-6 * size
    if bool(skew.any()):
        k = int(skew.nonzero()[0])
        raise ValueError(f"covs must be symmetric, that of component {k} is not: {covs[k].tolist()}")
    variances, axes = torch.linalg.eigh(0.5 * (covs + covs.transpose(1, 2)))
    flat = variances[:, 0] <= 1e-14 * size
    if bool(flat.any()):
        k = int(flat.nonzero()[0])
        raise ValueError(f"covs must be positive definite, that of component {k} has the eigenvalue {float(variances[k, 0]):.3g}")
    return variances, axes


def _directions(dim: int) -> Tensor:
    """64 unit vectors (D, 64), float64: evenly over the half circle in 2-D, one in 1-D, seeded normal ones beyond."""
    if dim == 1:
        return torch.ones(1, 1, dtype=torch.float64)
    if dim == 2:
        angle = torch.arange(64, dtype=torch.float64) * (math.pi / 64)
        return torch.stack([angle.cos(), angle.sin()])
    z = torch.randn(dim, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.nn.functional.normalize(z, dim=0)
