"""The sections about one point's past data: who pulls, and the fan of targets that denoising is trained on."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from scoreviz.gui.dynamics.probe.figures import centre, fan_words
from scoreviz.gui.dynamics.probe.on_canvas import OnCanvas
from scoreviz.gui.dynamics.probe.probing import FEWEST, MOST, Probing
from scoreviz.gui.dynamics.probe.rows import Bars, EditorRow
from scoreviz.gui.widgets.buttons import WordButton
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.gui.widgets.toggle import Toggle
from scoreviz.gui.widgets.words import count


class PullSection(Section):
    """The components that the point may have come from, heaviest first."""

    def __init__(self, probing: Probing, on_canvas: OnCanvas, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Who pulls here"), "probe_pull", parent)
        self._probing = probing
        help = self.tr("pₜ(k|x): how probable it is that x came from component k. The score is the mean of their pulls with these weights.")
        self.setToolTip(help)
        self.bars = Bars("probe_pull.bars", self)
        self.bars.setAccessibleDescription(help)
        self.toggle = Toggle(self)
        self.toggle.set_value(on_canvas.pulls)
        self.toggle.describe(self.tr("lines on the picture, of who pulls"), self.tr("From x to a mₖ, as wide as the weight."))
        self.toggle.switch.setObjectName("probe_pull.lines")
        self.toggle.edited.connect(lambda on, _token: on_canvas.set_parts(pulls=on))
        self.body.addWidget(self.bars)
        lines = self.tr("Lines from x to a mₖ, as wide as the weight.")
        self.row = EditorRow(self.tr("on the picture"), lines, "probe_pull.row", self.toggle, parent=self)
        self.body.addWidget(self.row)
        probing.answered.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        answer = self._probing.answer
        self.row.setVisible(self._probing.dim == 2)
        if answer is None:
            self.bars.show_items((), 0)
            self.set_state("")
            return
        items = [(centre(puller.centre), puller.weight) for puller in answer.pullers]
        others = answer.components - len(items)
        if others > 0:
            rest = max(0.0, 1.0 - sum(weight for _, weight in items))
            items.append((self.tr("{n} others").format(n=count(others)), rest))
        self.bars.show_items(tuple(items), len(answer.pullers))
        self.set_state(self.tr("of {n} components").format(n=count(answer.components)))


class FanSection(Section):
    """K noisy targets, their mean, and how far it is from the score."""

    def __init__(self, probing: Probing, on_canvas: OnCanvas, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Fan of targets"), "probe_fan", parent)
        self._probing = probing
        help = self.tr(
            "Denoising trains the network towards −(x − a x₀)/std² for whichever x₀ was noised to x: another one each time. "
            "Their mean over p(x₀|x) is the score. Vincent 2011."
        )
        self.setToolTip(help)
        self.count = Number(Span(FEWEST, MOST, log=True, integer=True), self)
        self.count.describe(self.tr("targets"), self.tr("How many x₀ are drawn from p(x₀|x), the exact posterior."))
        self.count.slider.setObjectName("probe_fan.slider")  # type: ignore[union-attr]
        self.count.figure.setObjectName("probe_fan.figure")
        self.count.edited.connect(lambda value, _token: self._probing.draw_targets(int(value)))
        self.count.trouble.connect(self._say)
        self.body.addWidget(EditorRow(self.tr("targets"), help, "probe_fan.count", self.count, parent=self))
        self.toggle = Toggle(self)
        self.toggle.set_value(on_canvas.fan)
        drawn = self.tr("Each line goes from x to x + std² target = a x₀, so their mean (×) is to be compared with x + std² s (○).")
        self.toggle.describe(self.tr("fan on the picture"), drawn)
        self.toggle.switch.setObjectName("probe_fan.lines")
        self.toggle.edited.connect(lambda on, _token: on_canvas.set_parts(fan=on))
        self.row = EditorRow(self.tr("on the picture"), drawn, "probe_fan.row", self.toggle, parent=self)
        self.body.addWidget(self.row)
        self.words = label("", "dim", self, wrap=True, name="probe_fan.words")
        self.body.addWidget(self.words)
        self.anew = WordButton(self.tr("New draws"), "probe_fan.anew", self, strong=True)
        self.anew.clicked.connect(lambda: self._probing.draw_targets(anew=True))
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.anew)
        self.body.addLayout(row)
        probing.moved.connect(self._refresh)
        probing.answered.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        answer, plane = self._probing.answer, self._probing.dim == 2
        self.count.set_value(self._probing.targets)
        self.row.setVisible(plane)
        key = " " + self.tr("× their mean, the line to it their running mean; ○ x + std² s.") if plane else ""
        self._say("" if answer is None else fan_words(answer) + key)

    def _say(self, text: str) -> None:
        self.words.setText(text)
