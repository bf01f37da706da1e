"""Mass of each mode, by responsibilities; the data set."""

from __future__ import annotations

import math

import torch

from scoreviz.engine.answers.registry import World, answers
from scoreviz.maths.control import law_of
from scoreviz.maths.empirical import data_set
from scoreviz.maths.metrics.connected import connected_modes
from scoreviz.maths.metrics.modes import mode_mass
from scoreviz.maths.targets import GaussianMixture
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.modes import AskData, AskModeMass, DataPoints, ModeMass
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers.family import denoises
from scoreviz.scene.text import QT_TRANSLATE_NOOP

MOST = 12
"""Bars that there is room for."""


@answers(AskModeMass)
def modes(question: AskModeMass, world: World) -> ModeMass:
    """A mode is a connected piece of the drawing, or a class where it has classes. Under p_t a point counts for each by p_t(mode|x).

    The mean of p_t(k|x) over exact samples of p_t is the weight w_k, however much noise has run the modes together.
    """
    points = torch.from_numpy(question.points.numpy().copy())
    law = law_of(world.scene.control, world.target)
    if law is None:
        raise SceneError(QT_TRANSLATE_NOOP("engine", "Samples under this guidance have no known law, so there are no true weights."))
    if points.ndim != 2 or points.shape[1] != world.target.dim or len(points) < 2:
        raise SceneError(QT_TRANSLATE_NOOP("engine", "Mode masses need at least two points."))
    clean = question.last and denoises(world.scene.sampler)
    mixture, points = law.mixture, law.of(points)
    labels, joined = _labels(mixture)
    if int(labels.max()) == 0:
        raise SceneError(QT_TRANSLATE_NOOP("engine", "This drawing is one connected piece: it has no modes whose mass could be compared."))
    stds = None if mixture.covs is not None else mixture.stds
    labelled = GaussianMixture(mixture.weights, mixture.means, stds, covs=mixture.covs, labels=labels)
    found = mode_mass(points, labelled if clean else labelled.marginal(world.sde, question.t), classes=True)
    order = found.weights.argsort(descending=True, stable=True)
    by_class = mixture.labels is not None
    numbers = mixture.classes if by_class else tuple(range(1, len(order) + 1))
    centres = torch.stack([labelled.of_class(int(k)).mean() for k in order])
    weights = found.weights[order]
    spread = (weights * (1 - weights) / len(points)).sqrt()
    return ModeMass(
        kind="class" if by_class else "mode", names=tuple(int(numbers[k]) for k in order) if by_class else numbers,
        centres=Array.of(centres.numpy()), weights=Array.of(weights.numpy()), shares=Array.of(found.shares[order].numpy()),
        errors=Array.of(found.errors[order].numpy()), lost=found.lost, wrong=found.total_variation,
        chance=float(spread.sum()) * math.sqrt(2 / math.pi) / 2, joined=joined,
        sigma=0.0 if clean else float(world.sde.sigma(question.t)),
    )  # fmt: skip


def _labels(mixture: GaussianMixture) -> tuple[torch.Tensor, int]:
    """The mode of each component, 0, 1, ..., and how many pieces had to be joined to another."""
    if mixture.labels is None:
        return connected_modes(mixture, MOST)
    place = {label: k for k, label in enumerate(mixture.classes)}
    return torch.tensor([place[label] for label in mixture.labels.tolist()]), 0


@answers(AskData)
def data(question: AskData, world: World) -> DataPoints:
    """The very points that the score “data” is made of and that a network may be trained on."""
    spec = world.scene.data
    return DataPoints(points=Array.of(data_set(world.target, spec.size, spec.seed).points.float().numpy()))
