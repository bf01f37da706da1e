"""Unsaved work survives a crash, is offered once, and only when there is some. A crash here is a file whose lock nobody holds."""

from __future__ import annotations

import errno
import logging
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from scoreviz.gui import autosave
from scoreviz.gui.autosave import Autosave
from scoreviz.gui.store import Store
from scoreviz.gui.window import Window
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Snapshot
from scoreviz.protocol.snapshots import snapshot_to_bytes
from scoreviz.scene.density import Density, Gaussian, Stroke
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document, JournalEntry, load, save
from tests.gui.conftest import Open


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An autosave folder of this test's own."""
    folder = tmp_path / "autosave"
    monkeypatch.setattr("scoreviz.resources.autosave_folder", lambda: folder)
    return folder


def drawn() -> Document:
    store = Store()
    digest = store.add_blob(bytes(range(16)))
    store.edit(("density",), Density(marks=(Stroke(points=digest, width=0.1), Gaussian(x=0.1, y=0.2, std=0.3))), "Draw")
    snapshot = Snapshot(step=3, tensors={"steps": Array.of(np.array([3]))})
    entry = JournalEntry(step=3, parts={"sampler": {"type": "langevin"}})
    return Document(scene=store.scene, blobs=dict(store.blobs), journal=(entry,), snapshot=snapshot_to_bytes(snapshot))


def crashed(folder: Path, document: Document, name: str = "before.scoreviz") -> Path:
    """What a program that was killed leaves: the file, and the lock of a process that is no more."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    save(document, path)
    (folder / f"{name}.lock").write_text(f"{2**22 - 3}\nscoreviz\n{os.uname().nodename}\n")
    return path


def press(window: Window, text: str) -> None:
    (button,) = (b for b in window.dynamics.stage.notice.findChildren(QPushButton) if b.text() == text)
    button.click()


def test_an_edit_is_written_by_a_worker(qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "DELAY_MS", 20)
    writers: list[int] = []

    def noted(document: Document, path: Path) -> None:
        writers.append(threading.get_ident())
        save(document, path)

    monkeypatch.setattr(autosave, "save", noted)
    document = drawn()
    keeper = Autosave(lambda: document)
    keeper.touch()
    keeper.touch()
    assert not keeper.path.exists(), "an edit does not wait for a disk"
    qtbot.waitUntil(keeper.path.exists, timeout=2000)
    keeper.wait()
    assert load(keeper.path) == document
    assert len(writers) == 1 and writers[0] != threading.get_ident()
    keeper.finish()


def test_it_is_gone_after_a_clean_close(qapp: QApplication, folder: Path) -> None:
    keeper = Autosave(drawn)
    keeper.write()
    keeper.finish()
    assert list(folder.iterdir()) == [], "neither the file nor its lock"


def test_finish_waits_for_a_write_under_way(qapp: QApplication, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    going = threading.Event()

    def slow(document: Document, path: Path) -> None:
        going.wait(0.2)
        save(document, path)

    monkeypatch.setattr(autosave, "save", slow)
    keeper = Autosave(drawn)
    keeper.write()
    keeper.finish()
    assert list(folder.iterdir()) == []


def test_a_crash_leaves_what_is_recovered_equal(qapp: QApplication, folder: Path) -> None:
    document = drawn()
    path = crashed(folder, document)
    assert autosave.leftovers() == [path]
    assert autosave.recover(path) == document
    assert autosave.leftovers() == [] and not path.exists(), "it is offered once"


def test_newest_first(qapp: QApplication, folder: Path) -> None:
    old, new = crashed(folder, drawn(), "a.scoreviz"), crashed(folder, drawn(), "b.scoreviz")
    os.utime(old, (1_000_000, 1_000_000))
    assert autosave.leftovers() == [new, old]
    os.utime(new, (500_000, 500_000))
    assert autosave.leftovers() == [old, new]


def test_nothing_is_offered_where_there_is_no_folder(qapp: QApplication, folder: Path) -> None:
    assert autosave.leftovers() == []


def test_the_work_of_a_living_window_is_not_offered(qapp: QApplication, folder: Path) -> None:
    keeper = Autosave(drawn)
    keeper.write()
    keeper.wait()
    other = crashed(folder, drawn())
    assert autosave.leftovers() == [other] and autosave.leftovers() == [other], "asking does not take the lock away"
    keeper.finish()


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 and no more", b"{"], ids=["empty", "truncated", "text"])
def test_a_damaged_one_is_set_aside_with_a_sentence(qapp: QApplication, folder: Path, damage: bytes) -> None:
    path = crashed(folder, drawn())
    path.write_bytes(damage)
    with pytest.raises(SceneError, match=r"“before\.scoreviz” is .+\."):
        autosave.recover(path)
    assert path.with_suffix(".damaged").read_bytes() == damage and autosave.leftovers() == []


def test_a_full_disk_is_logged_and_nothing_else(
    qapp: QApplication, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = Autosave(drawn)
    keeper.write()
    keeper.wait()
    before = keeper.path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with caplog.at_level(logging.WARNING), monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        keeper.write()
        keeper.wait()
    assert "No space left on device" in caplog.text
    assert keeper.path.read_bytes() == before, "what was there is still whole"
    assert sorted(p.name for p in folder.iterdir()) == sorted([keeper.path.name, keeper.path.name + ".lock"]), "no half file is left"
    keeper.finish()


def test_a_folder_that_cannot_be_made_is_logged(qapp: QApplication, tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder.write_text("a file where the folder should be")
    keeper = Autosave(drawn)
    with caplog.at_level(logging.WARNING):
        keeper.write()
        keeper.wait()
    assert "autosave failed" in caplog.text
    keeper.finish()
    assert autosave.leftovers() == []


# ---- in the window


def test_the_window_keeps_an_edit_and_removes_it_as_it_closes(qtbot: QtBot, open_window: Open, folder: Path) -> None:
    window = open_window(engine=False)
    window.autosave._timer.setInterval(10)
    window.store.edit(("density",), Density(marks=(Gaussian(x=0.0, y=0.0, std=0.5),)), "Draw")
    window.autosave._timer.start()
    qtbot.waitUntil(window.autosave.path.exists, timeout=2000)
    window.autosave.wait()
    assert load(window.autosave.path).scene == window.store.scene
    window.close()
    assert list(folder.iterdir()) == []


def test_an_untouched_window_has_nothing_to_keep(open_window: Open, folder: Path) -> None:
    """Killed as it is, it must not be said to have left unsaved work."""
    window = open_window(engine=False)
    assert not window.autosave._timer.isActive()


def test_saved_work_is_not_kept_as_unsaved(qtbot: QtBot, open_window: Open, folder: Path, tmp_path: Path) -> None:
    window = open_window(engine=False)
    window.store.edit(("sampler", "steps"), 17, "Change steps")
    window.autosave.write()
    window.autosave.wait()
    assert window.files.save_to(tmp_path / "saved.scoreviz.json")
    qtbot.waitUntil(lambda: not window.autosave.path.exists() and not window.autosave._timer.isActive(), timeout=1000)


def test_the_window_offers_unsaved_work_and_brings_it_back(open_window: Open, folder: Path) -> None:
    document = drawn()
    path = crashed(folder, document)
    window = open_window(engine=False)
    window.offer_recovery()
    notice = window.dynamics.stage.notice
    assert "unsaved work" in notice.text
    press(window, "Bring it back")
    assert window.store.scene == document.scene and dict(window.store.blobs).items() >= dict(document.blobs).items()
    assert window.files.modified and window.files.path is None and not path.exists() and notice.text == ""


def test_what_was_brought_back_is_kept_at_once(open_window: Open, folder: Path) -> None:
    """Recovering removes the old file: a second crash must not find the drawing nowhere."""
    document = drawn()
    crashed(folder, document)
    window = open_window(engine=False)
    window.offer_recovery()
    press(window, "Bring it back")
    window.autosave.wait()
    kept = [load(path).scene for path in folder.glob("*.scoreviz")]
    assert kept == [document.scene]


def test_bringing_back_asks_about_what_was_drawn_meanwhile(open_window: Open, folder: Path) -> None:
    path = crashed(folder, drawn())
    window = open_window(engine=False)
    window.offer_recovery()
    window.store.edit(("sampler", "steps"), 17, "Change steps")
    before = window.store.scene
    window.files.may_leave = lambda: False  # type: ignore[method-assign]  # "Cancel"
    press(window, "Bring it back")
    assert window.store.scene is before and path.exists(), "nothing is lost unasked, on either side"


def test_a_discarded_one_is_gone(open_window: Open, folder: Path) -> None:
    path = crashed(folder, drawn())
    window = open_window(engine=False)
    window.offer_recovery()
    press(window, "Discard")
    assert not path.exists() and window.store.scene == Scene()


def test_a_damaged_one_is_told_and_the_present_scene_stays(open_window: Open, folder: Path) -> None:
    path = crashed(folder, drawn())
    path.write_bytes(b"PK\x03\x04")
    window = open_window(engine=False)
    before = window.store.scene
    window.offer_recovery()
    press(window, "Bring it back")
    assert "“before.scoreviz” is damaged" in window.dynamics.stage.notice.text
    assert window.store.scene is before and path.with_suffix(".damaged").exists()


def test_without_leftovers_nothing_is_said(open_window: Open, folder: Path) -> None:
    window = open_window(engine=False)
    window.offer_recovery()
    assert window.dynamics.stage.notice.text == ""
