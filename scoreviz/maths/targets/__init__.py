"""Densities whose score is known in closed form at every noise level: Gaussian mixtures, and what every exact target can do."""

from scoreviz.maths.targets.mixture import GRID_FLOOR, GaussianMixture
from scoreviz.maths.targets.target import LogProbFn, Moments, Posterior, ScoreFn, Target

__all__ = ["GRID_FLOOR", "GaussianMixture", "LogProbFn", "Moments", "Posterior", "ScoreFn", "Target"]
