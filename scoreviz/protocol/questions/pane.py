"""Other ways of sampling, one a pane: the whole run of each, and the ground that its frames are drawn on."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Spec
from scoreviz.scene.compare import MOST_PANES, Pane

Shares = Literal["seed", "start", "noise", "path"]
"""What a pane's run has in common with the ones before it: only the seed (it begins with data and they with noise, or the reverse);
the starting points; these and each draw of the noise; these and the Brownian path, of which its steps are other increments."""

MOST_SIGMAS = 16


class PaneRun(Spec, Answer, tag="pane_run", frozen=True, kw_only=True):
    """A run as `RunStarted`, `RunFrames` and `RunDone` tell of the scene's own. Under way, `frames` and what follows are empty."""

    sampler: str  # tag of its spec
    label: str
    axis: Literal["reverse", "forward", "iterations", "levels"]
    noise: str
    source: Literal["exact", "network", "data", "race"]
    trained: int | None  # training step of the network that drove it
    untaught: bool  # some of its noise levels lie outside the network's
    shares: Shares
    total: int = 0  # substeps in all
    substep: Array | None = None  # (F,) int32
    stage: Array | None = None  # (F,) uint8
    t: Array | None = None  # (F,) float64
    sigma: Array | None = None
    log_snr: Array | None = None
    frames: Array | None = None  # (F, n, D) float32
    nfe: int = 0
    seconds: float = 0.0  # of sampling alone
    distance: float | None = None
    floor: tuple[float, float] | None = None
    truth: str = ""  # what the distance is measured against, with `params`
    params: dict[str, str] = msgspec.field(default_factory=dict)


class AskPane(Spec, Question, tag="ask_pane", frozen=True, kw_only=True):
    """Sample in the way of `pane`, beside those `before` it; the first of them is the scene's own."""

    ANSWER = PaneRun
    pane: Pane
    before: Annotated[tuple[Pane, ...], msgspec.Meta(max_length=MOST_PANES)] = ()


class Ground(Spec, Answer, tag="ground", frozen=True, kw_only=True):
    """Density and arrows at the first K of the noise levels that were asked for; row 0 is the lowest."""

    sigma: Array  # (K,) float64
    log_p: Array  # (K, ny, nx) float32; K = 0 where it was not asked for
    vectors: Array  # (K, ny, nx, 2) float32, std(t) times the score
    kind: Literal["exact", "network", "data", "difference"]
    trained: int | None = None


class AskGround(Spec, Question, tag="ask_ground", frozen=True, kw_only=True):
    """What lies behind the points of a pane at these noise levels of its own SDE."""

    ANSWER = Ground
    pane: Pane
    sigmas: Annotated[tuple[float, ...], msgspec.Meta(max_length=MOST_SIGMAS)]
    bounds: tuple[float, float, float, float]
    density_shape: tuple[int, int]
    arrows_shape: tuple[int, int]
    field: Literal["sampler", "exact", "network", "difference"] = "sampler"
    density: bool = True
    arrows: bool = True
