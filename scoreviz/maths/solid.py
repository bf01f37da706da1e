"""What is placed in space, as an isotropic Gaussian mixture: five named shapes within the ball of radius 2.2, and tables of points.

A line is a row of components 1.5 standard deviations apart, a sheet a grid of them 1.9 apart: their sum ripples by less than one part
in a hundred. No shape has more than `PRESET_COMPONENTS`, so that its exact score stays fast.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.errors import SceneError
from scoreviz.scene.solid import SolidMark, SolidPoints, SolidPreset, SolidPresetName
from scoreviz.scene.text import QT_TRANSLATE_NOOP

Array = NDArray[np.float64]

PRESET_COMPONENTS = 600
MAX_COMPONENTS = 2048
"""Of the whole; a table with more rows is merged cell by cell."""

FARTHEST = 1000.0
ALONG = 1.5
"""Distance of the components of a line, in standard deviations."""
ACROSS = 1.9
"""And of a sheet's, in both directions."""

TURNS, RISE, COIL = 3, 1.6, 1.2
"""The helix: turns, half its height, its radius."""
KNOT_RADIUS, KNOT_TUBE = 1.35, 0.6
RING_RADIUS, RING_SHIFT = 1.25, 0.6
ROLL_RADIUS, ROLL_HALF, ROLL_FROM, ROLL_TO = 1.75, 1.0, 1.5 * math.pi, 4.5 * math.pi
LORENZ_SECONDS, LORENZ_STEP, LORENZ_SCALE = 9.5, 0.005, 1 / 14.0


class Parts(NamedTuple):
    """Masses (K,), centres (K, 3) and standard deviations (K,) of isotropic Gaussians."""

    mass: Array
    mean: Array
    std: Array


def compile_solid(marks: Sequence[SolidMark], blobs: Mapping[str, bytes]) -> GaussianMixture:
    """The mixture (float32, D = 3) of the marks, each of equal mass.

    Beyond 2048 components those of like width in one cell of a grid become one with their mass, mean and mean square radius, so that
    mass, mean and total variance of the whole stay exact. SceneError: nothing placed, points that are missing, damaged or not finite.
    """
    if not marks:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "Space is empty. Choose a preset, or open a table with three columns."))
    each = [_parts(mark, blobs) for mark in marks]
    mass = np.concatenate([parts.mass / parts.mass.sum() for parts in each])
    whole = Parts(mass / len(each), *(np.concatenate(column) for column in list(zip(*each, strict=True))[1:]))
    return GaussianMixture(*(torch.from_numpy(column.astype(np.float32)) for column in merged(whole, MAX_COMPONENTS)))


def solid_preset(name: SolidPresetName) -> GaussianMixture:
    """A named shape alone."""
    return compile_solid((SolidPreset(name=name),), {})


def merged(parts: Parts, limit: int) -> Parts:
    """At most `limit` components; the cells start at a quarter of the width and grow, at last by 1.3, until enough have met."""
    cell = 0.25
    while len(parts.mass) > limit:
        scale = np.floor(np.log(parts.std) / math.log(1.2))
        keys = np.column_stack([scale, np.floor(parts.mean / (cell * 1.2**scale)[:, None])]).astype(np.int64)
        keys -= keys.min(0)
        flat = np.ravel_multi_index(tuple(keys.T), tuple(keys.max(0) + 1))
        _, group = np.unique(flat, return_inverse=True)
        mass = np.bincount(group, parts.mass).astype(np.float64)
        mean = np.column_stack([np.bincount(group, parts.mass * column) / mass for column in parts.mean.T])
        square = parts.std**2 + ((parts.mean - mean[group]) ** 2).sum(1) / 3
        parts = Parts(mass, mean, np.sqrt(np.bincount(group, parts.mass * square) / mass))
        cell *= 1.3 if len(mass) <= 16 * limit else 2.0  # far from it: a million points should not take seconds
    return parts


def _parts(mark: SolidMark, blobs: Mapping[str, bytes]) -> Parts:
    if isinstance(mark, SolidPoints):
        return _points(mark, blobs)
    if mark.name not in PRESETS:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "There is no preset called “{name}”."), name=mark.name)
    return _preset(mark.name)


@functools.cache
def _preset(name: SolidPresetName) -> Parts:
    return PRESETS[name]()


def _points(mark: SolidPoints, blobs: Mapping[str, bytes]) -> Parts:
    data = blobs.get(mark.points)
    if data is None:
        template = QT_TRANSLATE_NOOP("errors", "The points of “{name}” are missing ({digest}). Open the file again.")
        raise SceneError(template, name=mark.name, digest=mark.points)
    if not data or len(data) % 12:
        template = QT_TRANSLATE_NOOP("errors", "The points of “{name}” are damaged: they are not triples of numbers. Open the file again.")
        raise SceneError(template, name=mark.name)
    points = np.frombuffer(data, "<f4").reshape(-1, 3).astype(np.float64)
    if not (np.abs(points) <= FARTHEST).all():  # NaN too
        template = QT_TRANSLATE_NOOP("errors", "The points of “{name}” are damaged: some are not finite or far away. Open the file again.")
        raise SceneError(template, name=mark.name)
    count = len(points)
    return Parts(np.full(count, 1 / count), points * mark.radius, np.full(count, mark.width))


def _curve(points: Array, std: float, speed: Array | None = None) -> Parts:
    """Components along a finely sampled curve (N, 3); `speed` (N,) is mass per unit of length, constant if None."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    n = math.ceil(length[-1] / (ALONG * std))
    at = (np.arange(n) + 0.5) * length[-1] / n
    mean = np.column_stack([np.interp(at, length, column) for column in points.T])
    mass = np.ones(n) if speed is None else np.interp(at, length, speed)
    return Parts(mass, mean, np.full(n, std))


def _swiss_roll() -> Parts:
    """The sheet (r cos u, r sin u, h), r = 1.75 u / 4.5 pi, from u = 1.5 pi to 4.5 pi and |h| <= 1; even over its area."""
    std = 0.11
    u = np.linspace(ROLL_FROM, ROLL_TO, 4000)
    pitch = ROLL_RADIUS / ROLL_TO
    length = np.concatenate([[0.0], np.cumsum(np.hypot(pitch, pitch * (u[1:] + u[:-1]) / 2) * np.diff(u))])
    n, rows = (math.ceil(side / (ACROSS * std)) for side in (length[-1], 2 * ROLL_HALF))
    at = np.interp((np.arange(n) + 0.5) * length[-1] / n, length, u)
    height = ((np.arange(rows) + 0.5) / rows * 2 - 1) * ROLL_HALF
    angle, h = (grid.reshape(-1) for grid in np.meshgrid(at, height))
    mean = np.column_stack([pitch * angle * np.cos(angle), pitch * angle * np.sin(angle), h])
    return Parts(np.ones(len(mean)), mean, np.full(len(mean), std))


def _torus_knot() -> Parts:
    """The trefoil: twice around the axis and three times around the tube of the torus of radii 1.35 and 0.6."""
    u = np.linspace(0, 2 * np.pi, 4000)
    r = KNOT_RADIUS + KNOT_TUBE * np.cos(3 * u)
    return _curve(np.column_stack([r * np.cos(2 * u), r * np.sin(2 * u), KNOT_TUBE * np.sin(3 * u)]), 0.07)


def _linked_rings() -> Parts:
    """Two circles of radius 1.25, one lying and one standing, each through the other's middle."""
    u = np.linspace(0, 2 * np.pi, 2000)
    c, s, o = RING_RADIUS * np.cos(u), RING_RADIUS * np.sin(u), np.zeros_like(u)
    rings = np.column_stack([c - RING_SHIFT, s, o]), np.column_stack([c + RING_SHIFT, o, s])
    return Parts(*(np.concatenate(column) for column in zip(*(_curve(ring, 0.08) for ring in rings), strict=True)))


def _lorenz() -> Parts:
    """Nine and a half seconds on the attractor x' = 10 (y - x), y' = x (28 - z) - y, z' = x y - 8 z/3; mass by the time spent.

    In units of 14, z - 25 upwards. Source: Lorenz 1963.
    """
    path = lorenz_path(np.array([1.0, 1.0, 25.0]), 5.0, LORENZ_STEP)[-1]  # on the attractor by then
    points = lorenz_path(path, LORENZ_SECONDS, LORENZ_STEP)
    speed = np.linalg.norm(np.array([lorenz_rate(point) for point in points]), axis=1)
    return _curve((points - [0, 0, 25.0]) * LORENZ_SCALE, 0.075, 1 / speed)


def lorenz_rate(point: Array) -> Array:
    """The velocity of Lorenz' equations with sigma 10, rho 28, beta 8/3."""
    x, y, z = point
    return np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 * z / 3])


def lorenz_path(start: Array, seconds: float, step: float) -> Array:
    """(n, 3) points `step` seconds apart by the classical Runge-Kutta method."""
    path = [np.asarray(start, np.float64)]
    for _ in range(round(seconds / step)):
        p = path[-1]
        a = lorenz_rate(p)
        b = lorenz_rate(p + step / 2 * a)
        c = lorenz_rate(p + step / 2 * b)
        d = lorenz_rate(p + step * c)
        path.append(p + step / 6 * (a + 2 * b + 2 * c + d))
    return np.array(path)


def _helix() -> Parts:
    """(1.2 cos u, 1.2 sin u, 1.6 u / 3 pi) for three turns about the vertical axis, |u| <= 3 pi."""
    u = np.linspace(-TURNS * np.pi, TURNS * np.pi, 3000)
    return _curve(np.column_stack([COIL * np.cos(u), COIL * np.sin(u), RISE * u / (TURNS * np.pi)]), 0.07)


PRESETS: dict[SolidPresetName, Callable[[], Parts]] = {
    "swiss_roll": _swiss_roll,
    "torus_knot": _torus_knot,
    "linked_rings": _linked_rings,
    "lorenz": _lorenz,
    "helix": _helix,
}
