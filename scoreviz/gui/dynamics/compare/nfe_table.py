"""Measured errors as rows, and the rows as text for a spreadsheet."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scoreviz.protocol.questions import Nfe, NfeCurve


@dataclass(frozen=True)
class Line:
    """One sampler at one number of evaluations."""

    sampler: str  # tag
    label: str
    steps: int
    nfe: int
    errors: tuple[float, ...]  # one a seed, NaN where not measured

    @property
    def measured(self) -> tuple[float, ...]:
        """Those that are numbers."""
        return tuple(e for e in self.errors if math.isfinite(e))

    @property
    def mean(self) -> float:
        """Over the seeds; NaN where none is measured."""
        return float(np.mean(self.measured)) if self.measured else math.nan

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds (n - 1); NaN for fewer than two."""
        return float(np.std(self.measured, ddof=1)) if len(self.measured) > 1 else math.nan


def lines(curve: NfeCurve, translate: Callable[[str], str] = str) -> list[Line]:
    """The rows of one sampler."""
    rows = zip(curve.steps.numpy().tolist(), curve.nfe.numpy().tolist(), curve.error.numpy().tolist(), strict=True)
    return [Line(curve.sampler, translate(curve.label), steps, nfe, tuple(errors)) for steps, nfe, errors in rows]


def as_slope(curve: NfeCurve) -> str:
    """The slope of ln error against ln evaluations, with its standard error where there is one; empty where there is no slope."""
    if curve.order is None:
        return ""
    sure = "" if curve.order_error is None or math.isnan(curve.order_error) else f" ± {curve.order_error:.2f}"
    return f"{-curve.order:.2f}".replace("-", "−") + sure


def as_csv(answer: Nfe, translate: Callable[[str], str] = str) -> str:
    """Comma-separated values, all digits: a row for each sampler and number of evaluations; one for the floor, where there is one."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    seeds = [f"seed_{seed}" for seed in answer.seeds]
    writer.writerow(["sampler", "label", "steps", "evaluations", *seeds, "mean", "std", "order", "order_std_error", "measure", "points"])
    for curve in answer.curves:
        order = [_number(curve.order), _number(curve.order_error)]
        for line in lines(curve, translate):
            errors = [_number(e) for e in line.errors]
            row = [line.sampler, line.label, line.steps, line.nfe, *errors, _number(line.mean), _number(line.spread), *order]
            writer.writerow([*row, answer.measure, answer.points])
    if answer.floor is not None:
        mean, spread = answer.floor
        empty = [""] * len(seeds)
        writer.writerow(["floor", "truth against truth", "", "", *empty, repr(mean), repr(spread), "", "", answer.measure, answer.points])
    return out.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else repr(value)
