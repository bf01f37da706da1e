"""The document and its file: the modified mark, saving, opening, and what is told when either cannot be done."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.files import Files
from scoreviz.gui.preferences import RECENT_FILES, Preferences
from scoreviz.gui.store import Store
from scoreviz.scene.density import Density, Gaussian, Stroke
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document, JournalEntry, load, save
from scoreviz.scene.samplers import Langevin
from tests.gui.conftest import Open
from tests.gui.test_session import FakeEngine


class Parts:
    """Files with what it works on, and what it has said."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.store, self.preferences = Store(), Preferences()
        self.files = Files(self.store, self.preferences, self.store.document, self.window)
        self.told: list[str] = []
        self.changes = 0
        self.files.told.connect(self.told.append)
        self.files.changed.connect(self._count)

    def _count(self) -> None:
        self.changes += 1

    def draw(self) -> None:
        digest = self.store.add_blob(bytes(range(16)))
        self.store.edit(("density",), Density(marks=(Stroke(points=digest, width=0.1),)), "Draw stroke")


@pytest.fixture
def parts(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parts:
    monkeypatch.setattr("scoreviz.resources.settings_folder", lambda: tmp_path / "settings")
    return Parts(qtbot)


def answer(monkeypatch: pytest.MonkeyPatch, button: QMessageBox.StandardButton) -> list[str]:
    """Answer the question about unsaved changes; the questions that were asked."""
    asked: list[str] = []

    def run(box: QMessageBox) -> int:
        asked.append(box.text())
        return int(button.value)

    monkeypatch.setattr(QMessageBox, "exec", run)
    return asked


def choose(monkeypatch: pytest.MonkeyPatch, path: Path | None) -> None:
    """Choose a path in the file dialogs, or cancel them."""
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *args: ("" if path is None else str(path), ""))


def test_the_modified_mark(parts: Parts, tmp_path: Path) -> None:
    files, stack = parts.files, parts.store.undo_stack
    assert not files.modified and files.name == "untitled"
    parts.draw()
    assert files.modified and parts.changes == 1
    stack.undo()
    assert not files.modified and parts.changes == 2
    stack.redo()
    path = tmp_path / "one.scoreviz.json"
    assert files.save_to(path) and not files.modified and files.path == path and files.name == path.name
    stack.undo()
    assert files.modified, "the file has the stroke, the scene has not"
    stack.redo()
    assert not files.modified and not parts.told


@pytest.mark.parametrize("suffix", [".scoreviz.json", ".scoreviz"])
def test_saved_and_opened_is_equal(parts: Parts, tmp_path: Path, suffix: str) -> None:
    parts.draw()
    saved, path = parts.store.scene, tmp_path / f"one{suffix}"
    assert parts.files.save_to(path)
    parts.store.edit(("sampler",), Langevin(), "Change sampler")
    parts.files.may_leave = lambda: True  # type: ignore[method-assign]
    assert parts.files.open(path)
    assert parts.store.scene == saved and parts.files.path == path and not parts.files.modified
    assert parts.store.undo_stack.count() == 0 and not parts.told
    (mark,) = parts.store.scene.density.marks
    assert isinstance(mark, Stroke) and parts.store.blobs[mark.points] == bytes(range(16))


def test_saving_again_asks_nothing(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.scoreviz.json"
    choose(monkeypatch, path)
    assert parts.files.save() and load(path).scene == Scene()
    choose(monkeypatch, None)
    parts.draw()
    assert parts.files.save() and load(path).scene == parts.store.scene
    assert not parts.files.save_as() and parts.files.path == path, "cancelled"


@pytest.mark.parametrize(
    ("typed", "written"),
    [("one", "one.scoreviz.json"), ("one.json", "one.scoreviz.json"), ("one.v2", "one.v2.scoreviz.json"), ("one.scoreviz", "one.scoreviz")],
)
def test_a_name_gets_its_suffix(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, written: str) -> None:
    choose(monkeypatch, tmp_path / typed)
    assert parts.files.save_as() and parts.files.path == tmp_path / written and load(tmp_path / written).scene == Scene()


def test_a_suffix_that_is_added_overwrites_nothing_unasked(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialog asked about `one`; `one.scoreviz.json` is somebody's work."""
    other = Document(scene=Scene(sampler=Langevin()))
    save(other, tmp_path / "one.scoreviz.json")
    choose(monkeypatch, tmp_path / "one")
    asked = answer(monkeypatch, QMessageBox.StandardButton.No)
    parts.draw()
    parts.files.save_as()
    assert asked or load(tmp_path / "one.scoreviz.json") == other


def test_new_is_the_first_scene_without_a_name(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts.draw()
    assert parts.files.save_to(tmp_path / "one.scoreviz.json")
    asked = answer(monkeypatch, QMessageBox.StandardButton.Cancel)
    parts.files.new()
    assert parts.store.scene == Scene() and parts.files.path is None and parts.files.name == "untitled" and not asked


def test_unsaved_changes_are_asked_about(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    buttons, path = QMessageBox.StandardButton, tmp_path / "one.scoreviz.json"
    parts.files.path = path
    parts.draw()
    drawn = parts.store.scene
    asked = answer(monkeypatch, buttons.Cancel)
    parts.files.new()
    assert not parts.files.open(path) and parts.store.scene is drawn
    assert asked == ["Save the changes to “one.scoreviz.json”?"] * 2
    answer(monkeypatch, buttons.Save)
    parts.files.new()
    assert load(path).scene == drawn and parts.store.scene == Scene()
    parts.draw()
    answer(monkeypatch, buttons.Discard)
    parts.files.new()
    assert parts.store.scene == Scene() and not parts.files.modified


def test_a_save_that_fails_keeps_the_work_marked(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.scoreviz.json"
    assert parts.files.save_to(path)
    before = path.read_bytes()
    parts.draw()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert not parts.files.save()
        assert not parts.files.save_to(tmp_path / "two.scoreviz.json")
    assert parts.files.modified and parts.files.path == path and path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.glob("*.json*")) == [path.name]
    first, second = parts.told
    assert path.name in first and "No space left on device" in first and "choose another place" in first and "two.scoreviz" in second
    answer(monkeypatch, QMessageBox.StandardButton.Save)
    monkeypatch.setattr(os, "fsync", full)
    assert not parts.files.may_leave(), "a window whose save failed stays"


@pytest.mark.parametrize("where", ["missing/one.scoreviz.json", "folder"])
def test_a_place_that_cannot_be_written(parts: Parts, tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    parts.draw()
    assert not parts.files.save_to(tmp_path / where)
    assert parts.files.modified and parts.files.path is None
    assert "was not saved" in parts.told[0] and "choose another place" in parts.told[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b'{"scoreviz": 1, "scene": {', "is cut off"),
        (b"hello", "is not a scene file"),
        (b'{"scoreviz": 99, "scene": {}}', "version 99"),
        (b'{"scoreviz": 1, "scene": {"particles": {"count": -1}}}', "not allowed"),
        (b'{"scoreviz": 1, "scene": {"particles": {"count": NaN}}}', "is not a scene file"),
        (b'{"scoreviz": 1, "scene": {"sampler": {"type": "langvin"}}}', "langevin"),
        (b'{"scoreviz": 1, "scene": {"density": {"marks": [{"type": "preset", "name": "moose"}]}}}', "moose"),
        (b'{"scoreviz": 1, "scene": {"density": {"marks": [{"type": "stroke", "points": "00", "width": 0.1}]}}}', "lacks the points"),
        (b"PK\x03\x04", "is damaged"),
        (b"\xff\xfe\x00{", "is not a scene file"),
    ],
    ids=["missing", "empty", "cut", "text", "newer", "range", "nan", "sampler", "preset", "blob", "zip", "bytes"],
)
def test_a_bad_file_keeps_the_present_document(parts: Parts, tmp_path: Path, content: bytes | None, says: str) -> None:
    kept = tmp_path / "kept.scoreviz.json"
    parts.draw()
    assert parts.files.save_to(kept)
    parts.store.edit(("particles", "seed"), 3, "New noise")
    before = parts.store.scene
    parts.files.may_leave = lambda: True  # type: ignore[method-assign]
    bad = tmp_path / "bad.scoreviz.json"
    if content is not None:
        bad.write_bytes(content)
    assert not parts.files.open(bad)
    assert parts.store.scene is before and parts.files.path == kept and parts.files.modified and parts.store.undo_stack.canUndo()
    (sentence,) = parts.told
    assert says in sentence and "bad.scoreviz.json" in sentence, "the sentence names the thing"
    assert bad.resolve() not in parts.preferences.recent


def test_recent_files(parts: Parts, tmp_path: Path) -> None:
    names = [tmp_path / f"{k}.scoreviz.json" for k in range(RECENT_FILES + 2)]
    for path in names:
        assert parts.files.save_to(path)
    assert Preferences().recent == names[::-1][:RECENT_FILES], "newest first, and not too many"
    assert parts.files.open(names[-3])
    assert parts.preferences.recent[:2] == [names[-3], names[-1]] and len(parts.preferences.recent) == RECENT_FILES
    names[-1].unlink()
    assert names[-1] not in parts.preferences.recent


def test_one_recent_file_is_read_back(parts: Parts, tmp_path: Path) -> None:
    path = tmp_path / "naïve, with a comma.scoreviz.json"
    assert parts.files.save_to(path)
    parts.preferences.settings.sync()
    assert Preferences().recent == [path]


def test_recovered_work_is_unsaved(parts: Parts, tmp_path: Path) -> None:
    parts.files.path = tmp_path / "one.scoreviz.json"
    parts.files.recovered(Document(scene=Scene(sampler=Langevin())))
    assert parts.store.scene.sampler == Langevin() and parts.files.modified and parts.files.path is None
    assert parts.files.save_to(tmp_path / "two.scoreviz.json") and not parts.files.modified


# ---- in the window


def test_the_title_says_it(open_window: Open, tmp_path: Path) -> None:
    window = open_window(engine=False)
    assert window.windowTitle() == "untitled – scoreviz"
    window.store.edit(("density",), Density(marks=(Gaussian(x=0.0, y=0.0, std=0.5),)), "Draw")
    assert window.windowTitle() == "• untitled – scoreviz" and window.topbar.file.text() == "untitled •"
    assert window.files.save_to(tmp_path / "one.scoreviz.json")
    assert window.windowTitle() == "one.scoreviz.json – scoreviz" and "•" not in window.topbar.file.text()


def test_the_window_tells_why_a_file_cannot_be_opened(open_window: Open, tmp_path: Path) -> None:
    window = open_window(engine=False)
    bad = tmp_path / "bad.scoreviz.json"
    bad.write_bytes(b"")
    assert not window.files.open(bad)
    assert "“bad.scoreviz.json” is empty" in window.dynamics.stage.notice.text


def test_a_bundle_holds_the_network_that_was_learned(open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DESIGN 4: a *.scoreviz file is the scene, its journal and the network's snapshot."""
    monkeypatch.setattr("scoreviz.gui.session.EngineProcess", FakeEngine)
    window = open_window(engine=False)
    engine = window.session.engine
    assert isinstance(engine, FakeEngine)
    engine.welcome()
    engine.applied()
    engine.snapshot(700)
    path = tmp_path / "one.scoreviz"
    assert window.files.save_to(path)
    saved = load(path)
    assert [entry.step for entry in saved.journal] == [0] and isinstance(saved.journal[0], JournalEntry)
    assert saved.snapshot is not None and saved.snapshot == window.session.snapshot_bytes()
