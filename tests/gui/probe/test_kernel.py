"""One step back in the real window: the slider, the distance in words, the picture."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.probe.kernel_section import share
from scoreviz.gui.dynamics.probe.stepping import SHORTEST, own_step
from scoreviz.gui.playback import Run
from scoreviz.protocol.questions.backward import Distance
from scoreviz.scene.samplers import Langevin
from tests.engine.oracles import ve
from tests.gui.probe.conftest import LAW, Looking, fresh_run, page_of


def test_the_slider_goes_from_the_runs_own_step_to_all_of_t(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    page, probing = page_of(window), window.dynamics.probe.probing
    stepping, slider = page.stepping, page.kernel.step.slider
    probing.pin(0.3, 0.1)
    run, k = window.playback.run, window.playback.index
    own = float(run.t[k] - run.t[k + 1])
    assert stepping.own == pytest.approx(own) and page.kernel.state.text().startswith("the run's own")
    found = []
    for key, s in ((Qt.Key.Key_End, 0.0), (Qt.Key.Key_Home, float(run.t[k]) - own)):
        QTest.keyClick(slider, key)
        qtbot.waitUntil(lambda s=s: stepping.answer is not None and abs(stepping.answer.s - s) < 1e-4 and stepping.sure, timeout=10_000)
        answer = stepping.answer
        found.append(answer.distance.value)
        assert f"differ by {share(answer.distance)} of" in page.kernel.words.text()
        assert f"a tenth of the step by {share(answer.tenth)}." in page.kernel.words.text()
        std = np.sqrt(ve(answer.t, 0.01, 4.0)[1] ** 2 - ve(answer.s, 0.01, 4.0)[1] ** 2)
        mean = np.array([0.3, 0.1]) + std**2 * LAW.score(np.array([0.3, 0.1]), *ve(answer.t, 0.01, 4.0))
        assert np.allclose(answer.mean.numpy(), mean, atol=1e-4)
    assert found[0] > 2 * found[1], "the distance falls with the step"
    assert page.kernel.picture.isVisible() and "reverse diffusion" in page.kernel.key.text()


def test_at_the_end_there_is_nothing_to_step_back_to(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    page = page_of(window)
    window.dynamics.probe.probing.pin(0.3, 0.1)
    window.playback.seek(window.playback.run.length - 1)
    assert page.stepping.span is None and "t = 0" in page.kernel.words.text() and not page.kernel.row.isEnabled()
    assert page.stepping._inquiry.question is None and not page.kernel.picture.isVisible()


def test_a_run_without_reverse_steps_says_so(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    page = page_of(window)
    window.dynamics.probe.probing.pin(0.3, 0.1)
    window.store.edit(("sampler",), Langevin(steps=20), "Langevin")
    fresh_run(qtbot, window)
    qtbot.waitUntil(lambda: page.kernel.state.text() == "this run takes no step back", timeout=5000)
    assert page.stepping.span.low == pytest.approx(SHORTEST * page.stepping.t)
    qtbot.waitUntil(lambda: page.stepping.answer is not None and "no predictor of its own" in page.kernel.key.text(), timeout=5000)


def test_the_picture_shows_the_laws_where_they_are(qtbot: QtBot, looking: Looking) -> None:
    """Its brightest pixel lies where p(x_s|x_t) has its peak."""
    window = looking()
    page = page_of(window)
    window.dynamics.probe.probing.pin(0.1, 0.0)
    window.playback.seek(3)
    QTest.keyClick(page.kernel.step.slider, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: page.stepping.answer is not None and page.stepping.answer.s == 0.0 and page.stepping.sure, timeout=10_000)
    answer, picture = page.stepping.answer, page.kernel.picture
    row, column = np.unravel_index(answer.exact.numpy().argmax(), answer.exact.shape)
    peak = [answer.bounds[0] + (column + 0.5) / 96 * (answer.bounds[1] - answer.bounds[0]),
            answer.bounds[2] + (row + 0.5) / 96 * (answer.bounds[3] - answer.bounds[2])]  # fmt: skip
    assert np.linalg.norm(np.array(peak) - LAW.means, axis=1).min() < 0.3
    image = picture.grab().toImage()
    side, left = picture.sizeHint().width() - 2, (picture.width() - picture.sizeHint().width() + 2) / 2
    at = (round(left + (column + 0.5) / 96 * side), round(1 + (95.5 - row) / 96 * side))
    assert image.pixelColor(*at).lightness() > image.pixelColor(round(left) + 4, 4).lightness() + 60


def test_the_runs_own_step() -> None:
    def run(substep: list[int], t: list[float], axis: str = "reverse") -> Run:
        n = len(t)
        return Run(
            number=1, revision=1, sampler="pc", label="", axis=axis, source="exact", training_step=None, noise="VE", total=substep[-1],
            substep=np.array(substep), stage=np.ones(n, np.uint8), t=np.array(t), sigma=np.ones(n), log_snr=np.zeros(n),
        )  # type: ignore[arg-type]  # fmt: skip

    assert own_step(run([0, 1, 2], [1.0, 0.75, 0.5]), 0) == 0.25
    assert own_step(run([0, 1, 2, 3], [1.0, 1.0, 0.8, 0.8]), 0) == pytest.approx(0.2), "after a corrector's substep"
    assert own_step(run([0, 4, 8], [1.0, 0.6, 0.2]), 0) == pytest.approx(0.1), "thinned out fourfold"
    assert own_step(run([0, 1], [1.0, 0.0]), 1) is None
    assert own_step(run([0, 1], [0.0, 1.0], "forward"), 0) is None


@pytest.mark.parametrize(
    ("value", "error", "words"), [(0.4312, 0.0002, "0.43"), (0.0512, 0.0, "0.051"), (0.43, 0.01, "0.43 ± 0.010"), (1.0, 0.0, "1.00")]
)
def test_a_distance_in_figures(value: float, error: float, words: str) -> None:
    assert share(Distance(value=value, error=error)) == words
