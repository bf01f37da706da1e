"""“What goes wrong”: one click opens the scene and says what to watch; another mends it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from scoreviz.scene.failures import FAILURES, Failure
from tests.gui.conftest import Open


@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: f.name)
def test_opened_told_and_mended(open_window: Open, failure: Failure) -> None:
    window = open_window(engine=False)
    window.actions_[f"failure_{failure.name}"].trigger()
    assert window.store.scene == failure.scene and not window.files.modified
    notice = window.pages.notice
    assert notice.text == failure.watch
    (button,) = (b for b in notice.findChildren(QPushButton) if b.text() == failure.remedy)
    button.click()
    assert window.store.scene == failure.mend(failure.scene) and notice.text == failure.after
    (again,) = (b for b in notice.findChildren(QPushButton) if b.text() == "Let it fail again")
    again.click()
    assert window.store.scene == failure.scene and notice.text == failure.watch
    window.store.undo_stack.undo()
    assert window.store.scene == failure.mend(failure.scene)
    window.actions_["new"].trigger()
    assert not notice.text, "a remedy of the scene before"


def test_what_to_watch_lies_clear_of_the_drawing(open_window: Open) -> None:
    """Of the drawings that fill the picture, what lies beneath is seen above the notice, on a projector."""
    window = open_window(engine=False, size=(1280, 720))
    for name, lowest in (("levels", -2.0), ("step", -2.0), ("no_noise", -2.0), ("whole_g2", -1.5), ("replacement", -1.6)):
        window.open_failure(next(f for f in FAILURES if f.name == name))
        notice, camera = window.pages.notice, window.dynamics.canvas.camera
        top, bottom = camera.to_pixels(np.array([[0.0, -lowest], [0.0, lowest]]))[:, 1]
        assert 0 < top < bottom < notice.y(), name


def test_a_failure_is_seen_in_the_real_window(qtbot: QtBot, open_window: Open) -> None:
    """Without noise the points end on the modes; mended, they have the modes' width. Measured by the engine against the exact law."""
    window = open_window()
    (no_noise,) = (f for f in FAILURES if f.name == "no_noise")
    window.open_failure(no_noise)

    def done(without: bool) -> bool:
        run = window.playback.run
        return run is not None and run.complete and run.sampler == "langevin" and ("not shaken" in run.seeing) == without

    qtbot.waitUntil(lambda: done(True), timeout=20_000)
    wrong = window.playback.run.distance  # type: ignore[union-attr]
    (button,) = (b for b in window.pages.notice.findChildren(QPushButton) if b.text() == no_noise.remedy)
    button.click()
    qtbot.waitUntil(lambda: done(False), timeout=20_000)
    right = window.playback.run.distance  # type: ignore[union-attr]
    assert wrong is not None and right is not None and right < 0.7 * wrong
