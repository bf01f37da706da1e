"""Which frame of a run is meant by a share of it: the engine and whoever asks it for shots must agree to the frame."""

from __future__ import annotations

import math

SLACK = 1e-9
"""More than a share loses on its way as a float, less than any share of a whole number of frames per second is off a frame."""


def frame_of(position: float, length: int) -> int:
    """The last frame that is reached at share `position`, 0 to 1, of a run of `length` frames; frame 0 is the start."""
    return min(max(math.floor(position * (length - 1) + SLACK), 0), length - 1)
