"""The tab says what the messages say, opens folders, keeps what it has when one cannot be opened, and fits its window."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton
from pytestqt.qtbot import QtBot

from scoreviz.gui import theme
from scoreviz.gui.images.figures import seconds_words
from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.images.tab import ImagesTab
from scoreviz.gui.playback import Playback
from scoreviz.gui.store import Store
from scoreviz.protocol.messages import ModelLoading, Problem, Update
from scoreviz.scene.choice import tag_of
from scoreviz.scene.images import PictureSet, Pretrained
from scoreviz.scene.samplers import Ancestral, PredictorCorrector, ReverseSDE, SamplerSpec
from tests.gui.images.fake import PicturesEngine
from tests.gui.test_accessibility import sticking_out, too_small


def test_figures_are_those_of_the_message(running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun]) -> None:
    playback.seek(41)
    engine.develop()
    figures = running.figures

    def said(k: int) -> list[str]:
        playback.seek(k)
        cells = (figures.stage, figures.sigma, figures.step, figures.snr, figures.nfe, figures.seconds, figures.nearest)
        assert all(cell.accessibleName().endswith(f": {cell.value.text()}") for cell in cells)
        return [cell.value.text() for cell in cells]

    assert said(0) == ["start", "8.00", "—", "—", "0", "—", "—"]
    assert said(1) == ["correct 1 of 41", "8.00", "0.0984", "0.158 · asked 0.160", "1", "1.00 ms", "—"]
    assert said(2) == ["predict 2 of 41", "5.63", "—", "0.158", "2", "1.00 ms", "—"]
    assert said(41) == ["denoise 41 of 41", "0", "—", "—", "40", "—", "largest difference 0.00043"]
    assert running.side.sampler.state.text() == "40 evaluations"


def test_seconds_in_words() -> None:
    assert [seconds_words(s) for s in (3.2, 0.0123, 0.00081, 250.0)] == ["3.2 s", "12.3 ms", "0.810 ms", "250 s"]


def test_ticks_have_the_colours_of_their_stages(running: ImagesTab, playback: Playback[PictureRun], engine: PicturesEngine) -> None:
    timeline = running.transport.timeline
    playback.seek(41)
    engine.develop()
    image = timeline.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    y = round(timeline._band().center().y())
    for k, stage in ((1, "correct"), (2, "predict"), (23, "correct"), (24, "predict")):
        colours = {image.pixelColor(round(timeline.x_of(k)) + dx, y).name() for dx in (-1, 0)}
        assert getattr(theme.current(), stage) in colours, (k, stage, colours)


def test_the_card_is_shown(running: ImagesTab) -> None:
    panel = running.side.model
    assert panel.name.text() == "shapes" and panel.summary.text() == "This score is exact for the 24 stored pictures."
    assert panel.state.text() == "picture set (exact score)"
    assert running.followed.text() == "shapes · exact score"
    panel.set_open(True)
    row = panel.form.row("images", "model", "sigma_max")
    assert row.editor.figure.text() == "8.00", "what automatic comes to"  # type: ignore[attr-defined]
    assert {row.path[-1] for row in panel.form.rows} == {"size", "sigma_min", "sigma_max"}


def test_only_samplers_that_make_pictures_are_offered(running: ImagesTab) -> None:
    form = running.side.sampler.form
    offered = set(form.row("images", "sampler").editor.values)  # type: ignore[attr-defined]
    assert offered == {tag_of(kind) for kind in SamplerSpec.members() if kind.AXIS in ("reverse", "levels") and not kind.ADAPTIVE}
    assert {"reverse_sde", "heun", "pc", "annealed_langevin", "ddim"} < offered and not offered & {"langevin", "forward", "rk45"}
    running.side.sampler.set_open(True)
    assert "none" in form.row("images", "sampler", "corrector").editor.values  # type: ignore[attr-defined]


# ---- opening


def test_a_folder_of_pictures_is_one_undo_step(running: ImagesTab, store: Store, pictures_folder: Path) -> None:
    assert running.opening.open(pictures_folder)
    assert store.scene.images.model == PictureSet(path=str(pictures_folder)) and store.undo_stack.count() == 1
    assert store.undo_stack.undoText() == "Open “cats”"
    store.undo_stack.undo()
    assert store.scene.images.model == PictureSet()


def test_a_ddpm_brings_its_sampler_in_the_same_step_and_pictures_bring_back_theirs(
    running: ImagesTab, store: Store, ddpm_folder: Path, pictures_folder: Path
) -> None:
    before = store.scene.images
    running.opening.open(ddpm_folder)
    images = store.scene.images
    assert images.model == Pretrained(path=str(ddpm_folder))
    assert images.sampler == ReverseSDE(steps=100, predictor=Ancestral(variance="forward")) and images.count == 4
    assert store.undo_stack.count() == 1
    assert not running.side.model.back_button.isHidden()
    running.side.model.back_button.click()
    assert store.scene.images == before
    store.undo_stack.undo()
    store.undo_stack.undo()
    assert store.scene.images == before
    running.opening.open(ddpm_folder)
    running.opening.open(pictures_folder)
    assert store.scene.images.sampler == PredictorCorrector(steps=200) and store.scene.images.count == 16


def test_what_cannot_be_opened_changes_nothing(running: ImagesTab, store: Store, playback: Playback[PictureRun], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "model.safetensors").write_bytes(b"x")
    run, card = playback.run, running.runs.card
    for name, words in (
        ("empty", "is empty"),
        ("notes.txt", "is a file"),
        ("model.safetensors", "only weights"),
        ("gone", "does not exist"),
    ):
        assert not running.opening.open(tmp_path / name)
        assert words in running.stage.notice.text
        assert store.undo_stack.count() == 0 and playback.run is run and running.runs.card is card


def test_what_the_engine_refuses_is_taken_back_and_model_and_run_are_kept(
    running: ImagesTab, store: Store, engine: PicturesEngine, playback: Playback[PictureRun], ddpm_folder: Path
) -> None:
    before, run = store.scene.images, playback.run
    running.opening.open(ddpm_folder)
    engine.applied()
    engine.received.emit(ModelLoading(revision=engine.of(Update)[-1].revision, name=str(ddpm_folder)))
    assert running.stage.status.isVisible() and running.stage.status.text == "loading model ddpm-cats …"
    assert running.side.model.state.text() == "loading …"
    problem = Problem(where="pictures", template="“{name}” has no weights.", params={"name": "ddpm-cats"}, details="Traceback")
    engine.received.emit(problem)
    assert running.stage.notice.text == "“ddpm-cats” has no weights." and running.stage.status.isHidden()
    assert playback.run is run and running.side.model.name.text() == "shapes"
    assert store.scene.images == before and running.side.model.state.text() == "picture set (exact score)"
    playback.step(1)
    assert engine.develop()[0] == 1 and playback.index == 1, "the run before goes on"


def test_where_something_was_edited_since_the_way_back_is_offered(
    running: ImagesTab, store: Store, engine: PicturesEngine, ddpm_folder: Path
) -> None:
    before = store.scene.images
    running.opening.open(ddpm_folder)
    store.edit(("images", "seed"), 12, "another seed")
    engine.applied()
    engine.received.emit(ModelLoading(revision=engine.of(Update)[-1].revision, name=str(ddpm_folder)))
    engine.received.emit(Problem(where="pictures", template="“{name}” has no weights.", params={"name": "ddpm-cats"}))
    assert running.side.model.state.text() == "“ddpm-cats” is not loaded" and store.scene.images.seed == 12
    (back,) = (b for b in running.stage.notice.findChildren(QPushButton) if b.text() == "Back to shapes")
    back.click()
    assert store.scene.images == msgspec.structs.replace(before, seed=12)


def test_a_picture_dropped_opens_its_folder(running: ImagesTab, store: Store, pictures_folder: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(pictures_folder / "a.png"))])
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(running, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(running, drop)
    assert store.scene.images.model == PictureSet(path=str(pictures_folder))


def test_folders_that_were_loaded_are_remembered(running: ImagesTab, engine: PicturesEngine, store: Store, pictures_folder: Path) -> None:
    assert not running.side.model.recent_button.isVisible()
    running.opening.open(pictures_folder)
    engine.applied()
    assert running.opening.recent == [], "not before it is loaded"
    engine.load()
    assert running.opening.recent == [pictures_folder] and running.side.model.recent_button.isVisible()
    store.undo_stack.undo()
    running.side.model.recent_menu().actions()[0].trigger()
    assert store.scene.images.model == PictureSet(path=str(pictures_folder))
    running.opening._settings.remove("images/recent")


# ---- waiting


def test_an_evaluation_that_takes_long_is_announced_with_the_time_left(
    running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun], qtbot: QtBot
) -> None:
    engine.seconds = 3.2
    playback.seek(1)
    engine.develop()
    assert running.stage.status.isHidden(), "nothing is waited for"
    playback.seek(31)
    qtbot.waitUntil(running.stage.status.isVisible, timeout=2000)
    assert running.stage.status.text == "evaluating substep 3 · 3.2 s an evaluation, about 2 min left"
    engine.develop()
    assert playback.index == 31 and running.stage.status.isHidden()


def test_before_there_is_a_run_the_panes_say_why(tab: ImagesTab, engine: PicturesEngine) -> None:
    assert tab.panes.accessibleDescription() == "No model is loaded. Open a folder of pictures, or of a model."
    engine.received.emit(ModelLoading(revision=1, name="emoji32"))
    assert tab.panes.accessibleDescription() == "Loading model emoji32 …"


# ---- the window's sizes


@pytest.mark.parametrize("size", [(900, 557), (1280, 677), (1280, 757), (1920, 1037)], ids=str)
@pytest.mark.parametrize("section", ["none", "model", "sampler"])
def test_nothing_sticks_out(
    running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun], size: tuple[int, int], section: str, qtbot: QtBot
) -> None:
    playback.seek(41)
    engine.develop()
    running.resize(*size)
    if section != "none":
        getattr(running.side, section).set_open(True)
    running.stage.notice.tell("A long sentence that says what went wrong, " * 3)
    QApplication.processEvents()
    running.grab()
    assert running.size().toTuple() == size
    assert not sticking_out(running) and not too_small(running)
    for button in running.findChildren(QAbstractButton):
        assert button.objectName() and (button.accessibleName() or button.text())


def test_presenting_leaves_the_pictures_alone(running: ImagesTab, engine: PicturesEngine) -> None:
    running.set_presenting(True, 2.0)
    assert not running.side.isVisible() and not running.transport.isVisible() and running.panes.isVisible()
    QApplication.processEvents()
    assert running.panes.width() == running.width()
    running.set_presenting(False, 2.0)
    assert running.side.isVisible() and running.transport.isVisible()
