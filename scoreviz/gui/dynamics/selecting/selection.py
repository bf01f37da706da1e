"""Which mark is chosen, which layer is drawn into, and the edits of a chosen mark. Each edit is one undo step."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QObject, Signal

from scoreviz.gui.store import Store
from scoreviz.scene.density import Density, Layer, Mark, Placement
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.moving import moved_mark

BESIDE = 0.25
"""How far to the right and down a duplicate lies, in the drawing's units."""


class Selection(QObject):
    """At most one mark of the plane's drawing, by its place in the order. changed: another mark, another layer, or another drawing."""

    changed = Signal()
    refused = Signal(str)  # a sentence: why an edit changed nothing

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._index: int | None = None
        self._layer = 0
        self._seen: tuple[Density, tuple[int, ...], tuple[Mark, ...]] | None = None
        store.changed.connect(self._edited)

    @property
    def index(self) -> int | None:
        """Of the chosen mark."""
        return self._index

    @property
    def mark(self) -> Mark | None:
        """The chosen mark."""
        return None if self._index is None else self._density.marks[self._index]

    @property
    def layer(self) -> int:
        """New marks go there."""
        return self._layer

    @property
    def selectable(self) -> tuple[int, ...]:
        """The marks of visible layers by their index, from the lowest to the topmost."""
        return self._visible()[1]

    @property
    def seen(self) -> tuple[Mark, ...]:
        """The marks of visible layers; the same object while the drawing is the same."""
        return self._visible()[2]

    def _visible(self) -> tuple[Density, tuple[int, ...], tuple[Mark, ...]]:
        density = self._density
        if self._seen is None or self._seen[0] is not density:
            hidden = {k for k, layer in enumerate(density.layers) if not layer.visible}
            indices = tuple(k for k, mark in enumerate(density.marks) if mark.layer not in hidden)
            self._seen = density, indices, tuple(density.marks[k] for k in indices)
        return self._seen

    def select(self, index: int | None) -> None:
        """Choose another mark, or none."""
        if index is not None and not 0 <= index < len(self._density.marks):
            raise ValueError(f"there is no mark {index}")
        if index != self._index:
            self._index = index
            self.changed.emit()

    def step(self, by: int) -> bool:
        """The next mark or the one before, round and round; False where there is none."""
        order = list(self.selectable)
        if not order:
            return False
        at = order.index(self._index) + by if self._index in order else (0 if by > 0 else len(order) - 1)
        self.select(order[at % len(order)])
        return True

    def set_layer(self, layer: int) -> None:
        """Draw into another layer."""
        layer = min(max(layer, 0), max(0, len(self._density.layers) - 1))
        if layer != self._layer:
            self._layer = layer
            self.changed.emit()

    # ---- edits

    def exchange(self, mark: Mark, text: str, *, merge: str = "") -> bool:
        """Another mark in the place of the chosen one; False if it was refused."""
        marks, at = self._density.marks, self._index
        return at is not None and self._set((*marks[:at], mark, *marks[at + 1 :]), text, merge)

    def move(self, by: Placement, text: str, *, merge: str = "") -> bool:
        """Move, turn, scale the chosen mark. Edits with one `merge` in a row, of one mark, are one undo step."""
        mark = self.mark
        return mark is not None and self.exchange(moved_mark(mark, by), text, merge=f"{merge}.{self._index}" if merge else "")

    def remove(self) -> bool:
        """Delete the chosen mark."""
        marks, at = self._density.marks, self._index
        return at is not None and self._set((*marks[:at], *marks[at + 1 :]), self.tr("Delete mark"), "", None)

    def duplicate(self) -> bool:
        """The same mark once more, a little beside, on top of all; it is chosen then."""
        mark, marks = self.mark, self._density.marks
        if mark is None:
            return False
        copy = moved_mark(mark, Placement(dx=BESIDE, dy=-BESIDE))
        return self._set((*marks, copy), self.tr("Duplicate mark"), "", len(marks))

    def set_layers(self, layers: tuple[Layer, ...], marks: tuple[Mark, ...], text: str, *, merge: str = "") -> bool:
        """Other layers, and the marks that lie in them."""
        return self._replace(msgspec.structs.replace(self._density, layers=layers, marks=marks), text, merge)

    @property
    def _density(self) -> Density:
        return self._store.scene.density

    def _set(self, marks: tuple[Mark, ...], text: str, merge: str, index: int | None = -1) -> bool:
        if not self._replace(msgspec.structs.replace(self._density, marks=marks), text, merge):
            return False
        if index != -1:
            self.select(index)
        return True

    def _replace(self, density: Density, text: str, merge: str) -> bool:
        try:
            self._store.edit(("density",), density, text, origin="select", merge=merge)
        except SceneError as error:
            self.refused.emit(str(error))
            return False
        return True

    def _edited(self, old: Scene, new: Scene, origin: str) -> None:
        """Keep to the mark that was chosen, where it still is."""
        if old.density is new.density:
            return
        marks, before = new.density.marks, self._index
        if before is not None and old.density.marks is not marks:
            was = old.density.marks[before] if before < len(old.density.marks) else None
            stays = len(marks) == len(old.density.marks) and type(marks[before]) is type(was)
            self._index = before if stays else next((k for k, mark in enumerate(marks) if mark is was), None)
        if self._index is not None and self._index not in self.selectable:
            self._index = None  # its layer was hidden
        if origin == "open":
            self._index, self._layer = None, 0
        self._layer = min(self._layer, max(0, len(new.density.layers) - 1))
        self.changed.emit()
