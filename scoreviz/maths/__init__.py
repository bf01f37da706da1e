"""The mathematics: noise, exact targets, networks, training, samplers and metrics. torch only; no Qt, no I/O, no global random state.

Names that notebooks and scripts may rely on are those in `__all__`. x has shape (B, *), t is a float or (B,), and time runs from data
at t = 0 to noise at t = 1. Every random number comes from a generator that the caller gives or seeds.
"""

from scoreviz.maths import langevin, pc, solvers  # noqa: F401 - they register their samplers
from scoreviz.maths.correctors import build_corrector
from scoreviz.maths.denoiser import (
    Denoiser,
    clipped,
    denoiser_from_score,
    eps_from_score,
    score_fn_of,
    score_from_denoiser,
    score_from_eps,
)
from scoreviz.maths.density import compile_density, preset
from scoreviz.maths.empirical import Empirical
from scoreviz.maths.grids import build_grid
from scoreviz.maths.metrics import noise_floor, sliced_wasserstein
from scoreviz.maths.networks import ScoreMLP, build_network
from scoreviz.maths.objectives import DenoisingScoreMatching, Floor, build_objective, loss_floor
from scoreviz.maths.predictors import build_predictor
from scoreviz.maths.registry import implementations, implements
from scoreviz.maths.sampling import (
    Info,
    Sampler,
    Stage,
    State,
    Substep,
    build_sampler,
    make_sampler,
    prior_points,
    rng_from_seed,
    sample,
    starting_points,
    trajectory,
)
from scoreviz.maths.sde import SDE, VESDE, DiscreteVPSDE, build_sde
from scoreviz.maths.targets import GaussianMixture, LogProbFn, Posterior, ScoreFn
from scoreviz.maths.training import (
    TrainInfo,
    TrainState,
    draw_batch,
    init_training,
    learning_rate,
    load_state,
    reconfigure,
    state_dict,
    train_step,
)

__all__ = [
    "SDE",
    "VESDE",
    "Denoiser",
    "DenoisingScoreMatching",
    "DiscreteVPSDE",
    "Empirical",
    "Floor",
    "GaussianMixture",
    "Info",
    "LogProbFn",
    "Posterior",
    "Sampler",
    "ScoreFn",
    "ScoreMLP",
    "Stage",
    "State",
    "Substep",
    "TrainInfo",
    "TrainState",
    "build_corrector",
    "build_grid",
    "build_network",
    "build_objective",
    "build_predictor",
    "build_sampler",
    "build_sde",
    "clipped",
    "compile_density",
    "denoiser_from_score",
    "draw_batch",
    "eps_from_score",
    "implementations",
    "implements",
    "init_training",
    "learning_rate",
    "load_state",
    "loss_floor",
    "make_sampler",
    "noise_floor",
    "preset",
    "prior_points",
    "reconfigure",
    "rng_from_seed",
    "sample",
    "score_fn_of",
    "score_from_denoiser",
    "score_from_eps",
    "sliced_wasserstein",
    "starting_points",
    "state_dict",
    "train_step",
    "trajectory",
]
