"""Closed-form checks of everything that is registered: `scoreviz selftest` runs them.

One file a family; a check measures one number whose exact value is known. Noise processes, samplers and predictors are checked by being
registered; whatever else is registered needs a line in its family's file, and `missing` names what has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scoreviz.maths.selftest import learning as learning
from scoreviz.maths.selftest import measures as measures
from scoreviz.maths.selftest import noise, reverse, samplers, targets
from scoreviz.maths.selftest.check import Check, Outcome, Result, carry_out
from scoreviz.scene.choice import tag_of
from scoreviz.scene.grids import GridSpec
from scoreviz.scene.learning import NetworkSpec, ObjectiveSpec, SigmaSpec
from scoreviz.scene.noise import NoiseSpec
from scoreviz.scene.samplers import CorrectorSpec, PredictorSpec, SamplerSpec

__all__ = ["Check", "Outcome", "Result", "carry_out", "checks", "missing"]

FAMILIES: tuple[Any, ...] = (NoiseSpec, GridSpec, SamplerSpec, PredictorSpec, CorrectorSpec, NetworkSpec, ObjectiveSpec, SigmaSpec)


def checks() -> Iterator[Check]:
    """Every check, the quick families first. Nothing is computed before a check runs."""
    for family in (noise, targets, reverse, samplers, measures, learning):
        yield from family.checks()


def missing() -> list[tuple[str, str]]:
    """(kind, name) of everything registered that no check is of."""
    registered = [(family.FAMILY, tag_of(member)) for family in FAMILIES for member in family.members()]
    registered += [("measure", name) for name in measures.registered()]
    checked = {(check.kind, check.name) for check in checks()}
    return [one for one in registered if one not in checked]
