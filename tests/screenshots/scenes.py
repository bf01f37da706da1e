"""What is photographed: every view, every side page, and every failure with what it says."""

from __future__ import annotations

from typing import Any

from scoreviz.scene.compare import Compare, Pane
from scoreviz.scene.control import ByClass, Inpaint
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import Density, Gaussian, Preset
from scoreviz.scene.document import Scene
from scoreviz.scene.failures import FAILURES, Failure
from scoreviz.scene.files import Document
from scoreviz.scene.learning import MLP, Denoising, OneSigma, Score
from scoreviz.scene.noise import VE, VP
from scoreviz.scene.samplers import AnnealedLangevin, Euler, Forward, Langevin, PredictorCorrector, ProbabilityFlow, ReverseSDE
from scoreviz.scene.solid import SolidPreset
from scoreviz.scene.view import View
from tests.screenshots.take import Prepare, Shot

LEARNED = Score(source="network")
MOONS = Density(marks=(Preset(name="two_moons"),))
EIGHT = Density(marks=(Preset(name="eight_gaussians"),))
COLOURED = Density(
    marks=(
        Gaussian(x=-1.0, y=0.6, std=0.35, label=0), Gaussian(x=1.1, y=0.5, std=0.3, label=1), Gaussian(x=0.0, y=-1.0, std=0.4, label=2),
    )
)  # fmt: skip


def nothing(_window: Any) -> None:
    """As it is."""


def page(name: str) -> Prepare:
    """With that page of the right column open."""
    return lambda window: window.dynamics.pages.show_page(name)


def probed(x: float, y: float) -> Prepare:
    """With the probe set down there."""

    def prepare(window: Any) -> None:
        window.dynamics.pages.show_page("probe")
        window.dynamics.tools.set_tool("probe")
        window.dynamics.canvas.probed.emit(x, y)

    return prepare


def told(failure: Failure) -> Prepare:
    """With its line of what to watch."""

    def prepare(window: Any) -> None:
        from scoreviz.gui.notices import Remedy

        window.tell(failure.watch, Remedy(failure.remedy, lambda: None))

    return prepare


def _views() -> list[Shot]:
    scene = Scene()
    maps = [
        Shot(f"map-{name}", Document(scene=Scene(density=MOONS, score=LEARNED, sampler=ProbabilityFlow(), view=View(map=name))), nothing,
             trained=300, at=0.75)
        for name in ("error", "relative", "angle", "weighted", "curl", "divergence", "log_ode")
    ]  # fmt: skip
    energy = Scene(density=MOONS, score=LEARNED, network=MLP(energy=True), sampler=ProbabilityFlow(), view=View(map="log_network"))
    lines = [
        Shot(f"lines-{name}", Document(scene=Scene(density=MOONS, sampler=ProbabilityFlow(), view=View(lines=name))), nothing, at=0.7)
        for name in ("contours", "streamlines", "posterior_mean")
    ]
    plots = [
        Shot(f"plots-{left}-{right}",
             Document(scene=Scene(density=EIGHT, score=LEARNED, sampler=ProbabilityFlow(), view=View(left_plot=left, right_plot=right))),
             nothing, trained=400)
        for left, right in (("loss", "distance"), ("loss_by_sigma", "objectives"), ("variance", "snr"), ("mode_mass", "nfe"))
    ]  # fmt: skip
    return [
        Shot("plane", Document(scene=scene), nothing, at=0.8),
        Shot("plane-light", Document(scene=scene), nothing, theme="light", at=0.8),
        *maps, Shot("map-log_network", Document(scene=energy), nothing, trained=200, at=0.75), *lines, *plots,
        Shot("probe", Document(scene=Scene(density=MOONS, sampler=ReverseSDE())), probed(0.3, 0.4), at=0.6),
        Shot("probe-light", Document(scene=Scene(density=MOONS, score=LEARNED)), probed(0.3, 0.4), theme="light", trained=300, at=0.6),
        Shot("steps", Document(scene=Scene(density=MOONS, sampler=PredictorCorrector(steps=30))), page("steps"), at=0.5),
        Shot("steps-ddpm-light", Document(scene=Scene(density=MOONS, noise=VP(), view=View(notation="ddpm"))), page("steps"),
             theme="light", at=0.5),
        Shot("steps-ncsn", Document(scene=Scene(sampler=AnnealedLangevin(), view=View(notation="ncsn"))), page("steps"), at=0.5),
        Shot("race", Document(scene=Scene(density=MOONS, score=LEARNED)), page("race"), trained=50),
        Shot("classes", Document(scene=Scene(density=COLOURED, control=ByClass(label=1))), nothing),
        Shot("inpainting", Document(scene=Scene(density=MOONS, control=Inpaint(value=0.4), sampler=PredictorCorrector(steps=200))),
             nothing),
        Shot("data-score", Document(scene=Scene(density=MOONS, score=Score(source="data"), data=DataSet(size=20))), nothing, at=0.85),
        Shot("one-sigma", Document(scene=Scene(density=MOONS, score=LEARNED, objective=Denoising(sigmas=OneSigma()),
                                               sampler=Langevin(sigma=0.3))), nothing, trained=200),
    ]  # fmt: skip


def _dimensions() -> list[Shot]:
    line = Density(dimensions="1")
    solid = [Density(dimensions="3", solid=(SolidPreset(name=name),)) for name in ("swiss_roll", "torus_knot", "linked_rings")]
    return [
        Shot("line-reverse", Document(scene=Scene(density=line)), nothing, at=0.7),
        Shot("line-forward-light", Document(scene=Scene(density=line, noise=VP(), sampler=Forward(), view=View(forward_paths=True))),
             nothing, theme="light", at=0.6),
        Shot("line-learned", Document(scene=Scene(density=line, score=LEARNED, sampler=ProbabilityFlow())), nothing, trained=300),
        *(Shot(f"space-{d.solid[0].name}", Document(scene=Scene(density=d)), nothing, at=0.9) for d in solid),  # type: ignore[union-attr]
        Shot("space-light", Document(scene=Scene(density=Density(dimensions="3", solid=(SolidPreset(name="helix"),)),
                                                 sampler=ProbabilityFlow())), nothing, theme="light", at=0.8),
    ]  # fmt: skip


def _compared() -> list[Shot]:
    panes = (Pane(sampler=ProbabilityFlow(steps=20)), Pane(sampler=Euler(steps=40)), Pane(sampler=PredictorCorrector(steps=20), noise=VE()))
    four = Scene(density=MOONS, sampler=ReverseSDE(steps=40), compare=Compare(panes=panes))
    two = Scene(density=EIGHT, sampler=ReverseSDE(steps=40), compare=Compare(panes=panes[:1]))
    return [
        Shot("compare-four", Document(scene=four), page("compare"), at=0.9),
        Shot("compare-two-light", Document(scene=two), nothing, theme="light", at=0.8),
    ]


def _failures() -> list[Shot]:
    return [
        Shot(f"failure-{failure.name}", failure.document, told(failure), trained=400 if failure.scene.score.source == "network" else 0)
        for failure in FAILURES
    ]


def all_shots() -> list[Shot]:
    """In the order in which they are taken."""
    return [*_views(), *_dimensions(), *_compared(), *_failures()]
