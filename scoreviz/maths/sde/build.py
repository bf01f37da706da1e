"""From a scene's noise to its SDE."""

from __future__ import annotations

from scoreviz.maths.registry import implementation
from scoreviz.maths.sde.base import SDE


def build_sde(spec: object, diameter: float) -> SDE:
    """The SDE of a scene's noise spec; `diameter` (of the target) is sigma_max where the spec leaves it automatic."""
    sde: SDE = implementation(spec)(spec, diameter)
    return sde
