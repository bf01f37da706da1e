"""Unsaved work, kept beside the settings and offered again after a crash."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QRunnable, QThreadPool, QTimer

from scoreviz import resources
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import BUNDLE_SUFFIX, Document, load, save

log = logging.getLogger(__name__)
DELAY_MS = 2000


class _Write(QRunnable):
    def __init__(self, document: Document, path: Path) -> None:
        super().__init__()
        self._document, self._path = document, path

    def run(self) -> None:
        try:
            save(self._document, self._path)
        except (OSError, SceneError) as error:  # a full disk must not disturb the work; the log says it
            log.warning("autosave failed: %s", error)


class Autosave(QObject):
    """Writes the document two seconds after the last edit, in a worker; `finish` removes it on a clean exit."""

    def __init__(self, document: Callable[[], Document], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        folder = resources.autosave_folder()
        self.path = folder / f"{uuid.uuid4().hex[:12]}{BUNDLE_SUFFIX}"
        with contextlib.suppress(OSError):  # a folder that cannot be made: each write says so in the log
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self.path)
        self._lock.tryLock(0)
        self._pool = QThreadPool(self, maxThreadCount=1)
        self._timer = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._timer.timeout.connect(self.write)

    def touch(self) -> None:
        """Something changed."""
        if not self._timer.isActive():
            self._timer.start()

    def write(self) -> None:
        """Write now, in the worker."""
        self._pool.start(_Write(self._document(), self.path))

    def wait(self) -> None:
        """Until the worker is done."""
        self._pool.waitForDone(5000)

    def finish(self) -> None:
        """A clean exit: nothing to offer next time."""
        self.forget()
        self._lock.unlock()

    def forget(self) -> None:
        """All of it is in a file of the user's now."""
        self._timer.stop()
        self.wait()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


def leftovers() -> list[Path]:
    """Autosaves of programs that no longer run, newest first."""
    folder = resources.autosave_folder()
    found = list(folder.glob(f"*{BUNDLE_SUFFIX}")) if folder.is_dir() else []
    return sorted(filter(_abandoned, found), key=lambda p: p.stat().st_mtime, reverse=True)


def recover(path: Path) -> Document:
    """Read a leftover and remove it. SceneError if it is damaged; it is then set aside, not deleted."""
    try:
        document = load(path)
    except SceneError:
        path.replace(path.with_suffix(".damaged"))
        raise
    path.unlink(missing_ok=True)
    return document


def _lock(path: Path) -> QLockFile:
    lock = QLockFile(str(path) + ".lock")
    lock.setStaleLockTime(0)  # a lock is stale only when its process is gone
    return lock


def _abandoned(path: Path) -> bool:
    """No living window holds its lock."""
    lock = _lock(path)
    return lock.tryLock(0)  # let go again, and its file removed, as the object goes
