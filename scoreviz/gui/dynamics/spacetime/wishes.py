"""Which questions a space-time picture needs answered, and what of it each answer is: on screen and offline the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from scoreviz.gui.dynamics.spacetime.content import Content, Heat, Lines
from scoreviz.gui.dynamics.spacetime.curve import REACH, STEP, Heights
from scoreviz.gui.dynamics.spacetime.layout import Layout
from scoreviz.protocol import questions
from scoreviz.protocol.questions import AskCurve, AskFlowLines, AskForwardPaths, AskSpaceTime, Curve, FlowLines, Paths, Question

CELL = 3.0
"""Logical pixels of the heat map's rows."""
NAMES = ("heat", "curve", "forward", "flow")


def wishes(content: Content, layout: Layout, seed: int) -> dict[str, Question | None]:
    """By `NAMES`; None for what is not on the picture. Of a trace there is no law: what it was sampled from is not in the file."""
    view, axis = content.view, content.axis
    rows = int(min(max(round(layout.plot.height() / layout.scale / CELL), 16), 400))
    trace = content.run is not None and bool(content.run.file)
    law = not trace and (view.density or view.particles)
    return {
        "heat": AskSpaceTime(t=axis.asked(), x0=content.x0, x1=content.x1, rows=rows) if law else None,
        "curve": AskCurve(x0=-REACH, x1=REACH, n=round(2 * REACH / STEP) + 1),
        "forward": AskForwardPaths(seed=seed) if view.forward_paths and axis.timed else None,
        "flow": AskFlowLines() if view.flow_lines and axis.timed else None,
    }


def changes(answer: Any) -> dict[str, Any]:
    """What an answer changes, by the names of `Content`."""
    match answer:
        case questions.SpaceTime():
            return {"heat": Heat(np.asarray(answer.t), answer.x0, answer.x1, answer.log_p.numpy())}
        case Curve():
            heights = Heights(answer.p.numpy().astype(float), answer.x0, answer.x1)
            return {"curve": heights, "top": max(float(heights.f.max()), 0.1)}
        case Paths():
            return {"forward": lines_of(answer)}
        case FlowLines():
            return {"flow": Lines(answer.t.numpy(), answer.x.numpy())}
        case _:
            raise TypeError(f"{type(answer).__name__} is no answer to a space-time picture")


def lines_of(paths: Paths) -> Lines:
    """Paths as they are drawn."""
    return Lines(paths.t.numpy(), paths.x.numpy())
