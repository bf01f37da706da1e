"""What `scoreviz bench` measures here, as functions that return seconds. Training time excludes the evaluations in between."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import torch

from scoreviz.maths.denoiser import score_fn_of
from scoreviz.maths.density import preset
from scoreviz.maths.metrics import sliced_wasserstein
from scoreviz.maths.sampling import make_sampler, sample, starting_points
from scoreviz.maths.sde import SDE, build_sde
from scoreviz.maths.targets import GaussianMixture
from scoreviz.maths.training import TrainState, init_training, train_step
from scoreviz.scene.density import PresetName
from scoreviz.scene.learning import MLP, Denoising, NetworkSpec, Training
from scoreviz.scene.noise import VE
from scoreviz.scene.samplers import ProbabilityFlow


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """Mean seconds of one run, steps, and mean distance when the mean over the seeds first reached the threshold (or at the limit)."""

    seconds: float
    steps: int
    distance: float


def train_until(
    name: PresetName = "two_moons",
    threshold: float = 0.05,
    seeds: Sequence[int] = range(5),
    network: NetworkSpec | None = None,
    training: Training | None = None,
    every: int = 25,
    limit: int = 3000,
) -> TrainingRun:
    """Train one network a seed, side by side, until the mean distance of their EMA samples from the drawing is at most `threshold`.

    The mean of all seeds decides: a single run's distance is noisy, and the first time that it dips below would flatter.
    """
    target = preset(name)
    sde = build_sde(VE(), target.diameter())
    settings = training or Training()
    states = [init_training(network or MLP(), msgspec.structs.replace(settings, seed=seed), Denoising(), sde, target) for seed in seeds]
    seconds, distance = 0.0, float("inf")
    while states[0].step < limit and not distance <= threshold:
        start = time.perf_counter()
        for state in states:
            for _ in range(every):
                train_step(state)
        seconds += time.perf_counter() - start
        distance = sum(distance_to_truth(state, sde, seed) for state, seed in zip(states, seeds, strict=True)) / len(states)
    return TrainingRun(seconds / len(states), states[0].step, distance)


def distance_to_truth(state: TrainState, sde: SDE, seed: int = 0, n: int = 4000, steps: int = 40) -> float:
    """`sliced_wasserstein` of n points, sampled by Heun with the EMA network, from as many exact ones."""
    target = state.target
    assert isinstance(target, GaussianMixture), "of a network that learns a drawing, not a data set"
    x = starting_points(ProbabilityFlow(), sde, target, n, torch.Generator().manual_seed(1000 + seed))
    truth = target.sample(n, torch.Generator().manual_seed(2000 + seed))
    return sliced_wasserstein(sample(make_sampler("heun", sde, score_fn_of(state.ema, sde), n_steps=steps), x, seed), truth)


def heun_seconds(particles: int = 2000, steps: int = 40, network: NetworkSpec | None = None, repeats: int = 5) -> tuple[float, float]:
    """Seconds of a Heun run with a fresh network, and of its bare score evaluations; the least of the repeats, interleaved."""
    target = preset("two_moons")
    sde = build_sde(VE(), target.diameter())
    score_fn = score_fn_of(init_training(network or MLP(), Training(), Denoising(), sde, target).ema, sde)
    sampler = make_sampler("heun", sde, score_fn, n_steps=steps)
    x = sde.prior_sampling((particles, target.dim), torch.Generator().manual_seed(0))
    run = bare = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        sample(sampler, x, 0)
        middle = time.perf_counter()
        with torch.no_grad():
            for substep in sampler.plan:
                score_fn(x, substep.t)
                score_fn(x, substep.s)
        run, bare = min(run, middle - start), min(bare, time.perf_counter() - middle)
    return run, bare
