"""Solvers of the probability-flow ODE and of the reverse SDE beyond predictors, and the forward SDE."""

from scoreviz.maths.solvers.adaptive import AdaptiveSampler, AdaptiveSDESampler, RK45Sampler
from scoreviz.maths.solvers.ddim import DDIMSampler
from scoreviz.maths.solvers.edm import EDMSampler
from scoreviz.maths.solvers.forward import ForwardSampler
from scoreviz.maths.solvers.levels import Level, LevelSampler, grid_levels
from scoreviz.maths.solvers.multistep import DPMSolverPP2MSampler, UniPCSampler
from scoreviz.maths.solvers.ode import DPM2Sampler, DPM3Sampler, EulerSampler, HeunSampler, RK4Sampler, SinglestepSampler

__all__ = [
    "AdaptiveSDESampler",
    "AdaptiveSampler",
    "DDIMSampler",
    "DPM2Sampler",
    "DPM3Sampler",
    "DPMSolverPP2MSampler",
    "EDMSampler",
    "EulerSampler",
    "ForwardSampler",
    "HeunSampler",
    "Level",
    "LevelSampler",
    "RK4Sampler",
    "RK45Sampler",
    "SinglestepSampler",
    "UniPCSampler",
    "grid_levels",
]
