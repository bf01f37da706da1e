"""The side panel and the tool rail: they edit the store and fit the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui import theme
from scoreviz.gui.dynamics.density_panel import DensityPanel, in_words
from scoreviz.gui.dynamics.presets import shape
from scoreviz.gui.dynamics.score_panel import ScorePanel
from scoreviz.gui.dynamics.seeing import sentences
from scoreviz.gui.dynamics.selecting.selection import Selection
from scoreviz.gui.dynamics.side_panel import SidePanel
from scoreviz.gui.dynamics.tool_rail import ToolRail
from scoreviz.gui.dynamics.tool_settings import TOOLS, ToolSettings
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.store import Store
from scoreviz.gui.topbar import TopBar
from scoreviz.scene.density import PRESET_LABELS, Density, Gaussian, Preset, Stroke
from scoreviz.scene.document import Scene
from scoreviz.scene.samplers import PredictorCorrector, SamplerSpec
from scoreviz.scene.view import View


@pytest.fixture
def side(store: Store, playback: Playback, progress: Progress, qtbot: QtBot) -> SidePanel:
    panel = SidePanel(store, playback, progress, Selection(store))
    qtbot.addWidget(panel)
    panel.resize(panel.width(), 480)  # what 1280x720 leaves
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


@pytest.mark.parametrize("opened", ["none", "score", "sampler"])
@pytest.mark.parametrize("member", SamplerSpec.members(), ids=lambda member: member.__name__)
def test_nothing_is_wider_than_the_panel(opened: str, member: type[SamplerSpec], side: SidePanel, store: Store, qtbot: QtBot) -> None:
    store.edit(("sampler",), member(), "")
    side.sampler.set_resolved_sigma_max(4.31)
    if opened != "none":
        getattr(side, opened).set_open(True)
    qtbot.wait(1)
    assert side.widget().width() == side.viewport().width() == theme.current().px(318)
    for widget in side.widget().findChildren(QWidget):
        if widget.isVisible():
            right = widget.mapTo(side.widget(), QPoint(widget.width(), 0)).x()
            assert right <= side.viewport().width(), widget.objectName()
            assert widget.width() >= min(widget.minimumSizeHint().width(), 318) or widget.minimumSizeHint().width() <= 0, (
                widget.objectName()
            )


def test_everything_has_a_name(side: SidePanel) -> None:
    side.score.set_open(True)
    for button in side.findChildren(QAbstractButton):
        assert button.accessibleName(), button.objectName()
        assert button.objectName()


def test_only_one_section_is_open(side: SidePanel) -> None:
    side.score.set_open(True)
    side.sampler.set_open(True)
    assert not side.score.open and side.sampler.open
    assert side.score.extra.isHidden()


def test_a_preset_is_one_undo_step(store: Store, qtbot: QtBot) -> None:
    panel = DensityPanel(store, Selection(store))
    qtbot.addWidget(panel)
    for name in PRESET_LABELS:
        qtbot.mouseClick(panel.buttons[name], Qt.MouseButton.LeftButton)
        assert store.scene.density == Density(marks=(Preset(name=name),))
        assert [n for n, button in panel.buttons.items() if button.isChecked()] == [name]
    assert store.undo_stack.count() == len(PRESET_LABELS) - 1  # the first was there already
    assert panel.state.text() == "S-curve"


@pytest.mark.parametrize("name", PRESET_LABELS)
def test_thumbnails_stay_in_their_square(name: str) -> None:
    points = shape(name)  # type: ignore[arg-type]
    assert points.shape[1] == 2 and (abs(points) <= 1.12).all()


def test_the_drawing_in_words() -> None:
    stroke = Stroke(points="0" * 32, width=0.1)
    assert in_words(Density(), {}) == "nothing drawn yet"
    assert in_words(Density(marks=(Preset(name="two_spirals"), stroke, stroke)), {}) == "two spirals + 2 strokes"
    assert in_words(Density(marks=(Gaussian(x=0.0, y=0.0, std=0.1), stroke)), {}) == "1 stroke + 1 Gaussian"


def test_the_state_of_the_score(store: Store, progress: Progress, qtbot: QtBot) -> None:
    panel = ScorePanel(store, progress)
    qtbot.addWidget(panel)
    assert panel.state.text() == "closed form of the drawing"
    store.edit(("score", "source"), "network", "")
    assert panel.state.text() == "network not trained yet"
    progress.step = 4210
    progress.training_changed.emit()
    assert panel.state.text() == "network at step 4\u202f210"
    panel.set_relative_error(0.031)
    assert panel.state.text() == "relative error 3.1 %"


def test_the_sentences_speak_of_what_is_shown() -> None:
    scene = Scene(view=View(arrows=False, density_scale="relative"))
    said = sentences(scene, PredictorCorrector().seeing())
    assert said == [PredictorCorrector.SEEING, "The ground is log pₜ, relative to this t's own peak."]
    assert sentences(Scene(view=View(density=False, arrows=False, particles=False)), "") == ["Every layer is switched off."]
    for field in ("sampler", "exact", "network", "difference"):
        assert len(sentences(Scene(view=View(field=field)), PredictorCorrector().seeing())) == 3


def test_the_tool_rail(store: Store, qtbot: QtBot) -> None:
    tools = ToolSettings()
    rail = ToolRail(store, tools)
    qtbot.addWidget(rail)
    for tool in reversed(TOOLS):
        qtbot.mouseClick(rail.button(tool), Qt.MouseButton.LeftButton)
        assert tools.tool == tool and rail.button(tool).isChecked()
    tools.set_tool("pan")
    assert rail.button("pan").isChecked()
    assert not rail.undo_button.isEnabled()
    rail.clear_button.click()
    assert store.scene.density == Density() and not rail.clear_button.isEnabled()
    assert rail.undo_button.isEnabled() and "Clear the drawing" in rail.undo_button.accessibleName()
    rail.undo_button.click()
    assert store.scene == Scene()
    rail.redo_button.click()
    assert store.scene.density == Density()


def test_the_size_sliders(store: Store, qtbot: QtBot) -> None:
    tools = ToolSettings()
    rail = ToolRail(store, tools)
    qtbot.addWidget(rail)
    rail.popup.width_editor.figure.typed.emit("0.5")
    assert tools.width == 0.5
    tools.set_weight(3.0)
    assert rail.popup.weight_editor.figure.text() == "3.00"
    assert store.undo_stack.count() == 0


def test_tools_are_remembered(tmp_path: object) -> None:
    settings = QSettings(f"{tmp_path}/tools.ini", QSettings.Format.IniFormat)
    tools = ToolSettings()
    tools.set_width(0.4)
    tools.save(settings)
    again = ToolSettings()
    again.load(settings)
    assert again.width == 0.4
    settings.setValue("tool/width", "wide")
    again.load(settings)
    assert again.width == 0.4
    with pytest.raises(ValueError, match="unknown tool"):
        tools.set_tool("laser")  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [1000, 1280, 1920])
@pytest.mark.parametrize("state", ["starting", "ready", "busy", "restarting", "stopped"])
def test_the_top_bar_fits(width: int, state: str, progress: Progress, qtbot: QtBot) -> None:
    bar = TopBar(progress, [("dynamics", "Dynamics")])
    qtbot.addWidget(bar)
    progress.state, progress.running, progress.step, progress.rate, progress.busy_seconds = state, True, 1234567, 1320.0, 12.0
    bar.set_file("a very long name of a scene that nobody will read to its end.scoreviz.json", True)
    bar.resize(width, bar.height())
    with qtbot.waitExposed(bar):
        bar.show()
    progress.training_changed.emit()
    progress.engine_changed.emit()
    assert bar.layout().sizeHint().width() <= width
    assert bar.width() == width
    assert bar.stop.isVisible() == (state == "busy")


def test_the_top_bar_asks(progress: Progress, qtbot: QtBot) -> None:
    bar = TopBar(progress, [("dynamics", "Dynamics")])
    qtbot.addWidget(bar)
    with qtbot.waitSignal(bar.trainToggled):
        bar.start.click()
    progress.running, progress.step = True, 10
    progress.training_changed.emit()
    with qtbot.waitSignal(bar.trainToggled):
        bar.toggle.click()
    with qtbot.waitSignal(bar.trainReset):
        bar.reset.click()
    progress.state = "busy"
    progress.engine_changed.emit()
    with qtbot.waitSignal(bar.stopEngine):
        bar.stop.click()
