"""A sampling run as one file: every substep's t, s, stage, x, x0, score, noise, step size and evaluations.

The one part of `maths` that writes to disk: tensors become arrays here, and `scoreviz.scene.traces` knows the format. The file is
written as the run goes on, one frame at a time; the window opens it (File > Open) and scrubs it without model and engine.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import torch
from torch import Tensor

from scoreviz.maths.sampling import Sampler, State, trajectory
from scoreviz.maths.sde import SDE
from scoreviz.scene.traces import TraceWriter


class Trace:
    """The file of a loop of your own: `with Trace("run.trace.npz") as trace: ... trace.add(t=t, x=x, x0=x0, score=score)`.

    The file appears under its name when the `with` ends well; an exception leaves nothing behind.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        sampler: str = "",
        sde: SDE | None = None,
        data_range: tuple[float, float] | None = None,
    ) -> None:
        """path ends in .trace.npz. sampler: a name to show. sde: from it sigma and a of every frame. data_range: of x_0, for pictures.

        SceneError (a ValueError) if the name ends otherwise or the place cannot be written.
        """
        self._sde = sde
        noise = "" if sde is None else type(sde).__name__.removesuffix("SDE")
        self._writer = TraceWriter(Path(path), sampler=sampler, noise=noise, data_range=data_range)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._writer.__exit__(kind, error, trace)

    def add(
        self,
        *,
        t: float,
        x: Tensor | np.ndarray,
        s: float | None = None,
        x0: Tensor | np.ndarray | None = None,
        score: Tensor | np.ndarray | None = None,
        noise: Tensor | np.ndarray | None = None,
        stage: str = "predict",
        step_size: float | Tensor | None = None,
        nfe: int = 0,
        sigma: float | None = None,
    ) -> None:
        """One frame; the first is the start of the run. Tensors of any device, or arrays; float64 is kept, all else becomes float32.

        t, s: the substep went from time t to s (t if not given), both in [0, 1], from data to noise. x: the state at s, (B, *).
        x0, score: E[x_0 | x] and the score, evaluated at t. noise: the random displacement of the substep, same shape. stage: predict,
        correct or denoise. step_size: Langevin's e. nfe: evaluations in this substep. sigma: std/a at s, where no sde was given.
        ValueError: another shape than the frames before, numbers that are not finite, t or s out of range, an unknown stage.
        """
        here = t if s is None else s
        mean = None
        if self._sde is not None:
            sigma, mean = float(self._sde.sigma(here)), float(self._sde.mean_coefficient(here))
        self._writer.add(
            t=float(t), s=float(here), x=_array(x), x0=_optional(x0), score=_optional(score), noise=_optional(noise), stage=stage,
            step_size=None if step_size is None else float(step_size), nfe=nfe, sigma=sigma, mean=mean,
        )  # fmt: skip


@torch.no_grad()
def trace(
    sampler: Sampler,
    state: State,
    path: str | PathLike[str],
    sde: SDE | None = None,
    data_range: tuple[float, float] | None = None,
) -> State:
    """Run `sampler` from `state` to its end by `trajectory`, write every substep to the file `path`, and return the last state.

    Frame 0 is `state` itself. sde: with it the window can say sigma of every frame; a sampler that `make_sampler` or `build_sampler` made
    knows its own. data_range: of x_0, for pictures.
    The file is there when the run has ended well, and not before. SceneError: a name without .trace.npz, a place that cannot be written.
    ValueError: numbers that are not finite.
    """
    first = sampler.next(state)
    label, own = sampler.origin or (type(sampler).__name__.removesuffix("Sampler"), None)
    with Trace(path, label, sde or own, data_range) as file:
        file.add(t=1.0 if first is None else first.t, x=state.x, stage="start")
        for substep, state, info in trajectory(sampler, state):  # noqa: B020 - the state is carried on
            file.add(
                t=substep.t, s=substep.s, x=state.x, x0=info.x0, score=info.score, noise=info.noise, stage=substep.stage.value,
                step_size=_scalar(info.step_size), nfe=info.nfe,
            )  # fmt: skip
    return state


def _scalar(step_size: Tensor | None) -> float | None:
    """One number; a step size for each sample is its mean."""
    return None if step_size is None else float(step_size.double().mean())


def _array(value: Tensor | np.ndarray) -> np.ndarray:
    if not isinstance(value, Tensor):
        return np.asarray(value)
    value = value.detach().cpu()
    found: np.ndarray = (value if value.dtype == torch.float64 else value.float()).numpy()
    return found


def _optional(value: Tensor | np.ndarray | None) -> np.ndarray | None:
    return None if value is None else _array(value)
