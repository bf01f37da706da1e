"""A tab on a fake engine, its transport, and a real PNG or two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scoreviz.gui import theme
from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.images.tab import ImagesTab
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from tests.gui.images.fake import PicturesEngine


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    theme.apply(qapp, theme.DARK)


@pytest.fixture
def engine(qapp: QApplication) -> PicturesEngine:
    return PicturesEngine()


@pytest.fixture
def store(qapp: QApplication) -> Store:
    return Store()


@pytest.fixture
def session(engine: PicturesEngine, store: Store) -> Session:
    return Session(store, Progress(store), engine, store)  # type: ignore[arg-type]


@pytest.fixture
def playback(qapp: QApplication) -> Playback[PictureRun]:
    playback: Playback[PictureRun] = Playback(seconds=12.0)
    playback.autoplay = False
    return playback


@pytest.fixture
def tab(store: Store, session: Session, playback: Playback[PictureRun], engine: PicturesEngine, qtbot: QtBot) -> ImagesTab:
    """A shown tab whose engine is up; no model is loaded yet."""
    progress = Progress(store)
    tab = ImagesTab(store, session, playback, progress)
    qtbot.addWidget(tab)
    tab.resize(1280, 757)  # what the top bar leaves of 1280x800
    with qtbot.waitExposed(tab):
        tab.show()
    session.start()
    engine.welcome()
    engine.applied()
    progress.state = "ready"
    progress.engine_changed.emit()
    return tab


@pytest.fixture
def running(tab: ImagesTab, engine: PicturesEngine, store: Store) -> ImagesTab:
    """The tab with a model and a run of 41 substeps; frame 0 is on screen, paused."""
    engine.load()
    engine.start_run(store.scene.images)
    engine.develop()
    return tab


@pytest.fixture
def pictures_folder(tmp_path: Path) -> Path:
    """Two small pictures."""
    folder = tmp_path / "cats"
    folder.mkdir()
    for name, colour in (("a.png", "#ff8800"), ("b.png", "#0088ff")):
        picture = QImage(12, 12, QImage.Format.Format_RGB32)
        picture.fill(QColor(colour))
        assert picture.save(str(folder / name))
    return folder


@pytest.fixture
def ddpm_folder(tmp_path: Path) -> Path:
    """What a DDPM folder says of itself."""
    folder = tmp_path / "ddpm-cats"
    (folder / "scheduler").mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "DDPMPipeline"}))
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps({"variance_type": "fixed_large"}))
    return folder
