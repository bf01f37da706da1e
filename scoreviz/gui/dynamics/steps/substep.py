"""The section “This substep”: what it did, in figures, of all particles or of one."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from scoreviz.gui import theme
from scoreviz.gui.canvas.palette import palette
from scoreviz.gui.dynamics.steps.markup import number, rich
from scoreviz.gui.dynamics.steps.microscope import DRAWN, Microscope
from scoreviz.gui.dynamics.steps.overlay import colours
from scoreviz.gui.playback import STAGES, Playback
from scoreviz.gui.store import Store
from scoreviz.gui.transport.words import stage_name
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.gui.widgets.toggle import Toggle
from scoreviz.gui.widgets.words import count, figure
from scoreviz.protocol.questions import SubstepParts

NAME_WIDTH = 104
MEASURED = ("|drift|", "|noise|", "ratio", "|s|", "eps", "x", "x0", "accepted")


class Row(QWidget):
    """A name at the left, a figure at the right."""

    def __init__(self, key: str, name: str, help: str, parent: QWidget) -> None:
        super().__init__(parent)
        now = theme.current()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.name, self.value = QLabel(rich(name), self), QLabel("", self)
        for part in (self.name, self.value):
            part.setTextFormat(Qt.TextFormat.RichText)
        self.name.setProperty("role", "dim")
        self.value.setObjectName(f"substep.{key}")
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.name)
        row.addWidget(self.value, 1)
        self.setToolTip(help)
        self.setFixedHeight(now.px(21))

    def show_value(self, name: str, value: str) -> None:
        """Another name and figure; without a figure the row is gone."""
        if name:
            self.name.setText(rich(name))
        self.value.setText(rich(value))
        self.value.setAccessibleName(value)
        self.setVisible(bool(value))


class SubstepSection(Section):
    """It watches the microscope."""

    def __init__(self, store: Store, playback: Playback[Any], microscope: Microscope, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("This substep"), "steps.substep", parent)
        self._store, self._playback, self._microscope = store, playback, microscope
        self.told = label("", "dim", self, wrap=True, name="steps.substep.told")
        self.body.addWidget(self.told)
        self.rows: dict[str, Row] = {}
        for key, name, help in self._names():
            self.rows[key] = Row(key, name, help, self)
            self.body.addWidget(self.rows[key])
        self._add_particle()
        self._add_drawing()
        microscope.changed.connect(self.refresh)
        playback.run_changed.connect(self._limit)
        store.changed.connect(lambda *_: self.refresh())
        self._limit()
        self.refresh()

    def _names(self) -> list[tuple[str, str, str]]:
        return [
            ("time", "t → t′", self.tr("From where to where on the sampler's own time axis.")),
            ("sigma", "σ → σ′", self.tr("std/a before and after; what the ground and the arrows are of.")),
            ("eps", "ε", self.tr("Size of the Langevin step x + ε s + √(2ε) z; the mean where samples have their own.")),
            ("dt", "Δt", self.tr("Step of t, as the rule takes it.")),
            ("s", "|s|", self.tr("Length of the score where the substep began.")),
            ("drift", self.tr("|drift|"), self.tr("Length of the deterministic displacement.")),
            ("noise", self.tr("|noise|"), self.tr("Length of the random displacement.")),
            ("ratio", self.tr("|drift| / |noise|"), self.tr("Signal to noise as measured; a Langevin corrector aims at r √α.")),
            ("x", "x", self.tr("Where the particle was, and where it is.")),
            ("x0", "E[x_0 | x]", self.tr("Tweedie's estimate of where it comes from, E[x₀ | x], before the substep.")),
            ("accepted", self.tr("accepted"), self.tr("Share of the proposals that were taken; the other particles stay.")),
        ]  # fmt: skip

    def _add_particle(self) -> None:
        now, line = theme.current(), QHBoxLayout()
        name = label(self.tr("particle"), "dim", self)
        name.setFixedWidth(now.px(NAME_WIDTH))
        self.particle = Number(Span(0, 1, integer=True), self)
        self.particle.setObjectName("edit.steps.particle")
        self.particle.describe(self.tr("particle"), self.tr("0: the mean of all particles; otherwise the one of that number."))
        self.particle.setToolTip(self.tr("0: the mean of all particles; otherwise the one of that number."))
        self.particle.edited.connect(self._choose)
        self.particle.trouble.connect(self.told.setText)
        self.particle.set_value(0)
        line.addWidget(name)
        line.addWidget(self.particle, 1)
        self.body.addLayout(line)

    def _add_drawing(self) -> None:
        line = QHBoxLayout()
        name = label(self.tr("draw its parts"), "dim", self)
        self.drawing = Toggle(self)
        self.drawing.setObjectName("edit.steps.drawing")
        help = self.tr("On the canvas, for {n} particles or for the one chosen, while the transport rests.").format(n=DRAWN)
        self.drawing.describe(self.tr("draw its parts"), help)
        self.drawing.setToolTip(help)
        self.drawing.edited.connect(self._set_drawing)
        line.addWidget(name, 1)
        line.addWidget(self.drawing)
        self.body.addLayout(line)
        self.legend = label("", "dim", self, wrap=True, name="steps.substep.legend")
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.hide()
        self.body.addWidget(self.legend)

    def _choose(self, value: Any, _token: str) -> None:
        self.particle.set_value(max(0, min(int(value), int(self.particle.span.high))))
        self._microscope.set_particle(int(max(0, min(int(value), self.particle.span.high))))

    def _set_drawing(self, on: Any, _token: str) -> None:
        self.drawing.set_value(bool(on))
        self.legend.setVisible(bool(on))
        self._microscope.set_drawing(bool(on))

    def _limit(self) -> None:
        """As many particles as the run has."""
        run = self._playback.run
        total = len(run.at(0)) if run is not None and run.ready else 1
        if total != self.particle.span.high:
            self.particle.span = Span(0, total, integer=True)
            self._choose(min(self._microscope.particle, total), "")

    def refresh(self) -> None:
        """The answer, or why there is none."""
        answer, scene = self._microscope.answer, self._store.scene
        drift, noise, score = (colour.name() for colour in colours(palette(theme.current().name)))
        signs = (("→", drift, self.tr("drift")), ("⇢", noise, self.tr("noise")), ("—", score, self.tr("which way the score points")))
        self.legend.setText(" &nbsp; ".join(f'<span style="color:{colour}">{sign}</span> {word}' for sign, colour, word in signs))
        if scene.density.dimensions != "2" or scene.compare.panes:
            self.legend.setText(self.tr("Drawn on the plane alone: this view has no place for them."))
        self.told.setText(self._microscope.sentence)
        self.told.setVisible(bool(self._microscope.sentence))
        values = {} if answer is None else self._values(answer)
        for key, row in self.rows.items():
            name, value = values.get(key, ("", ""))
            row.show_value(name, value)
        self.set_state("" if answer is None else self._state(answer))

    def _state(self, answer: SubstepParts) -> str:
        stage = stage_name(STAGES.index(answer.stage))
        run = self._playback.run
        if answer.substep == 0 or run is None:
            return stage
        return self.tr("{stage} · {k} of {n}").format(stage=stage, k=count(answer.substep), n=count(run.total))

    def _values(self, answer: SubstepParts) -> dict[str, tuple[str, str]]:
        """Row -> name and figure."""
        f = answer.figures
        found: dict[str, tuple[str, str]] = {"sigma": ("", f"{_number(f, 'sigma')} → {_number(f, 'sigma1')}")}
        found["time"] = ("", f"{_number(f, 't')} → {_number(f, 't1')}")
        if answer.t == answer.s:
            found |= {"time": ("t", _number(f, "t")), "sigma": ("σ", _number(f, "sigma"))}
        else:
            found["sigma"], found["time"] = ("σ → σ′", found["sigma"][1]), ("t → t′", found["time"][1])
            found["dt"] = ("", _number(f, "dt"))
        if answer.stage == "start":
            return {key: found[key] for key in ("time", "sigma")}
        if "eps" in f:
            found["eps"] = ("", _number(f, "eps"))
        return found | (self._of_one(answer) if self._microscope.particle and answer.particles else self._of_all(answer))

    def _of_all(self, answer: SubstepParts) -> dict[str, tuple[str, str]]:
        f, mean = answer.figures, self.tr("mean {what}")
        found = {
            key: (mean.format(what=name), _number(f, name)) for key, name in (("drift", "|drift|"), ("noise", "|noise|"), ("s", "|s|"))
        }
        if f.get("|noise|", 0.0) > 0:
            found["ratio"] = ("", figure(f["|drift|"] / f["|noise|"]))
        if "accepted" in f:
            found["accepted"] = ("", self.tr("{percent} %").format(percent=round(100 * f["accepted"])))
        return found

    def _of_one(self, answer: SubstepParts) -> dict[str, tuple[str, str]]:
        def length(part: Any) -> float:
            return 0.0 if part is None else float(np.linalg.norm(part.numpy()[0]))

        drift, noise = length(answer.drift), length(answer.noise)
        found = {
            "drift": ("|drift|", figure(drift)),
            "noise": ("|noise|", figure(noise)),
            "x": ("", f"{_point(answer.before)} → {_point(answer.after)}"),
        }
        if answer.score is not None:
            found["s"] = ("|s|", figure(length(answer.score)))
        if noise > 0:
            found["ratio"] = ("", figure(drift / noise))
        if answer.x0 is not None:
            found["x0"] = ("", _point(answer.x0))
        if answer.accepted is not None:
            found["accepted"] = ("", self.tr("yes") if answer.accepted[0] else self.tr("no"))
        return found


def _number(figures: dict[str, float], name: str) -> str:
    return number(name, figures[name]) if name in figures else ""


def _point(part: Any) -> str:
    inner = ", ".join(f"{value:.2f}".replace("-", "−") for value in part.numpy()[0].tolist())
    return f"({inner})"
