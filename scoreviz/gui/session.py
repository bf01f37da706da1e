"""Keeps the engine in step with the store: updates one at a time, training, snapshots, restarts.

It knows no widget. Runs and fields go to their own keepers (`dynamics.runs`, `dynamics.fields`) by `received`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

import msgspec
from PySide6.QtCore import QCoreApplication, QObject, Signal

from scoreviz.gui.bridge import EngineProcess
from scoreviz.gui.progress import Progress
from scoreviz.gui.store import Store
from scoreviz.protocol.messages import (
    PROTOCOL,
    Applied,
    Beat,
    Blob,
    Kept,
    Pin,
    Problem,
    Reset,
    Restore,
    RunDone,
    Show,
    Snapshot,
    Train,
    Trained,
    Update,
    Welcome,
)
from scoreviz.protocol.snapshots import snapshot_from_bytes, snapshot_to_bytes
from scoreviz.scene.density import digests_in
from scoreviz.scene.document import Scene, invalidated
from scoreviz.scene.files import Document, JournalEntry
from scoreviz.scene.parameters import Invalidates

log = logging.getLogger(__name__)
ENGINE_PARTS = tuple(name for name in Scene.__struct_fields__ if name != "view")  # looking never touches the engine's scene
JOURNALLED = Invalidates.NETWORK | Invalidates.TRAINING | Invalidates.TARGET
BUSY_AFTER = 1.0  # seconds of one slice after which the window says so


class Session(QObject):
    """One window's engine. Signals: received(message), problem(Problem), died(reason, details, asks)."""

    received = Signal(object)
    sent = Signal(int)  # revision of an update that was just sent
    problem = Signal(object)
    died = Signal(str, str, bool)
    ready = Signal()
    past_changed = Signal()  # kept, pinned

    def __init__(self, store: Store, progress: Progress, engine: EngineProcess | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._progress = store, progress
        self._engine = engine or EngineProcess(self)
        self._engine.received.connect(self._receive)
        self._engine.died.connect(self._died)
        self._known: Scene | None = None  # what the engine has
        self._blobs: set[str] = set()
        self._welcomed = False
        self._in_flight: int | None = None
        self._pending_journal: dict[int, dict[str, Any]] = {}
        self._deaths: list[float] = []
        self._restore_pending = False
        self._journal_base: Scene | None = None  # the scene that the journal has arrived at
        self._reviving = False  # a new engine has not said that the snapshot is back
        self._old_network = False  # a reset was asked for, and the engine has not said step 0 yet
        self._resumed_at = 0  # step of the snapshot that a new engine continues; its first update lands there
        self._wanted = False  # the user wants the network to train
        self.revision = 0
        self.sigma_max: float | None = None
        self.components = 0
        self.threads = 1  # of the engine; results depend on it to the last bit
        self.journal: list[JournalEntry] = []
        self.kept: tuple[int, ...] = ()  # training steps whose networks the engine still has
        self.pinned: int | None = None  # the one that runs and arrows are of; None follows the latest
        self.snapshot: Snapshot | None = None
        self.before_reset: tuple[Snapshot, list[JournalEntry]] | None = None
        store.changed.connect(self._changed)

    @property
    def engine(self) -> EngineProcess:
        return self._engine

    @property
    def is_ready(self) -> bool:
        return self._welcomed

    @property
    def up_to_date(self) -> bool:
        """Has the engine been sent the scene as it is now? If not, `sent` will tell when it is."""
        known, scene = self._known, self._store.scene
        return self._welcomed and known is not None and all(getattr(known, n) == getattr(scene, n) for n in ENGINE_PARTS)

    def start(self) -> None:
        """Start the engine; the window does not wait for it."""
        self._wanted = self._wanted or self._store.scene.score.source == "network"
        self._progress.state = "starting"
        self._progress.engine_changed.emit()
        self._engine.start()

    def close(self) -> None:
        """End the engine with the window."""
        self._welcomed = False
        self._engine.stop()

    # ---- training

    @property
    def training_begun(self) -> bool:
        """Has the network been asked to learn since it was made?"""
        return self._wanted or self._progress.step > 0

    def train(self, running: bool) -> None:
        """Let the network train, or pause it."""
        self._wanted = running
        if self._welcomed:
            self._engine.send(Train(running=running))
        self._progress.running = running
        self._progress.training_changed.emit()

    def reset_training(self) -> None:
        """A new network from its seed; the last snapshot is kept to return to."""
        if self.snapshot is not None:
            self.before_reset = (self.snapshot, list(self.journal))
        self.snapshot = None
        self._begin_journal(self._store.scene)
        self._progress.clear_training()
        self._take_kept(())
        self._send_reset()

    def undo_reset(self) -> None:
        """Back to the network that the last reset threw away."""
        if self.before_reset is not None:
            self.snapshot, self.journal = self.before_reset
            self.before_reset = None
            self._progress.clear_training()
            self._take_kept(())
            self._engine.send(Restore(snapshot=self.snapshot))

    def pin(self, step: int | None) -> None:
        """Sample and draw with the kept network nearest to this step; None follows the latest."""
        nearest = None if step is None else min(self.kept, key=lambda kept: abs(kept - step), default=None)
        if nearest != self.pinned:
            self.pinned = nearest
            self.send(Pin(step=nearest))
            self.past_changed.emit()

    def _take_kept(self, steps: tuple[int, ...]) -> None:
        """A pinned step that had just been thinned out becomes its neighbour; one of another network, whose past begins anew, is let go."""
        self.kept = steps
        if self.pinned is not None and self.pinned not in steps:
            self.pin(self.pinned if len(steps) > 1 else None)
        else:
            self.past_changed.emit()

    def snapshot_bytes(self) -> bytes | None:
        """The last snapshot as safetensors, for files."""
        return None if self.snapshot is None else snapshot_to_bytes(self.snapshot)

    def opened(self, document: Document) -> None:
        """Another document: a new network, or the one that came with it. SceneError if that one is damaged."""
        self.snapshot = self.before_reset = None
        self._begin_journal(document.scene)
        self._progress.clear_training()
        self._take_kept(())
        self._send_reset()
        self.train(document.scene.score.source == "network")
        if document.snapshot is not None:
            self.snapshot = snapshot_from_bytes(document.snapshot)
            self.journal[:] = document.journal
            self._restore_pending = True
            self._restore_when_settled()

    def _begin_journal(self, scene: Scene) -> None:
        self._pending_journal.clear()
        self._journal_base = scene
        self.journal[:] = [JournalEntry(step=0, parts=_journalled(scene))]

    def _send_reset(self) -> None:
        self._old_network = self._welcomed  # what is still in the pipe is of the network before
        self.send(Reset())

    def _restore_when_settled(self) -> None:
        """A snapshot fits the network of its own scene, so that must be in force first."""
        if self._restore_pending and self._welcomed and self._in_flight is None and self.snapshot is not None:
            self._restore_pending = False
            self.send(Restore(snapshot=self.snapshot))

    def send(self, message: Any) -> None:
        """For the keepers of runs and fields."""
        if self._welcomed:
            self._engine.send(message)

    # ---- updates: at most one in flight, the newest next

    def _changed(self, old: Scene, new: Scene, _origin: str) -> None:
        if new.view.tab != old.view.tab:
            self.send(Show(tab=new.view.tab))
        if new.score.source == "network" and old.score.source != "network" and not self._wanted:
            self.train(True)  # who asks for the network wants it to learn
        self._flush()

    def _flush(self) -> None:
        if not self._welcomed or self._in_flight is not None:
            return
        scene = self._store.scene
        known = self._known
        parts = {n: getattr(scene, n) for n in ENGINE_PARTS if known is None or getattr(known, n) != getattr(scene, n)}
        if not parts:
            return
        for digest in sorted(digests_in(scene.density) - self._blobs):
            self._engine.send(Blob(digest=digest, data=self._store.blobs[digest]))
            self._blobs.add(digest)
        self.revision += 1
        self._in_flight = self.revision
        base = self._journal_base
        if base is None or invalidated(base, scene) & JOURNALLED:
            changed = [n for n in ENGINE_PARTS if base is None or getattr(base, n) != getattr(scene, n)]
            self._pending_journal[self.revision] = _journalled(scene, changed)
        self._journal_base = scene
        self._known = scene
        self._engine.send(Update(revision=self.revision, parts=parts))
        self.sent.emit(self.revision)

    # ---- what the engine says

    def _receive(self, message: Any) -> None:
        progress = self._progress
        match message:
            case Welcome():
                self._welcome(message)
            case Applied():
                self._applied(message)
            case Beat():
                self._beat(message)
            case Trained():
                self._old_network = self._old_network and message.step > 0
                if not self._old_network:  # the loss of the network before is no point of this one's curve
                    self._trained(message)
            case RunDone():
                self._measured(message)
            case Snapshot() if not self._old_network:
                self.snapshot = message
            case Kept() if not self._old_network:
                self._take_kept(message.steps)
            case Problem():
                log.warning("engine problem: %s %s\n%s", message.template, message.params, message.details)
                if message.where == "training":
                    self._wanted = progress.running = False
                    progress.training_changed.emit()
                self.problem.emit(message)
        self.received.emit(message)

    def _trained(self, message: Trained) -> None:
        progress = self._progress
        if message.step > 0 or not self._reviving:  # before its snapshot is back, a new engine begins with a network at step 0
            self._reviving = False
            progress.go_back(message.step)
        progress.running, progress.step, progress.rate = message.running, message.step, message.rate
        progress.set_loss_floor(message.floor)
        if message.loss is not None:
            progress.loss.add(message.step, message.loss)
        progress.report()

    def _welcome(self, message: Welcome) -> None:
        if message.protocol != PROTOCOL:
            self._engine.stop()
            self._died(self.tr("it speaks another version of the protocol; reinstall scoreviz"), "", fatal=True)
            return
        self._progress.state, self._progress.note = "ready", ""
        self.threads = message.threads
        threads = QCoreApplication.translate("Session", "%n thread(s)", "", message.threads).replace("%n", str(message.threads))
        self._progress.device = f"{message.device}, {threads}"
        self._welcomed, self._known, self._in_flight, self._old_network = True, None, None, False
        self._blobs.clear()
        self._flush()
        if (tab := self._store.scene.view.tab) != "dynamics":  # an engine begins with that one
            self._engine.send(Show(tab=tab))
        self._reviving = self.snapshot is not None
        if self.snapshot is not None:
            self._restore_pending = False
            self._engine.send(Restore(snapshot=self.snapshot))
        if self._wanted:
            self.train(True)
        self._progress.engine_changed.emit()
        self.ready.emit()

    def _applied(self, message: Applied) -> None:
        if message.revision == self._in_flight:
            self._in_flight = None
        self.sigma_max, self.components = message.sigma_max, message.components
        parts = self._pending_journal.pop(message.revision, None)
        if parts is not None:
            self.journal.append(JournalEntry(step=max(message.step, self._resumed_at), parts=parts))
            self._resumed_at = 0
        self._flush()
        self._restore_when_settled()

    def _beat(self, message: Beat) -> None:
        busy = message.busy > BUSY_AFTER
        progress = self._progress
        if busy or progress.state == "busy":
            progress.state = "busy" if busy else "ready"
            progress.busy_seconds = message.busy
            progress.engine_changed.emit()

    def _measured(self, message: RunDone) -> None:
        distance = self._progress.distance
        if message.step is not None and message.distance is not None and message.step >= max(distance.step[-1:], default=0):
            distance.add(message.step, message.distance)  # not of a pinned network: the plot's time runs forwards
        self._progress.run_distance = message.distance
        self._progress.set_distance_floor(message.floor)  # of what this run was measured against, if it was
        self._progress.report()

    # ---- when it dies

    def _died(self, reason: str, details: str, fatal: bool = False) -> None:
        log.error("the engine died: %s\n%s", reason, details)
        self._welcomed, self._in_flight = False, None
        self._take_kept(())
        self._pending_journal.clear()
        self._journal_base = None
        self._resumed_at = self.snapshot.step if self.snapshot is not None else 0
        self.journal[:] = [e for e in self.journal if self.snapshot is not None and e.step <= self._resumed_at]
        now = time.monotonic()
        self._deaths = [t for t in self._deaths if now - t < 10.0] + [now]
        asks = fatal or len(self._deaths) >= 2
        self._progress.state = "stopped" if asks else "restarting"
        self._progress.note = self.tr("The engine stopped: {reason}.").format(reason=reason)
        self._progress.engine_changed.emit()
        self.died.emit(reason, details, asks)
        if not asks:
            self._engine.start()

    def restart(self) -> None:
        """After the window asked: try again from the last snapshot."""
        self._deaths.clear()
        self._progress.state, self._progress.note = "restarting", ""
        self._progress.engine_changed.emit()
        self._engine.start()


def _journalled(scene: Scene, names: Iterable[str] = ENGINE_PARTS) -> dict[str, Any]:
    """Parts of a scene as they stand in the journal."""
    return {name: msgspec.to_builtins(getattr(scene, name)) for name in names}
