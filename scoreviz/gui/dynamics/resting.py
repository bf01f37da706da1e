"""Is this network too small? Its own loss curve says so: it has stopped falling, well above the floor."""

from __future__ import annotations

import numpy as np

from scoreviz.gui.progress import Curve

ENOUGH = 1500
"""Steps on one drawing before anything is said: the learning rate has then come down to a fifth."""
GAIN = 0.9
"""It rests if over the last quarter of the steps more than this share of the excess before was left."""
SHARE = 0.02
"""And it rests above the floor if by more than this share of it. With EDM weights most of a loss is floor: 4 units on the checkerboard
rest 7.5 % above it, the default network comes to 0.5 %."""
LEAST = 8
"""Reports in each quarter."""


def rests_above(curve: Curve, floor: float | None, since: int) -> float | None:
    """By what share of its floor the loss rests above it (0.075 for 7.5 %); None where it falls still, is near enough, or is too young.

    since: the step from which the floor holds. A floor at or below 0 (explicit, implicit matching) has no shares.
    """
    if floor is None or floor <= 0 or not curve.step or curve.step[-1] - since < ENOUGH:
        return None
    step, value = np.asarray(curve.step), np.asarray(curve.value)
    length = step[-1] - since
    before = value[(step > since + length // 2) & (step <= since + 3 * length // 4)] - floor
    after = value[step > since + 3 * length // 4] - floor
    if min(len(before), len(after)) < LEAST or not (np.isfinite(before).all() and np.isfinite(after).all()):
        return None
    excess = float(after.mean())
    return excess / floor if excess > SHARE * floor and excess > GAIN * float(before.mean()) else None
