"""A pane of the scene as if it were a store of its own, so that the one form builder makes its form."""

from __future__ import annotations

from typing import Any, cast

from PySide6.QtCore import QObject, Signal

from scoreviz.gui.dynamics.compare import edits
from scoreviz.gui.store import Store
from scoreviz.scene.compare import Compare
from scoreviz.scene.document import Scene, replace_at, value_at
from scoreviz.scene.validation import validate

ROOT = "panes"
Path = tuple[str, ...]


class PaneStore(QObject):
    """Paths are ("panes", "1", "sampler", "steps"): pane 1 and on, as they are counted on screen. Edits go to the scene's own store."""

    changed = Signal(object, object, str)

    def __init__(self, store: Store, number: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self.number = store, number
        store.changed.connect(self._changed)

    @property
    def path(self) -> Path:
        """Where this pane is."""
        return (ROOT, str(self.number))

    @property
    def there(self) -> bool:
        """Is there a pane of this number?"""
        return self.number <= len(self._store.scene.compare.panes)

    @property
    def scene(self) -> Scene:
        """The whole scene."""
        return self._store.scene

    def value(self, path: Path) -> Any:
        """The value at a path of this pane."""
        return value_at(self._store.scene.compare.panes[self.number - 1], path[2:])

    def edit(self, path: Path, value: Any, text: str, *, origin: str = "", merge: str = "") -> None:
        """Set one value. SceneError, and nothing changed, if the scene's own would not be allowed to be so either."""
        panes = list(self._store.scene.compare.panes)
        pane = panes[self.number - 1] = replace_at(panes[self.number - 1], path[2:], value)
        if pane.source != "race":
            validate(edits.with_ways(self._store.scene, pane))
        self._store.edit(("compare",), Compare(panes=tuple(panes)), text, origin=origin, merge=merge)

    def as_store(self) -> Store:
        """For the form, which asks a store for no more than value, edit and changed."""
        return cast(Store, self)

    def _changed(self, old: Scene, new: Scene, origin: str) -> None:
        if self.there and old.compare != new.compare:
            self.changed.emit(old, new, origin)
