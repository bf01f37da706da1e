"""What a person can do to the panes: each of them one undo step, and a sentence where it is refused."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject, Signal

from scoreviz.gui.dynamics.compare import edits
from scoreviz.gui.dynamics.compare.edits import PaneSet
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.words import sentence
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError


class Doing(QObject):
    """Panes are counted from 0, the scene's own. told(sentence): why something was refused."""

    told = Signal(str)

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store

    def apply(self, make: Callable[[Scene], Scene], text: str) -> bool:
        """Turn the scene into another one, as one undo step; what is refused is told."""
        try:
            self._store.replace(make(self._store.scene), text, origin="compare")
        except SceneError as error:
            self.told.emit(sentence(error))
            return False
        return True

    def add(self) -> None:
        """One pane more."""
        self.apply(edits.added, self.tr("Add a pane"))

    def duplicate(self, i: int) -> None:
        """The same way once more."""
        self.apply(lambda scene: edits.duplicated(scene, i), self.tr("Duplicate a pane"))

    def remove(self, i: int) -> None:
        """Close pane i >= 1."""
        self.apply(lambda scene: edits.removed(scene, i), self.tr("Remove a pane"))

    def use(self, i: int) -> None:
        """Make pane i >= 1 the scene's own."""
        self.apply(lambda scene: edits.used(scene, i), self.tr("Use this pane"))

    def arrange(self, chosen: PaneSet) -> None:
        """A set of panes that shows one thing."""
        self.apply(chosen.of, QCoreApplication.translate("compare", chosen.title))

    def toggle(self) -> None:
        """Begin to compare, or leave."""
        if self._store.scene.compare.panes:
            self.apply(edits.left, self.tr("Leave the comparison"))
        else:
            self.add()
