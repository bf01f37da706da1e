"""What goes wrong, one click each: a scene that fails for one reason, one line of what to watch, and the change that mends it.

They are scenes like any other, so they are written as specs and not kept as files. `tests/test_failures.py` measures that each fails
as it says, and that its remedy helps.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import msgspec

from scoreviz.scene.control import Inpaint
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import Density, Gaussian, Preset, Stroke
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from scoreviz.scene.learning import MLP, Denoising, OneSigma, Score, Sliced
from scoreviz.scene.noise import VE
from scoreviz.scene.samplers import AnnealedLangevin, Langevin, PredictorCorrector, ProbabilityFlow, ReverseSDE
from scoreviz.scene.text import QT_TRANSLATE_NOOP
from scoreviz.scene.view import PlotName, View


class Failure(NamedTuple):
    """One of them. Its texts are translated where they are shown, in the context “failures”."""

    name: str
    title: str
    watch: str
    remedy: str  # on the button that mends it
    after: str  # what to watch then
    scene: Scene
    mended: dict[str, Any]  # the parts of the scene that the remedy replaces
    blobs: tuple[tuple[str, bytes], ...] = ()

    @property
    def document(self) -> Document:
        """To be opened."""
        return Document(scene=self.scene, blobs=dict(self.blobs))

    def mend(self, scene: Scene) -> Scene:
        """`scene` with the remedy."""
        return msgspec.structs.replace(scene, **self.mended)

    def fail(self, scene: Scene) -> Scene:
        """`scene` without the remedy: to look from one to the other."""
        return msgspec.structs.replace(scene, **{part: getattr(self.scene, part) for part in self.mended})


_LEARNED = Score(source="network")
_TWO = Density(marks=(Gaussian(x=-1.6, y=0.0, std=0.2, weight=0.35), Gaussian(x=1.6, y=0.0, std=0.2, weight=0.65)))
_UNEVEN = Density(marks=(Gaussian(x=-1.5, y=0.0, std=0.25, weight=0.8), Gaussian(x=1.5, y=0.0, std=0.25, weight=0.2)))
_EIGHT = Density(marks=(Preset(name="eight_gaussians"),))
_MOONS = Density(marks=(Preset(name="two_moons"),))
_SLANT = struct.pack("<4f", -1.6, -1.6, 1.6, 1.6)
_DIGEST = "d4e499539122d046f35176abd257d94d"  # of it; hashlib takes 6 ms to load, and the window's menu is made from this file
_SLANTED = Density(marks=(Stroke(points=_DIGEST, width=0.1),))

_UP, _FAR = -0.6, 3.1
"""Where one looks from, so that the line of what to watch lies beneath the drawing and not over it."""


def _seen(left_plot: PlotName = "loss", **others: Any) -> View:
    """The drawing above the notice, and at the left the plot that shows the failure."""
    return View(y=_UP, half_height=_FAR, left_plot=left_plot, **others)


_MOST = View(left_plot="mode_mass")

FAILURES = (
    Failure(
        "sigma_max", QT_TRANSLATE_NOOP("failures", "σ max too small"),
        QT_TRANSLATE_NOOP(
            "failures",
            "The noise ends at σ 0.5, far less than the drawing is wide: points begin in the middle and never feel "
            "where the mass is.",
        ),
        QT_TRANSLATE_NOOP("failures", "Let σ max reach across"),
        QT_TRANSLATE_NOOP(
            "failures", "σ max is now as large as the drawing is wide: every point feels all of it, and each mode gets its share."
        ),
        Scene(density=_TWO, noise=VE(sigma_max=0.5), sampler=ReverseSDE(), view=_MOST),
        {"noise": VE()},
    ),
    Failure(
        "levels", QT_TRANSLATE_NOOP("failures", "Too few levels"),
        QT_TRANSLATE_NOOP(
            "failures",
            "Three noise levels do not overlap: after each fall the points stand where the next level has no mass, "
            "and stay there.",
        ),
        QT_TRANSLATE_NOOP("failures", "Twelve levels"),
        QT_TRANSLATE_NOOP("failures", "Twelve levels overlap: where one leaves the points, the next one has mass."),
        Scene(density=_EIGHT, sampler=AnnealedLangevin(levels=3, steps_per_level=20), view=_seen("snr")),
        {"sampler": AnnealedLangevin(levels=12, steps_per_level=20)},
    ),
    Failure(
        "step", QT_TRANSLATE_NOOP("failures", "Step too large"),
        QT_TRANSLATE_NOOP(
            "failures",
            "Each mode is blown up to more than twice its width: a Langevin step of ε leaves the variance v/(1 − "
            "ε/2v) behind, not v.",
        ),
        QT_TRANSLATE_NOOP("failures", "A tenth of the step"),
        QT_TRANSLATE_NOOP("failures", "With a tenth of the step the modes keep nearly their own width."),
        Scene(density=_EIGHT, sampler=Langevin(steps=200, step_size=0.04, sigma=0.1), view=_seen("mode_mass")),
        {"sampler": Langevin(steps=1000, step_size=0.004, sigma=0.1)},
    ),
    Failure(
        "no_noise", QT_TRANSLATE_NOOP("failures", "No noise"),
        QT_TRANSLATE_NOOP("failures", "Without its noise Langevin dynamics is hill climbing: every point ends on the top of a mode."),
        QT_TRANSLATE_NOOP("failures", "With its noise"),
        QT_TRANSLATE_NOOP("failures", "With its noise the same points spread over each mode, as wide as it is at σ 0.1."),
        Scene(density=_EIGHT, sampler=Langevin(steps=600, step_size=0.004, noise=False), view=_seen("mode_mass")),
        {"sampler": Langevin(steps=600, step_size=0.004)},
    ),
    Failure(
        "whole_g2", QT_TRANSLATE_NOOP("failures", "Half of g² forgotten"),
        QT_TRANSLATE_NOOP(
            "failures",
            "The reverse SDE without its noise, g² kept whole: every point is pulled twice as hard as the ODE pulls, "
            "and the drawing shrinks.",
        ),
        QT_TRANSLATE_NOOP("failures", "The ODE: g²/2"),
        QT_TRANSLATE_NOOP("failures", "Half of g² is the ODE: no noise, and yet the drawing comes out as wide as it is."),
        Scene(density=_MOONS, sampler=ReverseSDE(noise=False), view=_seen("variance")),
        {"sampler": ProbabilityFlow()},
    ),
    Failure(
        "gap", QT_TRANSLATE_NOOP("failures", "No data between the modes"),
        QT_TRANSLATE_NOOP(
            "failures",
            "The map is the network's relative error: small where there are data, large in between, where points "
            "begin and get lost.",
        ),
        QT_TRANSLATE_NOOP("failures", "Learn many noise levels"),
        QT_TRANSLATE_NOOP(
            "failures", "At a large σ there are data everywhere. Go back on the time line: the map is small nearly wherever the points are."
        ),
        Scene(
            density=_TWO, score=_LEARNED, objective=Denoising(sigmas=OneSigma(sigma=0.1)),
            sampler=Langevin(steps=400, step_size=0.004, sigma=0.1), view=View(map="relative"),
        ),
        {"objective": Denoising(), "sampler": AnnealedLangevin()},
    ),
    Failure(
        "manifold", QT_TRANSLATE_NOOP("failures", "A thin manifold"),
        QT_TRANSLATE_NOOP(
            "failures",
            "All data lie on a line as thin as σ 0.01: the score is huge across it and unknown beside it, and points that "
            "begin there never find it.",
        ),
        QT_TRANSLATE_NOOP("failures", "Blur it: many noise levels"),
        QT_TRANSLATE_NOOP("failures", "At a large σ the line is wide, so the network knows the way to it from everywhere."),
        Scene(
            density=Density(marks=(Stroke(points=_DIGEST, width=0.01),)), score=_LEARNED,
            objective=Sliced(sigmas=OneSigma(sigma=0.01)), sampler=Langevin(steps=200, step_size=5e-5, sigma=0.01), view=_seen(),
        ),
        {"objective": Denoising(), "sampler": ReverseSDE()},
        ((_DIGEST, _SLANT),),
    ),
    Failure(
        "modes", QT_TRANSLATE_NOOP("failures", "Unequal modes"),
        QT_TRANSLATE_NOOP(
            "failures",
            "Four fifths of the mass are at the left, yet Langevin gives both modes nearly the same: the score cannot "
            "see their weights.",
        ),
        QT_TRANSLATE_NOOP("failures", "Anneal the noise"),
        QT_TRANSLATE_NOOP("failures", "While σ is large, points go from one mode to the other: the shares come out right."),
        Scene(density=_UNEVEN, sampler=Langevin(steps=300, step_size=0.005, sigma=0.1), view=_MOST),
        {"sampler": AnnealedLangevin()},
    ),
    Failure(
        "little_data", QT_TRANSLATE_NOOP("failures", "Too little data"),
        QT_TRANSLATE_NOOP(
            "failures", "The network sees twelve points again and again: it learns them by heart, and new samples are the old points."
        ),
        QT_TRANSLATE_NOOP("failures", "Fresh data for ever"),
        QT_TRANSLATE_NOOP("failures", "It never sees the same point twice now, and new samples fill the moons."),
        Scene(
            density=_MOONS, score=_LEARNED, data=DataSet(size=12, train=True), network=MLP(width=128), sampler=ProbabilityFlow(steps=40),
            view=_seen(),
        ),
        {"data": DataSet(size=12, train=False)},
    ),
    Failure(
        "replacement", QT_TRANSLATE_NOOP("failures", "Inpainting by replacement alone"),
        QT_TRANSLATE_NOOP(
            "failures",
            "x is known to be 1: replaced at each level alone, the samples come out half as wide again as the truth, "
            "and shifted to the middle.",
        ),
        QT_TRANSLATE_NOOP("failures", "One corrector a step"),
        QT_TRANSLATE_NOOP("failures", "One corrector a step takes the free coordinate to its law: as wide as the truth, and centred."),
        Scene(density=_SLANTED, control=Inpaint(coordinate="x", value=1.0), sampler=ReverseSDE(steps=200), view=_seen("variance")),
        {"sampler": PredictorCorrector(steps=200)},
        ((_DIGEST, _SLANT),),
    ),
)  # fmt: skip


def failure(name: str) -> Failure:
    """The one of that name; KeyError otherwise."""
    return next(found for found in FAILURES if found.name == name)
