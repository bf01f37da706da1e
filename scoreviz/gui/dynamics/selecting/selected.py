"""The chosen mark in figures: class, layer, width, hardness, weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.class_row import ClassRow
from scoreviz.gui.dynamics.density_words import mark_in_words
from scoreviz.gui.dynamics.selecting.selection import Selection
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.buttons import WordButton
from scoreviz.gui.widgets.combo import Item, Menu
from scoreviz.gui.widgets.editor import Editor
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.scene.density import Erase

NUMBERS = {"width": Span(0.01, 5.0, log=True), "hardness": Span(0.0, 1.0), "weight": Span(0.01, 1000.0, log=True)}


class SelectedMark(QWidget):
    """What the chosen mark is, and what can be changed of it beside its place. Every change is one undo step."""

    def __init__(self, store: Store, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._selection = store, selection
        self.setObjectName("selected_mark")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, theme.current().px(8), 0, 0)
        self._column.setSpacing(theme.current().px(2))
        self.title = label("", "dim", self, wrap=True, name="selected_mark.title")
        self._column.addWidget(self.title)
        self.classes = ClassRow(self)
        self.layers = Menu(self._layer_items, self)
        self.numbers = {name: Number(span, self) for name, span in NUMBERS.items()}
        names = {"width": self.tr("width"), "hardness": self.tr("hardness"), "weight": self.tr("weight")}
        self._rows: dict[str, QWidget] = {}
        self._row("label", self.tr("class"), self.tr("The label y of its mass"), self.classes)
        self._row("layer", self.tr("layer"), self.tr("The layer in which it lies"), self.layers)
        helps = {
            "width": self.tr("Standard deviation across the stroke, or the eraser's half width, before it is scaled"),
            "hardness": self.tr("0: across it, a stroke is a Gaussian. 1: an even band with sharp edges"),
            "weight": self.tr("Mass for each unit of length or of area, or of the whole mark"),
        }
        for name, editor in self.numbers.items():
            self._row(name, names[name], helps[name], editor)
            editor.trouble.connect(lambda _sentence, editor=editor: editor.refuse())
        self.copy = WordButton(self.tr("Duplicate"), "selected_mark.duplicate", self)
        self.delete = WordButton(self.tr("Delete"), "selected_mark.delete", self)
        self.copy.setToolTip(self.tr("Duplicate the mark  (Ctrl+D on the canvas)"))
        self.delete.setToolTip(self.tr("Delete the mark  (Delete on the canvas)"))
        self.copy.clicked.connect(lambda: selection.duplicate())
        self.delete.clicked.connect(lambda: selection.remove())
        self._foot = QWidget(self)
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.addStretch(1)
        foot.addWidget(self.copy)
        foot.addWidget(self.delete)
        self._column.addWidget(self._foot)
        selection.changed.connect(self._refresh)
        self._refresh()

    def _row(self, name: str, text: str, help: str, editor: Editor) -> None:
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        said = label(text, "dim", holder)
        said.setFixedWidth(theme.current().px(64))
        said.setToolTip(help)
        editor.setObjectName(f"selected_mark.{name}")
        editor.describe(text, help)
        editor.edited.connect(lambda value, token, name=name: self._edit(name, value, token))
        row.addWidget(said)
        row.addWidget(editor, 1)
        self._rows[name] = holder
        self._column.addWidget(holder)

    def _layer_items(self) -> Sequence[Item]:
        layers = self._store.scene.density.layers
        return [Item(str(k), layer.name or self.tr("layer {n}").format(n=k + 1)) for k, layer in enumerate(layers)]

    def _edit(self, name: str, value: Any, token: str) -> None:
        mark = self._selection.mark
        if mark is None:
            return
        change: dict[str, Any] = {name: int(value) if name == "layer" else value}
        merge = f"mark.{name}.{token}" if token else ""
        if not self._selection.exchange(msgspec.structs.replace(mark, **change), self.tr("Change mark"), merge=merge):
            editor = self.numbers.get(name)
            if editor is not None:
                editor.refuse()

    def _refresh(self) -> None:
        mark, density = self._selection.mark, self._store.scene.density
        for row in (*self._rows.values(), self._foot):
            row.setVisible(mark is not None)
        if mark is None:
            self.title.setText(
                self.tr(
                    "No mark is selected. Press V and click one, or Enter. Then Tab goes to the next, arrows move it, [ ] size it, "
                    "{ } turn it, Delete removes it."
                )
            )
            return
        words = mark_in_words(mark, self._store.blobs)
        at, n = (self._selection.index or 0) + 1, len(density.marks)
        self.title.setText(self.tr("Selected: {mark}, {k} of {n}").format(mark=words, k=at, n=n))
        self.classes.set_value(mark.label)
        self.layers.refill()
        self.layers.set_value(str(mark.layer))
        for name, editor in self.numbers.items():
            if hasattr(mark, name):
                editor.set_value(getattr(mark, name))
            self._rows[name].setVisible(hasattr(mark, name))
        self._rows["label"].setVisible(not isinstance(mark, Erase))
        self._rows["layer"].setVisible(len(density.layers) > 1)
