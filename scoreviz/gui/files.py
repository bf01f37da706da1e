"""New, open, save: the document of one window and its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from scoreviz.gui.preferences import Preferences
from scoreviz.gui.store import Store
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import BUNDLE_SUFFIX, SCENE_SUFFIX, Document, load, save
from scoreviz.scene.traces import SUFFIX as TRACE_SUFFIX
from scoreviz.scene.traces import is_trace


class Files(QObject):
    """Where the document was opened from or saved to, and whether it has changed since."""

    changed = Signal()  # path or unsaved state
    saved = Signal()
    taken = Signal(object)  # another document
    told = Signal(str)  # a sentence: what could not be done, and the remedy
    trace_chosen = Signal(Path)  # it is no document: the present one stays

    def __init__(self, store: Store, preferences: Preferences, document: Callable[[], Document], window: QWidget) -> None:
        super().__init__(window)
        self._store, self._preferences, self._document, self._window = store, preferences, document, window
        self.path: Path | None = None
        self._unsaved = False  # recovered work is unsaved although its undo stack is clean
        store.undo_stack.cleanChanged.connect(self.changed)

    @property
    def modified(self) -> bool:
        """Is there something that closing would lose?"""
        return self._unsaved or not self._store.undo_stack.isClean()

    @property
    def name(self) -> str:
        return self.path.name if self.path is not None else self.tr("untitled")

    def new(self) -> None:
        """The first scene again."""
        if self.may_leave():
            self._take(Document(), None)

    def open(self, path: Path | None = None) -> bool:
        """Open a file (asking which); the present document stays if it cannot be read."""
        if path is not None and is_trace(path):
            self.trace_chosen.emit(path)
            return True
        if not self.may_leave():
            return False
        if path is None:
            traces = self.tr("Traces") + f" (*{TRACE_SUFFIX})"
            filters = f"{self._filter()};;{traces}"
            chosen, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open a scene or a trace"), str(self._folder()), filters)
            if not chosen:
                return False
            path = Path(chosen)
            if is_trace(path):
                self.trace_chosen.emit(path)
                return True
        try:
            document = load(path)
            self._take(document, path)
        except SceneError as error:
            self.told.emit(str(error))
            return False
        self._preferences.add_recent(path)
        return True

    def open_copy(self, path: Path) -> bool:
        """Open a file that is not the user's own: saving asks for another name."""
        try:
            return self.open_document(load(path))
        except SceneError as error:
            self.told.emit(str(error))
            return False

    def open_document(self, document: Document) -> bool:
        """Take a document that has no file: saving asks for a name."""
        if not self.may_leave():
            return False
        self._take(document, None)
        return True

    def opened(self, path: Path) -> None:
        """The store was made from this file."""
        self.path = path
        self._preferences.add_recent(path)
        self.changed.emit()

    def adopt(self, other: Files) -> None:
        """The same document in a window built anew."""
        self.path, self._unsaved = other.path, other._unsaved
        self.changed.emit()

    def recovered(self, document: Document) -> None:
        """Work from before a crash: it has no file yet."""
        self._take(document, None)
        self._unsaved = True
        self.changed.emit()

    def save(self) -> bool:
        """Save under the present name, or ask for one."""
        return self.save_to(self.path) if self.path is not None else self.save_as()

    def save_as(self) -> bool:
        """Ask for a name and save."""
        proposed = self._folder() / (self.path.name if self.path else f"drawing{SCENE_SUFFIX}")
        chosen, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save the scene"), str(proposed), self._filter())
        if not chosen:
            return False
        path = Path(chosen)
        if not path.name.endswith((SCENE_SUFFIX, BUNDLE_SUFFIX)):
            path = path.with_name(path.name.removesuffix(".json") + SCENE_SUFFIX)
            if path.exists() and not self._may_replace(path):  # the dialog asked about the name without the suffix
                return False
        return self.save_to(path)

    def save_to(self, path: Path) -> bool:
        """Write the document; the old file is untouched if that fails."""
        try:
            save(self._document(), path)
        except SceneError as error:
            self.told.emit(str(error))
            return False
        self.path, self._unsaved = path, False
        self._store.undo_stack.setClean()
        self._preferences.add_recent(path)
        self.changed.emit()
        self.saved.emit()
        return True

    def may_leave(self) -> bool:
        """Ask about unsaved changes; False to stay."""
        if not self.modified:
            return True
        buttons = QMessageBox.StandardButton
        question = self.tr("Save the changes to “{name}”?").format(name=self.name)
        choices = buttons.Save | buttons.Discard | buttons.Cancel
        box = QMessageBox(QMessageBox.Icon.Question, self.tr("Unsaved changes"), question, choices, self._window)
        box.setObjectName("unsaved")
        answer = box.exec()
        if answer == buttons.Save:
            return self.save()
        return answer == buttons.Discard

    def _may_replace(self, path: Path) -> bool:
        buttons = QMessageBox.StandardButton
        question = self.tr("There is a “{name}” already. Replace it?").format(name=path.name)
        box = QMessageBox(QMessageBox.Icon.Question, self.tr("Replace the file"), question, buttons.Yes | buttons.No, self._window)
        return bool(box.exec() == buttons.Yes)

    def _take(self, document: Document, path: Path | None) -> None:
        self._store.open(document)
        self.path, self._unsaved = path, False
        self.taken.emit(document)
        self.changed.emit()

    def _folder(self) -> Path:
        recent = self._preferences.recent
        return self.path.parent if self.path else recent[0].parent if recent else Path.home()

    def _filter(self) -> str:
        return self.tr("Scenes") + f" (*{SCENE_SUFFIX} *{BUNDLE_SUFFIX})"
