"""What is drawn, and from where it is looked at."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.scene.choice import Section
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PlotName = Literal["loss", "distance", "loss_by_sigma", "objectives", "race", "mode_mass", "variance", "snr", "nfe"]

PLOT_LABELS: dict[PlotName, str] = {
    "loss": QT_TRANSLATE_NOOP("scene", "loss, and the floor no network can beat"),
    "distance": QT_TRANSLATE_NOOP("scene", "distance to the truth, and that of two sets of true samples"),
    "loss_by_sigma": QT_TRANSLATE_NOOP("scene", "loss at each σ, and its floor"),
    "objectives": QT_TRANSLATE_NOOP("scene", "explicit, implicit and denoising loss on one axis"),
    "race": QT_TRANSLATE_NOOP("scene", "race of objectives"),
    "mode_mass": QT_TRANSLATE_NOOP("scene", "mass of each mode, and its true weight"),
    "variance": QT_TRANSLATE_NOOP("scene", "variance against t"),
    "snr": QT_TRANSLATE_NOOP("scene", "signal to noise of each level"),
    "nfe": QT_TRANSLATE_NOOP("scene", "error against evaluations"),
}


def _plot(label: str) -> msgspec.Meta:
    help = QT_TRANSLATE_NOOP("scene", "What is plotted below the canvas.")
    return param(label, help, invalidates=Invalidates.VIEW, labels={str(name): text for name, text in PLOT_LABELS.items()})


class View(Section, frozen=True, kw_only=True):
    """What is drawn, and from where it is looked at. Nothing here touches a sampler."""

    tab: Annotated[
        Literal["dynamics", "images"],
        param(
            QT_TRANSLATE_NOOP("scene", "tab"),
            QT_TRANSLATE_NOOP("scene", "Which tab is on screen."),
            invalidates=Invalidates.VIEW,
            labels={"dynamics": QT_TRANSLATE_NOOP("scene", "Dynamics"), "images": QT_TRANSLATE_NOOP("scene", "Images")},
        ),
    ] = "dynamics"
    density: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "density"),
            QT_TRANSLATE_NOOP("scene", "log pₜ, the drawing blurred by the noise of this t."),
            invalidates=Invalidates.VIEW,
        ),
    ] = True
    arrows: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "score"), QT_TRANSLATE_NOOP("scene", "Arrows of σ times the score."), invalidates=Invalidates.VIEW
        ),
    ] = True
    particles: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "particles"),
            QT_TRANSLATE_NOOP("scene", "The sampled points and their trails."),
            invalidates=Invalidates.VIEW,
        ),
    ] = True
    field: Annotated[
        Literal["sampler", "exact", "network", "difference"],
        param(
            QT_TRANSLATE_NOOP("scene", "arrows show"),
            QT_TRANSLATE_NOOP("scene", "The score that drives the sampler, the exact one, the network's, or network minus exact."),
            invalidates=Invalidates.FIELD,
            labels={
                "sampler": QT_TRANSLATE_NOOP("scene", "the sampler's score"),
                "exact": QT_TRANSLATE_NOOP("scene", "exact score"),
                "network": QT_TRANSLATE_NOOP("scene", "network's score"),
                "difference": QT_TRANSLATE_NOOP("scene", "network − exact"),
            },
        ),
    ] = "sampler"
    density_scale: Annotated[
        Literal["fixed", "relative"],
        param(
            QT_TRANSLATE_NOOP("scene", "density scale"),
            QT_TRANSLATE_NOOP("scene", "fixed: one range of log p for every t. relative: to this t's own peak."),
            invalidates=Invalidates.VIEW, advanced=True,
            labels={
                "fixed": QT_TRANSLATE_NOOP("scene", "fixed range of log p"),
                "relative": QT_TRANSLATE_NOOP("scene", "relative to this t's peak"),
            },
        ),
    ] = "fixed"  # fmt: skip
    trails: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "trail length"), QT_TRANSLATE_NOOP("scene", "Substeps after which a trail has faded; 0 for none."),
            invalidates=Invalidates.VIEW, ge=0, le=64, advanced=True,
        ),
    ] = 12  # fmt: skip
    x: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "centre x"),
            QT_TRANSLATE_NOOP("scene", "Centre of the picture."),
            invalidates=Invalidates.VIEW,
            ge=-20.0,
            le=20.0,
        ),
    ] = 0.0
    y: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "centre y"),
            QT_TRANSLATE_NOOP("scene", "Centre of the picture."),
            invalidates=Invalidates.VIEW,
            ge=-20.0,
            le=20.0,
        ),
    ] = 0.0
    half_height: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "half height"), QT_TRANSLATE_NOOP("scene", "Half the picture's height, in the drawing's units."),
            invalidates=Invalidates.VIEW, ge=0.05, le=40.0, scale="log",
        ),
    ] = 2.6  # fmt: skip
    map: Annotated[
        Literal[
            "none", "error", "relative", "angle", "weighted", "log_network", "log_ode", "curl", "divergence",
        ],
        param(
            QT_TRANSLATE_NOOP("scene", "map"),
            QT_TRANSLATE_NOOP("scene", "A figure at every place of the picture, in the place of the density."),
            invalidates=Invalidates.VIEW,
            labels={
                "none": QT_TRANSLATE_NOOP("scene", "none"),
                "error": QT_TRANSLATE_NOOP("scene", "error of the score, σ|s_θ − s|"),
                "relative": QT_TRANSLATE_NOOP("scene", "relative error, |s_θ − s|/|s|"),
                "angle": QT_TRANSLATE_NOOP("scene", "angle between the scores"),
                "weighted": QT_TRANSLATE_NOOP("scene", "error weighted by p, p|s_θ − s|²"),
                "log_network": QT_TRANSLATE_NOOP("scene", "learned log-density (energy)"),
                "log_ode": QT_TRANSLATE_NOOP("scene", "learned log-density (ODE)"),
                "curl": QT_TRANSLATE_NOOP("scene", "curl of the learned score"),
                "divergence": QT_TRANSLATE_NOOP("scene", "divergence of the score"),
            },
        ),
    ] = "none"  # fmt: skip
    lines: Annotated[
        Literal["none", "contours", "streamlines", "posterior_mean"],
        param(
            QT_TRANSLATE_NOOP("scene", "lines"),
            QT_TRANSLATE_NOOP("scene", "What is drawn over the ground in lines."),
            invalidates=Invalidates.VIEW,
            labels={
                "none": QT_TRANSLATE_NOOP("scene", "none"),
                "contours": QT_TRANSLATE_NOOP("scene", "contours of log p"),
                "streamlines": QT_TRANSLATE_NOOP("scene", "streamlines of the score"),
                "posterior_mean": QT_TRANSLATE_NOOP("scene", "posterior mean E[x₀|x]"),
            },
        ),
    ] = "none"  # fmt: skip
    notation: Annotated[
        Literal["sde", "ncsn", "ddpm"],
        param(
            QT_TRANSLATE_NOOP("scene", "notation"),
            QT_TRANSLATE_NOOP("scene", "In whose symbols rules are written: Song et al. 2021, Song & Ermon 2019, Ho et al. 2020."),
            invalidates=Invalidates.VIEW,
            labels={
                "sde": QT_TRANSLATE_NOOP("scene", "SDE"),
                "ncsn": QT_TRANSLATE_NOOP("scene", "NCSN"),
                "ddpm": QT_TRANSLATE_NOOP("scene", "DDPM"),
            },
        ),
    ] = "sde"  # fmt: skip
    left_plot: Annotated[PlotName, _plot(QT_TRANSLATE_NOOP("scene", "left plot"))] = "loss"
    right_plot: Annotated[PlotName, _plot(QT_TRANSLATE_NOOP("scene", "right plot"))] = "distance"
    forward_paths: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "forward paths"), QT_TRANSLATE_NOOP("scene", "In 1-D: paths of the forward SDE."),
            invalidates=Invalidates.VIEW,
        ),
    ] = False  # fmt: skip
    reverse_paths: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "sampler's paths"),
            QT_TRANSLATE_NOOP("scene", "In 1-D: the way of each particle of the run."),
            invalidates=Invalidates.VIEW,
        ),
    ] = True  # fmt: skip
    flow_lines: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "ODE paths"),
            QT_TRANSLATE_NOOP("scene", "In 1-D: paths of the probability-flow ODE; each is the line of one quantile of pₜ."),
            invalidates=Invalidates.VIEW,
        ),
    ] = True  # fmt: skip
    cloud: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "data"),
            QT_TRANSLATE_NOOP("scene", "In 3-D: samples of what is placed in space, without noise, as dim points."),
            invalidates=Invalidates.VIEW,
        ),
    ] = True  # fmt: skip
    space_half_height: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "half height in space"),
            QT_TRANSLATE_NOOP("scene", "In 3-D: half the picture's height, in the drawing's units."),
            invalidates=Invalidates.VIEW, ge=0.05, le=80.0, scale="log",
        ),
    ] = 3.7  # fmt: skip
    azimuth: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "azimuth"), QT_TRANSLATE_NOOP("scene", "In 3-D: where the eye stands around the vertical axis."),
            invalidates=Invalidates.VIEW, ge=-360.0, le=360.0, unit="°",
        ),
    ] = -55.0  # fmt: skip
    elevation: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "elevation"), QT_TRANSLATE_NOOP("scene", "In 3-D: how high the eye stands."),
            invalidates=Invalidates.VIEW, ge=-90.0, le=90.0, unit="°",
        ),
    ] = 25.0  # fmt: skip
    slice: Annotated[
        Literal["none", "x", "y", "z"],
        param(
            QT_TRANSLATE_NOOP("scene", "slice"),
            QT_TRANSLATE_NOOP("scene", "In 3-D: the plane on which density and arrows are drawn, by the axis that stands upright on it."),
            invalidates=Invalidates.VIEW,
            labels={
                "none": QT_TRANSLATE_NOOP("scene", "none"), "x": "x", "y": "y", "z": "z",
            },
        ),
    ] = "z"  # fmt: skip
    slice_at: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "slice at"), QT_TRANSLATE_NOOP("scene", "Where that plane cuts its axis."),
            invalidates=Invalidates.VIEW, ge=-20.0, le=20.0,
        ),
    ] = 0.0  # fmt: skip
