"""Marks that are moved, turned and made larger, by hand or by key."""

from __future__ import annotations

import math

import msgspec

from scoreviz.scene.marks import WORLD, Gaussian, Mark
from scoreviz.scene.placement import LARGEST, SMALLEST, Placement

_NARROWEST, _WIDEST = 0.01, 5.0


def moved_mark(mark: Mark, by: Placement) -> Mark:
    """The mark after a similarity. A Gaussian is told by its own numbers, held within what the document takes; others by `place`."""
    if isinstance(mark, Gaussian):
        place = mark.place or Placement()
        x, y = by.at(*place.at(mark.x, mark.y))
        std = min(max(mark.std * place.scale * by.scale, _NARROWEST), _WIDEST)
        return msgspec.structs.replace(mark, x=_held(x), y=_held(y), std=std, place=None)
    place = by.after(mark.place or Placement())
    same = math.isclose(place.scale, 1.0) and max(abs(place.dx), abs(place.dy), abs(place.angle)) < 1e-12
    return msgspec.structs.replace(mark, place=None if same else place)


def scale_room(mark: Mark) -> tuple[float, float]:
    """By how much the mark can still be scaled, at least and at most."""
    if isinstance(mark, Gaussian):
        return _NARROWEST / mark.std, _WIDEST / mark.std
    scale = 1.0 if mark.place is None else mark.place.scale
    return SMALLEST / scale, LARGEST / scale


def _held(value: float) -> float:
    return min(max(value, -WORLD), WORLD)
