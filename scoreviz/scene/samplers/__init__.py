"""Samplers, predictors and correctors that a person can choose.

Menus list them in the order in which they are declared: module by module as imported here.
"""

# ruff: noqa: I001 - the order is the menu's
from scoreviz.scene.samplers.family import CorrectorSpec, PredictorSpec, SamplerSpec
from scoreviz.scene.samplers.predictors import Ancestral, EulerMaruyama, NoPredictor, ReverseDiffusion
from scoreviz.scene.samplers.correctors import AnnealedLangevinCorrector, LangevinCorrector, NoCorrector
from scoreviz.scene.samplers.reverse import PredictorCorrector, ReverseSDE
from scoreviz.scene.samplers.solvers import (
    DDIM,
    RK4,
    RK45,
    AdaptiveSDE,
    DPMSolver2,
    DPMSolver3,
    DPMSolverPP2M,
    DPMSolverPP2MSDE,
    EDMHeun,
    Euler,
    EulerAncestral,
    ProbabilityFlow,
    UniPC,
)
from scoreviz.scene.samplers.langevin import HMC, MALA, AnnealedLangevin, Langevin, Underdamped
from scoreviz.scene.samplers.forward import Forward
from scoreviz.scene.samplers.control import Encode

__all__ = [
    "DDIM",
    "HMC",
    "MALA",
    "RK4",
    "RK45",
    "AdaptiveSDE",
    "Ancestral",
    "AnnealedLangevin",
    "AnnealedLangevinCorrector",
    "CorrectorSpec",
    "DPMSolver2",
    "DPMSolver3",
    "DPMSolverPP2M",
    "DPMSolverPP2MSDE",
    "EDMHeun",
    "Encode",
    "Euler",
    "EulerAncestral",
    "EulerMaruyama",
    "Forward",
    "Langevin",
    "LangevinCorrector",
    "NoCorrector",
    "NoPredictor",
    "PredictorCorrector",
    "PredictorSpec",
    "ProbabilityFlow",
    "ReverseDiffusion",
    "ReverseSDE",
    "SamplerSpec",
    "Underdamped",
    "UniPC",
]
