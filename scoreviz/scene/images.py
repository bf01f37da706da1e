"""The Images tab's part of the scene: which model, how it is sampled, what of it is looked at."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from scoreviz.scene.choice import Choice, Section, Spec
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.samplers import PredictorCorrector, SamplerSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP

EMOJI = "emoji32"
"""The bundled picture set, as `PictureSet.path` names it."""

AXES = ("reverse", "levels")
"""The time axes of samplers that go from noise to data."""

_MODEL = Invalidates.MODEL | Invalidates.TRAJECTORY
_SIGMA_MAX = param(
    QT_TRANSLATE_NOOP("scene", "σ max"),
    QT_TRANSLATE_NOOP(
        "scene", "Largest noise level. Automatic: the largest distance between two pictures, or what the model's own files say."
    ),
    invalidates=_MODEL, gt=0, le=2000.0, scale="log", advanced=True,
)  # fmt: skip


def makes_pictures(sampler: SamplerSpec | type[SamplerSpec]) -> bool:
    """Does this sampler make pictures out of noise, in steps that are known beforehand? The Images tab offers these."""
    return sampler.AXIS in AXES and not sampler.ADAPTIVE


class ModelSpec(Choice):
    """Where the score of pictures comes from."""

    __slots__ = ()
    FAMILY = "model"
    LOADS: ClassVar[str] = ""  # what a folder must hold


class PictureSet(Spec, ModelSpec, tag="pictures", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "picture set (exact score)")
    HELP = QT_TRANSLATE_NOOP("scene", "The exact score of stored pictures blurred by noise: untrained, and it returns only what is stored.")
    LOADS = QT_TRANSLATE_NOOP("scene", "a folder of pictures")
    path: Annotated[
        str,
        param(
            QT_TRANSLATE_NOOP("scene", "folder"), QT_TRANSLATE_NOOP("scene", "The bundled emoji32, or a folder of pictures."),
            invalidates=_MODEL,
        ),
    ] = EMOJI  # fmt: skip
    size: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "size"),
            QT_TRANSLATE_NOOP("scene", "Pictures of a folder are cut to squares and resized to this many pixels."),
            invalidates=_MODEL, ge=8, le=128, scale="log", unit="px", advanced=True,
        ),
    ] = 32  # fmt: skip
    sigma_min: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "σ min"), QT_TRANSLATE_NOOP("scene", "Smallest noise level, in units of the data's range 0 to 1."),
            invalidates=_MODEL, ge=0.001, le=1.0, scale="log", advanced=True,
        ),
    ] = 0.01  # fmt: skip
    sigma_max: Annotated[float, _SIGMA_MAX] | None = None


class Pretrained(Spec, ModelSpec, tag="diffusers", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "diffusers folder")
    HELP = QT_TRANSLATE_NOOP("scene", "A pretrained network in a local folder as diffusers saves it: DDPM or NCSN++ (ScoreSdeVe).")
    LOADS = QT_TRANSLATE_NOOP("scene", "a folder with model_index.json")
    path: Annotated[
        str,
        param(
            QT_TRANSLATE_NOOP("scene", "folder"), QT_TRANSLATE_NOOP("scene", "The folder that holds model_index.json."),
            invalidates=_MODEL,
        ),
    ] = ""  # fmt: skip
    sigma_max: Annotated[float, _SIGMA_MAX] | None = None


class Images(Section, frozen=True, kw_only=True):
    model: Annotated[
        ModelSpec,
        param(QT_TRANSLATE_NOOP("scene", "model"), QT_TRANSLATE_NOOP("scene", "Where the score comes from."), invalidates=_MODEL),
    ] = PictureSet()
    sampler: Annotated[
        SamplerSpec,
        param(
            QT_TRANSLATE_NOOP("scene", "method"), QT_TRANSLATE_NOOP("scene", "How pictures are sampled with the score."),
            invalidates=Invalidates.TRAJECTORY,
        ),
    ] = PredictorCorrector(steps=200)  # fmt: skip
    count: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "pictures"), QT_TRANSLATE_NOOP("scene", "How many pictures are sampled at once."),
            invalidates=Invalidates.TRAJECTORY, ge=1, le=64,
        ),
    ] = 16  # fmt: skip
    seed: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "seed"), QT_TRANSLATE_NOOP("scene", "First noise and all later noise: the same seed, the same run."),
            invalidates=Invalidates.TRAJECTORY, ge=0, le=2**31 - 1,
        ),
    ] = 7  # fmt: skip
    clip: Annotated[
        Literal["model", "on", "off"],
        param(
            QT_TRANSLATE_NOOP("scene", "clip estimate"),
            QT_TRANSLATE_NOOP(
                "scene", "Keep the denoised estimate within the data's range (clip_sample of diffusers). model: as its files say."
            ),
            invalidates=Invalidates.TRAJECTORY, advanced=True,
            labels={
                "model": QT_TRANSLATE_NOOP("scene", "model"),
                "on": QT_TRANSLATE_NOOP("scene", "on"),
                "off": QT_TRANSLATE_NOOP("scene", "off"),
            },
        ),
    ] = "model"  # fmt: skip
    chosen: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "single picture"),
            QT_TRANSLATE_NOOP("scene", "Which picture of the batch is shown large, counted from 1; 0 for all of them."),
            invalidates=Invalidates.VIEW, ge=0, le=64,
        ),
    ] = 0  # fmt: skip
    tones: Annotated[
        Literal["noise", "data"],
        param(
            QT_TRANSLATE_NOOP("scene", "tones of xₜ"),
            QT_TRANSLATE_NOOP("scene", "follow σ: black to white spans the data's range and two σ beyond. data's range: no more."),
            invalidates=Invalidates.VIEW, advanced=True,
            labels={
                "noise": QT_TRANSLATE_NOOP("scene", "follow σ"),
                "data": QT_TRANSLATE_NOOP("scene", "data's range"),
            },
        ),
    ] = "noise"  # fmt: skip
