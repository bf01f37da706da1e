"""The chips on space: its layers, the slice, how it is coloured, and the turntable."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.space.turntable import STEP, Turntable
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.chips import Chip, Pill
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.segmented import Segmented
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.gui.widgets.words import sentence
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.parameters import Parameter, parameters
from scoreviz.scene.view import View

LAYERS = ("density", "arrows", "particles", "cloud")
CHOICES = ("field", "density_scale")
REACH = 2.5
"""How far the slider moves the slice; a number that is typed may lie beyond."""
_DECLARED: dict[str, Parameter] = {p.name: p for p in parameters(View)}


def _scene(text: str) -> str:
    return QCoreApplication.translate("scene", text)


class SpaceChips(QWidget):
    """Two rows: the slice and the turntable, and one chip a layer."""

    told = Signal(str)  # why an edit was refused

    def __init__(self, store: Store, turntable: Turntable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("space_chips")
        self._store, self._turntable = store, turntable
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.current().px(6))
        column.addLayout(self._slice_row())
        column.addLayout(self._layer_row())
        store.changed.connect(self._show)
        turntable.changed.connect(self.turn.setChecked)
        self._show(store.scene, store.scene, "")

    def _slice_row(self) -> QHBoxLayout:
        now, row, pill = theme.current(), QHBoxLayout(), Pill()
        inner = QHBoxLayout(pill)
        inner.setContentsMargins(now.px(11), now.px(1), now.px(10), now.px(1))
        inner.setSpacing(now.px(8))
        inner.addWidget(label(_scene(_DECLARED["slice"].label), "dim", pill, name="space_slice_label"))
        labels = _DECLARED["slice"].description.labels
        self.axis = Segmented([(value, _scene(labels[value])) for value in _DECLARED["slice"].values], pill)
        self.axis.setObjectName("space_slice")
        self.axis.edited.connect(lambda value, _token: self._edit("slice", value))
        self.place = Number(Span(-REACH, REACH), pill)
        self.place.setObjectName("space_slice_at")
        self.place.setFixedWidth(now.px(168))
        self.place.edited.connect(lambda value, token: self._edit("slice_at", value, token))
        self.place.trouble.connect(self.told)
        for editor, name in ((self.axis, "slice"), (self.place, "slice_at")):
            editor.describe(_scene(_DECLARED[name].label), _scene(_DECLARED[name].help))
            editor.setToolTip(_scene(_DECLARED[name].help))
            inner.addWidget(editor)
        row.addWidget(pill)
        row.addWidget(self._turn_chip())
        row.addStretch(1)
        return row

    def _turn_chip(self) -> Chip:
        self.turn = Chip(self.tr("turn"), "space_turn")
        text = self.tr(
            "Space turns slowly about its upright axis until this is pressed again. Where less motion is asked for, a press is {n}°."
        ).format(n=round(STEP))
        self.turn.setToolTip(text)
        self.turn.setAccessibleName(self.tr("Turn space slowly"))
        self.turn.setAccessibleDescription(text)
        self.turn.clicked.connect(self._turntable.set_turning)
        return self.turn

    def _layer_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.layers: dict[str, Chip] = {}
        for name in LAYERS:
            declared = _DECLARED[name]
            chip = self.layers[name] = Chip(_scene(declared.label), f"space_{name}")
            chip.setToolTip(_help(name))
            chip.setAccessibleName(self.tr("Show {layer}").format(layer=_scene(declared.label)))
            chip.setAccessibleDescription(_help(name))
            chip.clicked.connect(lambda on, name=name: self._edit(name, on))
            row.addWidget(chip)
        self.menu_chip = Chip("", "space_menu", checkable=False, chevron=True)
        self.menu_chip.setAccessibleName(self.tr("What the arrows and the density show"))
        self.menu_chip.clicked.connect(self._open_menu)
        row.addWidget(self.menu_chip)
        row.addStretch(1)
        self.menu = QMenu(self)
        self.options: dict[tuple[str, str], QAction] = {}
        for name in CHOICES:
            self._add_choices(name)
        return row

    def _add_choices(self, name: str) -> None:
        declared = _DECLARED[name]
        self.menu.addSection(_scene(declared.label))
        group = QActionGroup(self.menu)
        for value in declared.values:
            action = group.addAction(self.menu.addAction(_scene(declared.description.labels[value])))
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, value=value: self._edit(name, value))
            self.options[name, value] = action

    def _open_menu(self) -> None:
        corner = self.menu_chip.mapToGlobal(self.menu_chip.rect().topLeft())
        corner.setY(corner.y() - self.menu.sizeHint().height() - 4)
        self.menu.popup(corner)

    def _edit(self, name: str, value: object, merge: str = "") -> None:
        text = self.tr("Change {what}").format(what=_scene(_DECLARED[name].label))
        try:
            self._store.edit(("view", name), value, text, origin="space_chips", merge=merge)
        except SceneError as error:
            self.told.emit(sentence(error))
            self.place.refuse()

    def _show(self, _old: Scene, new: Scene, _origin: str) -> None:
        view = new.view
        for name, chip in self.layers.items():
            chip.setChecked(getattr(view, name))
        self.axis.set_value(view.slice)
        self.place.set_value(view.slice_at)
        self.place.setEnabled(view.slice != "none")
        for (name, value), action in self.options.items():
            action.setChecked(getattr(view, name) == value)
        self.menu_chip.setText(_scene(_DECLARED["field"].description.labels[view.field]))
        self.adjustSize()


def _help(name: str) -> str:
    """What a layer is, in space."""
    return {
        "density": QCoreApplication.translate("space", "log pₜ on the slice: what is placed in space, blurred by the noise of this t."),
        "arrows": QCoreApplication.translate("space", "Arrows on the slice: the part of σ times the score that lies in it."),
    }.get(name) or _scene(_DECLARED[name].help)
