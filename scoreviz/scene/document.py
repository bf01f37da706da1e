"""The scene: one tree of frozen specs, and what a change to it invalidates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from scoreviz.scene.choice import Section
from scoreviz.scene.compare import Compare
from scoreviz.scene.control import ControlSpec, Unconditional
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import Density, Preset
from scoreviz.scene.images import Images
from scoreviz.scene.learning import MLP, Denoising, NetworkSpec, ObjectiveSpec, Score, Training
from scoreviz.scene.noise import VE, NoiseSpec
from scoreviz.scene.parameters import Invalidates, Parameter, param, parameters
from scoreviz.scene.samplers import ReverseSDE, SamplerSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP
from scoreviz.scene.view import View


class Particles(Section, frozen=True, kw_only=True):
    count: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "particles"), QT_TRANSLATE_NOOP("scene", "How many points are sampled at once."),
            invalidates=Invalidates.TRAJECTORY, ge=1, le=100_000, scale="log",
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
    control: Annotated[
        ControlSpec,
        param(
            QT_TRANSLATE_NOOP("scene", "control"),
            QT_TRANSLATE_NOOP("scene", "What is asked of the samples: nothing, a class, or a coordinate that is known."),
            invalidates=Invalidates.TRAJECTORY | Invalidates.FIELD,
            advanced=True,
        ),
    ] = Unconditional()
    data: Annotated[
        DataSet,
        param(
            QT_TRANSLATE_NOOP("scene", "Data set"),
            QT_TRANSLATE_NOOP("scene", "A finite number of samples of the drawing, as one has them in practice."),
            invalidates=Invalidates.TRAINING | Invalidates.TRAJECTORY | Invalidates.FIELD,
        ),
    ] = DataSet()
    compare: Annotated[
        Compare,
        param(
            QT_TRANSLATE_NOOP("scene", "Compare"),
            QT_TRANSLATE_NOOP("scene", "Other ways of sampling, beside the one above, from the same noise."),
            invalidates=Invalidates.VIEW,
        ),
    ] = Compare()
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
