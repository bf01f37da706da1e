"""Every measure by name: what it compares, in which unit, and whether perfect samples score above zero."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from scoreviz.maths.fields import curl, divergence, error_map, fisher_divergence
from scoreviz.maths.likelihood import log_likelihood
from scoreviz.maths.metrics.entropy import entropy, kl_divergence
from scoreviz.maths.metrics.modes import mode_mass
from scoreviz.maths.metrics.pairs import energy_distance, max_mean_discrepancy, nearest_distance
from scoreviz.maths.metrics.sliced import sliced_wasserstein
from scoreviz.scene.text import QT_TRANSLATE_NOOP

CLOUD = QT_TRANSLATE_NOOP("scene", "points with data points")
MIXTURE = QT_TRANSLATE_NOOP("scene", "points with a density's modes")
LAW = QT_TRANSLATE_NOOP("scene", "a density with a model's likelihood")
MODEL = QT_TRANSLATE_NOOP("scene", "points with a score model")
SCORE = QT_TRANSLATE_NOOP("scene", "a score with the exact score")
FIELD = QT_TRANSLATE_NOOP("scene", "a vector field with itself")


@dataclass(frozen=True, slots=True)
class Measure:
    """One entry: `name` is the function's, `label` what a person reads; `compares` is one of the sentences above."""

    name: str
    label: str
    compares: str
    unit: str
    floor: bool
    """Whether two exact samples score more than 0 on average, so that a value means something only beside `noise_floor`."""
    function: Callable[..., Any]
    """(a, b) -> float where it compares clouds; otherwise see its own docstring."""


_STD = QT_TRANSLATE_NOOP("scene", "data standard deviations")
_NATS = QT_TRANSLATE_NOOP("scene", "nats")
_NONE = ""

_ALL = (
    Measure("sliced_wasserstein", QT_TRANSLATE_NOOP("scene", "sliced Wasserstein distance"), CLOUD, _STD, True, sliced_wasserstein),
    Measure("energy_distance", QT_TRANSLATE_NOOP("scene", "energy distance"), CLOUD, _STD, True, energy_distance),
    Measure(
        "max_mean_discrepancy", QT_TRANSLATE_NOOP("scene", "maximum mean discrepancy, squared"), CLOUD, _NONE, False, max_mean_discrepancy
    ),
    Measure("nearest_distance", QT_TRANSLATE_NOOP("scene", "distance to the nearest data point"), CLOUD, _STD, True, nearest_distance),
    Measure("mode_mass", QT_TRANSLATE_NOOP("scene", "mass at each mode"), MIXTURE, _NONE, True, mode_mass),
    Measure("entropy", QT_TRANSLATE_NOOP("scene", "entropy"), LAW, _NATS, False, entropy),
    Measure("kl_divergence", QT_TRANSLATE_NOOP("scene", "Kullback–Leibler divergence"), LAW, _NATS, False, kl_divergence),
    Measure("log_likelihood", QT_TRANSLATE_NOOP("scene", "log-likelihood by the ODE"), MODEL, _NATS, False, log_likelihood),
    Measure("fisher_divergence", QT_TRANSLATE_NOOP("scene", "Fisher divergence"), SCORE, "1/data²", False, fisher_divergence),
    Measure("error_map", QT_TRANSLATE_NOOP("scene", "map of the score's error"), SCORE, _NONE, False, error_map),
    Measure("divergence", QT_TRANSLATE_NOOP("scene", "divergence"), FIELD, "1/data²", False, divergence),
    Measure("curl", QT_TRANSLATE_NOOP("scene", "curl"), FIELD, "1/data²", False, curl),
)

MEASURES: Mapping[str, Measure] = MappingProxyType({measure.name: measure for measure in _ALL})
"""Every measure by its name."""


def named_measure(name: str) -> Measure:
    """The measure called `name`; ValueError with the nearest name and all that are known."""
    try:
        return MEASURES[name]
    except KeyError:
        near = difflib.get_close_matches(name, MEASURES, 1, 0.5)
        hint = f"; did you mean “{near[0]}”?" if near else ""
        raise ValueError(f"there is no measure called “{name}”{hint} Known: {', '.join(MEASURES)}") from None
