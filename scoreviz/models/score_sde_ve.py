"""NCSN++: a network whose output is the score itself, labelled by sigma; diffusers' ScoreSdeVePipeline (google/ncsnpp-*).

Source: Song et al. 2021. Data range [0, 1]; the network divides by sigma inside.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from scoreviz.maths.sde import VESDE, Time
from scoreviz.maths.targets import ScoreFn
from scoreviz.models.devices import evaluate
from scoreviz.models.facts import Facts, facts_of
from scoreviz.models.folders import Config, Folder
from scoreviz.models.model import Model
from scoreviz.models.network import load_network, picture_shape
from scoreviz.protocol.messages import Card
from scoreviz.scene.errors import SceneError
from scoreviz.scene.images import Pretrained
from scoreviz.scene.text import QT_TRANSLATE_NOOP


def load_score_sde_ve(folder: Folder, spec: Pretrained, told: Callable[[str], None]) -> Model:
    """The model of an NCSN++ folder; SceneError says what is wrong with it."""
    _checked(folder)
    sde, warnings = read_noise(folder.scheduler, spec.sigma_max)
    told("reading the weights")
    network, weights, left_out = load_network(folder)
    shape = picture_shape(folder.network)
    card = Card(
        name=folder.name,
        family="NCSN++ (VE)",
        summary=QT_TRANSLATE_NOOP("models", "A pretrained network gives the score itself at every noise level from {low} to {high}."),
        params={"low": f"{sde.sigma_min:g}", "high": f"{sde.sigma_max:g}"},
        facts=_facts(folder.scheduler, sde) + facts_of(folder, network, weights, shape),
        warnings=(*warnings, *left_out),
        shape=shape,
        low=0.0,
        high=1.0,
        sigma_max=sde.sigma_max,
        clip=False,
    )
    return Model(card, sde, score_function(network, sde), shape, 0.0, 1.0, (0.0, 1.0))


def score_function(network: nn.Module, sde: VESDE) -> ScoreFn:
    """f(x, t): the network's output under the label sigma(t), which must be a tensor: a float would be cut to an integer."""

    def score_fn(x: Tensor, t: Time) -> Tensor:
        return evaluate(network, x, torch.as_tensor(sde.std(t), dtype=x.dtype).expand(len(x)))

    return score_fn


def read_noise(config: Config, sigma_max: float | None) -> tuple[VESDE, list[str]]:
    """The SDE of a ScoreSdeVeScheduler's settings, with another sigma_max if one is given, and what to warn of."""
    low, high, eps = config.number("sigma_min", 0.01), config.number("sigma_max", 1348.0), config.number("sampling_eps", 1e-5)
    for key, value, fits in (("sigma_min", low, low > 0), ("sampling_eps", eps, 0 <= eps < 1)):
        if not fits:
            raise config.wrong(key, value)
    if low >= high:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” has sigma_min {low} and sigma_max {high}: the smallest noise must be below the largest."),
            file=config.path, low=f"{low:g}", high=f"{high:g}",
        )  # fmt: skip
    chosen = high if sigma_max is None else sigma_max
    if chosen <= low:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "σ max {chosen} is not above this model's σ min {low}: choose a larger one, or automatic."),
            chosen=f"{chosen:g}", low=f"{low:g}",
        )  # fmt: skip
    warnings = [f"σ max is {chosen:g}, where the model's own files say {high:g}."] if chosen != high else []
    return VESDE(low, chosen, eps), warnings


def _checked(folder: Folder) -> None:
    config = folder.network
    if (kind := config.word("time_embedding_type", "positional")) != "fourier":
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” has time_embedding_type {kind}; the score network of a {pipeline} has fourier."),
            file=config.path, kind=kind, pipeline=folder.pipeline,
        )  # fmt: skip
    channels, out = config.whole("in_channels", 3), config.whole("out_channels", 3)
    if channels != out:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}”: {channels} channels go in and {out} come out, which a score cannot be."),
            file=config.path, channels=channels, out=out,
        )  # fmt: skip


def _facts(scheduler: Config, sde: VESDE) -> Facts:
    return (
        (QT_TRANSLATE_NOOP("models", "noise"), f"VE, stops at t = {sde.eps:g}"),
        (QT_TRANSLATE_NOOP("models", "data range"), "0 to 1"),
        (QT_TRANSLATE_NOOP("models", "σ range"), f"{sde.sigma_min:g} to {sde.sigma_max:g}"),
        (QT_TRANSLATE_NOOP("models", "output"), "the score"),
        (QT_TRANSLATE_NOOP("models", "its own sampler"), _own_sampler(scheduler)),
        (QT_TRANSLATE_NOOP("models", "time label"), "σ"),
    )


def _own_sampler(scheduler: Config) -> str:
    steps, correct, snr = scheduler.whole("num_train_timesteps", 2000), scheduler.whole("correct_steps", 1), scheduler.number("snr", 0.15)
    return f"{steps} steps × {correct} corrections, snr {snr:g}"
