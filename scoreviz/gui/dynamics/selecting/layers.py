"""The list of layers: which one is drawn into, and each one's name, weight and visibility."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.selecting.selection import Selection
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.buttons import IconButton, WordButton
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.scene.density import MOST_LAYERS, Layer

WEIGHTS = Span(0.0, 1000.0)


class LayerRow(QWidget):
    """One layer. What is done to it goes to the list."""

    def __init__(self, index: int, owner: LayersList) -> None:
        super().__init__(owner)
        now = theme.current()
        self.setObjectName(f"layer.{index}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(now.px(4))
        number = index + 1
        self.active = Chip(str(number), "active", self, small=True)
        self.active.setAccessibleName(self.tr("Draw into layer {n}").format(n=number))
        self.active.setToolTip(self.tr("New marks go into this layer"))
        self.active.clicked.connect(lambda: owner.activate(index))
        self.name = QLineEdit(self)
        self.name.setObjectName("name")
        self.name.setMaxLength(60)
        self.name.setPlaceholderText(self.tr("layer {n}").format(n=number))
        self.name.setAccessibleName(self.tr("Name of layer {n}").format(n=number))
        self.name.editingFinished.connect(lambda: self._rename(owner))
        self.weight = Number(WEIGHTS, self, slider=False)
        self.weight.setObjectName("weight")
        help = self.tr("The mass of its marks is multiplied by this; a layer of weight 0 is not in the density")
        self.weight.describe(self.tr("Weight of layer {n}").format(n=number), help)
        self.weight.setToolTip(help)
        self.weight.setFixedWidth(now.px(58))
        self.weight.edited.connect(lambda value, _token: self._weigh(owner, value))
        self.weight.trouble.connect(lambda _sentence: self.weight.refuse())
        self.eye = IconButton("eye", "", "visible", self, size=24, glyph=16, checkable=True, quiet=True)
        self.eye.clicked.connect(lambda on: owner.change(index, "visible", on))
        self.delete = IconButton(
            "close", self.tr("Delete layer {n} and what is drawn in it").format(n=number), "delete", self, size=24, glyph=14
        )
        self.delete.clicked.connect(lambda: owner.delete(index))
        for widget, stretch in ((self.active, 0), (self.name, 1), (self.weight, 0), (self.eye, 0), (self.delete, 0)):
            row.addWidget(widget, stretch)
        self._number = number

    def _rename(self, owner: LayersList) -> None:
        """What was typed, once: Qt says so again when the field loses the keyboard, which may be because of an undo."""
        if self.name.isModified() and self.isVisible():
            self.name.setModified(False)
            owner.change(self._number - 1, "name", self.name.text().strip())

    def _weigh(self, owner: LayersList, weight: float) -> None:
        if not owner.change(self._number - 1, "weight", weight):
            self.weight.refuse()

    def show_layer(self, layer: Layer, *, active: bool, only: bool) -> None:
        """What the scene says."""
        self.active.setChecked(active)
        if not self.name.hasFocus() or not self.name.isModified():
            self.name.setText(layer.name)
        self.weight.set_value(layer.weight)
        self.eye.setChecked(layer.visible)
        self.eye.set_icon("eye" if layer.visible else "eye_off")
        words = self.tr("Hide layer {n}") if layer.visible else self.tr("Show layer {n}")
        self.eye.name_it(words.format(n=self._number))
        self.delete.setEnabled(not only)


class LayersList(QWidget):
    """A row for each layer. Every change is one undo step; a drawing without layers has one of weight 1."""

    def __init__(self, store: Store, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._selection = store, selection
        self.setObjectName("layers")
        now = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, now.px(6), 0, 0)
        column.setSpacing(now.px(3))
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Layers"), "dim", self), 1)
        self.add = WordButton(self.tr("Add layer"), "add_layer", self)
        self.add.clicked.connect(self.append)
        head.addWidget(self.add)
        column.addLayout(head)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(now.px(3))
        column.addLayout(self._rows)
        self.rows: list[LayerRow] = []
        selection.changed.connect(self._refresh)  # it hears of every edit of the drawing
        self._refresh()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Those of the scene, or the one that there is without any."""
        return self._store.scene.density.layers or (Layer(),)

    def activate(self, index: int) -> None:
        """Draw into a layer."""
        self._selection.set_layer(index)
        self._refresh()

    def change(self, index: int, name: str, value: Any) -> bool:
        """Edit one value of a layer; False if it was refused."""
        texts = {"name": self.tr("Rename layer"), "weight": self.tr("Weigh layer"), "visible": self.tr("Show or hide layer")}
        change: dict[str, Any] = {name: value}
        layers = list(self.layers)
        if getattr(layers[index], name) == value:
            return True
        layers[index] = msgspec.structs.replace(layers[index], **change)
        return self._selection.set_layers(tuple(layers), self._store.scene.density.marks, texts[name])

    def append(self) -> None:
        """A new layer on top, which is drawn into from now on."""
        if self._selection.set_layers((*self.layers, Layer()), self._store.scene.density.marks, self.tr("Add layer")):
            self.activate(len(self.layers) - 1)

    def delete(self, index: int) -> None:
        """A layer and its marks."""
        marks = self._store.scene.density.marks
        kept = tuple(
            msgspec.structs.replace(mark, layer=mark.layer - 1) if mark.layer > index else mark for mark in marks if mark.layer != index
        )
        layers = self.layers[:index] + self.layers[index + 1 :]
        self._selection.set_layers(() if layers == (Layer(),) else layers, kept, self.tr("Delete layer"))

    def _refresh(self, *_args: object) -> None:
        layers, active = self.layers, self._selection.layer
        while len(self.rows) < len(layers):
            self.rows.append(LayerRow(len(self.rows), self))
            self._rows.addWidget(self.rows[-1])
        while len(self.rows) > len(layers):
            row = self.rows.pop()
            row.setParent(None)
            row.deleteLater()
        for index, (row, layer) in enumerate(zip(self.rows, layers, strict=True)):
            row.show_layer(layer, active=index == active, only=len(layers) == 1)
        self.add.setEnabled(len(layers) < MOST_LAYERS)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
