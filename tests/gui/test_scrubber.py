"""The training-step scrubber: what it asks the engine for, what it says, and the whole way with a real engine."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scoreviz.gui import theme
from scoreviz.gui.dynamics.training_scrubber import TrainingScrubber
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.protocol.messages import Kept, Pin, Reset, RunDone
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.files import Document
from scoreviz.scene.learning import MLP, Score, Training
from scoreviz.scene.samplers import ReverseSDE
from tests.gui.conftest import Open
from tests.gui.test_session import FakeEngine

SCENE = Scene(
    density=Density(marks=(Gaussian(x=-1.0, y=0.3, std=0.3), Gaussian(x=1.2, y=-0.4, std=0.2))),
    network=MLP(width=16, depth=2, features=4),
    training=Training(batch=128),
    sampler=ReverseSDE(steps=20),
    particles=Particles(count=100, seed=3),
    score=Score(source="network"),
)


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    theme.apply(qapp, theme.DARK)


class Desk:
    """A session on a fake engine that trains, and the scrubber."""

    def __init__(self, qtbot: QtBot) -> None:
        self.store = Store(Document(scene=SCENE))
        self.progress, self.engine = Progress(), FakeEngine()
        self.session = Session(self.store, self.progress, self.engine)  # type: ignore[arg-type]
        self.engine.welcome()
        self.engine.applied()
        self.engine.trained(4210)
        self.keep(0, 10, 340, 4000)
        self.scrubber = TrainingScrubber(self.store, self.session, Playback(), self.progress)
        qtbot.addWidget(self.scrubber)
        self.scrubber.resize(280, 70)
        self.scrubber.show()

    def keep(self, *steps: int) -> None:
        self.engine.received.emit(Kept(steps=steps))

    @property
    def pins(self) -> list[int | None]:
        return [m.step for m in self.engine.of(Pin)]


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_keys_pin_and_the_right_end_follows(desk: Desk, qtbot: QtBot) -> None:
    slider = desk.scrubber.slider
    for key, step in [
        (Qt.Key.Key_Left, 4000), (Qt.Key.Key_Left, 340), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Right, 10), (Qt.Key.Key_End, None),
    ]:  # fmt: skip
        qtbot.keyClick(slider, key)
        qtbot.waitUntil(lambda step=step: desk.pins[-1:] == [step], timeout=2000)
        assert desk.session.pinned == step
    assert slider.value() == slider.maximum() and desk.scrubber.follow.isChecked()


def test_dragging_pins_a_kept_step_and_says_so(desk: Desk, qtbot: QtBot) -> None:
    slider, follow = desk.scrubber.slider, desk.scrubber.follow
    assert desk.scrubber.words.text() == "training step 4\u202f210" and follow.isChecked()
    middle = QPoint(slider.width() // 2, slider.height() // 2)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=middle)
    assert desk.session.pinned == 340 and desk.pins == [340]
    assert "pinned at step 340" in desk.scrubber.words.text() and not follow.isChecked()
    assert slider.accessibleDescription() == "network pinned at step 340"
    qtbot.mouseClick(follow, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: desk.pins == [340, None], timeout=2000)
    assert desk.session.pinned is None and follow.isChecked()
    qtbot.mouseClick(follow, Qt.MouseButton.LeftButton)
    assert follow.isChecked(), "it stays lit while the latest is followed"


def test_a_drag_asks_for_its_newest_place_only(desk: Desk, qtbot: QtBot) -> None:
    desk.keep(*range(0, 640, 10))
    slider = desk.scrubber.slider
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 2, 10))
    for x in range(slider.width() - 2, 20, -2):
        qtbot.mouseMove(slider, QPoint(x, 10))
    qtbot.mouseMove(slider, QPoint(0, 10))
    qtbot.waitUntil(lambda: desk.session.pinned == 0, timeout=2000)
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(0, 10))
    assert len(desk.pins) < 20 and desk.pins[-1] == 0


def test_the_exact_score_has_no_network(desk: Desk) -> None:
    desk.store.edit(("score", "source"), "exact", "Change score")
    assert desk.scrubber.words.text() == "exact score, no network"
    assert not desk.scrubber.slider.isEnabled() and not desk.scrubber.follow.isEnabled()
    desk.store.edit(("score", "source"), "network", "Change score")
    assert desk.scrubber.slider.isEnabled()
    desk.keep()
    assert not desk.scrubber.slider.isEnabled(), "nothing is kept"


@pytest.mark.parametrize("width", [96, 150, 200, 300])
def test_words_fit_at_every_width(desk: Desk, width: int) -> None:
    desk.scrubber.resize(width, 70)
    desk.session.pin(340)
    QApplication.processEvents()
    words, follow = desk.scrubber.words, desk.scrubber.follow
    assert words.text().endswith("340") and words.fontMetrics().horizontalAdvance(words.text()) <= words.width()
    assert follow.isVisible() == (width > 96)
    for child in (words, follow, desk.scrubber.slider):
        assert not child.isVisible() or desk.scrubber.rect().contains(child.geometry()), child.objectName()


def test_a_pinned_step_that_was_thinned_out_becomes_its_neighbour(desk: Desk) -> None:
    desk.session.pin(340)
    desk.keep(0, 10, 330, 4100)
    assert desk.session.pinned == 330 and desk.pins == [340, 330]
    desk.keep(0, 330, 4200)
    assert desk.pins == [340, 330]


def test_another_network_unpins(desk: Desk) -> None:
    desk.session.pin(340)
    desk.keep(0)  # the architecture was edited: the engine's new network has no past
    assert desk.session.pinned is None and desk.pins[-1] is None


def test_reset_document_and_death_unpin(desk: Desk) -> None:
    session, engine = desk.session, desk.engine
    for happens in (session.reset_training, lambda: session.opened(desk.store.document()), engine.dies):
        desk.keep(0, 340)
        engine.trained(0)
        desk.keep(0, 340)
        session.pin(340)
        assert session.pinned == 340
        happens()
        assert session.pinned is None and session.kept == ()
    engine.welcome()
    assert session.pinned is None


def test_what_is_still_in_the_pipe_of_a_network_before_is_not_offered(desk: Desk) -> None:
    desk.session.reset_training()
    assert desk.engine.of(Reset)
    desk.keep(0, 10, 340, 4300)
    assert desk.session.kept == ()
    desk.engine.trained(0)
    desk.keep(0)
    assert desk.session.kept == (0,)


def test_the_distance_of_a_pinned_network_is_not_drawn_into_the_plot(desk: Desk) -> None:
    for step, distance in ((4000, 0.03), (340, 0.3), (4210, 0.02)):
        done = RunDone(run=1, step=step, nfe=1, seconds=0.1, distance=distance, floor=(0.02, 0.001), truth="x")
        desk.engine.received.emit(done)
    assert desk.progress.distance.step == [4000, 4210] and desk.progress.run_distance == 0.02


def test_the_whole_way(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(Document(scene=SCENE))
    session, playback, progress = window.session, window.playback, window.progress
    scrubber = TrainingScrubber(window.store, session, playback, progress)
    qtbot.addWidget(scrubber)
    scrubber.resize(280, 70)
    scrubber.show()
    session.train(True)
    qtbot.waitUntil(lambda: len(session.kept) > 10, timeout=20_000)
    qtbot.keyClick(scrubber.slider, Qt.Key.Key_Home)
    assert session.pinned == 0

    def shows(step: int) -> bool:
        run = playback.run
        if run is None or run.training_step != step or not run.complete:
            return False
        arrows = window.dynamics.fields.arrows(float(run.sigma[playback.index]))
        return arrows is not None and arrows.training_step == step

    qtbot.waitUntil(lambda: shows(0), timeout=10_000)
    assert scrubber.words.text().endswith("pinned at step 0")
    assert window.dynamics.side.score.state.text() == "network pinned at step 0"
    learned = progress.step
    with qtbot.waitSignal(session.received, check_params_cb=lambda m: getattr(m, "steps", (0,))[-1] > learned + 100, timeout=10_000):
        pass
    assert progress.running and shows(0), "training goes on, what is shown stays"
    qtbot.mouseClick(scrubber.follow, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: playback.run is not None and (playback.run.training_step or 0) > learned, timeout=10_000)
    session.reset_training()
    assert session.pinned is None
