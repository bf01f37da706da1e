"""The chips on the canvas: which layers are shown, and the Inspect menu of what else can be drawn."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from scoreviz.gui.dynamics.inspect_words import tooltip
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.chips import Chip
from scoreviz.scene.document import Scene
from scoreviz.scene.parameters import parameters
from scoreviz.scene.view import View

LAYERS = ("density", "arrows", "particles")
CHOICES = ("map", "lines", "field", "density_scale")


class LayerChips(QWidget):
    """One chip a layer, and a menu: map, lines, which score the arrows show, scale of the density."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layer_chips")
        self._store = store
        self._declared = {p.name: p for p in parameters(View)}
        self._chips: dict[str, Chip] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for name in LAYERS:
            row.addWidget(self._chip(name))
        row.addWidget(self._menu_chip())
        store.changed.connect(self._show)
        self._show(store.scene, store.scene, "")

    def open_menu(self) -> None:
        """The Inspect menu, above its chip."""
        top_left = self._menu_button.mapToGlobal(self._menu_button.rect().topLeft())
        top_left.setY(top_left.y() - self._menu.sizeHint().height() - 4)
        self._menu.popup(top_left)

    def _label(self, text: str) -> str:
        return QCoreApplication.translate("scene", text)

    def _chip(self, name: str) -> Chip:
        declared = self._declared[name]
        chip = Chip(self._label(declared.label), f"layer_{name}")
        chip.setToolTip(self._label(declared.help))
        chip.setAccessibleName(self.tr("Show {layer}").format(layer=self._label(declared.label)))
        chip.clicked.connect(lambda on, name=name: self._show_layer(name, on))
        self._chips[name] = chip
        return chip

    def _menu_chip(self) -> Chip:
        self._menu_button = Chip("", "inspect", checkable=False, chevron=True)
        self._menu_button.setToolTip(self.tr("Maps, lines, and what arrows and colours show (I)"))
        self._menu = QMenu(self)
        self._menu.setObjectName("inspect_menu")
        self._menu.setToolTipsVisible(True)
        self._options: dict[tuple[str, str], QAction] = {}
        for name in CHOICES:
            declared = self._declared[name]
            self._menu.addSeparator()
            self._menu.addAction(self._label(declared.label)).setEnabled(False)  # a heading: not every style writes those of sections
            group = QActionGroup(self._menu)
            for value, label in declared.description.labels.items():
                action = group.addAction(self._menu.addAction(self._label(label)))
                action.setObjectName(f"inspect_{name}_{value}")
                action.setCheckable(True)
                action.setToolTip(tooltip(name, value))
                action.setStatusTip(tooltip(name, value))
                action.triggered.connect(lambda _=False, name=name, value=value: self._edit(name, value))
                self._options[name, value] = action
        self._menu_button.clicked.connect(self.open_menu)
        return self._menu_button

    def _show_layer(self, name: str, on: bool) -> None:
        view = self._store.scene.view
        if name == "density" and view.map != "none":  # a map has its place: the chip brings it back
            self._put(msgspec.structs.replace(view, map="none", density=True), "density")
        else:
            self._edit(name, on)

    def _edit(self, name: str, value: object) -> None:
        self._put(msgspec.structs.replace(self._store.scene.view, **{name: value}), name)

    def _put(self, view: View, name: str) -> None:
        label = self._label(self._declared[name].label)
        self._store.edit(("view",), view, self.tr("Change {what}").format(what=label), origin="layer_chips")

    def _show(self, _old: Scene, new: Scene, _origin: str) -> None:
        for name, chip in self._chips.items():
            chip.setChecked(getattr(new.view, name) and not (name == "density" and new.view.map != "none"))
        for (name, value), action in self._options.items():
            action.setChecked(getattr(new.view, name) == value)
        words = self._words(new.view)
        self._menu_button.setText(self.tr("Inspect: {what}").format(what=words) if words else self.tr("Inspect"))
        self._menu_button.setAccessibleName(self.tr("Inspect: maps, lines, and what arrows and colours show. Now: {what}").format(
            what=words or self.tr("nothing besides the layers")
        ))  # fmt: skip
        self.adjustSize()

    def _words(self, view: View) -> str:
        """What differs from the plain picture: "angle · contours"."""
        plain: Any = View()
        short = {
            ("map", "error"): self.tr("error"), ("map", "relative"): self.tr("relative error"), ("map", "angle"): self.tr("angle"),
            ("map", "weighted"): self.tr("weighted error"), ("map", "log_network"): self.tr("log p of the network"),
            ("map", "log_ode"): self.tr("log p by the ODE"), ("map", "curl"): self.tr("curl"), ("map", "divergence"): self.tr("divergence"),
            ("lines", "contours"): self.tr("contours"), ("lines", "streamlines"): self.tr("streamlines"),
            ("lines", "posterior_mean"): self.tr("posterior mean"), ("field", "exact"): self.tr("exact score"),
            ("field", "network"): self.tr("network's score"), ("field", "difference"): self.tr("network − exact"),
            ("density_scale", "relative"): self.tr("relative scale"),
        }  # fmt: skip
        return " · ".join(short[name, getattr(view, name)] for name in CHOICES if getattr(view, name) != getattr(plain, name))
