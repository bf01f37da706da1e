"""Measures: distances between clouds of points, what a law weighs in nats, and the registry that names every measure.

`sliced.py`, `pairs.py` and `modes.py` compare points, `entropy.py` laws; `measures.py` is the list, `floors.py` says what truth against
truth scores. Fields are measured in `scoreviz.maths.fields`, likelihoods in `scoreviz.maths.likelihood`.
"""

from scoreviz.maths.metrics.entropy import Divergence, entropy, gaussian_divergence, kl_divergence
from scoreviz.maths.metrics.floors import noise_floor
from scoreviz.maths.metrics.measures import MEASURES, Measure, named_measure
from scoreviz.maths.metrics.modes import ModeMass, mode_mass
from scoreviz.maths.metrics.pairs import Nearest, energy_distance, max_mean_discrepancy, nearest_distance, nearest_point
from scoreviz.maths.metrics.sliced import PROJECTIONS, sliced_wasserstein

__all__ = [
    "MEASURES",
    "PROJECTIONS",
    "Divergence",
    "Measure",
    "ModeMass",
    "Nearest",
    "energy_distance",
    "entropy",
    "gaussian_divergence",
    "kl_divergence",
    "max_mean_discrepancy",
    "mode_mass",
    "named_measure",
    "nearest_distance",
    "nearest_point",
    "noise_floor",
    "sliced_wasserstein",
]
