"""The chips on the canvas: which layers are shown, and which score the arrows show."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from scoreviz.gui.store import Store
from scoreviz.gui.widgets.chips import Chip
from scoreviz.scene.document import Scene
from scoreviz.scene.parameters import parameters
from scoreviz.scene.view import View

LAYERS = ("density", "arrows", "particles")
CHOICES = ("field", "density_scale")


class LayerChips(QWidget):
    """One chip a layer, and a menu with the choices of how they are drawn."""

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

    def _label(self, text: str) -> str:
        return QCoreApplication.translate("scene", text)

    def _chip(self, name: str) -> Chip:
        declared = self._declared[name]
        chip = Chip(self._label(declared.label), f"layer_{name}")
        chip.setToolTip(self._label(declared.help))
        chip.setAccessibleName(self.tr("Show {layer}").format(layer=self._label(declared.label)))
        chip.clicked.connect(lambda on, name=name: self._edit(name, on))
        self._chips[name] = chip
        return chip

    def _menu_chip(self) -> Chip:
        self._menu_button = Chip("", "layer_menu", checkable=False, chevron=True)
        self._menu_button.setAccessibleName(self.tr("What the arrows and the density show"))
        self._menu = QMenu(self)
        self._options: dict[tuple[str, str], QAction] = {}
        for name in CHOICES:
            declared = self._declared[name]
            self._menu.addSection(self._label(declared.label))
            group = QActionGroup(self._menu)
            for value in declared.values:
                action = group.addAction(self._menu.addAction(self._label(declared.description.labels[value])))
                action.setCheckable(True)
                action.triggered.connect(lambda _=False, name=name, value=value: self._edit(name, value))
                self._options[name, value] = action
        self._menu_button.clicked.connect(self._open_menu)
        return self._menu_button

    def _open_menu(self) -> None:
        top_left = self._menu_button.mapToGlobal(self._menu_button.rect().topLeft())
        top_left.setY(top_left.y() - self._menu.sizeHint().height() - 4)
        self._menu.popup(top_left)

    def _edit(self, name: str, value: object) -> None:
        label = self._label(self._declared[name].label)
        self._store.edit(("view", name), value, self.tr("Change {what}").format(what=label), origin="layer_chips")

    def _show(self, _old: Scene, new: Scene, _origin: str) -> None:
        for name, chip in self._chips.items():
            chip.setChecked(getattr(new.view, name))
        for (name, value), action in self._options.items():
            action.setChecked(getattr(new.view, name) == value)
        field = self._declared["field"]
        self._menu_button.setText(self._label(field.description.labels[new.view.field]))
        self.adjustSize()
