"""Training and sampling times for the benchmark, on one core: `moons`, `smalldiffusion` or `heun`. Prints one JSON object."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import torch

from scoreviz.maths import bench
from scoreviz.maths.density import preset
from scoreviz.maths.metrics import sliced_wasserstein

SEEDS = range(5)
THRESHOLD = 0.05  # sliced Wasserstein; truth against truth is .025 at 4000 points


def moons() -> dict[str, float]:
    """Two moons from random weights to THRESHOLD, the mean of SEEDS."""
    run = bench.train_until("two_moons", THRESHOLD, SEEDS)
    if run.distance > THRESHOLD:
        raise RuntimeError(f"two moons stayed at {run.distance:.3f} after {run.steps} steps")
    return {"seconds": run.seconds, "steps": run.steps, "distance": run.distance, "seeds": len(SEEDS)}


def beside_smalldiffusion() -> dict[str, float | str]:
    """Both in this process, in turns, to the same distance: ours, theirs, ours."""
    try:
        import smalldiffusion
    except ImportError as error:
        return {"missing": str(error)}
    first = moons()["seconds"]
    theirs = toy_loop(smalldiffusion)
    return {"seconds": statistics.mean([first, moons()["seconds"]]), "theirs": theirs}


def toy_loop(library: Any, seeds: range = range(3), every: int = 250, limit: int = 4000) -> float:
    """Seconds a run until the mean distance of its samples over the seeds is at most THRESHOLD."""
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


def heun() -> dict[str, float]:
    """2000 particles x 40 Heun steps, and the same evaluations of the network without the loop."""
    run, bare = bench.heun_seconds(repeats=15)
    return {"seconds": run, "bare": bare}


def main() -> int:
    """`KIND`."""
    torch.set_num_threads(1)
    print(json.dumps({"moons": moons, "smalldiffusion": beside_smalldiffusion, "heun": heun}[sys.argv[1]]()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
