"""Predictor-corrector sampling of the reverse SDE; without correctors it is the reverse SDE alone.

Levels k = n-1 ... 0 are those of `Levels`, the reference's discretisation on the uniform grid; the score is evaluated at their times.
The step from level 0 goes to no noise at all, and t is 0 from there.
"corrector_first" (the published code): correct at k, then predict k to k-1. "predictor_first" (Song et al. 2021, algorithm 1):
predict k to k-1, then correct at k-1; after the last prediction no level is left to correct at.

At the end ("denoise"): "mean", as published, drops the last step's noise, which costs nothing. It is Tweedie's E[x_0 | x] for VE with
reverse diffusion or ancestral steps, and not otherwise. "tweedie" puts (x + std^2 s)/a at level 0 in the place of the step from there: one
evaluation, the same in all. "none" keeps the noise.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from scoreviz.maths.correctors import Corrector, build_corrector
from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.grids import build_levels
from scoreviz.maths.predictors import Predictor, build_predictor
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, Stage, State, Substep
from scoreviz.maths.sde import SDE, Levels, expand_as
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import NoCorrector, NoPredictor, PredictorCorrector, ReverseSDE
from scoreviz.scene.text import QT_TRANSLATE_NOOP

Ending = Literal["mean", "tweedie", "none"]


class PredictorCorrectorSampler(Sampler):
    """A predictor step from each level, with m corrector steps, and an ending."""

    def __init__(
        self,
        levels: Levels,
        score_fn: ScoreFn,
        predictor: Predictor | None,
        corrector: Corrector | None = None,
        m: int = 0,
        corrector_first: bool = True,
        denoise: Ending = "mean",
    ) -> None:
        """`predictor` or `corrector` None leaves its substeps out of the plan."""
        m = m if corrector else 0
        if predictor is None and m == 0:
            raise SceneError(QT_TRANSLATE_NOOP("errors", "Neither a predictor nor a corrector moves the points. Choose one of them."))
        sde = levels.sde
        self.levels, self.score_fn, self.corrector, self.denoise = levels, score_fn, corrector, denoise
        self.rules = [predictor(levels, k) for k in range(len(levels))] if predictor else []
        self.marginals = [(sde.mean_coefficient(t), sde.std(t) ** 2) for t in levels.times]
        stages: list[tuple[Stage, int]] = []
        for k in reversed(range(len(levels))):
            correct_at = k if corrector_first else k - 1
            correct = [(Stage.CORRECT, correct_at)] * (m if correct_at >= 0 else 0)
            predict = [(Stage.PREDICT, k)] if predictor and not (k == 0 and denoise == "tweedie") else []
            stages += correct + predict if corrector_first else predict + correct
        if denoise != "none":
            stages.append((Stage.DENOISE, 0))
        self.places = [k for _, k in stages]
        self.plan = [Substep(i, stage, *self._interval(stage, k)) for i, (stage, k) in enumerate(stages)]

    def _interval(self, stage: Stage, k: int) -> tuple[float, float]:
        """From the level's own time, except that "mean" is taken where the last step has led."""
        t = self.levels.times[k]
        if stage is Stage.PREDICT:
            return t, self.levels.times[k - 1] if k else 0.0
        if stage is Stage.CORRECT:
            return t, t
        if self.denoise == "tweedie":
            return t, 0.0
        return (0.0, 0.0) if self.rules else (t, t)

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """Predict, correct, or denoise."""
        if substep.stage is Stage.DENOISE:
            return self._denoised(state, substep)
        x, k = state.x, self.places[substep.index]
        score = self.score_fn(x, substep.t)
        z, rng = self.draw(state, substep)
        step_size: Tensor | None = None
        if substep.stage is Stage.PREDICT:
            keep, pull, shake = self.rules[k]
            drift = score * pull if keep == 1.0 else score * pull + x * (keep - 1.0)
            noise = z.mul_(shake)
        else:
            assert self.corrector is not None
            step_size = self.corrector(self.levels, k, score, z)
            drift = score * expand_as(step_size, score)
            noise = z.mul_(expand_as((2 * step_size).sqrt(), z))
        x_mean = x + drift
        x0 = tweedie(x, score, *self.marginals[k])
        return State(x_mean + noise, x_mean, state.cursor + 1, rng), Info(score, drift, noise, x0, step_size, 1)

    def _denoised(self, state: State, substep: Substep) -> tuple[State, Info]:
        """The last mean, or Tweedie's estimate at the lowest level."""
        x = state.x
        if self.denoise == "mean":
            return State(state.x_mean, state.x_mean, state.cursor + 1, state.rng), Info(drift=state.x_mean - x)
        score = self.score_fn(x, substep.t)
        x0 = tweedie(x, score, *self.marginals[0])
        return State(x0, x0, state.cursor + 1, state.rng), Info(score, x0 - x, None, x0, None, 1)


def noiseless(predictor: Predictor) -> Predictor:
    """The same step without its noise, g^2 kept whole: on N(0, v) with VE noise, x ends on x_1 (v + sigma_min^2)/(v + sigma_max^2)."""
    return lambda levels, k: predictor(levels, k)._replace(shake=0.0)


@implements(PredictorCorrector)
def _pc(spec: PredictorCorrector, sde: SDE, score_fn: ScoreFn) -> Sampler:
    predictor = None if isinstance(spec.predictor, NoPredictor) else build_predictor(spec.predictor)
    corrector = None if isinstance(spec.corrector, NoCorrector) else build_corrector(spec.corrector)
    levels, first = build_levels(spec.grid, sde, spec.steps), spec.order == "corrector_first"
    return PredictorCorrectorSampler(levels, score_fn, predictor, corrector, spec.corrector_steps, first, spec.denoise)


@implements(ReverseSDE)
def _reverse_sde(spec: ReverseSDE, sde: SDE, score_fn: ScoreFn) -> Sampler:
    predictor = None if isinstance(spec.predictor, NoPredictor) else build_predictor(spec.predictor)
    if predictor is not None and not spec.noise:
        predictor = noiseless(predictor)
    return PredictorCorrectorSampler(build_levels(spec.grid, sde, spec.steps), score_fn, predictor, denoise=spec.denoise)
