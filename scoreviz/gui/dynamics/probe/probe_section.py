"""The section Probe: where it is, and the figures there."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from scoreviz.gui.dynamics.probe.figures import NONE, axes_stds, number, off_by, steered, vector
from scoreviz.gui.dynamics.probe.probing import FARTHEST, Probing
from scoreviz.gui.dynamics.probe.rows import EditorRow, FigureRow
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.segmented import Segmented
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.gui.widgets.words import count
from scoreviz.protocol.questions import Probe

MOST_PARTICLES = 1_000_000


class ProbeSection(Section):
    """It shows what `Probing` holds, and moves it."""

    def __init__(self, probing: Probing, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Probe"), "probe", parent)
        self._probing = probing
        self.mode = Segmented([("pointer", self.tr("pointer")), ("pinned", self.tr("a place")), ("particle", self.tr("a particle"))], self)
        self.mode.setObjectName("probe.mode")
        where = self.tr(
            "Under the pointer; at a place, pinned by a click with the probe (P) or Enter, Esc lets go; or on a particle of the run."
        )
        self.mode.describe(self.tr("Probe follows"), where)
        self.mode.edited.connect(self._choose)
        self.body.addWidget(self.mode)
        self._add_editors()
        self.rows: dict[str, FigureRow] = {}
        self._add_rows()
        self.key = label("", "dim", self, wrap=True, name="probe.key")
        self.trouble = label("", "dim", self, wrap=True, name="probe.trouble")
        self.body.addWidget(self.key)
        self.body.addWidget(self.trouble)
        probing.moved.connect(self._show_place)
        probing.told.connect(self._show_place)
        probing.answered.connect(self._show_answer)
        self._show_place()
        self._show_answer()

    def _add_editors(self) -> None:
        self.fields = [Number(Span(-FARTHEST, FARTHEST), self, slider=False) for _ in range(3)]
        for k, field in enumerate(self.fields):
            field.setObjectName(f"probe.x{k}")
            field.describe(self.tr("coordinate {axis}").format(axis="xyz"[k]), self.tr("Type a number to pin the probe there."))
            field.figure.setObjectName(f"probe.x{k}.figure")
            field.edited.connect(lambda value, _token, k=k: self._type(k, value))
            field.trouble.connect(self._complain)
        self.place = EditorRow("x", self.tr("Where the probe is, in the drawing's units."), "probe.place", *self.fields, parent=self)
        self.particle = Number(Span(0, MOST_PARTICLES, integer=True), self, slider=False)
        help = self.tr("Which particle of the run: 0 is the first. The probe stays on it from frame to frame.")
        self.particle.describe(self.tr("particle number"), help)
        self.particle.figure.setObjectName("probe.particle.figure")
        self.particle.trouble.connect(self._complain)
        self.particle.edited.connect(lambda value, _token: self._probing.follow(int(value)))
        self.particle_row = EditorRow(self.tr("particle no."), help, "probe.particle", self.particle, parent=self)
        self.body.addWidget(self.place)
        self.body.addWidget(self.particle_row)

    def _add_rows(self) -> None:
        tr = self.tr
        for name, title, help in (
            ("level", tr("t · σ"), tr("Of the frame: xₜ = a x₀ + std z, σ = std/a. Without noise, the smallest t that has a score.")),
            ("log_p", tr("log p"), tr("log pₜ(x) in nats, in closed form: pₜ is the drawing blurred by the noise of this t.")),
            ("exact", tr("exact score"), tr("s = ∇ log pₜ(x) = Σ rₖ(x) (a²Cₖ + std² I)⁻¹ (a mₖ − x). Hyvärinen 2005.")),
            ("network", tr("network"), tr("s_θ(x, t), of the averaged weights that sampling uses. Song et al. 2021.")),
            ("network_off", tr("it is off by"), tr("The angle between s_θ and s, and |s_θ − s| / |s|.")),
            ("data", tr("data points"), tr("The score of the stored points alone, (a Σ rₖ xₖ − x)/std². Karras et al. 2022, app. B.3.")),
            ("data_off", tr("it is off by"), tr("The angle between the data points' score and s, and their relative difference.")),
            ("driving", tr("the sampler's"), tr("The score that the sampler is given, control and all: s + ∇ log pₜ(y|x).")),
            ("mean", tr("E[x₀|x]"), tr("Tweedie's formula: the mean of the data that x may have come from, (x + std² s)/a. Efron 2011.")),
            ("stds", tr("± along axes"), tr("√ eigenvalues of Cov[x₀|x] = (std²/a²)(I + std² ∇∇ log pₜ): half axes of the ellipse.")),
        ):  # fmt: skip
            self.rows[name] = FigureRow(title, help, f"probe.{name}", self)
            self.body.addWidget(self.rows[name])

    def _choose(self, mode: str, _token: str) -> None:
        match mode:
            case "pointer":
                self._probing.let_go()
            case "pinned":
                self._probing.pin()
            case _:
                self._probing.follow(self._probing.particle)

    def _type(self, k: int, value: float) -> None:
        """One coordinate typed; the others stay."""
        place = list(self._probing.x or (0.0,) * self._probing.dim)
        place[k] = float(value)
        self._probing.pin(*place)

    def _complain(self, text: str) -> None:
        """What was typed is no number."""
        self.trouble.setText(text)
        self.trouble.show()

    def _show_place(self, *_args: object) -> None:
        probing = self._probing
        self.mode.set_value(probing.mode)
        states = {
            "pointer": self.tr("under the pointer"),
            "pinned": self.tr("pinned"),
            "particle": self.tr("on particle {n}").format(n=count(probing.particle)),
        }
        self.set_state(states[probing.mode])
        self.particle_row.setVisible(probing.mode == "particle")
        self.particle.set_value(probing.particle)
        x, dim = probing.x, probing.dim
        for k, field in enumerate(self.fields):
            field.setVisible(k < dim)
            if not field.figure.hasFocus() or probing.mode == "pinned":  # what is being typed is left alone
                field.set_value(None if x is None or k >= len(x) else round(x[k], 4))
        self.trouble.setText(probing.trouble)
        self.trouble.setVisible(bool(probing.trouble))

    def _show_answer(self) -> None:
        answer = self._probing.answer
        self.key.setVisible(answer is not None and self._probing.dim == 2)
        for name, text in self._words(answer).items():
            self.rows[name].show_value(text)
        for name in ("data", "data_off"):
            self.rows[name].setVisible(answer is not None and answer.data is not None)
        self.rows["driving"].setVisible(answer is not None and steered(answer))
        if answer is not None:
            self.key.setText(self._key(answer))

    def _words(self, answer: Probe | None) -> dict[str, str]:
        if answer is None:
            return dict.fromkeys(self.rows, NONE)
        exact, network = answer.exact.numpy(), answer.network.numpy()
        found = {
            "level": f"{answer.t:.3f} · {number(answer.sigma)}", "log_p": number(answer.log_p),
            "exact": vector(exact), "network": vector(network), "network_off": off_by(network, exact),
            "driving": NONE if answer.driving is None else vector(answer.driving.numpy()), "mean": vector(answer.mean.numpy()),
            "stds": ", ".join(number(value) for value in axes_stds(answer.cov.numpy())),
        }  # fmt: skip
        if answer.data is not None:
            found |= {"data": vector(answer.data.numpy()), "data_off": off_by(answer.data.numpy(), exact)}
        return found

    def _key(self, answer: Probe) -> str:
        arrows = self.tr("Arrows of σ·score, three times as long as the field's: exact —, network - -")
        data = self.tr(", data points ···") if answer.data is not None else ""
        return arrows + data + self.tr(". Diamond: E[x₀|x], with the ellipses of 1 and 2 standard deviations of what x₀ may be.")
