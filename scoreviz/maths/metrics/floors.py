"""What a perfect sampler scores: two exact samples against each other."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from scoreviz.maths.metrics.measures import CLOUD, named_measure
from scoreviz.maths.targets import Target


def noise_floor(
    target: Target,
    n: int,
    repeats: int = 8,
    seed: int = 0,
    measure: str | Callable[[Tensor, Tensor], float] = "sliced_wasserstein",
) -> tuple[float, float]:
    """Mean and standard deviation of a measure between two exact samples of size n: what a perfect sampler scores.

    measure: the name of one that compares clouds, or any function of two clouds. For a measure against the target itself give a
    function that leaves the second cloud alone: `lambda a, _: mode_mass(a, target).total_variation`.
    """
    if repeats < 2:
        raise ValueError(f"a noise floor needs at least 2 repeats, got {repeats}")
    score = _cloud_measure(measure) if isinstance(measure, str) else measure
    generator = torch.Generator(target.mean().device).manual_seed(seed)
    values = [score(target.sample(n, generator), target.sample(n, generator)) for _ in range(repeats)]
    tensor = torch.tensor(values, dtype=torch.float64)
    return float(tensor.mean()), float(tensor.std())


def _cloud_measure(name: str) -> Callable[[Tensor, Tensor], float]:
    found = named_measure(name)
    if found.compares != CLOUD:
        raise ValueError(f"“{name}” does not compare two clouds of points; give a function of two clouds")
    function: Callable[[Tensor, Tensor], float] = found.function
    return function
