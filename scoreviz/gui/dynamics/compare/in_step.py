"""Which frame of a pane belongs to the frame on screen."""

from __future__ import annotations

import numpy as np

from scoreviz.gui.playback import Timed

SAME = 1e-9
"""Times closer than this are the same."""


def by_time(own: Timed, other: Timed) -> bool:
    """Do both run along t in the same sense? Else panes are in step by the share of the way."""
    return own.axis == other.axis and own.axis in ("reverse", "forward")


def in_step(own: Timed, k: int, other: Timed) -> int:
    """The frame of `other` that is shown with frame k of `own`, both counted along their own frames.

    By t: the last state that `other` had reached when t was what it is, which for the same plan is frame k itself. By share where their
    axes are not the same time. The first frames belong together, and so do the last.
    """
    last = other.length - 1
    if k <= 0 or own.length < 2:
        return 0
    if k >= own.length - 1:
        return last
    if not by_time(own, other):
        return round(k / (own.length - 1) * last)
    if own.length == other.length and np.array_equal(own.t, other.t):
        return k
    sense = -1.0 if own.axis == "reverse" else 1.0  # so that time grows
    times, now = sense * np.asarray(other.t, float), sense * float(own.t[k])
    return int(np.clip(np.searchsorted(times, now + SAME, side="right") - 1, 0, last))
