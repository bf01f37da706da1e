"""The scene: one tree of frozen specs, and what a change to it invalidates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec

from scoreviz.scene.choice import Section
from scoreviz.scene.density import Density, Preset
from scoreviz.scene.images import Images
from scoreviz.scene.learning import MLP, Denoising, NetworkSpec, ObjectiveSpec, Score, Training
from scoreviz.scene.noise import VE, NoiseSpec
from scoreviz.scene.parameters import Invalidates, Parameter, param, parameters
from scoreviz.scene.samplers import ReverseSDE, SamplerSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class Particles(Section, frozen=True, kw_only=True):
    count: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "particles"), QT_TRANSLATE_NOOP("scene", "How many points are sampled at once."),
            invalidates=Invalidates.TRAJECTORY, ge=1, le=20000, scale="log",
            advanced=True,
        ),
    ] = 2000  # fmt: skip
    seed: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "seed"), QT_TRANSLATE_NOOP("scene", "Starting points and all noise: the same seed, the same run."),
            invalidates=Invalidates.TRAJECTORY, ge=0, le=2**31 - 1,
        ),
    ] = 7  # fmt: skip


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


_ALL_LEARNED = Invalidates.NETWORK | Invalidates.TRAJECTORY | Invalidates.FIELD


class Scene(Section, frozen=True, kw_only=True):
    """Everything a person chose. Equal scenes mean equal runs (with the journal, for a live network)."""

    density: Annotated[
        Density,
        param(
            QT_TRANSLATE_NOOP("scene", "Density"),
            QT_TRANSLATE_NOOP("scene", "What is to be learned and sampled."),
            invalidates=Invalidates.TARGET,
        ),
    ] = Density(marks=(Preset(name="two_spirals"),))
    noise: Annotated[
        NoiseSpec,
        param(QT_TRANSLATE_NOOP("scene", "noise"), QT_TRANSLATE_NOOP("scene", "How data turns into noise."), invalidates=_ALL_LEARNED),
    ] = VE()
    score: Annotated[
        Score,
        param(
            QT_TRANSLATE_NOOP("scene", "Score"),
            QT_TRANSLATE_NOOP("scene", "Which score drives the sampler."),
            invalidates=Invalidates.TRAJECTORY,
        ),
    ] = Score()
    network: Annotated[
        NetworkSpec,
        param(QT_TRANSLATE_NOOP("scene", "network"), QT_TRANSLATE_NOOP("scene", "What learns the score."), invalidates=_ALL_LEARNED),
    ] = MLP()
    objective: Annotated[
        ObjectiveSpec,
        param(
            QT_TRANSLATE_NOOP("scene", "objective"),
            QT_TRANSLATE_NOOP("scene", "What the network minimises."),
            invalidates=Invalidates.TRAINING,
        ),
    ] = Denoising()
    training: Annotated[
        Training,
        param(QT_TRANSLATE_NOOP("scene", "Training"), QT_TRANSLATE_NOOP("scene", "How it is minimised."), invalidates=Invalidates.TRAINING),
    ] = Training()
    sampler: Annotated[
        SamplerSpec,
        param(
            QT_TRANSLATE_NOOP("scene", "method"),
            QT_TRANSLATE_NOOP("scene", "How points are sampled with the score."),
            invalidates=Invalidates.TRAJECTORY,
        ),
    ] = ReverseSDE()
    particles: Annotated[
        Particles,
        param(
            QT_TRANSLATE_NOOP("scene", "Particles"), QT_TRANSLATE_NOOP("scene", "The sampled points."), invalidates=Invalidates.TRAJECTORY
        ),
    ] = Particles()
    images: Annotated[
        Images,
        param(
            QT_TRANSLATE_NOOP("scene", "Images"),
            QT_TRANSLATE_NOOP("scene", "The image model and how it is sampled."),
            invalidates=Invalidates.PICTURES,
        ),
    ] = Images()
    view: Annotated[
        View, param(QT_TRANSLATE_NOOP("scene", "View"), QT_TRANSLATE_NOOP("scene", "What is drawn."), invalidates=Invalidates.VIEW)
    ] = View()


def invalidated(old: Any, new: Any) -> Invalidates:
    """What must be computed again when `old` becomes `new` (specs of one class, or whole scenes).

    A field whose class changed invalidates what the field itself declares; otherwise its own fields decide. The Images tab is a
    world of its own: a change in it invalidates PICTURES, and `invalidated(old.images, new.images)` says what of it.
    """
    total = Invalidates.NOTHING
    spec: type[msgspec.Struct] = type(new)
    for parameter in parameters(spec):
        before, after = getattr(old, parameter.name), getattr(new, parameter.name)
        if before is after or before == after:
            continue
        own_world = parameter.description.invalidates is Invalidates.PICTURES
        if isinstance(after, Section) and type(before) is type(after) and not own_world:
            total |= invalidated(before, after)
        else:
            total |= parameter.description.invalidates
    return total


def walk(spec: msgspec.Struct, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Parameter, Any]]:
    """Every parameter of a spec and of the specs within it, with its path and value."""
    for parameter in parameters(type(spec)):
        value = getattr(spec, parameter.name)
        here = (*path, parameter.name)
        yield here, parameter, value
        if isinstance(value, Section):
            yield from walk(value, here)


def replace_at(spec: Any, path: tuple[str, ...], value: Any) -> Any:
    """`spec` with the value at `path` replaced; everything else is shared, not copied."""
    if not path:
        return value
    head, *rest = path
    return msgspec.structs.replace(spec, **{head: replace_at(getattr(spec, head), tuple(rest), value)})


def value_at(spec: Any, path: tuple[str, ...]) -> Any:
    """The value at `path`."""
    for name in path:
        spec = getattr(spec, name)
    return spec
