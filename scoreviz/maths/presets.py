"""The named densities as isotropic Gaussian mixtures within the disc of radius 2 (corners of the checkerboard: 2.3).

Curves are rows of components 1.5 standard deviations apart: their sum ripples by less than one part in a thousand.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from scoreviz.maths.parts import Array, Components, join
from scoreviz.scene.density import PresetName

__all__ = ["PRESETS", "Array", "Components"]


def _curve(points: Array, std: float, speed: Array | None = None) -> Components:
    """Components along a finely sampled curve (N, 2); `speed` (N,) is mass per unit of length, constant if None."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    n = math.ceil(length[-1] / (1.5 * std))
    at = (np.arange(n) + 0.5) * length[-1] / n
    mean = np.stack([np.interp(at, length, points[:, i]) for i in (0, 1)], 1)
    mass = np.ones(n) if speed is None else np.interp(at, length, speed)
    return Components(mass, mean, np.full(n, std))


def _polar(r: Array, angle: Array) -> Array:
    return np.stack([r * np.cos(angle), r * np.sin(angle)], 1)


def _two_spirals() -> Components:
    """Two arms r = 1.9 theta/3 pi of a turn and a half, equal mass for equal angle: brightest in the middle."""
    angle = np.linspace(0, 3 * np.pi, 2000)
    pitch = 1.9 / (3 * np.pi)
    speed = 1 / (pitch * np.hypot(1, angle))  # d(angle)/d(length)
    return join([_curve(_polar(pitch * angle, angle + turn), 0.08, speed) for turn in (0.0, np.pi)])


def _two_moons() -> Components:
    """Two half circles of radius 1.2, one turned over and shifted into the other."""
    angle = np.linspace(0, np.pi, 500)
    upper = _polar(np.full_like(angle, 1.2), angle) + np.array([-0.6, -0.3])
    return join([_curve(upper, 0.1), _curve(-upper, 0.1)])


def _eight_gaussians() -> Components:
    """Eight of standard deviation 0.12 on the circle of radius 1.6."""
    angle = np.arange(8) * np.pi / 4
    return Components(np.ones(8), _polar(np.full(8, 1.6), angle), np.full(8, 0.12))


def _checkerboard() -> Components:
    """Eight filled squares of side 0.8 in a 4 x 4 board, each 5 x 5 components."""
    cell, inner = np.arange(4), (np.arange(5) + 0.5) / 5
    offsets = np.stack(np.meshgrid(inner, inner), -1).reshape(-1, 2)
    squares = [np.array([i, j]) for i in cell for j in cell if (i + j) % 2 == 0]
    mean = (np.concatenate([offsets + square for square in squares]) - 2) * 0.8
    return Components(np.ones(len(mean)), mean, np.full(len(mean), 0.075))


def _rings() -> Components:
    """Three rings of equal density along the line."""
    angle = np.linspace(0, 2 * np.pi, 1000)
    return join([_curve(_polar(np.full_like(angle, r), angle), 0.075) for r in (0.55, 1.2, 1.85)])


def _pinwheel() -> Components:
    """Five arms that widen and bend as they leave the centre."""
    r = np.linspace(0.35, 1.85, 14)
    std = 0.06 + 0.05 * r
    arms = [_polar(r, 1.1 * r + k * 2 * np.pi / 5) for k in range(5)]
    mass = np.exp(-0.5 * ((r - 1.0) / 0.5) ** 2)
    return join([Components(mass, arm, std) for arm in arms])


def _s_curve() -> Components:
    """x = sin u, y = sign(u) (cos u - 1) for |u| <= 3 pi/2."""
    u = np.linspace(-1.5 * np.pi, 1.5 * np.pi, 2000)
    return _curve(0.92 * np.stack([np.sin(u), np.sign(u) * (np.cos(u) - 1)], 1), 0.08)


PRESETS: dict[PresetName, Callable[[], Components]] = {
    "two_spirals": _two_spirals,
    "two_moons": _two_moons,
    "eight_gaussians": _eight_gaussians,
    "checkerboard": _checkerboard,
    "rings": _rings,
    "pinwheel": _pinwheel,
    "s_curve": _s_curve,
}
