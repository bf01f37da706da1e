"""The chips of space-time: which of its layers are shown."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from scoreviz.gui.playback import Playback
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.document import Scene
from scoreviz.scene.parameters import parameters
from scoreviz.scene.view import View

LAYERS = ("density", "particles", "reverse_paths", "forward_paths", "flow_lines")
TIMED = ("forward_paths", "flow_lines")


class SpaceTimeChips(QWidget):
    """One chip a layer. Forward and ODE paths need an axis of t, which Langevin dynamics has not."""

    def __init__(self, store: Store, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("spacetime_chips")
        self._store, self._playback = store, playback
        self._declared = {p.name: p for p in parameters(View)}
        self._chips: dict[str, Chip] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._columns = 0
        for name in LAYERS:
            self._chip(name)
        self._arrange(len(LAYERS))
        store.changed.connect(self._show)
        playback.run_changed.connect(self._enable)
        self._show(store.scene, store.scene, "")
        self._enable()

    def fit(self, width: int) -> None:
        """In one row, or in two where that is wider."""
        gaps = self._grid.horizontalSpacing() * (len(LAYERS) - 1)
        whole = sum(chip.sizeHint().width() for chip in self._chips.values()) + gaps
        self._arrange(len(LAYERS) if whole <= width else (len(LAYERS) + 1) // 2)

    def _arrange(self, columns: int) -> None:
        if columns != self._columns:
            self._columns = columns
            for k, chip in enumerate(self._chips.values()):
                self._grid.addWidget(chip, *divmod(k, columns))

    def _chip(self, name: str) -> Chip:
        declared = self._declared[name]
        chip = Chip(scene_text(declared.label), f"line_{name}")
        chip.setAccessibleName(self.tr("Show {layer}").format(layer=scene_text(declared.label)))
        chip.clicked.connect(lambda on, name=name: self._edit(name, on))
        self._chips[name] = chip
        return chip

    def _edit(self, name: str, on: bool) -> None:
        label = scene_text(self._declared[name].label)
        self._store.edit(("view", name), on, self.tr("Change {what}").format(what=label), origin="layer_chips")

    def _show(self, _old: Scene, new: Scene, _origin: str) -> None:
        for name, chip in self._chips.items():
            chip.setChecked(getattr(new.view, name))

    def _enable(self) -> None:
        run = self._playback.run
        timed = run is None or run.axis in ("reverse", "forward")
        for name, chip in self._chips.items():
            enabled = timed or name not in TIMED
            chip.setEnabled(enabled)
            chip.setToolTip(
                self._help(name)
                if enabled
                else self.tr("They run along t, and this sampler stays at one noise level or walks down a list of them.")
            )

    def _help(self, name: str) -> str:
        return {
            "density": self.tr("log pₜ(x), where xₜ = a(t) x₀ + std(t) z: exact, since a mixture blurred by noise is a mixture again."),
            "particles": self.tr(
                "The sampled points of this time: a dash each on its line, and beside it their histogram with the exact pₜ."
            ),
            "reverse_paths": self.tr("The way of 40 of the run's particles up to this time, straight from substep to substep."),
            "forward_paths": self.tr("40 paths of dx = f dt + g dw from the data, by its exact transitions. Song et al. 2021, eq. 5."),
            "flow_lines": self.tr(
                "dx = [f − g² s / 2] dt from 24 quantiles of p₁, by Runge–Kutta 4 with the sampler's score. By the exact score each stays "
                "on its quantile of pₜ. Song et al. 2021, eq. 13."
            ),
        }[name]
