"""Which layers the panes show: the same three as the plane's."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from scoreviz.gui.store import Store
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.document import Scene
from scoreviz.scene.parameters import parameters
from scoreviz.scene.view import View

LAYERS = ("density", "arrows", "particles")


class PaneChips(QWidget):
    """One chip a layer, for all panes at once."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare.chips")
        self._store = store
        declared = {p.name: p for p in parameters(View)}
        self._chips: dict[str, Chip] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for name in LAYERS:
            label = scene_text(declared[name].label)
            chip = self._chips[name] = Chip(label, f"compare.layer.{name}", self)
            chip.setToolTip(scene_text(declared[name].help))
            chip.setAccessibleName(self.tr("Show {layer} in all panes").format(layer=label))
            chip.clicked.connect(lambda on, name=name, label=label: self._edit(name, label, on))
            row.addWidget(chip)
        store.changed.connect(self._show)
        self._show(store.scene, store.scene, "")

    def _edit(self, name: str, label: str, on: bool) -> None:
        self._store.edit(("view", name), on, self.tr("Change {what}").format(what=label), origin="compare")

    def _show(self, _old: Scene, new: Scene, _origin: str) -> None:
        for name, chip in self._chips.items():
            chip.setChecked(getattr(new.view, name))
