from __future__ import annotations

import gc
import math
import resource

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, QSize
from PySide6.QtGui import QColor, QImage

from scoreviz.gui.canvas import ArrowGrid, Camera, Canvas, Caption, DensityGrid, palette
from scoreviz.gui.canvas.caption import cells, lines
from scoreviz.gui.canvas.particles import Counts
from scoreviz.scene.view import View


def near(a: QColor, b: QColor, tolerance: int = 3) -> bool:
    return all(abs(x - y) <= tolerance for x, y in zip(a.getRgb(), b.getRgb(), strict=True))


def full(canvas, walk, fields, k=20):
    canvas.set_view(View())
    density, arrows = fields(canvas.bounds, sigma=0.3)
    canvas.show_content(density=density)
    canvas.show_content(arrows=arrows)
    canvas.show_frame(walk, k)
    canvas.show_content(caption=Caption("reverse SDE", 0.4, 0.3, 2.4))


def test_an_empty_canvas_is_its_ground(canvas):
    for name in ("dark", "light"):
        canvas.set_palette_name(name)
        image = canvas.render_to(QSize(60, 40))
        assert image.pixelColor(30, 20).rgb() == (0xFF0D1117 if name == "dark" else 0xFFFBFAF6)


def test_every_layer_can_be_switched_off(canvas, walk, fields):
    full(canvas, walk, fields)
    pictures = [canvas.render_to(QSize(300, 200))]
    for off in ("density", "arrows", "particles"):
        canvas.set_view(View(**{off: False}))
        pictures.append(canvas.render_to(QSize(300, 200)))
    assert all(a != b for i, a in enumerate(pictures) for b in pictures[:i])


def test_the_density_has_the_colour_of_its_legend(canvas):
    bounds = canvas.bounds
    canvas.show_content(density=DensityGrid(0.1, bounds, np.full((8, 8), -2.0)))
    canvas.set_view(View(particles=False, arrows=False))
    expected = QColor.fromRgb(int(palette("dark").density[128]))  # half way from -6 to 2
    assert near(canvas.render_to(QSize(300, 200)).pixelColor(150, 100), expected)


def test_the_lowest_row_is_at_the_bottom(canvas):
    canvas.resize(300, 60)  # too low for a legend
    log_p = np.full((2, 2), -20.0)
    log_p[0, 1] = 2.0  # lower right
    canvas.show_content(density=DensityGrid(0.1, canvas.bounds, log_p))
    canvas.show_content(caption=None)
    image = canvas.render_to(QSize(300, 60))
    assert image.pixelColor(292, 57).lightness() > 150 > image.pixelColor(292, 3).lightness()
    assert image.pixelColor(8, 57).lightness() < 50


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_a_picture_has_the_painters_own_pixels(canvas, walk, fields, ratio):
    full(canvas, walk, fields)
    image = QImage(round(300 * ratio), round(200 * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    canvas.render(image, QPoint())
    image.setDevicePixelRatio(1.0)
    assert image == canvas.render_to(image.size(), ratio)


def test_an_unchanged_picture_is_not_drawn_again(canvas, walk, fields):
    full(canvas, walk, fields)
    canvas.grab()
    before = canvas._picture._whole.cacheKey()
    full(canvas, walk, fields)
    canvas.show_content(density=canvas._content.density)
    canvas.set_view(View())
    kept = canvas._picture
    canvas.grab()
    assert kept._whole.cacheKey() != before  # new grids: drawn again
    before = kept._whole.cacheKey()
    canvas.show_frame(walk, 20)
    canvas.set_view(View())
    canvas.grab()
    assert kept._whole.cacheKey() == before


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (5, 300), (300, 5), (40, 40)])
def test_no_size_is_too_small(canvas, walk, fields, size):
    full(canvas, walk, fields)
    canvas.show_content(message="Draw something, or choose a preset")
    canvas.resize(*size)
    canvas.grab()
    assert canvas.render_to(QSize(*size)).width() == max(size[0], 1)


def test_no_data_is_no_error(canvas):
    class None_:
        def at(self, k):
            raise AssertionError

        def __len__(self):
            return 0

    canvas.show_frame(None_(), 3)
    canvas.show_content(density=DensityGrid(0.1, canvas.bounds, np.empty((0, 0))))
    canvas.show_content(arrows=ArrowGrid(0.1, canvas.bounds, "exact", np.empty((0, 0, 2))))
    canvas.render_to(QSize(300, 200))
    canvas.show_content(arrows=ArrowGrid(0.1, canvas.bounds, "exact", np.full((4, 4, 2), np.nan)))
    canvas.show_content(density=DensityGrid(0.1, canvas.bounds, np.full((4, 4), np.nan)))
    canvas.set_view(View(density_scale="relative"))
    canvas.render_to(QSize(300, 200))


def test_a_frame_past_the_end_is_the_last(canvas, walk):
    canvas.show_frame(walk, 10_000)
    past = canvas.render_to(QSize(300, 200))
    canvas.show_frame(walk, 39)
    assert canvas.render_to(QSize(300, 200)) == past


def test_the_caption_says_where_the_run_is():
    row = cells(Caption("reverse SDE", 0.4, 0.11, -4.4, "level 2"))
    assert [(name, value) for name, value, _ in row] == [
        ("", "reverse SDE"), ("t", "0.400"), ("σ", "0.110"), ("log-SNR", "−4.4"), ("", "level 2"),
    ]  # fmt: skip


def test_no_number_is_minus_zero():
    assert cells(Caption(log_snr=-0.01))[0][1] == "+0.0"


def test_a_field_of_another_sigma_says_so(fields):
    bounds = Camera(width_px=10, height_px=10).bounds()
    here, there = fields(bounds, 0.3), fields(bounds, 0.83)
    caption = Caption("x", sigma=float(np.float32(0.3)))

    def said(density, arrows):
        return [line.text for line in lines(caption, density, arrows, Counts(), 0)]

    assert said(*here) == []
    assert said(*there) == ["field at σ 0.830"]
    assert said(there[0], here[1]) == ["density at σ 0.830"]
    assert said(here[0], there[1]) == ["arrows at σ 0.830"]
    assert said(here[0], None) == []


def test_the_caption_says_what_is_not_as_it_seems(fields):
    bounds = Camera(width_px=10, height_px=10).bounds()
    _, arrows = fields(bounds, 0.3, "network", 4210)
    counts = Counts(total=20_000, not_finite=2, outside=30, as_density=True)
    said = [line.text for line in lines(Caption("x", sigma=0.3, notes=("nearest cached frame",)), None, arrows, counts, 5)]
    assert said == [
        "arrows: network at training step 4\u202f210",
        "particle density of 20\u202f000 points, on log p's fixed range, no trails",
        "30 of 20\u202f000 particles outside the picture",
        "2 of 20\u202f000 particles are not finite",
        "5 arrows are not finite and not drawn",
        "nearest cached frame",
    ]


@pytest.mark.parametrize(("height", "has_legend"), [(300, True), (90, False)])
def test_the_legend_gives_way_to_the_caption(canvas, walk, fields, height, has_legend):
    full(canvas, walk, fields)
    canvas.set_view(View(density=False, particles=False))
    canvas.show_content(caption=Caption("annealed Langevin dynamics", sigma=0.3, notes=("one note", "another note")))
    canvas.resize(400, height)
    image = canvas.render_to(canvas.size())
    legend = palette("dark").legend_arrow  # drawn opaque; the field's own arrows are faint
    found = any(near(image.pixelColor(x, y), legend, 30) for x in range(200, 390) for y in range(height - 60, height - 20))
    assert found == has_legend


def test_the_legend_lies_above_what_covers_its_place(canvas, walk, fields):
    full(canvas, walk, fields)
    canvas.set_view(View(density=False, particles=False))
    canvas.resize(400, 300)
    legend = palette("dark").legend_arrow

    def rows(image):
        return [y for y in range(150, 300) if any(near(image.pixelColor(x, y), legend, 30) for x in range(200, 390))]

    plain = rows(canvas.grab().toImage())
    canvas.show_content(covered=QRectF(0.0, 250 / 300, 0.4, 40 / 300))
    assert rows(canvas.grab().toImage()) == plain, "it covers another place"
    canvas.show_content(covered=QRectF(0.0, 250 / 300, 0.7, 40 / 300))
    raised = rows(canvas.grab().toImage())
    assert plain and raised and plain[-1] > 250 > raised[-1] and raised[-1] - raised[0] == plain[-1] - plain[0]
    assert rows(canvas.render_to(canvas.size())) == plain, "nothing covers a film"


def test_three_hundred_frames_leave_memory_level(qtbot, walk, fields):
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)

    def frames(count):
        for k in range(count):
            full(canvas, walk, fields, k % len(walk))
            canvas.grab()
        gc.collect()
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()

    before = frames(100)
    assert frames(300) - before < 4 << 20


@pytest.fixture
def shown(canvas, qtbot):
    """A canvas on screen, painted once; drawn ahead are density, arrows, trails and particles, one a turn."""
    with qtbot.waitExposed(canvas):
        canvas.show()
    canvas.set_view(View())
    canvas.grab()
    return canvas


def as_offline(canvas):
    offline = canvas.render_to(canvas.size())
    return canvas.grab().toImage().convertToFormat(offline.format()) == offline


def test_what_is_drawn_ahead_is_the_same_picture(shown, walk, fields, qtbot):
    """A layer a turn, for what is on screen or for what comes; and what is on screen is never left unpainted for what comes."""
    turns = []
    shown.prepared.connect(turns.append)
    (density, arrows), (next_density, next_arrows) = fields(shown.bounds, sigma=0.3), fields(shown.bounds, sigma=0.2)
    coming = {"density": next_density, "arrows": next_arrows, "frames": walk, "k": 11}
    with qtbot.waitSignal(shown.painted, timeout=2000):
        shown.show_content(density=density, arrows=arrows, frames=walk, k=10)
        shown.prepare(**coming)  # not yet: the frame on screen waits for its own
    assert len(turns) >= 4 and as_offline(shown)
    shown.prepare(**coming)
    qtbot.waitUntil(lambda: len(turns) >= 8, timeout=2000)
    turns.clear()
    with qtbot.waitSignal(shown.painted, timeout=2000):
        shown.show_content(**coming)
    assert not turns, "it was found done"
    assert as_offline(shown)


def test_nothing_is_begun_for_which_there_is_no_room(shown, walk, fields, qtbot):
    turns, paints = [], []
    shown.prepared.connect(turns.append)
    shown.painted.connect(paints.append)
    density, arrows = fields(shown.bounds, sigma=0.3)
    shown.show_content(density=density, arrows=arrows, frames=walk, k=10)
    qtbot.waitUntil(lambda: bool(paints), timeout=2000)  # how long each layer takes is known now
    shown.room = lambda: 0.0
    turns.clear()
    paints.clear()
    shown.show_content(k=12)
    for _ in range(20):
        qtbot.wait(1)
        shown.prepare(k=13)
    assert not turns and not paints
    shown.room = lambda: 1.0
    shown.prepare(k=13)  # as a tick of the transport does
    qtbot.waitUntil(lambda: bool(paints), timeout=2000)
    assert as_offline(shown)
    shown.room = lambda: 0.0
    paints.clear()
    shown.show_content(k=20)
    qtbot.wait(20)
    shown.room = lambda: math.inf
    shown.show_content(k=20)  # it is told again: the transport stands still, and no tick comes any more
    qtbot.waitUntil(lambda: bool(paints), timeout=2000)
    assert shown._shown.k == 20


def test_frames_that_come_faster_than_they_are_drawn_are_shown(shown, walk, fields, qtbot):
    """Each is given up for the next, but not one after another."""
    density, arrows = fields(shown.bounds, sigma=0.3)
    shown.show_content(density=density, arrows=arrows, frames=walk, k=0)
    qtbot.waitUntil(lambda: shown._drawing is None, timeout=2000)
    seen, turns = [], []
    shown.painted.connect(lambda _seconds: seen.append(shown._shown.k))
    shown.prepared.connect(turns.append)
    for k in range(1, 30):  # at the first layer of the one before
        before = len(turns) + len(seen)
        shown.show_content(k=k)
        qtbot.waitUntil(lambda before=before: len(turns) + len(seen) > before, timeout=2000)
    assert len(seen) > 8
    qtbot.waitUntil(lambda: seen[-1] == 29, timeout=2000)
    assert as_offline(shown)


def test_what_was_begun_goes_on_with_the_next_frame_if_there_is_room_then(shown, walk, fields, qtbot):
    """At a high speed each tick has a frame of its own, and no other time to go on."""
    density, arrows = fields(shown.bounds, sigma=0.3)
    shown.show_content(density=density, arrows=arrows, frames=walk, k=0)
    qtbot.waitUntil(lambda: shown._drawing is None, timeout=2000)
    rooms = iter([1.0])
    shown.room = lambda: next(rooms, 0.0)
    shown.show_content(k=1)
    qtbot.waitUntil(lambda: shown._begun and not shown._ahead.isActive(), timeout=2000)
    shown.room = lambda: 1.0
    shown.show_content(k=2)
    qtbot.waitUntil(lambda: shown._shown.k == 2, timeout=2000)


def test_what_is_drawn_and_not_painted_yet_is_not_drawn_over(shown, walk, fields, qtbot):
    """The next frame is begun in the turn before the paint event, in the layers that the frame on screen has left."""
    density, arrows = fields(shown.bounds, sigma=0.3)
    shown.show_content(density=density, arrows=arrows, frames=walk, k=0)
    qtbot.waitUntil(lambda: shown._drawing is None, timeout=2000)
    shown.prepare(k=1)
    qtbot.waitUntil(lambda: shown._coming is None, timeout=2000)
    drawn = []
    shown.show_content(k=1)
    shown.prepare(k=2)
    shown._draw_ahead()  # before any paint event
    draw = shown._picture.brush.draw
    shown._picture.brush.draw = lambda layer: (drawn.append(layer[0]), draw(layer))
    shown.repaint()
    assert not drawn and shown._shown.k == 1
    assert as_offline(shown)


def test_a_run_that_has_grown_is_shown_further_on(shown, walk, qtbot):
    """One that is asked for a frame past its end shows the last it has: which that is changes with it."""

    class Growing(list):
        at = list.__getitem__

    run = Growing(walk.at(k) for k in range(3))
    paints = []
    shown.painted.connect(paints.append)
    shown.show_frame(run, 10)
    qtbot.waitUntil(lambda: bool(paints) and shown._drawing is None, timeout=2000)
    before = shown._picture._whole.copy()
    paints.clear()
    run += [walk.at(k) for k in range(3, 8)]
    shown.show_frame(run, 10)
    qtbot.waitUntil(lambda: bool(paints), timeout=2000)
    assert shown._picture._whole != before and as_offline(shown)


def test_what_changes_nothing_paints_nothing(shown, walk, qtbot):
    paints = []
    shown.painted.connect(paints.append)
    shown.show_frame(walk, 5)
    qtbot.waitUntil(lambda: len(paints) == 1, timeout=2000)
    shown.show_frame(walk, 5)
    shown.show_content(view=View(), caption=None)
    qtbot.wait(30)
    assert len(paints) == 1
