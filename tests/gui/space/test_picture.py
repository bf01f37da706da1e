"""Pixels of space: the slice lies where it should in the legend's colours, arrows have their lengths, nearer points are brighter."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from scoreviz.gui.canvas import Caption, palette
from scoreviz.gui.canvas.arrows import arrow_length
from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.heatmap import colour_indices
from scoreviz.gui.canvas.particles import MOST_DISCS
from scoreviz.gui.dynamics.seeing import sentences
from scoreviz.gui.dynamics.space.box import edges, faces_towards, labelled_edges
from scoreviz.gui.dynamics.space.dots import BANDS, bands_of, before_plane
from scoreviz.gui.dynamics.space.eye import Eye, Projected
from scoreviz.gui.dynamics.space.picture import SpaceContent, SpacePicture, plane_words
from scoreviz.gui.dynamics.space.plane import CEILING, FLOOR, PlaneGrid, field_segments, spacing_of, transform_of
from scoreviz.scene.density import Density
from scoreviz.scene.document import Scene
from scoreviz.scene.view import View

CAMERA = Camera(half_height=3.0, width_px=300, height_px=300)
BARE = View(cloud=False, density=False, arrows=False)
EMPTY = np.empty((0, 0))
NO_ARROWS = np.empty((0, 0, 3))


class One:
    """Frames that are all given."""

    def __init__(self, *frames: object) -> None:
        self.frames = [np.array(frame, np.float32) for frame in frames]

    def at(self, k: int) -> np.ndarray:
        return self.frames[k]

    def __len__(self) -> int:
        return len(self.frames)


def drawn(content: SpaceContent, picture: SpacePicture | None = None) -> np.ndarray:
    """(300, 300, 3) red, green, blue."""
    image = (picture or SpacePicture()).image(content, CAMERA, 1.0)
    assert image.format() == QImage.Format.Format_RGB32
    return np.frombuffer(image.constBits(), np.uint8).reshape(300, 300, 4)[..., 2::-1].astype(int)


def seen(points: object, **changes: object) -> SpaceContent:
    content = replace(SpaceContent(view=BARE), **changes)  # type: ignore[arg-type]
    return replace(content, frames=Projected(One(points), content.eye))


def rgb(colour: QColor) -> np.ndarray:
    return np.array([colour.red(), colour.green(), colour.blue()])


def test_each_cell_of_the_slice_lies_where_it_is_in_space_in_the_legends_colour(qapp: object) -> None:
    log_p = np.full((8, 8), FLOOR, np.float32)
    log_p[1:3, 5:7] = -1.0  # u about 1, v about -1
    for axis, where in (("z", (1.0, -1.0, 0.3)), ("x", (0.3, 1.0, -1.0)), ("y", (1.0, 0.3, -1.0))):
        plane = PlaneGrid(axis, 0.3, 0.1, 2.0, log_p, NO_ARROWS)  # type: ignore[arg-type]
        for eye in (Eye(35.0, 25.0), Eye(-120.0, -40.0)):
            content = SpaceContent(view=View(cloud=False, arrows=False, slice=axis), eye=eye, plane=plane)  # type: ignore[arg-type]
            x, y = CAMERA.to_pixels(eye.project(np.array([where])))[0]
            index = int(colour_indices(plane.density, "fixed")[1, 5])  # type: ignore[arg-type]
            wanted = rgb(QColor.fromRgb(int(palette("dark").density[index])))
            assert np.abs(drawn(content)[int(y), int(x)] - wanted).max() <= 3
    assert (FLOOR, CEILING) == (-9.0, 1.0)


def test_the_affine_map_sends_all_corners_to_their_projection() -> None:
    plane, eye = PlaneGrid("y", -0.7, 0.1, 1.5, np.zeros((10, 20), np.float32), NO_ARROWS), Eye(70.0, 15.0)
    transform = transform_of(plane, eye, CAMERA)
    for column, row, corner in ((0, 0, (-1.5, -0.7, -1.5)), (20, 10, (1.5, -0.7, 1.5)), (20, 0, (1.5, -0.7, -1.5))):
        assert np.allclose(transform.map(float(column), float(row)), CAMERA.to_pixels(eye.project(np.array([corner])))[0])


def test_what_lies_behind_is_seen_where_there_is_no_density(qapp: object) -> None:
    view, behind = View(cloud=False, arrows=False), np.s_[125:175, 110:190]  # an edge of the cube passes there

    def with_level(log_p: float) -> np.ndarray:
        plane = PlaneGrid("z", 0.0, 0.1, 2.0, np.full((8, 8), log_p, np.float32), NO_ARROWS)
        return drawn(SpaceContent(view=view, plane=plane))

    without = drawn(SpaceContent(view=View(cloud=False, arrows=False, slice="none")))[behind]
    assert (with_level(FLOOR - 5)[behind] == without).all() and np.abs(without - without[0, 0]).max() > 5
    assert np.abs(with_level(-4.0)[behind] - without).min(axis=-1).mean() > 5


def test_seen_straight_on_an_arrow_has_the_canvas_own_length_and_points_along_the_score() -> None:
    eye = Eye(-90.0, 90.0)
    vectors = np.zeros((4, 4, 3))
    vectors[..., 0], vectors[..., 1], vectors[..., 2] = 0.6, -0.8, 5.0
    plane = PlaneGrid("z", 0.0, 0.5, 2.0, EMPTY, vectors)
    assert plane.arrows is not None and plane.density is None
    segments, missing = field_segments(plane, plane.arrows, eye, CAMERA, 1.0)
    shafts = segments[:16]
    assert missing == 0 and spacing_of(plane.arrows, CAMERA) == pytest.approx(50.0)
    along = shafts[:, 1] - shafts[:, 0]
    assert np.allclose(np.hypot(*along.T), arrow_length(1.0, 50.0)), "the part of 5 across the slice is not in it"
    assert np.allclose(along / np.hypot(*along.T)[:, None], [0.6, 0.8])  # y runs down on the screen
    assert np.allclose(shafts[0, 0], CAMERA.to_pixels(np.array([[-1.5, -1.5]]))[0])


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_arrows_lie_in_the_slice(axis: str) -> None:
    rng = np.random.default_rng(2)
    plane = PlaneGrid(axis, 0.4, 0.5, 2.0, EMPTY, rng.normal(size=(5, 5, 3)))  # type: ignore[arg-type]
    assert plane.arrows is not None
    eye = Eye(20.0, 35.0)
    shafts = field_segments(plane, plane.arrows, eye, CAMERA, 1.0)[0][:25]
    tips = (shafts - 150) / (50.0, -50.0)  # pixels to units
    number = "xyz".index(axis)
    keep = [i for i in range(3) if i != number]
    basis = eye.axes[:2][:, keep]  # of the slice's own two coordinates
    inside = np.linalg.solve(basis, (tips.reshape(-1, 2) - 0.4 * eye.axes[:2, number]).T).T.reshape(-1, 2, 2)
    along = inside[:, 1] - inside[:, 0]
    wanted = plane.vectors.reshape(-1, 3)[:, keep]
    cosine = (along * wanted).sum(1) / np.linalg.norm(along, axis=1) / np.linalg.norm(wanted, axis=1)
    assert np.allclose(cosine, 1.0)


def test_arrows_that_are_not_finite_are_counted_and_edge_on_nothing_is_drawn(qapp: object) -> None:
    vectors = np.ones((3, 3, 3))
    vectors[0, 0] = np.nan
    plane = PlaneGrid("z", 0.0, 0.5, 2.0, EMPTY, vectors)
    assert plane.arrows is not None
    assert field_segments(plane, plane.arrows, Eye(), CAMERA, 1.0)[1] == 1
    picture = SpacePicture()
    drawn(SpaceContent(plane=plane), picture)
    assert picture._missing_arrows == 1
    drawn(SpaceContent(plane=plane, eye=Eye(0.0, 0.0)), picture)
    assert picture._missing_arrows == 0


def light(content: SpaceContent, at: np.ndarray) -> float:
    """How far the picture is from the ground about a place in space, in all."""
    x, y = CAMERA.to_pixels(content.eye.project(at[None]))[0].astype(int)
    return float(np.abs(drawn(content)[y - 4 : y + 5, x - 4 : x + 5] - rgb(palette(content.palette).ground)).sum())


@pytest.mark.parametrize("name", ["dark", "light"])
def test_nearer_points_are_brighter_and_larger(qapp: object, name: str) -> None:
    eye = Eye(10.0, 5.0)
    spots = [depth * eye.axes[2] + 0.7 * eye.axes[0] + 0.37 * eye.axes[1] for depth in (-1.5, -0.5, 0.5, 1.5)]
    amounts = [light(seen([spot], eye=eye, palette=name), spot) for spot in spots]
    assert all(a < 0.85 * b for a, b in pairwise(amounts)), amounts
    assert bands_of(np.array(spots), eye, 2.0).tolist() == sorted(set(range(BANDS)))


def test_points_behind_the_slice_are_fainter_but_not_hidden(qapp: object) -> None:
    plane = PlaneGrid("z", 0.0, 0.1, 2.0, np.full((8, 8), -4.0, np.float32), NO_ARROWS)
    view, eye = View(cloud=False, arrows=False), Eye(35.0, 25.0)
    above, below = np.array([0.4, 0.4, 0.05]), np.array([0.4, 0.4, -0.05])
    assert before_plane(np.array([above, below]), eye, 2, 0.0).tolist() == [True, False]
    ground = drawn(SpaceContent(view=view, eye=eye, plane=plane))
    changed = []
    for spot in (above, below):
        changed.append(np.abs(drawn(seen([spot], view=view, eye=eye, plane=plane)) - ground).sum())
    assert changed[0] > 1.3 * changed[1] > 0
    from_below = Eye(35.0, -25.0)
    assert before_plane(np.array([above, below]), from_below, 2, 0.0).tolist() == [False, True]


def test_every_point_is_counted(qapp: object) -> None:
    picture = SpacePicture()
    drawn(seen([[0, 0, 0], [np.nan, 0, 0], [50, 0, 0], [0, np.inf, 0]]), picture)
    assert (picture.counts.total, picture.counts.not_finite, picture.counts.outside) == (4, 2, 1)


def test_very_many_points_are_a_density_and_the_caption_says_so(qapp: object) -> None:
    points = np.random.default_rng(0).normal(size=(MOST_DISCS + 1, 3))
    picture = SpacePicture()
    content = seen(points)
    drawn(content, picture)
    assert picture.counts.as_density
    said = " ".join(line.text for line in picture._lines(content))
    assert "density of 5\u202f001 particles as the eye sees them" in said and "fixed range" not in said


def test_trails_lead_from_frame_to_frame(qapp: object) -> None:
    frames = One([[-1.0, 0, 0]], [[1.0, 0, 0]])
    eye = Eye(-90.0, 90.0)
    content = SpaceContent(view=BARE, eye=eye, frames=Projected(frames, eye), k=1)
    middle = drawn(content)[148:152, 130:170]
    assert np.abs(middle - rgb(palette("dark").ground)).max() > 10
    none = drawn(replace(content, view=View(cloud=False, density=False, arrows=False, trails=0)))[148:152, 130:170]
    assert np.abs(none - rgb(palette("dark").ground)).max() == 0


def test_the_data_are_dim_points_and_a_layer_that_is_off_is_not_drawn(qapp: object) -> None:
    points = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32) * 0.5
    shown = drawn(SpaceContent(view=View(density=False, arrows=False), cloud=points))
    off = drawn(SpaceContent(view=BARE, cloud=points))
    bare = drawn(SpaceContent(view=BARE))
    assert (off == bare).all() and (np.abs(shown - bare).max(-1) > 5).sum() > 200
    particles = drawn(seen(points, view=View(cloud=False, density=False, arrows=False, trails=0)))
    assert np.abs(particles - bare).sum() > 2 * np.abs(shown - bare).sum()


def test_the_caption_says_what_the_slice_is_and_if_its_noise_is_another(qapp: object) -> None:
    plane = PlaneGrid("x", -0.5, 0.25, 2.0, np.zeros((4, 4)), np.ones((3, 3, 3)), "network", 1200)
    content = SpaceContent(plane=plane, caption=Caption(label="reverse SDE", t=0.5, sigma=0.8), view=View(slice="x"))
    said = [line.text for line in SpacePicture()._lines(content)]
    assert "slice x = −0.50; points behind it are fainter" in said
    assert any("within the slice" in text for text in said)
    assert any("0.250" in text for text in said), "the particles are at another sigma"
    assert any("1\u202f200" in text for text in said)
    assert plane_words(replace(content, view=View(slice="none"))) == []
    assert plane_words(replace(content, view=View(density=False, arrows=False))) == []


def test_a_picture_is_drawn_once_and_again_when_the_eye_moves(qapp: object) -> None:
    picture = SpacePicture()
    content = seen([[0.5, 0.5, 0.5]])
    first = picture.image(content, CAMERA, 1.0).cacheKey()
    assert picture.image(content, CAMERA, 1.0).cacheKey() == first
    before = drawn(content, picture)
    eye = content.eye.turned(60, 20)
    after = drawn(replace(content, eye=eye, frames=Projected(content.frames.frames, eye)), picture)  # type: ignore[union-attr]
    assert (before != after).any()


def test_the_cube() -> None:
    assert len(edges()) == 12 and len({frozenset((low, high)) for _, low, high in edges()}) == 12
    for eye in (Eye(35.0, 25.0), Eye(-100.0, -50.0)):
        towards = [faces_towards(axis, low, eye) for axis, low, _ in edges()]
        assert sorted(towards) == [0] * 3 + [1] * 6 + [2] * 3, "a cube seen from a corner has an outline of six edges"
        assert [axis for axis, _ in labelled_edges(eye)] == [0, 1, 2]
        for axis, pair in labelled_edges(eye):
            assert pair[1, axis] == 1 and pair[0, axis] == -1 and (np.delete(pair[0], axis) == np.delete(pair[1], axis)).all()


def test_one_sentence_for_each_layer() -> None:
    scene = Scene(density=Density(dimensions="3"))
    said = " ".join(sentences(scene, "The points move."))
    assert "The points move." in said and "slice shows log pₜ" in said and "Arrows on the slice" in said and "Grey points" in said
    off = msgspec.structs.replace(scene, view=View(density=False, arrows=False, particles=False, cloud=False))
    assert sentences(off, "The points move.") == ["Every layer is switched off."]
    bare = " ".join(sentences(msgspec.structs.replace(scene, view=View(slice="none")), "x"))
    assert "slice" not in bare
