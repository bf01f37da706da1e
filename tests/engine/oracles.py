"""A mixture of isotropic Gaussians by hand, in numpy: what the window is told of a point is held against this."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Vector = np.ndarray


@dataclass(frozen=True)
class Hand:
    """weights (K,), means (K, D), stds (K,); a and std are those of one noise level."""

    weights: Vector
    means: Vector
    stds: Vector

    def joint(self, x: Vector, a: float, std: float) -> Vector:
        """log w_k N(x; a m_k, (a^2 v_k + std^2) I), (..., K)."""
        v = a**2 * self.stds**2 + std**2
        gap = x[..., None, :] - a * self.means
        dim = self.means.shape[1]
        return np.log(self.weights / self.weights.sum()) - 0.5 * dim * np.log(2 * np.pi * v) - 0.5 * (gap**2).sum(-1) / v

    def log_p(self, x: Vector, a: float, std: float) -> Vector:
        joint = self.joint(x, a, std)
        top = joint.max(-1, keepdims=True)
        return np.log(np.exp(joint - top).sum(-1)) + top[..., 0]

    def responsibilities(self, x: Vector, a: float, std: float) -> Vector:
        return np.exp(self.joint(x, a, std) - self.log_p(x, a, std)[..., None])

    def score(self, x: Vector, a: float, std: float) -> Vector:
        v = a**2 * self.stds**2 + std**2
        return (self.responsibilities(x, a, std)[:, None] * (a * self.means - x) / v[:, None]).sum(0)

    def tweedie(self, x: Vector, a: float, std: float) -> tuple[Vector, Vector]:
        """Mean and covariance of x_0 given x: those of a mixture of the components' own posteriors."""
        v, r = self.stds**2, self.responsibilities(x, a, std)
        gain = a * v / (a**2 * v + std**2)
        means = self.means + gain[:, None] * (x - a * self.means)
        own = v * std**2 / (a**2 * v + std**2)
        mean = r @ means
        apart = means - mean
        return mean, (r * own).sum() * np.eye(len(x)) + (r[:, None] * apart).T @ apart


def ve(t: float, low: float, high: float) -> tuple[float, float]:
    """a and std of VE."""
    return 1.0, low * (high / low) ** t


def vp(t: float, b0: float = 0.1, b1: float = 20.0) -> tuple[float, float]:
    """a and std of VP."""
    a = np.exp(-(t**2) * (b1 - b0) / 4 - t * b0 / 2)
    return float(a), float(np.sqrt(1 - a**2))


def sub_vp(t: float, b0: float = 0.1, b1: float = 20.0) -> tuple[float, float]:
    """a and std of sub-VP."""
    a, _ = vp(t, b0, b1)
    return a, 1 - a**2
