"""The layers of the Inspect menu: each colour, line and word is what its numbers say."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, get_args

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage

from scoreviz.gui.canvas import ArrowGrid, Bounds, Camera, Canvas, Caption, DensityGrid, MapGrid, MeanGrid, palette
from scoreviz.gui.canvas.caption import inspect_lines
from scoreviz.gui.canvas.contours import LEVELS, contour_segments, label_places
from scoreviz.gui.canvas.frame import MapKind, cell_centres
from scoreviz.gui.canvas.legend import Legend, LegendSpec
from scoreviz.gui.canvas.maps import SCALES, map_pixels, missing, unit_words
from scoreviz.gui.canvas.means import mean_segments
from scoreviz.gui.canvas.palette import to_oklab
from scoreviz.gui.canvas.streamlines import EVERY, STEPS, interpolate, line_segments, streamlines
from scoreviz.scene.view import View

BOUNDS = Bounds(-3.0, 3.0, -2.0, 2.0)
KINDS: tuple[MapKind, ...] = get_args(MapKind)
SIGMA = 0.3


def log_p(at: np.ndarray) -> np.ndarray:
    """Two Gaussians of weights 1/3 and 2/3, blurred."""
    v = np.array([0.3, 0.4]) ** 2 + SIGMA**2
    square = ((at[:, None, :] - np.array([[-1.0, 0.3], [1.2, -0.4]])) ** 2).sum(-1)
    return np.log((np.array([1, 2]) / 3 / (2 * np.pi * v) * np.exp(-square / (2 * v))).sum(-1))


def score(at: np.ndarray) -> np.ndarray:
    """Its gradient."""
    v = np.array([0.3, 0.4]) ** 2 + SIGMA**2
    away = np.array([[-1.0, 0.3], [1.2, -0.4]]) - at[:, None, :]
    r = np.array([1, 2]) / v * np.exp(-(away**2).sum(-1) / (2 * v))
    return (r[..., None] / r.sum(-1)[:, None, None] * away / v[:, None]).sum(1)


def density(nx: int = 150, ny: int = 100) -> DensityGrid:
    return DensityGrid(SIGMA, BOUNDS, log_p(cell_centres(BOUNDS, nx, ny)).reshape(ny, nx))


def arrows(nx: int = 48, ny: int = 32) -> ArrowGrid:
    return ArrowGrid(SIGMA, BOUNDS, "exact", (SIGMA * score(cell_centres(BOUNDS, nx, ny))).reshape(ny, nx, 2))


def flat(kind: MapKind, value: float, **more: Any) -> MapGrid:
    return MapGrid(SIGMA, BOUNDS, kind, np.full((8, 12), value, np.float32), **more)


# ---- colours


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_ends_and_middle_have_the_legends_colours(kind: MapKind, theme: Any) -> None:
    scale, colours = SCALES[kind], palette(theme)
    ramp = getattr(colours, scale.ramp)
    middle = np.sqrt(scale.low * scale.high) if scale.log else (scale.low + scale.high) / 2
    for value, index in ((scale.low, 0), (middle, 127.5), (scale.high, 255)):
        (found,) = set(map_pixels(flat(kind, value), colours).reshape(-1).tolist())
        assert min(abs(int(i) - index) for i in np.nonzero(ramp == found)[0]) <= 1
    beyond = map_pixels(flat(kind, scale.high * 3 + 1), colours)[0, 0]
    assert beyond == ramp[255], "what lies beyond the range has its end's colour, which the legend marks"
    assert [v for v, _ in scale.ticks()] == pytest.approx([scale.low, middle, scale.high])
    words = [text for _, text in scale.ticks()]
    assert words[2].startswith("≥") == (kind != "angle") and words[0].startswith("≤") == (scale.low != 0), "180° is all there is"
    assert unit_words(kind)


def test_what_has_no_value_is_the_ground() -> None:
    for kind in KINDS:
        grid = flat(kind, np.nan)
        assert set(map_pixels(grid, palette("dark")).reshape(-1).tolist()) == {palette("dark").ground.rgb()}
        assert missing(grid) == 96 and missing(dataclasses.replace(grid, share=0.5)) == 0, "some of it is still to come"
    assert map_pixels(flat("relative", 0.0), palette("dark"))[0, 0] == palette("dark").figure[0], "no error at all is below the range"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_signed_map_is_symmetric_about_the_ground(theme: Any) -> None:
    """As light at -v as at v, with zero the ground itself, and lighter or darker the farther from it."""

    def lightness(colours: np.ndarray) -> np.ndarray:
        found: np.ndarray = to_oklab(np.stack([(colours >> s & 255) / 255.0 for s in (16, 8, 0)], axis=-1))[:, 0]
        return found

    signed = lightness(palette(theme).signed)
    assert np.abs(signed - signed[::-1]).max() < 0.06
    assert palette(theme).signed[127] == palette(theme).signed[128] == palette(theme).ground.rgb()
    sign = 1 if theme == "dark" else -1
    assert (sign * np.diff(signed[128::6]) > 0).all()
    figure = lightness(palette(theme).figure)
    assert (sign * np.diff(figure[::4]) > 0).all() and palette(theme).figure[0] == palette(theme).ground.rgb()


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_takes_the_densitys_place(canvas: Canvas, kind: MapKind) -> None:
    canvas.resize(300, 60)  # too low for a legend
    canvas.show_content(density=density(), map=flat(kind, SCALES[kind].high), caption=None)
    canvas.set_view(View(arrows=False, particles=False))
    plain = canvas.render_to(QSize(300, 60))
    canvas.set_view(View(arrows=False, particles=False, map=kind, density=False))
    colours = palette("dark")
    expected = QColor.fromRgb(int(getattr(colours, SCALES[kind].ramp)[255]))
    shown = canvas.render_to(QSize(300, 60))
    assert shown.pixelColor(150, 50) == expected and plain != shown, "whether the density is switched on or not"
    other = next(k for k in KINDS if k != kind)
    canvas.set_view(View(arrows=False, particles=False, map=other))
    assert canvas.render_to(QSize(300, 60)).pixelColor(150, 50) == colours.ground, "never under another map's name"


def test_the_legend_says_what_is_mapped() -> None:
    images = [Legend().image(LegendSpec(palette="dark", scale=1.0, map=kind)) for kind in KINDS]
    assert all(image is not None for image in images)
    assert all(a != b for i, a in enumerate(images) for b in images[:i])
    assert Legend().image(LegendSpec(palette="dark", scale=1.0)) is None


# ---- words


def test_the_caption_says_of_what_a_map_is() -> None:
    def said(grid: MapGrid | None, means: MeanGrid | None = None, sigma: float | None = SIGMA) -> list[str]:
        return [line.text for line in inspect_lines(Caption("x", sigma=sigma), grid, means)]

    assert said(flat("curl", 0.1)) == []
    assert said(flat("curl", 0.1), sigma=0.8) == ["map at σ 0.300"]
    assert said(flat("error", 0.1, training_step=4210, figure=0.0312)) == [
        "map: network at training step 4\u202f210",
        "root mean square where the data is (weighted by p): 0.0312",
    ]
    assert said(flat("weighted", 0.1, figure=1.5)) == ["its integral over the picture, of the Fisher divergence: 1.5 per unit²"]
    assert said(flat("log_ode", np.nan, share=0.25)) == ["map: 25 % computed"]
    assert said(flat("log_ode", -1.0, figure=0.013)) == ["off log p by 0.013 nats RMS, weighted by p"]
    assert said(flat("log_network", -1.0, figure=0.2)) == ["shifted to mass 1; off log p by 0.2 nats RMS, weighted by p"]
    assert said(flat("angle", np.nan)) == ["96 cells of the map have no value"]
    due = [line.text for line in inspect_lines(Caption("x", sigma=SIGMA), None, None, due=True)]
    assert due == ["the map is being computed"]
    means = MeanGrid(SIGMA, BOUNDS, "network", np.zeros((2, 2, 2)), training_step=7)
    assert said(None, means) == ["posterior mean: network at training step 7"]
    assert said(None, means, 0.5)[0] == "posterior mean at σ 0.300"


def test_why_there_is_no_map_stands_on_the_picture(canvas: Canvas) -> None:
    canvas.set_view(View(arrows=False, particles=False, map="log_network"))
    before = canvas.render_to(QSize(300, 200))
    canvas.show_content(note="This network is a free field.")
    assert canvas.render_to(QSize(300, 200)) != before


# ---- contours


def test_contours_lie_on_their_level() -> None:
    segments, level = contour_segments(density())
    ends, levels = segments.reshape(-1, 2), np.repeat(LEVELS[level], 2)
    assert len(segments) > 500 and set(level) == set(range(int(LEVELS[level].min() - LEVELS[0]), int(LEVELS[level].max() - LEVELS[0]) + 1))
    interpolated = interpolate(density().log_p[..., None], BOUNDS, ends)[:, 0]
    assert np.abs(interpolated - levels).max() < 1e-9, "on the grid's own interpolation"
    inside = levels > -8
    assert np.abs(log_p(ends) - levels)[inside].max() < 0.01, "and on the closed form"


def test_a_contour_is_closed_and_encloses_what_is_higher() -> None:
    """A circle: its length, and every end met twice."""
    at = cell_centres(Bounds(-2, 2, -2, 2), 80, 80)
    grid = DensityGrid(SIGMA, Bounds(-2, 2, -2, 2), (-(at**2).sum(1)).reshape(80, 80))
    segments, _ = contour_segments(grid, np.array([-1.0]))
    assert np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1).sum() == pytest.approx(2 * np.pi, rel=5e-3)
    ends = np.round(segments.reshape(-1, 2), 9)
    _, times = np.unique(ends, axis=0, return_counts=True)
    assert (times == 2).all()


def test_saddles_and_holes_of_the_grid() -> None:
    """Each of the 16 cells has as many lines as changes of side along its edge halved; none beside what is not finite."""
    for case in range(16):
        corners = [1.0 if case >> k & 1 else -1.0 for k in range(4)]  # lower left, lower right, upper right, upper left
        grid = DensityGrid(SIGMA, Bounds(0, 2, 0, 2), np.array([[corners[0], corners[1]], [corners[3], corners[2]]]))
        changes = sum(a != b for a, b in zip(corners, [*corners[1:], corners[0]], strict=True))
        segments, _ = contour_segments(grid, np.array([0.0]))
        assert len(segments) == changes // 2
        assert np.abs(interpolate(grid.log_p[..., None], grid.bounds, segments.reshape(-1, 2))).max(initial=0.0) < 1e-12
    holed = density()
    holed.log_p[40:60, 60:90] = -np.inf
    segments, _ = contour_segments(holed)
    assert np.isfinite(segments).all() and len(segments)
    assert not len(contour_segments(DensityGrid(SIGMA, BOUNDS, np.zeros((1, 5))))[0])


def test_each_level_in_the_picture_has_one_label_within_it() -> None:
    camera = Camera(half_height=2.0, width_px=600, height_px=400)
    segments, level = contour_segments(density())
    pixels = camera.to_pixels(segments.reshape(-1, 2)).reshape(-1, 2, 2)
    places = label_places(pixels, level, (600, 400), 26.0)
    assert len({k for k, _, _ in places}) == len(places) >= 6
    for k, x, y in places:
        assert 26 <= x <= 574 and 26 <= y <= 374
        assert log_p(np.array([camera.to_data(x, y)]))[0] == pytest.approx(LEVELS[k], abs=0.02)


# ---- streamlines


def test_streamlines_are_tangent_to_the_field() -> None:
    lines = streamlines(arrows())
    pieces = np.diff(lines, axis=1)
    size = np.linalg.norm(pieces, axis=2)
    moved = size > 1e-9
    middles = (lines[:, 1:] + lines[:, :-1])[moved] / 2
    exact = score(middles)
    strength = np.linalg.norm(exact, axis=1)
    cosine = (pieces[moved] * exact).sum(-1) / (size[moved] * strength)
    assert moved.mean() > 0.8 and np.percentile(cosine, 2) > 0.97 and np.median(cosine) > 0.9995
    assert (cosine > 0).mean() > 0.999, "from first to last along the field, not against it"


def test_streamlines_of_a_rotation_are_circles() -> None:
    at = cell_centres(Bounds(-2, 2, -2, 2), 40, 40)
    grid = ArrowGrid(SIGMA, Bounds(-2, 2, -2, 2), "exact", np.stack([-at[:, 1], at[:, 0]], -1).reshape(40, 40, 2))
    lines = streamlines(grid)
    radius = np.linalg.norm(lines, axis=2)
    inner = (radius[:, 0] > 0.3) & (radius.max(axis=1) < 1.9)
    assert inner.sum() > 100
    assert np.abs(radius[inner] - radius[inner][:, STEPS : STEPS + 1]).max() < 0.02
    assert len({len(streamlines(arrows(48, 32))), (48 // EVERY) * (32 // EVERY)}) == 1, "a constant count, evenly spaced"


def test_lines_end_where_there_is_no_direction() -> None:
    vectors = np.zeros((10, 10, 2))
    vectors[:, 5:] = np.nan
    grid = ArrowGrid(SIGMA, Bounds(0, 1, 0, 1), "exact", vectors)
    lines = streamlines(grid)
    assert np.isfinite(lines).all() and not len(line_segments(lines, 1.0))
    sink = cell_centres(Bounds(-1, 1, -1, 1), 20, 20)
    to_the_middle = streamlines(ArrowGrid(SIGMA, Bounds(-1, 1, -1, 1), "exact", (-sink).reshape(20, 20, 2)))
    assert np.linalg.norm(to_the_middle[:, -1], axis=1).max() < np.linalg.norm(to_the_middle[:, 0], axis=1).max()
    assert (np.diff(np.linalg.norm(to_the_middle, axis=2), axis=1) < 1e-9).all(), "none swings about the sink"


def test_every_line_that_moves_has_a_head_at_its_end() -> None:
    lines = np.array([[[0.0, 0.0], [10.0, 0.0], [10.0, 0.0]], [[5.0, 5.0]] * 3])
    segments = line_segments(lines, 1.0)
    assert len(segments) == 1 + 2, "one piece and two strokes of its head; nothing of the line that stands"
    assert (segments[1:, 1] == [10.0, 0.0]).all() and (segments[1:, 0, 0] < 10).all()


# ---- posterior means


def test_means_go_from_the_place_to_the_mean() -> None:
    camera = Camera(half_height=2.0, width_px=400, height_px=400)
    means = np.full((2, 3, 2), 0.5)
    means[0, 0] = np.nan
    segments = mean_segments(MeanGrid(SIGMA, Bounds(-1.5, 1.5, -1, 1), "exact", means), camera)
    assert len(segments) == 5
    assert segments[0, 0].tolist() == [200.0, 250.0] and np.allclose(segments[:, 1], (250.0, 150.0))


# ---- the picture


@pytest.mark.parametrize("lines", ["contours", "streamlines", "posterior_mean"])
def test_lines_are_drawn_over_the_ground(canvas: Canvas, lines: Any) -> None:
    means = MeanGrid(SIGMA, BOUNDS, "exact", np.zeros((6, 9, 2)))
    canvas.show_content(density=density(), arrows=arrows(), means=means)
    canvas.set_view(View(particles=False, arrows=False))
    plain = canvas.render_to(QSize(300, 200))
    canvas.set_view(View(particles=False, arrows=False, lines=lines))
    drawn = canvas.render_to(QSize(300, 200))
    assert drawn != plain
    canvas.set_view(View(particles=False, arrows=False, density=False, lines=lines))
    assert canvas.render_to(QSize(300, 200)).pixelColor(2, 100) == palette("dark").ground, "without the density's colours"


@pytest.mark.parametrize("lines", ["none", "contours", "streamlines", "posterior_mean"])
def test_back_and_forth_gives_the_same_pixels(canvas: Canvas, walk: Any, lines: Any) -> None:
    """Frames with their own grids, on and back, in one picture that keeps its layers and in one drawn anew."""
    canvas.set_view(View(map="error", lines=lines))
    rng = np.random.default_rng(0)
    grids = [flat("error", 0.0, training_step=k) for k in range(4)]
    grids = [dataclasses.replace(grid, values=rng.random((8, 12)).astype(np.float32)) for grid in grids]
    means = [MeanGrid(SIGMA, BOUNDS, "exact", rng.normal(size=(6, 9, 2))) for _ in range(4)]
    shared: dict[str, Any] = {"density": density(), "arrows": arrows()}

    def picture(k: int) -> QImage:
        canvas.show_content(map=grids[k], means=means[k], **shared)
        canvas.show_frame(walk, k)
        image = QImage(canvas.size(), QImage.Format.Format_RGB32)
        canvas.render(image)
        return image

    on = [picture(k) for k in range(4)]
    back = [picture(k) for k in (3, 2, 1, 0)][::-1]
    assert on == back and all(a != b for i, a in enumerate(on) for b in on[:i])


def test_lines_are_quick_enough_to_play(canvas: Canvas) -> None:
    """A generous bound: a frame has 16 ms, and each of these is drawn anew for every noise level."""
    grid, field = density(), arrows(31, 22)

    def milliseconds(work: Any) -> float:
        times = []
        for _ in range(7):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
        return 1000 * sorted(times)[1]

    assert milliseconds(lambda: contour_segments(grid)) < 30
    assert milliseconds(lambda: streamlines(field)) < 30
