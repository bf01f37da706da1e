"""What is to be learned: presets, and what has been drawn, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.presets import PresetButton
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.words import count, scene_text
from scoreviz.scene.density import (
    PRESET_LABELS,
    Bitmap,
    Density,
    Digest,
    Erase,
    Gaussian,
    Mark,
    Points,
    Preset,
    PresetName,
    Stroke,
    Text,
)


def _tr(text: str) -> str:
    return QCoreApplication.translate("DensityPanel", text)


def in_words(density: Density, blobs: Mapping[Digest, bytes]) -> str:
    """“two spirals + points data.csv (1 000 rows) + 2 strokes”. The number of rows is that of the points' blob."""
    words = [word for mark in density.marks if (word := _by_name(mark, blobs))]
    kinds = Counter(type(mark) for mark in density.marks)
    for kind, one, many in (
        (Stroke, _tr("1 stroke"), _tr("{n} strokes")),
        (Gaussian, _tr("1 Gaussian"), _tr("{n} Gaussians")),
        (Erase, _tr("1 erasure"), _tr("{n} erasures")),
    ):
        if kinds[kind]:
            words.append(one if kinds[kind] == 1 else many.format(n=count(kinds[kind])))
    return " + ".join(words) or _tr("nothing drawn yet")


def _by_name(mark: Mark, blobs: Mapping[Digest, bytes]) -> str:
    """Marks that are told one by one."""
    match mark:
        case Preset():
            return scene_text(PRESET_LABELS[mark.name])
        case Text():
            return _tr("text “{text}”").format(text=mark.text)
        case Bitmap():
            return _tr("picture {name}").format(name=mark.name)
        case Points():
            rows = len(blobs.get(mark.points, b"")) // 8
            return _tr("points {name} ({n} rows)").format(name=mark.name, n=count(rows))
        case _:
            return ""


class DensityPanel(Section):
    """Thumbnails of the presets; choosing one replaces the drawing, as one undo step."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Density"), "density_panel", parent)
        self._store = store
        self.buttons: dict[PresetName, PresetButton] = {}
        row = QHBoxLayout()
        row.setSpacing(0)
        row.setContentsMargins(0, theme.current().px(3), 0, 0)
        for name in PRESET_LABELS:
            if self.buttons:
                row.addStretch(1)
            button = PresetButton(name, self)
            button.clicked.connect(lambda _on, name=name: self.choose(name))
            self.buttons[name] = button
            row.addWidget(button)
        self.body.addLayout(row)
        store.changed.connect(self._refresh)
        self._refresh()

    def choose(self, name: PresetName) -> None:
        """Replace the drawing by a preset."""
        text = self.tr("Preset “{name}”").format(name=scene_text(PRESET_LABELS[name]))
        self._store.edit(("density",), Density(marks=(Preset(name=name),)), text, origin="density")

    def _refresh(self, *_args: object) -> None:
        density = self._store.scene.density
        self.set_state(in_words(density, self._store.blobs))
        present = {mark.name for mark in density.marks if isinstance(mark, Preset)}
        for name, button in self.buttons.items():
            button.setChecked(name in present)
