from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage

from scoreviz.gui.canvas import ArrowGrid, Bounds, Camera, DensityGrid, palette
from scoreviz.gui.canvas.arrows import REACH, arrow_length, field_segments, grid_spacing
from scoreviz.gui.canvas.frame import cell_centres
from scoreviz.gui.canvas.heatmap import colour_indices, colour_range, image_rect
from scoreviz.gui.canvas.legend import MAGNITUDES, LegendSpec, arrow_label, legend_segments
from scoreviz.gui.canvas.particles import MOST_DISCS, Particles, count_density, disc, visible_pixels

CAMERA = Camera(half_height=2.0, width_px=400, height_px=400)
BOUNDS = CAMERA.bounds()


def test_cells_tile_the_bounds_lowest_row_first():
    centres = cell_centres(Bounds(0, 4, 0, 2), 4, 2)
    assert centres.tolist() == [[0.5, 0.5], [1.5, 0.5], [2.5, 0.5], [3.5, 0.5], [0.5, 1.5], [1.5, 1.5], [2.5, 1.5], [3.5, 1.5]]


def test_the_fixed_range_is_the_same_for_every_t():
    low = DensityGrid(4.0, BOUNDS, np.array([[-5.0]]))
    high = DensityGrid(0.1, BOUNDS, np.array([[0.5]]))
    assert colour_range(low, "fixed") == colour_range(high, "fixed")
    assert 0 < colour_indices(low, "fixed")[0, 0] < colour_indices(high, "fixed")[0, 0] < 255


def test_the_relative_range_ends_at_the_peak():
    grid = DensityGrid(4.0, BOUNDS, np.array([[-9.0, -5.0, np.nan]]))
    assert colour_range(grid, "relative") == (-10.0, -2.0)  # the same span of 8, five of it below the peak
    assert colour_indices(grid, "relative").tolist() == [[32, 159, 0]]


def test_no_density_and_no_number_are_the_ground():
    grid = DensityGrid(0.1, BOUNDS, np.array([[-np.inf, np.nan, np.inf, -1e30]]))
    assert colour_indices(grid, "fixed").tolist() == [[0, 0, 255, 0]]
    assert colour_range(DensityGrid(0.1, BOUNDS, np.full((2, 2), -np.inf)), "relative") == (-3.0, 5.0)


def test_the_grid_lies_where_its_bounds_are():
    rect = image_rect(DensityGrid(0.1, Bounds(-1, 1, 0, 2), np.zeros((2, 2))), CAMERA)
    assert (rect.left(), rect.top(), rect.right(), rect.bottom()) == (100, 0, 300, 200)


def test_arrows_start_where_the_score_is_evaluated_and_point_along_it():
    vectors = np.zeros((2, 2, 2))
    vectors[1, 0] = (0.0, 1.0)  # upper left, pointing up
    segments, missing = field_segments(ArrowGrid(0.1, BOUNDS, "exact", vectors), CAMERA, 1.0)
    tail, tip = segments[2]
    assert missing == 0
    assert tail.tolist() == [100, 100]
    assert tip[0] == pytest.approx(100) and tip[1] == pytest.approx(100 - float(arrow_length(1.0, 200.0)))


def test_the_legend_arrows_are_as_long_as_the_field_arrows_of_that_magnitude():
    vectors = np.zeros((1, 3, 2))
    angle = np.array([0.3, 2.0, 4.0])
    vectors[0] = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * np.array(MAGNITUDES)[:, None]
    grid = ArrowGrid(0.1, BOUNDS, "network", vectors)
    field, _ = field_segments(grid, CAMERA, 1.0)
    spec = LegendSpec(palette="dark", scale=1.0, kind="network", spacing=grid_spacing(grid, CAMERA))
    legend, _ = legend_segments(spec, 10.0, 20.0)
    lengths = [np.linalg.norm(s[:3, 1] - s[:3, 0], axis=1) for s in (field, legend)]
    assert lengths[0] == pytest.approx(lengths[1])
    assert (np.diff(lengths[0]) > 0).all()


def test_length_saturates():
    assert arrow_length(1e6, 20.0) == pytest.approx(20.0 * REACH, rel=1e-5)
    assert arrow_length(0.0, 20.0) == 0


def test_what_is_no_arrow_is_counted():
    vectors = np.ones((2, 2, 2))
    vectors[0, 0, 0] = np.nan
    vectors[1, 1, 1] = np.inf
    segments, missing = field_segments(ArrowGrid(0.1, BOUNDS, "exact", vectors), CAMERA, 1.0)
    assert missing == 2 and len(segments) == 3 * 2 and np.isfinite(segments).all()


def test_the_label_names_what_is_measured():
    assert [arrow_label(kind) for kind in ("exact", "network", "difference")] == ["σ‖s‖", "σ‖s_θ‖", "σ‖s_θ − s‖"]


def test_a_disc_covers_its_area():
    for radius in (1.5, 3.0):
        assert disc(radius).sum(axis=1) / 255 == pytest.approx(np.pi * radius**2, rel=0.06)


@pytest.mark.parametrize("at", [(0.013, 0.777), (-1.99, 1.99), (1.234, -0.5)])
def test_a_particle_is_drawn_where_it_is(at):
    image = QImage(400, 400, QImage.Format.Format_RGB32)
    image.fill(0)
    counts = Particles().paint(image, np.array([at], np.float32), CAMERA, 1.0, palette("dark"))
    red = (np.frombuffer(image.constBits(), np.uint32).reshape(400, 400) >> 16 & 255).astype(float)
    y, x = np.indices(red.shape) + 0.5
    ((px, py),) = CAMERA.to_pixels(np.array([at]))
    if 5 < px < 395 and 5 < py < 395:  # else clipped
        assert (x * red).sum() / red.sum() == pytest.approx(px, abs=0.2)
        assert (y * red).sum() / red.sum() == pytest.approx(py, abs=0.2)  # centred to a quarter of a pixel
    assert red[int(py), int(px)] > 200
    assert counts.total == 1 and counts.outside == 0


def test_every_particle_is_counted_once():
    points = np.array([[0, 0], [100, 0], [0, -1e30], [np.nan, 0], [0, np.inf], [-1, 1]], np.float32)
    pixels, counts = visible_pixels(points, CAMERA)
    assert (len(pixels), counts.total, counts.outside, counts.not_finite) == (2, 6, 2, 2)
    assert not counts.as_density


def test_the_density_of_counts_estimates_log_p():
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, size=(400_000, 2))
    pixels, counts = visible_pixels(points, CAMERA)
    assert counts.as_density and counts.total > MOST_DISCS
    log_p, side = count_density(pixels, counts.total, CAMERA, 1.0)
    middle = log_p[40:90, 40:90]
    assert side == 3
    assert np.log(np.exp(middle).mean()) == pytest.approx(np.log(0.25), abs=0.02)
    assert log_p[0, 0] == -np.inf


def test_many_particles_are_drawn_as_a_density():
    image = QImage(400, 400, QImage.Format.Format_RGB32)
    image.fill(0)
    points = np.zeros((MOST_DISCS + 1, 2), np.float32)
    assert Particles().paint(image, points, CAMERA, 1.0, palette("dark")).as_density
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(400, 400) & 0xFFFFFF
    assert (pixels > 0).sum() == 9  # one bin of 3 x 3


def test_full_cover_is_the_colour_itself_and_none_leaves_the_ground():
    image = QImage(400, 400, QImage.Format.Format_RGB32)
    image.fill(palette("light").ground)
    Particles().paint(image, np.zeros((1, 2)), CAMERA, 4.0, palette("light"))
    assert image.pixelColor(200, 200) == palette("light").particle
    assert image.pixelColor(100, 100) == palette("light").ground
