"""Opening a folder of pictures or a model: by dialog, by drop, from the recent ones. What cannot be opened changes nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QCoreApplication, QMimeData, QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from scoreviz.gui.preferences import Preferences
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.words import sentence
from scoreviz.scene.errors import SceneError
from scoreviz.scene.folders import INDEX, PICTURE_SUFFIXES, opened, with_pictures
from scoreviz.scene.images import EMOJI, Images, PictureSet

KEPT = 8
KEY = "images/recent"


def name_of(path: str) -> str:
    """A folder's name, as a title; the bundled set is its own."""
    return path if path == EMOJI else Path(path).name or path


class Opening(QObject):
    """Edits `images` in the store, one undo step each. refused(sentence) when there is nothing to open there."""

    refused = Signal(str)
    recent_changed = Signal()

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._settings = store, Preferences().settings
        self._opened_at = -1  # place in the undo history of the newest opening

    @property
    def recent(self) -> list[Path]:
        """Folders opened lately that still exist, newest first."""
        value = self._settings.value(KEY, [])
        names = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return [path for path in map(Path, names) if path.is_dir()][:KEPT]

    def choose(self, over: QWidget) -> None:
        """Ask for a folder."""
        recent = self.recent
        start = str(recent[0].parent if recent else Path.home())
        chosen = QFileDialog.getExistingDirectory(over, self.tr("Open a folder of pictures or a diffusers model"), start)
        if chosen:
            self.open(Path(chosen))

    def open(self, path: Path) -> bool:
        """Open a folder; a picture or model_index.json stands for the folder that it lies in."""
        if path.is_file() and (path.name == INDEX or path.suffix.lower() in PICTURE_SUFFIXES):
            path = path.parent
        try:
            images = opened(self._store.scene.images, path.absolute())
            self._edit(images)
        except SceneError as error:
            self.refused.emit(sentence(error))
            return False
        return True

    def back_to_pictures(self) -> None:
        """The bundled picture set."""
        self._edit(with_pictures(self._store.scene.images, PictureSet()))

    def take_back(self) -> bool:
        """Undo the newest opening, for the engine refuses it; False if something was edited since."""
        stack = self._store.undo_stack
        if stack.index() != self._opened_at:
            return False
        stack.undo()
        return True

    def back_to(self, images: Images) -> None:
        """The model and sampler of before."""
        now = self._store.scene.images
        self._edit(msgspec.structs.replace(now, model=images.model, sampler=images.sampler, count=images.count))

    def remember(self, path: str) -> None:
        """A folder that could be opened."""
        if path != EMOJI:
            others = [p for p in self.recent if p != Path(path)]
            self._settings.setValue(KEY, [path, *map(str, others)][:KEPT])
            self.recent_changed.emit()

    def dropped(self, data: QMimeData) -> Path | None:
        """The one local file or folder that is dragged; None for anything else."""
        urls = data.urls()
        return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None

    def _edit(self, images: Images) -> None:
        path = getattr(images.model, "path", "")
        text = QCoreApplication.translate("Opening", "Open “{name}”").format(name=name_of(path))
        self._store.edit(("images",), images, text, origin="opening")
        self._opened_at = self._store.undo_stack.index()
