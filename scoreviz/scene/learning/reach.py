"""What a network that was trained at one noise level alone can be asked for."""

from __future__ import annotations

from typing import Any

from scoreviz.scene.errors import SceneError
from scoreviz.scene.learning.sigmas import OneSigma
from scoreviz.scene.text import QT_TRANSLATE_NOOP

NEAR = 0.1
"""A level is the trained one if it is within this share of it."""

OTHER_LEVELS = QT_TRANSLATE_NOOP(
    "errors",
    "The network is trained at σ {sigma} alone, and “{sampler}” asks for its score at other levels. "
    "Choose Langevin dynamics at that σ, or train all noise levels.",
)
ANOTHER_LEVEL = QT_TRANSLATE_NOOP(
    "errors",
    "The network is trained at σ {sigma} alone, and “{sampler}” asks for its score at σ {level}. Set the sampler's noise level to {sigma}.",
)


def only_sigma(objective: Any) -> float | None:
    """The one noise level that this objective trains, None for one that trains many."""
    law = getattr(objective, "sigmas", None)
    return float(law.sigma) if isinstance(law, OneSigma) else None


def is_near(sigma: float, trained: float) -> bool:
    """Is it the trained level, within NEAR?"""
    return abs(sigma - trained) <= NEAR * trained * (1 + 1e-9)


def stays_at_one_level(sampler: Any) -> bool:
    """Does this sampler (a spec or its class) ask for the score at one noise level, or, as the forward SDE, not at all?"""
    return bool(sampler.AXIS == "iterations" or sampler.SCORELESS)


def check_reach(objective: Any, sampler: Any) -> None:
    """SceneError where a network of this objective cannot drive this sampler (a spec)."""
    trained = only_sigma(objective)
    if trained is None:
        return
    if not stays_at_one_level(sampler):
        raise SceneError(OTHER_LEVELS, sigma=f"{trained:.3g}", sampler=sampler.LABEL)
    level = getattr(sampler, "sigma", None)
    if level is not None and not is_near(level, trained):
        raise SceneError(ANOTHER_LEVEL, sigma=f"{trained:.3g}", sampler=sampler.LABEL, level=f"{level:.3g}")


def trained_levels(scene: Any) -> tuple[float, float] | None:
    """Least and largest sigma that count as trained while a network of one level drives the scene; None where nothing is said."""
    sigma = only_sigma(scene.objective) if scene.score.source == "network" else None
    return None if sigma is None else (sigma * (1 - NEAR), sigma * (1 + NEAR))
