"""Where marks are moved to: the algebra of similarities, and what the document refuses."""

from __future__ import annotations

import cmath
import math

import msgspec
import numpy as np
import pytest

from scoreviz.scene.density import Density, Erase, Gaussian, Layer, Placement, Preset, Stroke
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.moving import moved_mark, scale_room
from scoreviz.scene.placement import about
from scoreviz.scene.validation import validate


def as_complex(place: Placement, z: complex) -> complex:
    """The same map written over the complex numbers."""
    return place.scale * cmath.exp(1j * place.angle) * z + complex(place.dx, place.dy)


PLACES = [Placement(dx=0.5, dy=-1.0, scale=1.7, angle=2.5), Placement(scale=0.4, angle=-3.0), Placement(dx=-3.0, dy=2.0)]


@pytest.mark.parametrize("first", PLACES)
@pytest.mark.parametrize("then", PLACES)
def test_one_placement_after_another(first: Placement, then: Placement) -> None:
    both = then.after(first)
    assert -math.pi <= both.angle <= math.pi
    for z in (0j, 1 + 0j, 0.3 - 2j):
        x, y = both.at(z.real, z.imag)
        assert complex(x, y) == pytest.approx(as_complex(then, as_complex(first, z)))


def test_what_turns_about_a_point_leaves_it() -> None:
    place = about(1.5, -0.5, scale=2.0, angle=0.7)
    assert place.at(1.5, -0.5) == pytest.approx((1.5, -0.5))
    x, y = place.at(2.5, -0.5)
    assert (x - 1.5, y + 0.5) == pytest.approx((2 * math.cos(0.7), 2 * math.sin(0.7)))


def test_a_gaussian_keeps_its_own_numbers() -> None:
    moved = moved_mark(Gaussian(x=1.0, y=0.0, std=0.2), about(0.0, 0.0, scale=2.0, angle=math.pi / 2))
    assert isinstance(moved, Gaussian) and moved.place is None
    assert (moved.x, moved.y, moved.std) == pytest.approx((0.0, 2.0, 0.4))
    placed = Gaussian(x=1.0, y=0.0, std=0.2, place=Placement(dx=1.0, scale=3.0))
    again = moved_mark(placed, Placement(dy=1.0))
    assert isinstance(again, Gaussian) and (again.x, again.y, again.std) == pytest.approx((4.0, 1.0, 0.6))


def test_there_and_back_is_no_placement_at_all() -> None:
    stroke = Stroke(points="d", width=0.1)
    there = moved_mark(stroke, Placement(dx=0.5, dy=0.25))
    assert there.place == Placement(dx=0.5, dy=0.25) and moved_mark(there, Placement(dx=-0.5, dy=-0.25)) == stroke


def test_marks_stay_what_the_document_takes() -> None:
    tiny = moved_mark(Gaussian(x=19.0, y=0.0, std=0.02), Placement(dx=5.0, scale=0.1))
    assert isinstance(tiny, Gaussian) and tiny.std == 0.01 and tiny.x <= 20.0
    low, high = scale_room(Stroke(points="d", width=0.1, place=Placement(scale=2.0)))
    assert (low, high) == pytest.approx((0.01, 25.0))
    validate(Scene(density=Density(marks=(tiny,))))


NAN = float("nan")


@pytest.mark.parametrize(
    ("density", "message"),
    [
        (Density(marks=(Stroke(points="d", width=0.1, place=Placement(dx=NAN)),)), "finite"),
        (Density(marks=(Stroke(points="d", width=0.1, label=8),)), "label"),
        (Density(marks=(Stroke(points="d", width=0.1, label=-1),)), "label"),
        (Density(marks=(Stroke(points="d", width=0.1, hardness=1.5),)), "hardness"),
        (Density(marks=(Erase(points="d", width=0.1, place=Placement(scale=0.0)),)), "scale"),
        (Density(marks=(Preset(name="two_moons", layer=1),)), "layer 2, but the drawing has 1"),
        (Density(marks=(Preset(name="two_moons", layer=2),), layers=(Layer(), Layer())), "layer 3, but the drawing has 2"),
        (Density(layers=(Layer(weight=-1.0),)), "weight"),
        (Density(layers=(Layer(weight=NAN),)), "finite"),
        (Density(layers=(Layer(name="x" * 61),)), "name"),
        (Density(layers=tuple(Layer() for _ in range(33))), "at most 32 layers"),
    ],
)
def test_what_is_refused(density: Density, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        validate(Scene(density=density))
    with pytest.raises(SceneError, match=message):
        validate(Scene(density=density), before=Scene())


def test_a_mark_that_was_allowed_is_looked_at_again_when_the_layers_change() -> None:
    mark = Preset(name="two_moons", layer=1)
    before = Scene(density=Density(marks=(mark,), layers=(Layer(), Layer())))
    validate(before)
    with pytest.raises(SceneError, match="layer 2, but the drawing has 1"):
        validate(Scene(density=Density(marks=(mark,), layers=(Layer(),))), before=before)


def test_a_file_from_before_there_were_classes_opens() -> None:
    old = b'{"marks":[{"type":"stroke","points":"a","width":0.1,"weight":2.0},{"type":"gaussian","x":0,"y":1,"std":0.2}]}'
    stroke, gaussian = msgspec.json.decode(old, type=Density).marks
    assert stroke == Stroke(points="a", width=0.1, weight=2.0) and (gaussian.label, gaussian.layer, gaussian.place) == (0, 0, None)


def test_clearing_keeps_the_drawings_of_other_dimensions() -> None:
    density = Density(marks=(Preset(name="two_moons"),), layers=(Layer(),))
    assert density.cleared() == msgspec.structs.replace(density, marks=(), layers=())
    line = msgspec.structs.replace(density, dimensions="1")
    assert line.cleared().marks == density.marks and line.cleared().line == () and line.cleared().present == ()
    solid = msgspec.structs.replace(density, dimensions="3")
    assert solid.cleared().solid == () and solid.cleared().line == density.line
    assert np.array_equal([line.dim, density.dim, solid.dim], [1, 2, 3])
