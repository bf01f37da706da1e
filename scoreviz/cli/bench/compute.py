"""How fast a network learns and how fast points are sampled, on one core."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Iterator
from typing import Any

from scoreviz.cli.bench.rows import Figure, Measured, NotHere, Row

SEEDS = range(5)
THRESHOLD = 0.05  # sliced Wasserstein; truth against truth is .025 at 4000 points


def _on_one_core() -> None:
    import torch

    torch.set_num_threads(1)


def _moons() -> Measured:
    from scoreviz.maths import bench

    _on_one_core()
    run = bench.train_until("two_moons", THRESHOLD, SEEDS)
    if run.distance > THRESHOLD:
        raise RuntimeError(f"two moons stayed at {run.distance:.3f} after {run.steps} steps")
    return Measured(run.seconds, note=f"{run.steps} steps; mean distance of {len(SEEDS)} seeds {run.distance:.3f}")


def _moons_against_smalldiffusion() -> Measured:
    """Both in this process, in turns, to the same distance: ours, theirs, ours."""
    try:
        import smalldiffusion
    except ImportError as error:
        raise NotHere(f"smalldiffusion is not installed here ({error}); pip install smalldiffusion to compare with its toy loop") from error
    first = _moons().value
    theirs = _toy_loop(smalldiffusion)
    return Measured(statistics.mean([first, _moons().value]), theirs, note="smalldiffusion's toy loop with its README's settings")


def _toy_loop(library: Any, seeds: range = range(3), every: int = 250, limit: int = 4000) -> float:
    """Seconds a run until the mean distance of its samples over the seeds is at most THRESHOLD."""
    import torch

    from scoreviz.maths.density import preset
    from scoreviz.maths.metrics import sliced_wasserstein

    target = preset("two_moons")

    class Loader:
        """One fresh batch an epoch, as its examples do."""

        def __init__(self, seed: int) -> None:
            self._generator = torch.Generator().manual_seed(seed)

        def __iter__(self) -> Iterator[torch.Tensor]:
            yield target.sample(2048, self._generator)

    torch.manual_seed(0)  # it draws from the global generator
    schedule = library.ScheduleLogLinear(N=200, sigma_min=0.005, sigma_max=10)
    models = [library.TimeInputMLP(hidden_dims=(16, 128, 128, 128, 128, 16)) for _ in seeds]
    loops = [library.training_loop(Loader(seed), model, schedule, epochs=10**6) for seed, model in zip(seeds, models, strict=True)]
    seconds = 0.0
    for _ in range(limit // every):
        start = time.perf_counter()
        for loop in loops:
            for _ in range(every):
                next(loop)
        seconds += time.perf_counter() - start
        distances = []
        for seed, model in zip(seeds, models, strict=True):
            *_, x0 = library.samples(model, schedule.sample_sigmas(100), batchsize=4000, gam=1, mu=0.5)
            distances.append(sliced_wasserstein(x0, target.sample(4000, torch.Generator().manual_seed(2000 + seed))))
        if statistics.mean(distances) <= THRESHOLD:
            break
    return seconds / len(loops)


@functools.cache
def _heun() -> tuple[float, float]:
    from scoreviz.maths import bench

    _on_one_core()
    return bench.heun_seconds(repeats=15)


ROWS = (
    Row("train-moons", f"two moons from random weights to a distance of {THRESHOLD}, one core", "s", 1.5, _moons),
    Row(
        "train-moons-ratio", "the same beside smalldiffusion's toy loop", "s", 0.1, _moons_against_smalldiffusion,
        figure=Figure.RATIO, baseline="smalldiffusion's toy loop in the same process",
    ),
    Row("heun", "2000 particles x 40 Heun steps, one core", "s", 0.2, lambda: Measured(_heun()[0])),
    Row(
        "sampling-loop", "what the sampling loop costs over its bare network evaluations", "s", 0.05, lambda: Measured(*_heun()),
        figure=Figure.OVERHEAD, baseline="the same evaluations of the network without the loop",
    ),
)  # fmt: skip
