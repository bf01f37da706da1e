"""What is to be learned: in how many dimensions, presets, and what has been drawn, in words; under More, layers and the chosen mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.density_words import in_words
from scoreviz.gui.dynamics.presets import PresetButton
from scoreviz.gui.dynamics.selecting.selection import Selection
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.focus import follow
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.segmented import Segmented
from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.density import PRESET_LABELS, Preset, PresetName
from scoreviz.scene.document import Scene
from scoreviz.scene.line import LINE_LABELS, LinePreset
from scoreviz.scene.solid import SOLID_LABELS, SolidPreset

__all__ = ["DensityPanel", "in_words"]


class DensityPanel(Section):
    """1-D, 2-D or 3-D; the presets of that, as thumbnails or by name. Choosing one replaces the drawing, as one undo step."""

    def __init__(self, store: Store, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Density"), "density_panel", parent, more=True)
        self._store, self._selection = store, selection
        self.dimensions = Segmented([("1", "1-D"), ("2", "2-D"), ("3", "3-D")], self)
        self.dimensions.setObjectName("density.dimensions")
        help = self.tr("A curve on a line, a drawing in the plane, a cloud in space. Each drawing is kept; the network begins anew.")
        self.dimensions.describe(self.tr("dimensions"), help)
        self.dimensions.setToolTip(help)
        self.dimensions.edited.connect(lambda value, _token: self._turn(value))
        self.body.addWidget(self.dimensions)
        self.buttons: dict[PresetName, PresetButton] = {name: PresetButton(name, self) for name in PRESET_LABELS}
        for name, button in self.buttons.items():
            button.clicked.connect(lambda _on, name=name: self.choose(name))
        self._rows: dict[str, QWidget] = {"2": self._in_a_row(list(self.buttons.values()))}
        self._named: dict[str, dict[str, QAbstractButton]] = {}
        self.body.addWidget(self._rows["2"])
        self.more_changed.connect(self._fill_more)
        store.changed.connect(self._changed)
        self._refresh()

    def choose(self, name: PresetName) -> None:
        """Replace the drawing in the plane by a preset."""
        density = msgspec.structs.replace(self._store.scene.density, marks=(Preset(name=name),), layers=())
        self._replace(density, scene_text(PRESET_LABELS[name]))

    def choose_line(self, name: Any) -> None:
        """Replace what is drawn on the line by a preset."""
        density = msgspec.structs.replace(self._store.scene.density, line=(LinePreset(name=name),))
        self._replace(density, scene_text(LINE_LABELS[name]))

    def choose_solid(self, name: Any) -> None:
        """Replace what is in space by a preset."""
        density = msgspec.structs.replace(self._store.scene.density, solid=(SolidPreset(name=name),))
        self._replace(density, scene_text(SOLID_LABELS[name]))

    def named(self, dimensions: str) -> Mapping[str, QAbstractButton]:
        """The buttons of the presets on the line ("1") or in space ("3"), by the presets' names."""
        if dimensions not in self._named:
            self._make_named(dimensions)
        return self._named[dimensions]

    def _replace(self, density: Any, name: str) -> None:
        self._store.edit(("density",), density, self.tr("Preset “{name}”").format(name=name), origin="density")

    def _turn(self, dimensions: str) -> None:
        self._store.edit(("density", "dimensions"), dimensions, self.tr("Change dimensions"), origin="density")
        self._refresh()

    def _make_named(self, dimensions: str) -> None:
        """Thumbnails on the line or in space, made when they are first seen."""
        made: dict[str, QAbstractButton]
        if dimensions == "1":
            from scoreviz.gui.dynamics.line_presets import LinePresetButton

            made = {name: LinePresetButton(name, self) for name in LINE_LABELS}
        else:
            from scoreviz.gui.dynamics.solid_presets import SolidPresetButton

            made = {name: SolidPresetButton(name, self) for name in SOLID_LABELS}
        choose = self.choose_line if dimensions == "1" else self.choose_solid
        for name, button in made.items():
            button.clicked.connect(lambda _on, name=name: choose(name))
        self._rows[dimensions], self._named[dimensions] = self._in_a_row(list(made.values())), made
        self.body.addWidget(self._rows[dimensions])
        follow(self.dimensions, self._rows[dimensions])

    def _in_a_row(self, buttons: Sequence[QAbstractButton]) -> QWidget:
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setSpacing(0)
        row.setContentsMargins(0, theme.current().px(4), 0, 0)
        for k, button in enumerate(buttons):
            if k:
                row.addStretch(1)
            row.addWidget(button)
        return holder

    def _fill_more(self, open: bool) -> None:
        """Layers and the chosen mark, made when they are first asked for."""
        if open and not self.extra_body.count():
            from scoreviz.gui.dynamics.selecting.layers import LayersList
            from scoreviz.gui.dynamics.selecting.selected import SelectedMark

            self.layers = LayersList(self._store, self._selection, self)
            self.selected = SelectedMark(self._store, self._selection, self)
            self.extra_body.addWidget(self.layers)
            self.extra_body.addWidget(self.selected)

    def _changed(self, old: Scene, new: Scene, _origin: str) -> None:
        if old.density is not new.density:  # it may have thousands of marks
            self._refresh()

    def _refresh(self) -> None:
        density = self._store.scene.density
        self.set_state(in_words(density, self._store.blobs))
        self.dimensions.set_value(density.dimensions)
        if density.dimensions != "2":
            self.named(density.dimensions)
        for dimensions, row in self._rows.items():
            row.setVisible(dimensions == density.dimensions)
        self.set_has_more(density.dimensions == "2")
        present = {mark.name for mark in density.present if isinstance(mark, Preset | LinePreset | SolidPreset)}
        for name, button in (*self.buttons.items(), *((n, b) for made in self._named.values() for n, b in made.items())):
            button.setChecked(name in present)
