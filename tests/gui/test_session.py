"""The session keeps the engine in step with the store. The engine is a fake that records what it was sent and answers on command."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from scoreviz.gui import session as session_module
from scoreviz.gui.progress import Progress
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.framing import encode
from scoreviz.protocol.messages import (
    PROTOCOL,
    Applied,
    Beat,
    Blob,
    Message,
    Problem,
    Reset,
    Restore,
    Snapshot,
    Train,
    Trained,
    Update,
    Welcome,
)
from scoreviz.protocol.snapshots import snapshot_from_bytes, snapshot_to_bytes
from scoreviz.scene.density import Density, Gaussian, Stroke
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document, JournalEntry
from scoreviz.scene.learning import MLP, Score, Training
from scoreviz.scene.noise import VE
from scoreviz.scene.samplers import Langevin, ReverseSDE

M = TypeVar("M", bound=Message)
GAUSSIAN = Gaussian(x=0.0, y=0.0, std=0.3)


class FakeEngine(QObject):
    """The face of EngineProcess: the same signals and methods, and a list of what was sent."""

    received = Signal(object)
    died = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pid = 0
        self.sent: list[Message] = []
        self.starts = self.stops = self.kills = 0

    def start(self) -> None:
        self.starts += 1

    def stop(self) -> None:
        self.stops += 1

    def kill(self) -> None:
        self.kills += 1

    def send(self, message: Message) -> None:
        encode(message)  # what cannot be written would fail in the real one
        self.sent.append(message)

    # ---- what the test says in the engine's place

    def welcome(self, protocol: int = PROTOCOL) -> None:
        self.received.emit(Welcome(protocol=protocol, device="cpu", threads=1, torch="2.13.0", pid=1))

    def applied(self, step: int = 0, *, revision: int | None = None) -> None:
        """Acknowledge the last update."""
        revision = revision if revision is not None else self.of(Update)[-1].revision
        self.received.emit(Applied(revision=revision, step=step, sigma_max=4.0, components=3))

    def trained(self, step: int, *, running: bool = True) -> None:
        self.received.emit(Trained(running=running, step=step, rate=1000.0, loss=1.0, floor=0.5))

    def snapshot(self, step: int) -> Snapshot:
        message = Snapshot(step=step, tensors={"steps": Array.of(np.array([step])), "w": Array.of(np.full((2, 2), step, np.float32))})
        self.received.emit(message)
        return message

    def dies(self) -> None:
        self.died.emit("it was ended by the system", "Segmentation fault")

    def of(self, kind: type[M]) -> list[M]:
        """The messages of one kind, in order."""
        return [message for message in self.sent if isinstance(message, kind)]

    def kinds(self) -> list[type[Message]]:
        return [type(message) for message in self.sent]


@pytest.fixture
def engine(qapp: QApplication) -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def store(qapp: QApplication) -> Store:
    return Store()


@pytest.fixture
def progress(qapp: QApplication) -> Progress:
    return Progress()


@pytest.fixture
def session(engine: FakeEngine, store: Store, progress: Progress) -> Session:
    return Session(store, progress, engine)  # type: ignore[arg-type]


@pytest.fixture
def up(session: Session, engine: FakeEngine) -> Session:
    """The session with its first update acknowledged and forgotten."""
    session.start()
    engine.welcome()
    engine.applied()
    engine.sent.clear()
    return session


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass for the session."""
    now = [1000.0]

    class Time:
        monotonic = staticmethod(lambda: now[0])

    def wait(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(session_module, "time", Time)
    return wait


def draw(store: Store, data: bytes, **more: Any) -> str:
    digest = store.add_blob(data)
    marks = store.scene.density.marks
    store.edit(("density",), Density(marks=(*marks, Stroke(points=digest, width=0.1))), "Draw stroke", **more)
    return digest


# ---- updates


def test_nothing_is_sent_before_the_welcome(session: Session, store: Store, engine: FakeEngine) -> None:
    session.start()
    store.edit(("sampler", "steps"), 17, "")
    session.send(Train(running=True))
    assert engine.starts == 1 and not engine.sent and not session.is_ready


def test_the_welcome_is_answered_with_the_whole_scene(session: Session, store: Store, progress: Progress, engine: FakeEngine) -> None:
    ready: list[bool] = []
    session.ready.connect(lambda: ready.append(True))
    session.start()
    assert progress.state == "starting"
    engine.welcome()
    (update,) = engine.of(Update)
    assert set(update.parts) == set(Scene.__struct_fields__) - {"view"}
    assert all(update.parts[name] is getattr(store.scene, name) for name in update.parts)
    assert ready == [True] and session.is_ready and progress.state == "ready" and progress.device.startswith("cpu, 1 thread")
    engine.applied()
    assert (session.sigma_max, session.components) == (4.0, 3)


def test_at_most_one_update_is_in_flight_and_the_newest_is_next(up: Session, store: Store, engine: FakeEngine) -> None:
    sent: list[int] = []
    up.sent.connect(sent.append)
    for steps in range(1, 60):
        store.edit(("sampler", "steps"), steps, "", merge="drag")
    (first,) = engine.of(Update)
    assert first.parts == {"sampler": ReverseSDE(steps=1)}
    engine.applied()
    first, second = engine.of(Update)
    assert second.parts == {"sampler": ReverseSDE(steps=59)} and second.revision == first.revision + 1
    engine.applied()
    assert len(engine.of(Update)) == 2, "nothing is left to be said"
    assert sent == [first.revision, second.revision] and up.revision == second.revision


def test_an_acknowledgement_of_another_revision_frees_nothing(up: Session, store: Store, engine: FakeEngine) -> None:
    store.edit(("sampler", "steps"), 5, "")
    store.edit(("sampler", "steps"), 6, "")
    engine.applied(revision=up.revision - 1)
    assert len(engine.of(Update)) == 1
    engine.applied()
    assert len(engine.of(Update)) == 2


def test_an_edit_taken_back_in_flight_is_sent_back(up: Session, store: Store, engine: FakeEngine) -> None:
    store.edit(("sampler", "steps"), 5, "")
    store.undo_stack.undo()
    engine.applied()
    assert [u.parts["sampler"].steps for u in engine.of(Update)] == [5, 100]


def test_only_changed_parts_are_sent_and_never_the_view(up: Session, store: Store, engine: FakeEngine) -> None:
    store.edit(("view", "arrows"), False, "")
    store.edit(("view", "field"), "network", "")
    assert not engine.sent
    store.replace(msgspec.structs.replace(store.scene, noise=VE(sigma_max=3.0), particles=store.scene.particles, sampler=Langevin()), "")
    assert [set(u.parts) for u in engine.of(Update)] == [{"noise", "sampler"}]


def test_a_blob_is_sent_once_before_the_update_that_needs_it(up: Session, store: Store, engine: FakeEngine) -> None:
    first = draw(store, b"1" * 16)
    assert engine.kinds() == [Blob, Update] and engine.of(Blob)[0] == Blob(digest=first, data=b"1" * 16)
    second, third = draw(store, b"2" * 16), draw(store, b"3" * 16)
    assert engine.kinds() == [Blob, Update]
    engine.applied()
    assert engine.kinds() == [Blob, Update, Blob, Blob, Update]
    assert {blob.digest for blob in engine.of(Blob)[1:]} == {second, third}
    engine.applied()
    engine.sent.clear()
    draw(store, b"1" * 16)
    engine.applied()
    store.edit(("density",), Density(), "Clear")
    engine.applied()
    store.undo_stack.undo()
    engine.applied()
    assert engine.kinds() == [Update] * 3, "the engine keeps what it was given"


def test_a_blob_that_nothing_refers_to_is_not_sent(up: Session, store: Store, engine: FakeEngine) -> None:
    store.add_blob(b"unused")
    store.edit(("density",), Density(marks=(GAUSSIAN,)), "")
    assert not engine.of(Blob)


# ---- training


def test_who_asks_for_the_network_wants_it_to_learn(up: Session, store: Store, progress: Progress, engine: FakeEngine) -> None:
    store.edit(("score", "source"), "network", "")
    assert engine.of(Train) == [Train(running=True)] and progress.running and up.training_begun
    store.edit(("score", "source"), "exact", "")
    store.edit(("score", "source"), "network", "")
    assert engine.of(Train) == [Train(running=True)], "it goes on while the exact score is shown"


def test_pause_and_go_on(up: Session, progress: Progress, engine: FakeEngine) -> None:
    up.train(True)
    engine.trained(50)
    up.train(False)
    assert engine.of(Train) == [Train(running=True), Train(running=False)] and not progress.running
    assert progress.step == 50 and up.training_begun


def test_training_that_failed_has_stopped(up: Session, progress: Progress, engine: FakeEngine) -> None:
    told: list[Problem] = []
    up.problem.connect(told.append)
    up.train(True)
    problem = Problem(where="training", template="The loss is not finite at step {step}.", params={"step": "7"}, details="Traceback")
    engine.received.emit(problem)
    assert told == [problem] and not progress.running


def test_the_journal_says_at_which_step_an_edit_landed(session: Session, store: Store, engine: FakeEngine) -> None:
    session.start()
    engine.welcome()
    engine.applied()
    whole = {n: msgspec.to_builtins(getattr(store.scene, n)) for n in Scene.__struct_fields__ if n != "view"}
    assert [(e.step, e.parts) for e in session.journal] == [(0, whole)]
    edits: list[tuple[tuple[str, ...], Any, int | None]] = [
        (("density",), Density(marks=(GAUSSIAN,)), 120),  # target
        (("sampler", "steps"), 17, None),
        (("training", "batch"), 64, 240),  # training
        (("particles", "seed"), 1, None),
        (("score", "source"), "network", None),
        (("view", "x"), 1.0, None),
        (("network", "width"), 32, 360),  # network
        (("noise", "sigma_max"), 3.0, 480),  # training
    ]
    landed = []
    for k, (path, value, step) in enumerate(edits):
        store.edit(path, value, "")
        if path[0] != "view":
            engine.applied(step=120 * k if step is None else step)
        if step is not None:
            landed.append((step, {path[0]: msgspec.to_builtins(getattr(store.scene, path[0]))}))
    assert [(e.step, e.parts) for e in session.journal[1:]] == landed
    stored = msgspec.json.encode(session.journal)
    assert msgspec.json.encode(msgspec.json.decode(stored, type=list[JournalEntry])) == stored


def test_edits_that_land_together_are_one_entry(up: Session, store: Store, engine: FakeEngine) -> None:
    store.edit(("sampler", "steps"), 5, "")
    store.edit(("network", "width"), 32, "")
    store.edit(("training", "batch"), 64, "")
    engine.applied(step=10)
    engine.applied(step=20)
    assert [(e.step, set(e.parts)) for e in up.journal[1:]] == [(20, {"network", "training"})]


def test_reset_keeps_the_last_snapshot_to_return_to(up: Session, store: Store, progress: Progress, engine: FakeEngine) -> None:
    up.train(True)
    engine.trained(700)
    kept = engine.snapshot(700)
    journal = list(up.journal)
    engine.sent.clear()
    up.reset_training()
    assert engine.sent == [Reset()] and up.snapshot is None and progress.step == 0 and progress.loss.last is None
    engine.trained(40)
    engine.snapshot(40)
    engine.sent.clear()
    up.undo_reset()
    assert engine.sent == [Restore(snapshot=kept)] and up.snapshot == kept and up.journal == journal
    engine.sent.clear()
    up.undo_reset()
    assert not engine.sent, "there is one reset to undo, not two"


def test_the_journal_of_a_new_network_begins_with_its_scene(up: Session, store: Store, engine: FakeEngine) -> None:
    """Journal and seeds define a run: without the scene at step 0 the entries after it cannot be replayed."""
    up.train(True)
    engine.trained(700)
    engine.snapshot(700)
    store.edit(("training", "batch"), 64, "")
    engine.applied(step=710)
    up.reset_training()
    store.edit(("training", "batch"), 128, "")
    engine.applied(step=30)
    assert [e.step for e in up.journal] == [0, 30]
    assert set(up.journal[0].parts) == set(Scene.__struct_fields__) - {"view"}
    assert up.journal[0].parts["training"] == msgspec.to_builtins(Training(batch=64))


def test_reset_and_back_while_the_engine_is_away(up: Session, engine: FakeEngine) -> None:
    up.train(True)
    engine.trained(700)
    kept = engine.snapshot(700)
    engine.dies()
    up.reset_training()
    up.undo_reset()
    engine.sent.clear()
    engine.welcome()
    assert engine.kinds() == [Update, Restore, Train] and engine.of(Restore)[0].snapshot == kept


def opened(session: Session, store: Store, document: Document) -> None:
    """As the window does when a file was opened."""
    store.open(document)
    session.opened(document)


def learned(step: int) -> tuple[Snapshot, bytes]:
    snapshot = Snapshot(step=step, tensors={"steps": Array.of(np.array([step]))})
    return snapshot, snapshot_to_bytes(snapshot)


def test_snapshots_go_into_files(up: Session, engine: FakeEngine) -> None:
    assert up.snapshot_bytes() is None
    kept = engine.snapshot(700)
    data = up.snapshot_bytes()
    assert data is not None and snapshot_from_bytes(data) == kept


def test_a_network_that_was_opened_goes_on(up: Session, store: Store, progress: Progress, engine: FakeEngine) -> None:
    engine.trained(9000)
    snapshot, data = learned(700)
    scene = Scene(score=Score(source="network"), network=MLP(width=32))
    entry = JournalEntry(step=0, parts={"network": msgspec.to_builtins(scene.network)})
    opened(up, store, Document(scene=scene, journal=(entry,), snapshot=data))
    assert not engine.of(Restore), "it fits no other network than its own, which is not there yet"
    assert progress.step == 0 and progress.running
    engine.applied(step=9000)  # of the network that was there when the scene came
    assert engine.of(Restore) == [Restore(snapshot=snapshot)] and up.snapshot == snapshot
    engine.applied(revision=up.revision)
    assert len(engine.of(Restore)) == 1
    assert up.journal == [entry], "opening is not an edit that landed"


def test_a_document_without_a_network_gets_a_new_one(up: Session, store: Store, progress: Progress, engine: FakeEngine) -> None:
    up.train(True)
    engine.trained(9000)
    engine.snapshot(9000)
    store.edit(("training", "batch"), 64, "")
    engine.applied(step=9100)
    engine.sent.clear()
    scene = Scene(density=Density(marks=(GAUSSIAN,)))
    opened(up, store, Document(scene=scene))
    engine.applied(step=9200)
    assert engine.of(Reset) and not engine.of(Restore) and up.snapshot is None and progress.step == 0 and not progress.running
    assert [e.step for e in up.journal] == [0], "the journal of the new network begins with its scene"
    assert up.journal[0].parts["density"] == msgspec.to_builtins(scene.density)


def test_a_loss_still_on_its_way_is_no_point_of_the_next_networks_curve(
    up: Session, store: Store, progress: Progress, engine: FakeEngine
) -> None:
    up.train(True)
    engine.trained(700)
    opened(up, store, Document(scene=Scene(density=Density(marks=(GAUSSIAN,)))))
    engine.trained(760)
    assert progress.loss.last is None and progress.step == 0, "of the network before"
    engine.trained(0)
    engine.trained(20)
    assert progress.loss.step[-1] == progress.step == 20


def test_the_curves_go_back_with_the_network(up: Session, progress: Progress, engine: FakeEngine) -> None:
    """An edit that needs another network begins at step 0: what the one before lost is no part of its curve."""
    up.train(True)
    for step in (100, 400, 700):
        engine.trained(step)
        progress.distance.add(step, 0.1)
    engine.received.emit(Trained(running=True, step=0, rate=0.0, loss=None, floor=1.0))
    assert not progress.loss.step and not progress.distance.step
    engine.trained(30)
    assert progress.loss.step == [30]


def test_after_a_death_the_curve_goes_on_from_the_snapshot(up: Session, progress: Progress, engine: FakeEngine) -> None:
    up.train(True)
    engine.trained(700)
    engine.snapshot(700)
    engine.trained(760)
    engine.died.emit("killed", "")
    engine.welcome()
    engine.received.emit(Trained(running=True, step=0, rate=0.0, loss=None, floor=1.0))
    assert progress.loss.step == [700, 760], "its snapshot is on the way"
    engine.received.emit(Trained(running=True, step=700, rate=0.0, loss=None, floor=1.0))
    assert progress.loss.step == [700]


def test_of_a_damaged_network_nothing_is_kept(up: Session, store: Store, engine: FakeEngine) -> None:
    """Nor is the one of the document before: saved with this scene, it would be a network that never learned it."""
    up.train(True)
    engine.snapshot(9000)
    document = Document(scene=Scene(density=Density(marks=(GAUSSIAN,))), snapshot=b"no safetensors")
    with pytest.raises(SceneError, match="damaged"):
        opened(up, store, document)
    assert up.snapshot is None and engine.of(Reset)


# ---- when it dies


def test_after_a_death_the_next_engine_gets_everything(
    up: Session, store: Store, progress: Progress, engine: FakeEngine, clock: Callable[[float], None]
) -> None:
    died: list[tuple[str, str, bool]] = []
    up.died.connect(lambda *args: died.append(args))
    digest = draw(store, b"1" * 16)
    engine.applied()
    store.edit(("score", "source"), "network", "")
    kept = engine.snapshot(500)
    store.edit(("sampler", "steps"), 5, "")  # in flight, or waiting
    engine.sent.clear()
    engine.dies()
    assert died == [("it was ended by the system", "Segmentation fault", False)]
    assert progress.state == "restarting" and "ended by the system" in progress.note and engine.starts == 2 and not up.is_ready
    store.edit(("sampler", "steps"), 6, "")
    assert not engine.sent
    engine.welcome()
    assert engine.kinds() == [Blob, Update, Restore, Train]
    blob, update, restore, train = engine.sent
    assert isinstance(blob, Blob) and isinstance(update, Update) and isinstance(restore, Restore) and isinstance(train, Train)
    assert blob.digest == digest and restore.snapshot == kept and train.running
    assert set(update.parts) == set(Scene.__struct_fields__) - {"view"} and update.parts["sampler"] == ReverseSDE(steps=6)
    assert progress.state == "ready" and progress.note == ""
    engine.applied(revision=update.revision - 1)  # of the one before: too late to count
    store.edit(("sampler", "steps"), 7, "")
    assert len(engine.of(Update)) == 1
    engine.applied()
    assert engine.of(Update)[-1].parts == {"sampler": ReverseSDE(steps=7)}


def test_what_was_not_training_does_not_train_after_a_death(up: Session, engine: FakeEngine) -> None:
    engine.dies()
    engine.welcome()
    assert engine.kinds() == [Update]


def test_what_was_paused_stays_paused_after_a_death(up: Session, store: Store, progress: Progress, engine: FakeEngine) -> None:
    store.edit(("score", "source"), "network", "")
    engine.trained(500)
    up.train(False)
    engine.trained(500, running=False)
    engine.snapshot(500)
    engine.dies()
    engine.sent.clear()
    engine.welcome()
    assert Train(running=True) not in engine.sent and not progress.running, "a person paused it"


def test_the_journal_after_a_death_goes_on_from_the_snapshot(up: Session, store: Store, engine: FakeEngine) -> None:
    """The steps after the snapshot are lost, so what landed in them lands with the scene that the new engine gets."""
    store.edit(("training", "batch"), 64, "")
    engine.applied(step=300)
    engine.snapshot(500)
    store.edit(("training", "batch"), 128, "")
    engine.applied(step=800)
    engine.dies()
    engine.welcome()
    engine.applied(step=0)  # a new process has not restored the snapshot when it applies the scene
    assert [e.step for e in up.journal] == [0, 300, 500]
    assert up.journal[-1].parts["training"] == msgspec.to_builtins(store.scene.training)


def test_two_deaths_within_ten_seconds_ask(up: Session, progress: Progress, engine: FakeEngine, clock: Callable[[float], None]) -> None:
    asked: list[bool] = []
    up.died.connect(lambda _reason, _details, asks: asked.append(asks))
    engine.dies()
    engine.welcome()
    clock(9.9)
    engine.dies()
    assert asked == [False, True] and progress.state == "stopped" and engine.starts == 2, "it is not started a third time"
    up.restart()
    assert progress.state == "restarting" and engine.starts == 3
    engine.welcome()
    assert progress.state == "ready"
    engine.dies()
    assert asked == [False, True, False], "who asked for another try gets a whole one"


def test_two_deaths_far_apart_do_not_ask(up: Session, engine: FakeEngine, clock: Callable[[float], None]) -> None:
    asked: list[bool] = []
    up.died.connect(lambda _reason, _details, asks: asked.append(asks))
    for _ in range(4):
        engine.dies()
        engine.welcome()
        clock(10.1)
    assert asked == [False] * 4 and engine.starts == 5


def test_an_engine_of_another_protocol_is_stopped_with_a_sentence(session: Session, progress: Progress, engine: FakeEngine) -> None:
    died: list[tuple[str, str, bool]] = []
    session.died.connect(lambda *args: died.append(args))
    session.start()
    engine.welcome(PROTOCOL + 1)
    ((reason, _details, asks),) = died
    assert re.search(r"another version.*reinstall", reason) and asks
    assert engine.stops == 1 and engine.starts == 1 and not engine.sent
    assert not session.is_ready and progress.state == "stopped" and reason in progress.note


# ---- busy


def test_a_long_slice_shows_as_busy(up: Session, progress: Progress, engine: FakeEngine) -> None:
    told: list[str] = []
    progress.engine_changed.connect(lambda: told.append(progress.state))
    engine.received.emit(Beat(busy=0.2, doing="run"))
    assert progress.state == "ready" and not told
    engine.received.emit(Beat(busy=1.5, doing="run"))
    engine.received.emit(Beat(busy=12.0, doing="run"))
    assert progress.state == "busy" and progress.busy_seconds == 12.0
    engine.received.emit(Beat(busy=0.0, doing=""))
    assert progress.state == "ready" and told == ["busy", "busy", "ready"]


def test_what_came_is_passed_on(up: Session, engine: FakeEngine) -> None:
    seen: list[Message] = []
    up.received.connect(seen.append)
    snapshot = engine.snapshot(3)
    assert seen == [snapshot]


def test_close_stops_the_engine_and_says_nothing_more(up: Session, store: Store, engine: FakeEngine) -> None:
    up.close()
    store.edit(("network",), MLP(width=32), "")
    assert engine.stops == 1 and not engine.sent
