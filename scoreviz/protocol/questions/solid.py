"""What the view of space draws besides the particles: samples of what is placed in it, and a plane through its noisy density."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Spec

Axis = Literal["x", "y", "z"]
ScoreKind = Literal["exact", "network", "data", "guided", "difference"]
"""guided: the score that drives the sampler under class guidance."""

IN_PLANE: dict[Axis, tuple[int, int]] = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}
"""The two coordinates that vary on a plane across each axis: its columns, its rows."""


class Cloud(Spec, Answer, tag="cloud", frozen=True, kw_only=True):
    """Exact samples of the drawing, without noise."""

    points: Array  # (n, 3) float32
    reach: float  # largest |coordinate| of a component's centre plus two of its standard deviations


class AskCloud(Spec, Question, tag="ask_cloud", frozen=True, kw_only=True):
    """So many, always the same ones."""

    ANSWER = Cloud
    count: Annotated[int, msgspec.Meta(ge=1, le=20_000)] = 1500
    seed: Annotated[int, msgspec.Meta(ge=0)] = 11


class Plane(msgspec.Struct, frozen=True, kw_only=True):
    """What lies on the plane at one noise level. Row 0 has the smallest v."""

    sigma: float
    log_p: Array  # (cells, cells) float32: log p_t at the cells' centres; (0, 0) where it was not asked for
    vectors: Array  # (arrows, arrows, 3) float32: std(t) times the score, all three parts; (0, 0, 3) where it was not asked for


class Slice(Spec, Answer, tag="slice", frozen=True, kw_only=True):
    """One plane at some noise levels, over |u|, |v| <= half; u and v are `IN_PLANE[axis]`. A part has the levels done so far."""

    axis: Axis
    at: float
    half: float
    kind: ScoreKind
    step: int | None  # of the network behind the vectors; None for a score that is not learned
    planes: tuple[Plane, ...]


class AskSlice(Spec, Question, tag="ask_slice", frozen=True, kw_only=True):
    """The plane `axis` = `at` at these noise levels, the most urgent first. A level that the SDE does not have is left out."""

    ANSWER = Slice
    axis: Axis
    at: float
    sigmas: Annotated[tuple[float, ...], msgspec.Meta(min_length=1, max_length=64)]
    half: Annotated[float, msgspec.Meta(gt=0)]
    cells: Annotated[int, msgspec.Meta(ge=0, le=256)] = 72
    arrows: Annotated[int, msgspec.Meta(ge=0, le=64)] = 14
    kind: ScoreKind = "exact"
