"""SDEdit: noise a picture part of the way and sample back, so that its layout stays and its detail becomes the model's.

Source: Meng et al. 2022, algorithm 2.
"""

from __future__ import annotations

import math

from torch import Tensor

from scoreviz.maths.inpainting import require_reverse
from scoreviz.maths.sampling import Sampler, State, draw_noise, rng_from_seed
from scoreviz.maths.sde import SDE


def sdedit(sampler: Sampler, sde: SDE, x: Tensor, t0: float, seed: int) -> State:
    """The state a(t) x + std(t) z at the first substep of `sampler` that begins at or below t0; `trajectory` goes on from there.

    x (B, *), in data units; t is that substep's own time, so that points of the data's law have the law p_t that the sampler expects there.
    t0 = 1 forgets x but for a(1) x; below the plan's last substep nothing is left to do, and x comes back as it is.
    ValueError for t0 outside [0, 1], or a sampler whose plan does not run down from t = 1.
    """
    if not (math.isfinite(t0) and 0 <= t0 <= 1):
        raise ValueError(f"t0 must lie in [0, 1], got {t0}")
    require_reverse(sampler, "SDEdit starts in the middle of a plan")
    rng = rng_from_seed(seed, x.device)
    cursor = next((i for i, substep in enumerate(sampler.plan) if substep.t <= t0), len(sampler.plan))
    if cursor == len(sampler.plan):
        return State(x, x, cursor, rng)
    t = sampler.plan[cursor].t
    z, rng = draw_noise(rng, x)
    x_mean = x * sde.mean_coefficient(t)
    noised = x_mean + z * sde.std(t)
    return State(noised, x_mean, cursor, rng, sampler.init(noised, rng).memory)
