"""The section about a reverse step: the exact law of where the point came from, beside the Gaussian that a sampler draws from."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from scoreviz.gui.dynamics.probe.kernel_picture import KernelPicture
from scoreviz.gui.dynamics.probe.probing import Probing
from scoreviz.gui.dynamics.probe.rows import EditorRow
from scoreviz.gui.dynamics.probe.stepping import Stepping
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.gui.widgets.words import figure, scene_text
from scoreviz.protocol.questions import Backward
from scoreviz.protocol.questions.backward import Distance


class KernelSection(Section):
    """A slider from the run's own step to all of t, a picture, and the total variation in words."""

    def __init__(self, probing: Probing, stepping: Stepping, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("One step back"), "kernel", parent)
        self._probing, self._stepping = probing, stepping
        self.setToolTip(
            self.tr(
                "p(x_s|x_t) ∝ p_s(x_s) N(x_t; (a_t/a_s) x_s, ·): many-humped for a long step, and as the step shrinks the Gaussian that "
                "the reverse step draws from. Feller 1949; Sohl-Dickstein et al. 2015, section 2.2."
            )
        )
        self.step = Number(Span(1e-3, 1.0, log=True), self)
        help = self.tr("From the run's own step to all of t. The step goes from t to t − Δt.")
        self.step.describe(self.tr("step back Δt"), help)
        self.step.slider.setObjectName("kernel.slider")  # type: ignore[union-attr]
        self.step.figure.setObjectName("kernel.figure")
        self.step.edited.connect(lambda value, _token: self._stepping.set_length(float(value)))
        self.row = EditorRow(self.tr("step Δt"), help, "kernel.step", self.step, parent=self)
        self.picture = KernelPicture(self)
        self.words = label("", "text", self, wrap=True, name="kernel.words")
        self.key = label("", "dim", self, wrap=True, name="kernel.key")
        self.step.trouble.connect(self.words.setText)
        for widget in (self.row, self.picture, self.words, self.key):
            self.body.addWidget(widget)
        stepping.changed.connect(self._refresh)
        stepping.answered.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        stepping, answer = self._stepping, self._stepping.answer
        span = stepping.span
        self.row.setEnabled(span is not None)
        if span is not None:
            self.step.span = span
            self.step.set_value(span.snap(stepping.length))
        self.set_state("" if span is None else self._state())
        self.picture.show_laws(answer, self._probing.x or ())
        self.picture.setVisible(answer is not None)
        self.key.setVisible(answer is not None)
        self.words.setText(self._said(answer))
        if answer is not None:
            self.key.setText(self._key(answer))
            self.picture.setAccessibleName(self.tr("Both laws of where the point came from"))
            self.picture.setAccessibleDescription(self.words.text())

    def _state(self) -> str:
        own = self._stepping.own
        if own is None:
            return self.tr("this run takes no step back")
        return self.tr("the run's own: {step}").format(step=figure(own))

    def _said(self, answer: Backward | None) -> str:
        if answer is not None:
            return self.tr("The exact law and the Gaussian differ by {whole} of their mass; at a tenth of the step by {tenth}.").format(
                whole=share(answer.distance), tenth=share(answer.tenth)
            )
        if self._stepping.trouble:
            return self._stepping.trouble
        if self._probing.frame is not None and self._stepping.span is None:
            return self.tr("At t = 0 there is no earlier time to step back to.")
        return self.tr("There is no point to step back from yet.") if self._probing.x is None else ""

    def _key(self, answer: Backward) -> str:
        rule = scene_text(answer.rule)
        line = answer.mean.shape == (1,)
        ground = self.tr("Solid: exact p(x_s|x_t).") if line else self.tr("Ground: exact p(x_s|x_t), √ of the share of its peak.")
        if answer.mean.shape == (3,):
            ground = self.tr("Ground: exact p(x_s|x_t), seen along z, √ of the share of its peak.")
        rings = self.tr("Dashed: the Gaussian") if line else self.tr("Rings: the Gaussian at 1 and 2 σ")
        place = self.tr("The upright line is x_t.") if line else self.tr("The small ring is x_t.")
        by = self.tr("of {rule} with the exact score, from t {t} to {s}.").format(rule=rule, t=f"{answer.t:.3f}", s=f"{answer.s:.3f}")
        own = "" if answer.own else " " + self.tr("This sampler has no predictor of its own.")
        return f"{ground} {rings} {by} {place}{own}"


def share(distance: Distance) -> str:
    """0.43, or 0.43 ± 0.01 where the error shows in the second figure."""
    text = f"{distance.value:.2f}" if distance.value >= 0.095 else f"{distance.value:.3f}"
    return f"{text} ± {distance.error:.3f}" if distance.error >= 0.0015 else text
