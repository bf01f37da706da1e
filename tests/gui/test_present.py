"""Present mode shows the picture, its rule and large type; another UI scale is another window with everything in it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from scoreviz import resources
from scoreviz.gui import theme
from scoreviz.gui.app import Keeper, after_first_paint, make_window
from scoreviz.gui.widgets import formula
from scoreviz.gui.widgets.formula import Formula
from scoreviz.gui.window import Window
from scoreviz.scene.gallery import GALLERY
from scoreviz.scene.samplers import Langevin, NoPredictor, PredictorCorrector, ReverseSDE, SamplerSpec
from tests.gui.conftest import ENGINE_START_MS, Open, is_running


def visible(window: Window) -> set[str]:
    names = {"topbar", "canvas", "tool_rail", "side_panel", "transport", "present.band"}
    return {w.objectName() for w in window.findChildren(QWidget) if w.objectName() in names and w.isVisible()}


def test_one_key_leaves_the_picture_and_its_rule_and_the_same_or_escape_goes_back(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(engine=False)
    window.activateWindow()
    window.dynamics.canvas.setFocus()
    qtbot.waitUntil(window.dynamics.canvas.hasFocus, timeout=2000)
    before = visible(window)
    assert before == {"topbar", "canvas", "tool_rail", "side_panel", "transport"}
    for way_out in (Qt.Key.Key_F5, Qt.Key.Key_Escape):
        QTest.keyClick(window.dynamics.canvas, Qt.Key.Key_F5)
        assert visible(window) == {"canvas", "present.band"}
        assert window.actions_["present"].isChecked()
        assert window.band.formula.latex == ReverseSDE().formula() != ""
        assert window.dynamics.canvas._ui_scale == 2.0
        QTest.keyClick(window.dynamics.canvas, way_out)
        assert visible(window) == before and not window.actions_["present"].isChecked()
        assert window.dynamics.canvas._ui_scale == 1.0


def test_the_rule_follows_the_sampler(open_window: Open) -> None:
    window = open_window(engine=False)
    window.presentation.set(True)
    for spec in (Langevin(), Langevin(noise=False), PredictorCorrector(), PredictorCorrector(corrector_steps=0)):
        window.store.edit(("sampler",), spec, "another")
        assert window.band.formula.latex == spec.formula()
    assert "z" not in Langevin(noise=False).formula() and "z" in Langevin().formula()
    assert PredictorCorrector(corrector_steps=0).formula() == ReverseSDE().formula()
    assert "d}w" not in PredictorCorrector(predictor=NoPredictor()).formula()


def test_panes_are_presented_with_large_words_and_each_with_its_rule(open_window: Open) -> None:
    window = open_window(engine=False)
    window.actions_["compare"].trigger()
    view = window.dynamics.views.current
    buttons = [b for pane in view.shown for b in pane.head.buttons.values()]
    before = view.shown[0].head.title.fontMetrics().height()
    assert len(view.shown) == 2 and all(b.isVisible() for b in buttons)
    window.presentation.set(True)
    assert not any(b.isVisible() for b in buttons), "there is nothing to press"
    assert view.shown[0].head.title.fontMetrics().height() > 1.8 * before
    latex = window.band.formula.latex
    rules = [way.sampler.formula() for way in window.dynamics.comparison.ways]
    assert rules[0] != rules[1] and all(rule in latex for rule in rules) and latex.index(rules[0]) < latex.index(rules[1])
    window.store.edit(("compare", "panes"), (msgspec.structs.replace(window.dynamics.comparison.ways[0]),), "the same twice")
    assert window.band.formula.latex.count(rules[0]) == 1 and "1,2" in window.band.formula.latex
    window.presentation.set(False)
    assert view.shown[0].head.title.fontMetrics().height() == before and view.shown[0].head.buttons["add"].isVisible()


def test_the_line_presented_takes_the_room_of_its_chips(open_window: Open) -> None:
    window = open_window(engine=False, size=(1280, 720))
    window.store.edit(("density", "dimensions"), "1", "a line")
    view = window.dynamics.views.current

    def foot() -> float:
        return float(view.height() - view.layout_.plot.bottom())

    with_chips = foot()
    window.presentation.set(True)
    assert foot() < 1.2 * with_chips, "though its words are twice as large"
    window.presentation.set(False)
    assert foot() == with_chips


@pytest.mark.parametrize("kind", SamplerSpec.members(), ids=lambda k: k.__name__)
def test_every_sampler_has_a_rule_that_can_be_drawn(kind: type, qtbot: QtBot) -> None:
    widget = Formula(kind().formula(), relative=2.0)
    qtbot.addWidget(widget)
    assert widget.sizeHint().width() > 100
    widget.resize(QSize(1200, 100))
    image = widget.grab().toImage()
    colours = {image.pixel(x, y) for x in range(0, 1200, 3) for y in range(0, 100, 3)}
    assert len(colours) > 5  # letters, not an empty ground


@pytest.fixture
def keeper(qtbot: QtBot, qapp: QApplication) -> Iterator[Keeper]:
    theming = theme.Theming(qapp, "dark")
    keeper = Keeper(Window(None, theming))
    with qtbot.waitExposed(keeper.window):
        keeper.window.show()
    with qtbot.waitSignal(keeper.window.session.ready, timeout=ENGINE_START_MS):
        keeper.window.session.start()
    yield keeper
    window = keeper.window
    window.files.may_leave = lambda: True  # type: ignore[method-assign]
    pid = window.session.engine.pid
    window.close()
    assert not is_running(pid)
    window.deleteLater()
    theming.set_scale(1.0)
    theming.deleteLater()


def test_another_scale_keeps_scene_history_and_network(keeper: Keeper, qtbot: QtBot) -> None:
    old = keeper.window
    old.store.edit(("particles", "count"), 200, "fewer")
    old.store.edit(("score", "source"), "network", "learn")
    qtbot.waitUntil(lambda: old.session.snapshot is not None and old.session.snapshot.step > 50, timeout=30_000)
    pid, width = old.session.engine.pid, old.topbar.height()
    old.actions_["scale_150"].trigger()
    new = keeper.window
    assert new is not old and theme.current().scale == 1.5
    assert not is_running(pid)
    assert new.store.scene == old.store.scene and new.store.undo_stack.index() == 2 and new.files.modified
    assert new.topbar.height() == pytest.approx(1.5 * width, abs=2)
    assert new.actions_["scale_150"].isChecked()
    learned = old.session.snapshot.step
    qtbot.waitUntil(lambda: new.progress.running and new.progress.step > learned, timeout=60_000)
    new.store.undo_stack.undo()
    assert new.store.scene.score.source == "exact"


@pytest.mark.parametrize("what", ["scene", "folder"])
def test_a_file_opens_presented_and_plays(qtbot: QtBot, qapp: QApplication, tmp_path: Path, what: str) -> None:
    """`scoreviz FILE --present --play`, and a folder of pictures in the place of FILE."""
    if what == "scene":
        file = tmp_path / "moons.scoreviz.json"
        file.write_bytes(resources.asset(GALLERY[0].asset).read_bytes())
    else:
        file = tmp_path
        for k in range(3):
            Image.new("RGB", (8, 8), (80 * k, 0, 0)).save(tmp_path / f"{k}.png")
    theming = theme.Theming(qapp, "dark")
    window = make_window(file, theming, present=True, play=True)
    window.show()
    try:
        window.session.start()
        qtbot.waitUntil(lambda: window.pages.player.playing and window.pages.player.index > 2, timeout=ENGINE_START_MS)
        assert window.presentation.on and window.isFullScreen() and window.band.isVisible() and not window.topbar.isVisible()
        assert window.pages.tab == ("dynamics" if what == "scene" else "images")
        assert window.files.path == (file if what == "scene" else None) and not window.files.modified
    finally:
        window.close()
        window.deleteLater()
        theming.deleteLater()


def test_what_formulas_need_is_read_before_one_is_wanted(qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a thread: it takes a third of a second, which the first press of F5 would wait for."""
    read: list[bool] = []
    monkeypatch.setattr(formula, "warm", lambda: read.append(threading.current_thread() is threading.main_thread()))
    after_first_paint(open_window(engine=False))
    qtbot.waitUntil(lambda: read == [False], timeout=10_000)
