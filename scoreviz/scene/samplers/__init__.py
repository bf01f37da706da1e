"""Samplers, predictors and correctors that a person can choose.

Menus list them in the order in which they are declared: module by module as imported here.
"""

# ruff: noqa: I001 - the order is the menu's
from scoreviz.scene.samplers.family import CorrectorSpec, PredictorSpec, SamplerSpec
from scoreviz.scene.samplers.predictors import Ancestral, EulerMaruyama, NoPredictor, ReverseDiffusion
from scoreviz.scene.samplers.correctors import AnnealedLangevinCorrector, LangevinCorrector, NoCorrector
from scoreviz.scene.samplers.reverse import PredictorCorrector, ReverseSDE
from scoreviz.scene.samplers.solvers import ProbabilityFlow
from scoreviz.scene.samplers.langevin import AnnealedLangevin, Langevin
from scoreviz.scene.samplers.forward import Forward

__all__ = [
    "Ancestral",
    "AnnealedLangevin",
    "AnnealedLangevinCorrector",
    "CorrectorSpec",
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
]
