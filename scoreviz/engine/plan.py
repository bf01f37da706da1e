"""What one run is made of: the scene's sampler, driven by the score that the scene asks for. Whoever samples begins here."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.engine.trainer import Trainer
from scoreviz.maths.empirical import Empirical
from scoreviz.maths.sampling import Sampler, build_sampler, starting_points
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture, LogProbFn, ScoreFn
from scoreviz.scene.data import DataSet
from scoreviz.scene.document import Scene
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
        """The scene's sampler. SceneError where this score cannot drive it."""
        return build_sampler(self.scene.sampler, self.sde, self.score_fn, self.log_prob_fn)

    def start(self, count: int | None = None) -> tuple[Tensor, Tensor]:
        """The starting points (n, D) of the scene's seed, and the generator's state after them, with which the noise goes on."""
        particles = self.scene.particles
        generator = torch.Generator().manual_seed(particles.seed)
        n = particles.count if count is None else count
        x = starting_points(self.scene.sampler, self.sde, self.target, n, generator)
        return x, generator.get_state()

    def law(self, t: float) -> GaussianMixture:
        """What the last points would be drawn from if all were exact: the drawing, or its law at the time `t` of the last frame."""
        return self.target if denoises(self.scene.sampler) else self.target.marginal(self.sde, t)


def plan_of(scene: Scene, sde: SDE, target: GaussianMixture, trainer: Trainer, *, revision: int = 0, live: bool = False) -> Plan:
    """The run of this scene with its score as it is now."""
    if scene.score.source == "network":
        score_fn, step = trainer.score_fn(), trainer.shown_step
        return Plan(revision, scene, sde, target, score_fn, trainer.log_prob_fn(), step, live=live)
    law = target if scene.score.source == "exact" else data_set(target, scene.data)
    return Plan(revision, scene, sde, target, law.score_fn(sde), law.log_prob_fn(sde), None, live=live)


def data_set(target: GaussianMixture, data: DataSet) -> Empirical:
    """The scene's data: `size` samples of the drawing, with their classes where it has any, and the law that knows nothing else."""
    generator = torch.Generator().manual_seed(data.seed)
    return Empirical(target.sample(data.size, generator))
