"""The panes show the direct formula, byte for byte, and say what is black and what is white."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from scoreviz.gui import theme
from scoreviz.gui.images.picture import Content, PanesPicture, range_words
from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.images.tab import ImagesTab
from scoreviz.gui.images.tiles import Spacing, fitting, places, tiled
from scoreviz.gui.images.tones import range_of_x, symmetric_range, to_uint8, toned
from scoreviz.gui.playback import Playback
from scoreviz.gui.store import Store
from tests.gui.images.fake import PicturesEngine

SPACING = Spacing(38, 10, 128)


def at(tab: ImagesTab, engine: PicturesEngine, k: int) -> PictureRun:
    """Frame k on screen."""
    tab._playback.seek(k)
    engine.develop()
    assert tab._playback.index == k and tab._playback.run is not None
    return tab._playback.run


def test_to_uint8_is_the_formula() -> None:
    x = np.array([-2.0, -1.0, 0.0, 0.25, 1.0, 3.0, np.nan, np.inf], np.float32)
    assert to_uint8(x, -1.0, 1.0).tolist() == [0, 0, 128, 159, 255, 255, 0, 255]
    grid = np.linspace(-1, 2, 301)
    assert np.array_equal(to_uint8(grid.astype(np.float32), 0, 1), np.round(np.clip(grid.astype(np.float32), 0, 1) * 255).astype(np.uint8))


def test_the_bytes_of_all_panes(running: ImagesTab, engine: PicturesEngine) -> None:
    k = 21
    run, frame = at(running, engine, k), engine.frame(k)
    panes = {pane.name: pane for pane in running.panes.picture.panes(running.panes.content)}
    std, a = float(run.std[k]), float(run.mean_coefficient[k])
    low, high = a * 0.5 - (a * 0.5 + 2 * std), a * 0.5 + (a * 0.5 + 2 * std)
    x = frame.x.numpy()
    assert (panes["x"].low, panes["x"].high) == pytest.approx((low, high))
    assert np.array_equal(panes["x"].pixels, np.rint(np.clip((x - np.float32(low)) * np.float32(255 / (high - low)), 0, 255)))
    assert panes["x"].cut == pytest.approx(np.mean((x < low) | (x > high)))
    assert frame.x0 is not None and frame.score is not None and frame.update is not None
    assert np.array_equal(panes["x0"].pixels, np.rint(np.clip(frame.x0.numpy().astype(np.float32) * 255, 0, 255)))
    for name, array in (("score", frame.score), ("update", frame.update)):
        values = array.numpy().astype(np.float32)
        top = float(f"{np.quantile(np.abs(values), 0.995, method='lower'):.1e}")
        assert panes[name].high == -panes[name].low == pytest.approx(top)  # type: ignore[index]
        grey = np.rint(np.clip((values + np.float32(top)) * np.float32(255 / (2 * top)), 0, 255))
        assert np.array_equal(panes[name].pixels, grey)  # type: ignore[index]


def test_tones_of_the_data(running: ImagesTab, engine: PicturesEngine, store: Store) -> None:
    run = at(running, engine, 5)
    assert range_of_x(run, 5, "data") == (0.0, 1.0)
    low, high = range_of_x(run, 5, "noise")
    assert high - low == pytest.approx(1 + 4 * run.std[5]) and (low + high) / 2 == pytest.approx(0.5)
    store.edit(("images", "tones"), "data", "")
    pane = running.panes.picture.panes(running.panes.content)[0]
    assert (pane.low, pane.high) == (0.0, 1.0) and pane.cut > 0.5
    assert range_words(pane)[0] == f"black 0 … white 1 · {100 * pane.cut:.1f} % cut"


def test_grey_is_zero_and_the_range_has_two_figures() -> None:
    values = np.concatenate([np.zeros(10), np.linspace(-3.14159, 3.14159, 10001)]).astype(np.float32)
    assert symmetric_range(values) == (-3.1, 3.1)
    assert symmetric_range(np.zeros(5, np.float32)) == (-1.0, 1.0)
    assert symmetric_range(np.full(5, np.nan, np.float32)) == (-1.0, 1.0)
    assert to_uint8(np.zeros(1, np.float32), -3.1, 3.1)[0] in (127, 128), "the middle of an even number of greys"


def test_the_last_substep_keeps_the_score_before_it_and_says_so(running: ImagesTab, engine: PicturesEngine) -> None:
    run = at(running, engine, 41)
    assert run.stage_name(41) == "denoise" and run.evaluated(41) == 40
    panes = {pane.name: pane for pane in running.panes.picture.panes(running.panes.content)}
    assert panes["x0"].substep == panes["score"].substep == 40 and panes["x"].substep is panes["update"].substep is None
    score = engine.frame(40).score
    assert score is not None
    assert np.array_equal(panes["score"].pixels, to_uint8(score.numpy().astype(np.float32), panes["score"].low, panes["score"].high))


def test_at_the_start_there_is_nothing_but_noise(running: ImagesTab) -> None:
    panes = running.panes.picture.panes(running.panes.content)
    assert [pane.pixels is None for pane in panes] == [False, True, True, True]


def test_one_channel_is_grey() -> None:
    grey = np.arange(4, dtype=np.uint8).reshape(1, 1, 2, 2)
    assert (tiled(grey, fitting(1, 2, 2, (2, 2)), 0) == np.array([[0xFF000000, 0xFF010101], [0xFF020202, 0xFF030303]])).all()


def test_tiles_are_whole_pixels() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, 3, 4, 6), np.uint8)
    grid = fitting(5, 6, 4, (60, 60))
    assert (grid.columns, grid.rows, grid.zoom) == (3, 2, 3)
    out = tiled(pixels, grid, 0xFF123456)
    assert out.shape == grid.size[::-1]
    for i in range(5):
        row, column = divmod(i, 3)
        tile = out[row * 14 : row * 14 + 12, column * 20 : column * 20 + 18]
        small = tile[::3, ::3]
        assert np.array_equal(np.repeat(np.repeat(small, 3, 0), 3, 1), tile), "each value is a square of one colour"
        assert np.array_equal(np.stack([small >> 16 & 255, small >> 8 & 255, small & 255]), pixels[i])
    assert (out[14:, 40:] == 0xFF123456).all(), "the empty place"


def test_where_they_do_not_fit_pixels_are_means_and_the_grid_says_so() -> None:
    pixels = np.arange(3 * 5 * 5, dtype=np.uint8).reshape(1, 3, 5, 5)
    grid = fitting(1, 5, 5, (4, 4))
    assert grid.zoom == -2 and grid.tile == (3, 3)
    out = tiled(pixels, grid, 0)
    assert out[0, 0] >> 16 & 255 == round(pixels[0, 0, :2, :2].mean()) and out[2, 2] & 255 == pixels[0, 2, 4, 4]


@pytest.mark.parametrize("room", [(962, 580), (582, 380), (1602, 870), (300, 900), (120, 90)], ids=str)
@pytest.mark.parametrize(("count", "side"), [(16, 32), (1, 32), (5, 64), (64, 32), (4, 256)])
def test_panes_lie_within_their_room_and_do_not_overlap(room: tuple[int, int], count: int, side: int) -> None:
    area = QRect(10, 36, *room)
    four = places(count, side, side, area, SPACING)
    assert len(four) == 4
    for i, place in enumerate(four):
        if room[0] > 200:
            assert area.contains(place.box), place
        assert place.pictures.size().toTuple() == place.grid.size
        assert not any(place.box.intersects(other.box) for other in four[i + 1 :])
    assert all(place.grid.picture_at(place.grid.size[0] - 1, 0, count) is not None for place in four)


def test_panes_are_painted_where_they_say(running: ImagesTab, engine: PicturesEngine) -> None:
    """Pixels of the widget against the bytes."""
    run = at(running, engine, 10)
    picture = PanesPicture()
    image = picture.image(Content(run, 10), (962, 580), "dark").convertToFormat(QImage.Format.Format_RGB32)
    for pane, place in zip(toned(run, 10, "noise"), picture.places, strict=True):
        assert pane.pixels is not None
        w, h = place.grid.tile
        for i in (0, 5, 15):
            row, column = divmod(i, place.grid.columns)
            corner = place.pictures.topLeft() + QPoint(column * (w + 2), row * (h + 2))
            assert image.pixelColor(corner).getRgb()[:3] == tuple(pane.pixels[i, :, 0, 0])
            assert image.pixelColor(corner + QPoint(w - 1, h - 1)).getRgb()[:3] == tuple(pane.pixels[i, :, -1, -1])
    light = picture.image(Content(run, 10), (962, 580), "light")
    assert light.pixelColor(1, 1) == theme.LIGHT.color("ground") and image.pixelColor(1, 1) == theme.DARK.color("ground")


def test_a_click_shows_one_picture_and_escape_all(running: ImagesTab, engine: PicturesEngine, store: Store, qtbot: QtBot) -> None:
    at(running, engine, 10)
    panes = running.panes
    panes.grab()
    place = panes.picture.places[1]
    inside = place.pictures.topLeft() + QPoint(place.grid.tile[0] * 2, place.grid.tile[1] // 2)
    qtbot.mouseClick(panes, Qt.MouseButton.LeftButton, pos=inside)
    assert store.scene.images.chosen == 2
    panes.grab()
    assert panes.picture.places[0].grid.columns == 1 and "picture 2 of 16" in panes.accessibleDescription()
    for key, chosen in ((Qt.Key.Key_Right, 3), (Qt.Key.Key_Left, 2), (Qt.Key.Key_Left, 1), (Qt.Key.Key_Left, 16), (Qt.Key.Key_Escape, 0)):
        qtbot.keyClick(panes, key)
        assert store.scene.images.chosen == chosen
    qtbot.keyClick(panes, Qt.Key.Key_Right)
    panes.grab()
    qtbot.mouseClick(panes, Qt.MouseButton.LeftButton, pos=panes.picture.places[0].pictures.center())
    assert store.scene.images.chosen == 0
    assert store.undo_stack.isClean(), "to look is no edit"


def test_a_chosen_picture_that_is_no_more_is_all_of_them(running: ImagesTab, engine: PicturesEngine) -> None:
    run = at(running, engine, 3)
    assert Content(run, 3, chosen=16).single == 16 and Content(run, 3, chosen=17).single == 0


def test_the_description_names_frame_and_stage(running: ImagesTab, engine: PicturesEngine) -> None:
    at(running, engine, 7)
    assert running.panes.accessibleDescription().startswith("correct 7 of 41 · t 0.83")


def test_painting_is_quick(running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun]) -> None:
    """16 pictures of 3 x 32 x 32 at 1280x800: the target is 6 ms; twice that here, for machines that do other things too."""
    engine.data = np.random.default_rng(0).uniform(0, 1, (20, 3, 32, 32)).astype(np.float32)
    engine.start_run()
    engine.develop()
    playback.seek(12)
    engine.develop()
    took = []
    running.panes.painted.connect(took.append)
    for k in range(1, 13):
        playback.seek(k)
        running.panes.repaint()
    assert len(took) >= 12 and sorted(took)[len(took) // 2] < 0.012


def test_the_focus_ring_is_for_those_who_come_by_key(running: ImagesTab, qtbot: QtBot) -> None:
    panes = running.panes
    running.activateWindow()

    def edge() -> int:
        image = panes.grab().toImage()
        return image.pixel(image.width() // 2, 1)

    running.transport.timeline.setFocus()
    plain = edge()
    for reason, ringed in ((Qt.FocusReason.MouseFocusReason, False), (Qt.FocusReason.TabFocusReason, True)):
        panes.setFocus(reason)
        qtbot.waitUntil(panes.hasFocus, timeout=2000)
        assert (edge() != plain) is ringed
        running.transport.timeline.setFocus()
