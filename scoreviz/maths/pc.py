"""Predictor-corrector sampling of the reverse SDE; without correctors it is the reverse SDE alone.

Levels k = n-1 ... 0 are those of the reference discretisation, `sde.times`; the score is evaluated at `sde.timesteps`, as published.
The step from level 0 goes to no noise at all, and t is 0 from there.
"corrector_first" (the published code): correct at k, then predict k to k-1. "predictor_first" (Song et al. 2021, algorithm 1):
predict k to k-1, then correct at k-1; after the last prediction no level is left to correct at.
"""

from __future__ import annotations

from torch import Tensor

from scoreviz.maths.correctors import Corrector, build_corrector
from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.predictors import Predictor, build_predictor
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, Stage, State, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import NoCorrector, NoPredictor, PredictorCorrector, ReverseSDE
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class PredictorCorrectorSampler(Sampler):
    """n predictor steps with m corrector steps each, and at the end the last mean without its noise (`denoise`)."""

    def __init__(
        self,
        sde: SDE,
        score_fn: ScoreFn,
        n: int,
        predictor: Predictor | None,
        corrector: Corrector | None = None,
        m: int = 0,
        corrector_first: bool = True,
        denoise: bool = True,
    ) -> None:
        """`predictor` or `corrector` None leaves its substeps out of the plan."""
        self.sde, self.score_fn, self.n, self.corrector = sde, score_fn, n, corrector
        self.times = sde.timesteps(n)
        self.rules = [predictor(sde, k, n) for k in range(n)] if predictor else []
        self.noise_levels = [(sde.mean_coefficient(t), sde.std(t) ** 2) for t in self.times]
        m = m if corrector else 0
        if predictor is None and m == 0:
            raise SceneError(QT_TRANSLATE_NOOP("errors", "Neither a predictor nor a corrector moves the points. Choose one of them."))
        levels: list[tuple[Stage, int]] = []
        for k in reversed(range(n)):
            correct_at = k if corrector_first else k - 1
            correct = [(Stage.CORRECT, correct_at)] * (m if correct_at >= 0 else 0)
            predict = [(Stage.PREDICT, k)] if predictor else []
            levels += correct + predict if corrector_first else predict + correct
        self.levels = [k for _, k in levels]
        self.plan = [Substep(i, stage, *self._interval(stage, k)) for i, (stage, k) in enumerate(levels)]
        if denoise:
            t = self.plan[-1].s
            self.plan.append(Substep(len(self.plan), Stage.DENOISE, t, t))

    def _interval(self, stage: Stage, k: int) -> tuple[float, float]:
        t = self.times[k]
        return (t, self.times[k - 1] if k else 0.0) if stage is Stage.PREDICT else (t, t)

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """Predict, correct, or drop the last noise."""
        x = state.x
        if substep.stage is Stage.DENOISE:
            return State(state.x_mean, state.x_mean, state.cursor + 1, state.rng), Info(drift=state.x_mean - x)
        k = self.levels[substep.index]
        score = self.score_fn(x, substep.t)
        z, rng = self.draw(state, substep)
        step_size: Tensor | None = None
        if substep.stage is Stage.PREDICT:
            keep, pull, shake = self.rules[k]
            drift = score * pull if keep == 1.0 else score * pull + x * (keep - 1.0)
            noise = z.mul_(shake)
        else:
            assert self.corrector is not None
            step_size = self.corrector(self.sde, k, self.n, score, z)
            drift = score * step_size
            noise = z.mul_((2 * step_size).sqrt())
        x_mean = x + drift
        a, variance = self.noise_levels[k]
        x0 = tweedie(x, score, a, variance)
        return State(x_mean + noise, x_mean, state.cursor + 1, rng), Info(score, drift, noise, x0, step_size, 1)


@implements(PredictorCorrector)
def _pc(spec: PredictorCorrector, sde: SDE, score_fn: ScoreFn) -> Sampler:
    predictor = None if isinstance(spec.predictor, NoPredictor) else build_predictor(spec.predictor)
    corrector = None if isinstance(spec.corrector, NoCorrector) else build_corrector(spec.corrector)
    first = spec.order == "corrector_first"
    return PredictorCorrectorSampler(sde, score_fn, spec.steps, predictor, corrector, spec.corrector_steps, first, spec.denoise)


@implements(ReverseSDE)
def _reverse_sde(spec: ReverseSDE, sde: SDE, score_fn: ScoreFn) -> Sampler:
    predictor = None if isinstance(spec.predictor, NoPredictor) else build_predictor(spec.predictor)
    return PredictorCorrectorSampler(sde, score_fn, spec.steps, predictor, denoise=spec.denoise)
