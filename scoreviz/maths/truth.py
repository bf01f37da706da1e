"""What the window says of a finished run: its distance to exact samples, beside truth against truth."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from scoreviz.maths.metrics import noise_floor, sliced_wasserstein
from scoreviz.maths.targets import GaussianMixture

MEASURED = 4000
"""At most so many points enter the distance to the truth: its cost grows faster than its worth."""

LEAST_MEASURED = 2
"""One point has no spread, and so no distance in units of one."""

TRUTH_SEED = 0x7E57
"""The exact samples are the same for every run, so that distances of two runs can be compared."""


class Truth(NamedTuple):
    """Exact samples of a law, and what another such sample scores against them: mean and standard deviation."""

    samples: Tensor
    floor: tuple[float, float]


def exact_samples(law: GaussianMixture, n: int) -> Truth:
    """n exact samples, always the same, and the noise floor of their number."""
    return Truth(law.sample(n, torch.Generator().manual_seed(TRUTH_SEED)), noise_floor(law, n))


class Distance(NamedTuple):
    """Sliced Wasserstein distance to the truth, in its standard deviations, and that of truth to truth: mean and standard deviation."""

    value: float
    floor: tuple[float, float]


def distance_to_truth(x: Tensor, law: GaussianMixture) -> Distance:
    """Of the points x (B, D), B >= 2, from exact samples of `law`: the figure below the window's plot, of the first 4000 points."""
    if len(x) < LEAST_MEASURED:
        raise ValueError(f"a distance to the truth needs at least {LEAST_MEASURED} points, got {len(x)}")
    n = min(len(x), MEASURED)
    truth = exact_samples(law, n)
    return Distance(sliced_wasserstein(x[:n], truth.samples), truth.floor)
