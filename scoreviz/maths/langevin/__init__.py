"""Langevin's family: dynamics that forget where they began and leave a density p standing.

Unadjusted steps (ULA, at one noise level or annealed over many), steps that are proposals for a Metropolis test (MALA, HMC), and
dynamics with a velocity (BAOAB). MALA and HMC are exact at any step size but need log p; ULA's law is wrong at the order of its step;
BAOAB's is right on Gaussians and wrong at the order of its step squared on others.
"""

from scoreviz.maths.langevin.metropolis import HMCSampler, MALASampler, MetropolisSampler
from scoreviz.maths.langevin.overdamped import LangevinSampler, level_time
from scoreviz.maths.langevin.underdamped import UnderdampedSampler

__all__ = ["HMCSampler", "LangevinSampler", "MALASampler", "MetropolisSampler", "UnderdampedSampler", "level_time"]
