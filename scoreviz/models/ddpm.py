"""DDPM: a network that predicts the noise (or x_0, or v) at an integer step; diffusers' DDPMPipeline (google/ddpm-*).

With x_t = a x_0 + std z:  s = -eps/std;  s = (a x_0 - x)/std^2;  v = a eps - std x_0, hence eps = a v + std x.
Sources: Ho et al. 2020; Salimans & Ho 2022 (v). Data range [-1, 1], label t (T-1) rounded to the nearest step.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from scoreviz.maths.sde import DiscreteVPSDE, Time, expand_as
from scoreviz.maths.targets import ScoreFn
from scoreviz.models.devices import evaluate
from scoreviz.models.facts import Facts, facts_of
from scoreviz.models.folders import Config, Folder
from scoreviz.models.model import Model
from scoreviz.models.network import diffusers, load_network, picture_shape
from scoreviz.protocol.messages import Card
from scoreviz.scene.errors import SceneError
from scoreviz.scene.images import Pretrained
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PREDICTIONS = {"epsilon": "the noise ε", "sample": "the picture x₀", "v_prediction": "v = a ε − std x₀"}
SCHEDULES = ("linear", "scaled_linear", "squaredcos_cap_v2")
FIXED = ("fixed_small", "fixed_small_log", "fixed_large")
SPACINGS = ("leading", "trailing", "linspace")


def load_ddpm(folder: Folder, spec: Pretrained, told: Callable[[str], None]) -> Model:
    """The model of a DDPM folder; SceneError says what is wrong with it."""
    prediction = _checked(folder)
    sde = read_noise(folder.scheduler)
    told("reading the weights")
    network, weights, warnings = load_network(folder)
    shape = picture_shape(folder.network)
    scheduler = folder.scheduler
    limit = scheduler.number("clip_sample_range", 1.0)
    if scheduler.flag("thresholding", False):
        warnings.append("Its own sampler thresholds the estimate by quantiles (thresholding), which is not done here.")
    if spec.sigma_max is not None:
        warnings.append("σ max is not used: the noise of a DDPM is the table that it was trained with.")
    clip = scheduler.flag("clip_sample", True) and not scheduler.flag("thresholding", False)
    card = Card(
        name=folder.name,
        family="DDPM",
        summary=QT_TRANSLATE_NOOP(
            "models", "A pretrained network predicts {prediction} at {steps} noise levels; its score follows from it."
        ),
        params={"prediction": PREDICTIONS[prediction], "steps": sde.size},
        facts=_facts(scheduler, sde, prediction, clip) + facts_of(folder, network, weights, shape),
        warnings=tuple(warnings),
        shape=shape,
        low=-1.0,
        high=1.0,
        sigma_max=sde.sigma(1.0),
        clip=clip,
    )
    return Model(card, sde, score_function(network, sde, prediction), shape, -1.0, 1.0, (-limit, limit))


def score_function(network: nn.Module, sde: DiscreteVPSDE, prediction: str) -> ScoreFn:
    """f(x, t) from the network's output at step round(t (T-1))."""

    def score_fn(x: Tensor, t: Time) -> Tensor:
        step = torch.as_tensor(t, dtype=torch.float64).mul(sde.size - 1).round().long()
        out = evaluate(network, x, step)
        a, std = expand_as(sde.mean_coefficient(t), x), expand_as(sde.std(t), x)
        if prediction == "epsilon":
            return out / -std
        if prediction == "sample":
            return (a * out - x) / std**2
        return (a * out + std * x) / -std

    return score_fn


def read_noise(config: Config) -> DiscreteVPSDE:
    """The noise table of a DDPMScheduler's settings, computed by diffusers itself; SceneError if they make none."""
    size = config.whole("num_train_timesteps", 1000, least=2)
    schedule = config.word("beta_schedule", "linear")
    if config.values.get("trained_betas") is None and schedule not in SCHEDULES:
        raise _unknown(config, "beta_schedule", schedule, SCHEDULES)
    spacing = config.word("timestep_spacing", "leading")
    if spacing not in SPACINGS:
        raise _unknown(config, "timestep_spacing", spacing, SPACINGS)
    offset = config.whole("steps_offset", 0)
    kind = diffusers().DDPMScheduler
    taken: dict[str, Any] = {key: value for key, value in config.values.items() if key in inspect.signature(kind.__init__).parameters}
    try:
        table = kind(**taken).alphas_cumprod
        if len(table) != size:
            raise ValueError(f"trained_betas has {len(table)} entries where num_train_timesteps is {size}")
        return DiscreteVPSDE(table, spacing, offset)
    except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” does not give a noise that grows from step to step: {reason}."),
            file=config.path, reason=" ".join(str(error).split())[:160],
        ) from error  # fmt: skip


def _checked(folder: Folder) -> str:
    """The prediction type, once all that contradicts it or is unknown here is ruled out."""
    config, scheduler = folder.network, folder.scheduler
    prediction = scheduler.word("prediction_type", "epsilon")
    if prediction not in PREDICTIONS:
        raise _unknown(scheduler, "prediction_type", prediction, tuple(PREDICTIONS))
    variance = scheduler.word("variance_type", "fixed_small")
    channels, out = config.whole("in_channels", 3), config.whole("out_channels", 3)
    if variance in ("learned", "learned_range"):
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” has variance_type {variance}: networks that learn their variance cannot be opened yet."),
            file=scheduler.path, variance=variance,
        )  # fmt: skip
    if variance not in FIXED:
        raise _unknown(scheduler, "variance_type", variance, FIXED)
    if channels != out:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}”: {channels} channels go in and {out} come out, which a prediction of {what} cannot be."),
            file=config.path, channels=channels, out=out, what=prediction,
        )  # fmt: skip
    if config.word("time_embedding_type", "positional") == "fourier":
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” has Fourier features of σ, as NCSN++ has, but a DDPM's steps are integers."),
            file=config.path,
        )  # fmt: skip
    return prediction


def _unknown(config: Config, key: str, value: str, known: tuple[str, ...]) -> SceneError:
    return SceneError(
        QT_TRANSLATE_NOOP("errors", "“{file}” has {key} “{value}”, which is not known here; known: {known}."),
        file=config.path, key=key, value=value[:80], known=", ".join(known),
    )  # fmt: skip


def _facts(scheduler: Config, sde: DiscreteVPSDE, prediction: str, clip: bool) -> Facts:
    limit = scheduler.number("clip_sample_range", 1.0)
    schedule = "trained_betas" if scheduler.values.get("trained_betas") is not None else scheduler.word("beta_schedule", "linear")
    return (
        (QT_TRANSLATE_NOOP("models", "noise"), f"VP, {sde.size} steps, {schedule}"),
        (QT_TRANSLATE_NOOP("models", "data range"), "−1 to 1"),
        (QT_TRANSLATE_NOOP("models", "output"), f"{PREDICTIONS[prediction]} ({prediction})"),
        (QT_TRANSLATE_NOOP("models", "variance"), scheduler.word("variance_type", "fixed_small")),
        (QT_TRANSLATE_NOOP("models", "clip_sample"), f"on, ±{limit:g}" if clip else "off"),
        (QT_TRANSLATE_NOOP("models", "spacing of steps"), f"{sde.spacing}, offset {sde.steps_offset}"),
        (QT_TRANSLATE_NOOP("models", "time label"), "integer step; times between are rounded to the nearest"),
    )
