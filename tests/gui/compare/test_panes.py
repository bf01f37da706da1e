"""Panes through the real window and the real engine: what they show, in step and with one camera, and every control of them."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QComboBox, QLineEdit, QScrollBar, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.compare import edits
from scoreviz.gui.dynamics.compare.comparison import Comparison
from scoreviz.gui.dynamics.compare.page import ComparePage
from scoreviz.gui.dynamics.compare.picture import PanePicture
from scoreviz.gui.dynamics.compare.view import CompareView
from scoreviz.gui.window import Window
from scoreviz.scene.compare import Pane
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.files import Document
from scoreviz.scene.noise import VP
from scoreviz.scene.samplers import RK4, DPMSolverPP2M, Langevin, ProbabilityFlow, ReverseSDE
from tests.gui.conftest import Open

SCENE = Scene(
    density=Density(marks=(Gaussian(x=-1.0, y=0.3, std=0.3), Gaussian(x=1.2, y=-0.4, std=0.2, weight=2.0))),
    sampler=ReverseSDE(steps=20),
    particles=Particles(count=200, seed=3),
)
FOUR = edits.with_ways(
    SCENE,
    edits.own(SCENE),
    Pane(sampler=ReverseSDE(steps=50)),
    Pane(sampler=DPMSolverPP2M(steps=8)),
    Pane(sampler=RK4(steps=5), noise=VP()),
)


def comparison(window: Window) -> Comparison:
    return window.dynamics.comparison


def compared(qtbot: QtBot, open_window: Open, scene: Scene = FOUR, size: tuple[int, int] = (1280, 720)) -> Window:
    """A window with all runs of the scene there, paused at the start."""
    window = open_window(Document(scene=scene), size=size)
    settled(qtbot, window)
    window.playback.pause()
    window.playback.seek(0)
    return window


def settled(qtbot: QtBot, window: Window) -> None:
    panes = comparison(window)

    def there() -> bool:
        run = window.playback.run
        own = run is not None and run.complete
        return own and all(e.inquiry.complete or e.refusal for e in panes.entries[: len(panes.ways) - 1])

    qtbot.waitUntil(there, timeout=20_000)


def view_of(window: Window) -> CompareView:
    view = window.dynamics.views.current
    assert isinstance(view, CompareView)
    return view


def page_of(window: Window) -> ComparePage:
    page = window.dynamics.pages.opened("compare")
    assert isinstance(page, ComparePage)
    return page


def click(window: Window, name: str) -> None:
    widget = next(w for w in window.findChildren(QWidget, name) if w.isVisible())
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def shown(window: Window, i: int) -> np.ndarray[Any, Any]:
    """The points that pane i paints."""
    points = view_of(window).panes[i].picture._content.points
    assert points is not None
    return points


def test_four_panes_in_step(qtbot: QtBot, open_window: Open) -> None:
    window = compared(qtbot, open_window)
    view, panes, own = view_of(window), comparison(window), window.playback.run
    assert own is not None and len(view.shown) == 4
    assert [pane.isVisible() for pane in view.panes] == [True] * 4
    starts = [run.at(0) for run in map(panes.run, range(4)) if run is not None]
    assert np.array_equal(starts[0], starts[1]) and np.array_equal(starts[0], starts[2])
    for k in (0, 7, own.length - 1):
        window.playback.seek(k)
        qtbot.waitUntil(lambda k=k: all(view.panes[i].picture._content.k == panes.frame(i) for i in range(4)), timeout=5000)
        for i in range(4):
            run = panes.run(i)
            assert run is not None and np.array_equal(shown(window, i), run.at(panes.frame(i)))
            assert i == 0 or k in (0, own.length - 1) or run.t[panes.frame(i)] >= own.t[k] - 1e-9
        qtbot.waitUntil(lambda: all(grounded(view, i) for i in range(4)), timeout=10_000)
    titles = [pane.head.title.text() for pane in view.shown]
    ways = ["reverse SDE · VE", "reverse SDE · VE", "DPM-Solver++(2M) · VE", "RK4 (ODE) · VP"]
    assert titles == [f"{n}  {way} · exact" for n, way in enumerate(ways, 1)]
    figures = [pane.head.figures._texts[0] for pane in view.shown]
    assert [text.split(" · ")[:2] for text in figures] == [
        ["20 steps", "20 evaluations"], ["50 steps", "50 evaluations"], ["8 steps", "8 evaluations"], ["5 steps", "20 evaluations"],
    ]  # fmt: skip
    assert [text.split(" · ")[-1] for text in figures[1:]] == ["same starts, same Brownian path", "same starts", "same starts"]
    assert all("distance 0." in text and "floor 0." in text for text in figures)


def grounded(view: CompareView, i: int) -> bool:
    """Do density and arrows of pane i belong to its own frame?"""
    content = view.panes[i].picture._content
    run, k = view._comparison.run(i), view._comparison.frame(i)
    if run is None or content.density is None or content.arrows is None:
        return False
    return content.density.sigma == content.arrows.sigma == float(run.sigma[k])


def test_a_click_into_a_pane_makes_it_the_scenes_own_with_the_same_points(qtbot: QtBot, open_window: Open) -> None:
    window = compared(qtbot, open_window)
    run = comparison(window).run(2)
    assert run is not None
    before = [frame.copy() for frame in run.frames]
    click(window, "compare.use.3")
    assert window.store.scene.sampler == DPMSolverPP2M(steps=8) and window.store.scene.compare.panes[1].sampler == ReverseSDE(steps=20)
    qtbot.waitUntil(lambda: window.playback.run is not None and window.playback.run.sampler == "dpmpp_2m", timeout=10_000)
    settled(qtbot, window)
    own = window.playback.run
    assert own is not None and all(np.array_equal(a, b) for a, b in zip(before, own.frames, strict=True)), "the same run, bit for bit"
    window.store.undo_stack.undo()
    assert window.store.scene == msgspec.structs.replace(FOUR, view=window.store.scene.view)


def test_one_camera(qtbot: QtBot, open_window: Open) -> None:
    window = compared(qtbot, open_window)
    pictures = [pane.picture for pane in view_of(window).panes]

    def cameras() -> set[tuple[float, float, float]]:
        return {(p.camera.x, p.camera.y, p.camera.half_height) for p in pictures}

    QTest.mousePress(pictures[1], Qt.MouseButton.LeftButton, pos=QPoint(100, 80))
    QTest.mouseMove(pictures[1], QPoint(130, 70))
    QTest.mouseRelease(pictures[1], Qt.MouseButton.LeftButton, pos=QPoint(130, 70))
    (first,) = cameras()
    assert first[0] < 0 and first[1] < 0, "dragged to the right and up"
    at = QPointF(50, 50)
    wheel = QWheelEvent(
        at, pictures[3].mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pictures[3], wheel)
    (second,) = cameras()
    assert second[2] == pytest.approx(first[2] / 1.15)
    for key, test in ((Qt.Key.Key_Left, lambda now, was: now[0] < was[0]), (Qt.Key.Key_PageDown, lambda now, was: now[2] > was[2])):
        (was,) = cameras()
        QTest.keyClick(pictures[2], key)
        (now,) = cameras()
        assert test(now, was)
    view = window.store.scene.view
    assert cameras() == {(view.x, view.y, view.half_height)}
    window.actions_["fit"].trigger()
    assert cameras() == {(0.0, 0.0, 2.6)}


def test_playing_and_stepping_move_all_of_them(qtbot: QtBot, open_window: Open) -> None:
    window = compared(qtbot, open_window)
    view = view_of(window)
    with qtbot.waitSignal(view.painted, timeout=5000):
        window.actions_["step"].trigger()
    assert window.playback.index == 1
    qtbot.waitUntil(lambda: view.panes[1].picture._content.k == comparison(window).frame(1) > 1, timeout=5000)
    window.playback.play()
    qtbot.waitUntil(lambda: window.playback.index > 8, timeout=10_000)
    window.playback.pause()
    qtbot.waitUntil(lambda: view.panes[2].picture._content.k == comparison(window).frame(2) > 0, timeout=5000)


def test_an_edit_of_the_drawing_renews_every_pane(qtbot: QtBot, open_window: Open) -> None:
    window = compared(qtbot, open_window)
    panes = comparison(window)
    old = [entry.run for entry in panes.entries]
    window.store.edit(("particles", "seed"), 99, "seed")
    qtbot.waitUntil(lambda: all(entry.run is not was for entry, was in zip(panes.entries, old, strict=True)), timeout=10_000)
    settled(qtbot, window)
    own, other = window.playback.run, panes.run(1)
    assert own is not None and other is not None and np.array_equal(own.at(0), other.at(0))


def test_the_key_m_begins_and_leaves(qtbot: QtBot, open_window: Open) -> None:
    window = compared(qtbot, open_window, SCENE)
    assert window.dynamics.views.name == "plane"
    window.activateWindow()
    window.setFocus()
    qtbot.waitUntil(window.hasFocus, timeout=5000)
    QTest.keyClick(window, Qt.Key.Key_M)
    assert window.dynamics.views.name == "compare" and window.store.scene.compare.panes[0].sampler == ProbabilityFlow()
    settled(qtbot, window)
    assert comparison(window).run(1) is not None
    QTest.keyClick(window, Qt.Key.Key_M)
    assert window.dynamics.views.name == "plane" and not window.store.scene.compare.panes
    window.store.undo_stack.undo()
    assert window.dynamics.views.name == "compare"


def test_out_of_sight_nothing_is_asked(qtbot: QtBot, open_window: Open) -> None:
    window = compared(qtbot, open_window)
    panes = comparison(window)
    window.pages.show_tab("images")
    assert all(entry.inquiry.question is None for entry in panes.entries)
    window.pages.show_tab("dynamics")
    settled(qtbot, window)
    assert all(entry.inquiry.question is not None for entry in panes.entries)


def test_the_buttons_of_a_pane(qtbot: QtBot, open_window: Open) -> None:
    window = compared(qtbot, open_window, edits.added(SCENE))
    click(window, "compare.add.1")
    assert len(window.store.scene.compare.panes) == 2
    click(window, "compare.remove.2")
    assert len(window.store.scene.compare.panes) == 1
    click(window, "compare.settings.2")
    page = window.dynamics.pages.opened("compare")
    assert isinstance(page, ComparePage) and window.dynamics.pages.page == "compare" and page.sections[1].open
    click(window, "compare.remove.2")
    assert window.dynamics.views.name == "plane"


def test_the_page(qtbot: QtBot, open_window: Open) -> None:
    window = compared(qtbot, open_window)
    page = page_of(window)
    qtbot.waitUntil(lambda: all(section.isVisible() for section in page.sections), timeout=5000)
    assert page.choices.state.text() == "4 side by side" and not page.choices.add_button.isEnabled()
    assert page.sections[1].work.text().startswith("50 evaluations · ") and page.sections[1].work.text().endswith("same Brownian path")
    assert page.sections[1].distance.text().startswith("0.") and "floor" in page.sections[1].distance.text()
    page.open_pane(2)
    form = page.sections[2].form
    assert form is not None
    row = form.row("panes", "2", "sampler", "steps")
    row.editor.edited.emit(16, "")
    assert window.store.scene.compare.panes[1].sampler == DPMSolverPP2M(steps=16)
    settled(qtbot, window)
    qtbot.waitUntil(lambda: page.sections[2].work.text().startswith("16 evaluations"), timeout=5000)
    form.row("panes", "2", "noise").editor.edited.emit("vp", "")
    assert window.store.scene.compare.panes[1].noise == VP()
    form.row("panes", "2", "source").editor.edited.emit("race", "")
    assert page.sections[2]._racer is not None and window.store.scene.compare.panes[1].source == "race"
    qtbot.waitUntil(page.sections[2]._racer.isVisible, timeout=5000)
    settled(qtbot, window)
    qtbot.waitUntil(lambda: "raced network" in page.sections[2].refusal.text(), timeout=5000)
    assert "raced network" in (view_of(window).panes[2].picture._content.message or "")
    for name, count in (("compare.drop.4", 2), ("compare.duplicate.2", 3), ("compare.take.2", 3)):
        click(window, name)
        qtbot.waitUntil(lambda count=count: len(window.store.scene.compare.panes) == count, timeout=5000)
        QApplication.processEvents()
    assert window.store.scene.sampler == ReverseSDE(steps=50)
    click(window, "compare.leave")
    assert window.dynamics.views.name == "plane"
    qtbot.waitUntil(page.choices.add_button.isEnabled, timeout=5000)
    click(window, "compare.add")
    assert window.dynamics.views.name == "compare"


def test_every_set_runs(qtbot: QtBot, open_window: Open) -> None:
    window = compared(qtbot, open_window, SCENE)
    page_of(window)
    panes = comparison(window)
    for chosen in edits.SETS:
        click(window, f"compare.set.{chosen.name}")
        settled(qtbot, window)
        qtbot.waitUntil(lambda: all(panes.run(i) is not None for i in range(len(panes.ways))), timeout=10_000)
        nfe = [run.nfe for run in map(panes.run, range(len(panes.ways))) if run is not None]
        if chosen.name == "solvers":
            assert nfe == [20, 20, 20, 20]
        if chosen.name == "correctors":
            assert nfe == [200, 200, 200]
        assert window.session.training_begun == (chosen.name in ("sources", "noises")), "who asks for the network wants it to learn"


def test_every_control_has_a_name_and_tab_reaches_it(open_window: Open) -> None:
    window = open_window(Document(scene=FOUR), engine=False, size=(1280, 720))
    page = page_of(window)
    page.open_pane(2)
    QApplication.processEvents()
    kinds = (QAbstractButton, QComboBox, QLineEdit, QAbstractSlider, PanePicture)
    found = [w for root in (page, view_of(window)) for w in root.findChildren(QWidget) if isinstance(w, kinds) and w.isVisible()]
    found = [w for w in found if not isinstance(w, QScrollBar) and not w.objectName().startswith("qt_")]
    assert len(found) > 50
    assert not [w for w in found if not w.objectName() or not (w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()))]
    assert not [w.objectName() for w in found if not w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.focusProxy() is None]
    heads = [w.accessibleName() for w in view_of(window).findChildren(QAbstractButton) if w.isVisible()]
    assert len(heads) == len(set(heads))


def test_only_in_the_plane(qtbot: QtBot, open_window: Open) -> None:
    window = compared(qtbot, open_window, edits.added(SCENE))
    page = page_of(window)
    window.store.edit(("density", "dimensions"), "1", "1-D")
    assert window.dynamics.views.name == "line" and comparison(window).entries[0].inquiry.question is None
    qtbot.waitUntil(lambda: "choose 2-D" in page.choices.sentence.text(), timeout=5000)
    before = window.store.scene
    comparison(window).doing.add()
    assert window.store.scene is before and "plane" in window.pages.notice.text
    window.store.edit(("density", "dimensions"), "2", "2-D")
    settled(qtbot, window)
    qtbot.waitUntil(lambda: not page.choices.sentence.text() and page.sections[1].isVisible(), timeout=5000)


def test_another_axis_is_in_step_by_share_and_says_so(qtbot: QtBot, open_window: Open) -> None:
    scene = edits.with_ways(SCENE, edits.own(SCENE), Pane(sampler=Langevin(steps=40)))
    window = compared(qtbot, open_window, scene)
    own = window.playback.run
    assert own is not None
    window.playback.seek(10)
    view = view_of(window)
    qtbot.waitUntil(lambda: view.panes[1].picture._content.k == round(40 * 10 / (own.length - 1)), timeout=5000)
    caption = view.panes[1].picture._content.caption
    assert caption is not None and any("share of its way" in note for note in caption.notes)


def test_rendered_without_a_screen_and_with_fewer_layers(qtbot: QtBot, open_window: Open) -> None:
    """Four quarters, each with its pane's own picture below its title."""
    window = compared(qtbot, open_window)
    view = view_of(window)
    window.playback.seek(10)
    qtbot.waitUntil(lambda: all(grounded(view, i) for i in range(4)), timeout=10_000)
    image = view.render_to(QSize(800, 600))
    assert (image.width(), image.height()) == (800, 600)
    corners = [image.copy(x, y, 396, 250) for x, y in ((2, 48), (402, 48), (2, 348), (402, 348))]
    assert all(a != b for k, a in enumerate(corners) for b in corners[k + 1 :])
    ground = image.pixelColor(399, 5).name()
    assert any(image.pixelColor(x, 12).name() != ground for x in range(8, 120)), "a title"
    view.set_palette_name("light")
    view.set_ui_scale(1.5)
    assert view.render_to(QSize(800, 600)) != image
    for name in ("density", "arrows", "particles"):
        click(window, f"compare.layer.{name}")
        assert not getattr(window.store.scene.view, name)
        assert not any(getattr(pane.picture._content.view, name) for pane in view.panes)
