"""Ten thousand painted frames: None's reference count and the memory stay level (PySide6 6.12.0 on Python 3.11 lost both)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from scoreviz.gui.playback import Run
from tests.gui.conftest import Open

FRAMES = 10_000
MEBIBYTE = 2**20


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
@pytest.mark.quiet
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads its memory from /proc")
def test_ten_thousand_frames_leave_none_and_memory_level(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(size=(900, 600))
    playback = window.playback
    qtbot.waitUntil(lambda: playback.run is not None and playback.run.complete, timeout=30_000)
    playback.pause()
    run = playback.run
    assert isinstance(run, Run)

    def paint(frames: int) -> None:
        for k in range(frames):
            playback.seek(k % run.length)
            window.dynamics.screen_.refresh()
            window.dynamics.canvas.repaint()

    paint(500)  # caches fill
    none_before, memory_before = sys.getrefcount(None), resident()
    paint(FRAMES)
    assert abs(sys.getrefcount(None) - none_before) < 200
    assert resident() - memory_before < 48 * MEBIBYTE
    assert np.isfinite(run.frames[-1]).all()
