"""Score, network, objective and training: what is learned and how."""

from scoreviz.scene.learning.family import NetworkSpec, ObjectiveSpec, Score
from scoreviz.scene.learning.networks import MLP, ParameterisationName
from scoreviz.scene.learning.objectives import (
    DDPMSimple,
    Denoising,
    EDMLoss,
    Explicit,
    Implicit,
    Ladder,
    Sliced,
    WeightingName,
)
from scoreviz.scene.learning.sigmas import LogNormalSigma, LogUniformSigma, OneSigma, SigmaSpec, UniformTimeSigma
from scoreviz.scene.learning.training import Training

__all__ = [
    "MLP",
    "DDPMSimple",
    "Denoising",
    "EDMLoss",
    "Explicit",
    "Implicit",
    "Ladder",
    "LogNormalSigma",
    "LogUniformSigma",
    "NetworkSpec",
    "ObjectiveSpec",
    "OneSigma",
    "ParameterisationName",
    "Score",
    "SigmaSpec",
    "Sliced",
    "Training",
    "UniformTimeSigma",
    "WeightingName",
]
