"""What one run is made of: the scene's sampler, driven by the score that the scene asks for. Whoever samples begins here."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.engine.trainer import Trainer
from scoreviz.maths import empirical
from scoreviz.maths.control import (
    Law,
    controlled_log_prob,
    controlled_sampler,
    controlled_score,
    data_law,
    law_of,
    source_of,
)
from scoreviz.maths.empirical import Empirical
from scoreviz.maths.sampling import Sampler, build_sampler, starting_points
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture, LogProbFn, ScoreFn
from scoreviz.scene.data import DataSet
from scoreviz.scene.document import Scene
from scoreviz.scene.learning.reach import check_reach
from scoreviz.scene.samplers.family import denoises


@dataclass(frozen=True)
class Plan:
    """Two equal scenes and one network give the same run bit for bit."""

    revision: int
    scene: Scene
    sde: SDE
    target: GaussianMixture
    score_fn: ScoreFn
    log_prob_fn: LogProbFn | None  # where the score is a density's, for samplers that accept or reject
    step: int | None  # of the network behind score_fn; None for a score that is not learned
    live: bool

    def sampler(self) -> Sampler:
        """The scene's sampler under its control. SceneError where this score cannot drive it."""
        scene = self.scene
        sampler = build_sampler(scene.sampler, self.sde, self.score_fn, self.log_prob_fn)
        return controlled_sampler(scene.control, sampler, self.sde, self.target.dim)

    def start(self, count: int | None = None) -> tuple[Tensor, Tensor]:
        """The starting points (n, D) of the scene's seed, and the generator's state after them, with which the noise goes on."""
        particles = self.scene.particles
        generator = torch.Generator().manual_seed(particles.seed)
        n = particles.count if count is None else count
        law = data_law(self.scene.control, self.target) if self.scene.sampler.AXIS == "forward" else self.target
        x = starting_points(self.scene.sampler, self.sde, law, n, generator)
        return x, generator.get_state()

    def law(self, t: float) -> Law | None:
        """What the last points would be drawn from if all were exact, the time of the last frame being `t`; None where nobody knows."""
        law = law_of(self.scene.control, self.target)
        if law is None or denoises(self.scene.sampler):
            return law
        return Law(law.mixture.marginal(self.sde, t), law.columns)


def plan_of(scene: Scene, sde: SDE, target: GaussianMixture, trainer: Trainer, *, revision: int = 0, live: bool = False) -> Plan:
    """The run of this scene with its score as it is now. SceneError where that score cannot drive the scene's sampler."""
    control, step = scene.control, None
    if scene.score.source == "network":
        check_reach(scene.objective, scene.sampler)
        source, log_prob_fn, step = trainer.source(sde), trainer.log_prob_fn(sde), trainer.shown_step
    else:
        law = target if scene.score.source == "exact" else data_set(target, scene.data)
        source, log_prob_fn = source_of(law, sde), law.log_prob_fn(sde)
    score_fn = controlled_score(control, source, target, sde)
    log_prob_fn = controlled_log_prob(control, log_prob_fn, target, sde)
    return Plan(revision, scene, sde, target, score_fn, log_prob_fn, step, live=live)


def field_score(kind: str, scene: Scene, sde: SDE, target: GaussianMixture, trainer: Trainer) -> tuple[ScoreFn | None, int | None]:
    """The score that arrows of this kind show beside the exact one (None for “exact”), and the training step of a network's."""
    match kind:
        case "exact":
            return None, None
        case "data":
            return data_set(target, scene.data).score_fn(sde), None
        case "guided":
            plan = plan_of(scene, sde, target, trainer)
            return plan.score_fn, plan.step
        case "network" | "difference":
            return trainer.score_fn(), trainer.shown_step
    raise ValueError(f"there are no arrows of kind “{kind}”")


def data_set(target: GaussianMixture, data: DataSet) -> Empirical:
    """The scene's data, as a law."""
    return empirical.data_set(target, data.size, data.seed)
