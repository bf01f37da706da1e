"""The window: top bar, the Dynamics tab, and what the actions do."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable

import msgspec
from PySide6.QtCore import QCoreApplication, QElapsedTimer, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from scoreviz.gui import autosave, crash, dialogs, theme
from scoreviz.gui.actions import Actions
from scoreviz.gui.autosave import Autosave
from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.tab import DynamicsTab
from scoreviz.gui.files import Files
from scoreviz.gui.notices import Remedy
from scoreviz.gui.playback import Playback
from scoreviz.gui.preferences import Preferences
from scoreviz.gui.progress import Progress
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.gui.topbar import TopBar
from scoreviz.protocol.messages import Problem
from scoreviz.scene.density import Density
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document

log = logging.getLogger(__name__)
SIZE = (1280, 800)
SMALLEST = (900, 600)


class Window(QMainWindow):
    """One document, one engine."""

    first_painted = Signal()

    def __init__(self, document: Document | None = None, theming: theme.Theming | None = None) -> None:
        super().__init__()
        self.setObjectName("window")
        self.preferences = Preferences()
        self.theming = theming
        self.store = Store(document, self)
        self.progress = Progress(self)
        self.playback = Playback(self)
        self.session = Session(self.store, self.progress, parent=self)
        self.files = Files(self.store, self.preferences, self._whole_document, self)
        self.autosave = Autosave(self._whole_document, self)
        self.topbar = TopBar(self.progress, [("dynamics", self.tr("Dynamics"))])
        self.dynamics = DynamicsTab(self.store, self.session, self.playback, self.progress)
        self.actions_ = Actions(self, self._slots())
        self._lay_out()
        self._connect()
        self._restore()
        self._frames = FrameMeter(self.dynamics.canvas, self.progress, self)

    # ---- building

    def _lay_out(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.topbar)
        column.addWidget(self.dynamics, 1)
        self.setCentralWidget(centre)
        self.setMinimumSize(*SMALLEST)

    def _connect(self) -> None:
        bar, session, notice = self.topbar, self.session, self.dynamics.stage.notice
        bar.trainToggled.connect(self._train)
        bar.trainReset.connect(self._reset)
        bar.stopEngine.connect(session.engine.kill)
        bar.file_clicked.connect(lambda: self._open_menu(bar.file))
        bar.menu_clicked.connect(lambda: self._open_menu(bar.menu))
        self.files.changed.connect(self._title)
        self.files.told.connect(notice.tell)
        self.files.taken.connect(self._taken)
        self.files.saved.connect(self.autosave.forget)
        session.problem.connect(self._problem)
        self.playback.timer.timeout.connect(self.progress.frame)
        session.died.connect(self._died)
        self.store.changed.connect(self._changed)
        self.store.undo_stack.indexChanged.connect(self._show_undo)
        self.dynamics.tools.tool_changed.connect(lambda tool: self.actions_[f"tool_{tool}"].setChecked(True))
        self.actions_[f"tool_{self.dynamics.tools.tool}"].setChecked(True)
        self._show_choices(self.store.scene)
        self._show_undo()
        self._title()

    def _slots(self) -> dict[str, Callable[..., object]]:
        play, stack, tools = self.playback, self.store.undo_stack, self.dynamics.tools
        slots: dict[str, Callable[..., object]] = {
            "new": self.files.new, "open": lambda: self.files.open(), "save": self.files.save, "save_as": self.files.save_as,
            "quit": self.close, "undo": stack.undo, "redo": stack.redo, "clear": self._clear, "play": play.toggle,
            "step": lambda: play.step(1), "back": lambda: play.step(-1), "to_start": lambda: play.seek(0),
            "to_end": lambda: play.seek(play.run.length - 1 if play.run else 0), "faster": lambda: self._speed(1),
            "slower": lambda: self._speed(-1), "new_noise": self._new_noise, "train": self._train, "reset": self._reset,
            "undo_reset": self._undo_reset, "stop_engine": self._restart_engine, "fit": self.dynamics.fit, "full_screen": self._full_screen,
            "shortcuts": lambda: dialogs.shortcuts(self, self.actions_.sheet()).open(), "about": lambda: dialogs.about(self).open(),
            "copy_diagnostics": lambda: QGuiApplication.clipboard().setText(crash.diagnostics(self._state())),
        }  # fmt: skip
        for tool in ("brush", "erase", "gaussian", "pan"):
            slots[f"tool_{tool}"] = lambda _=False, tool=tool: tools.set_tool(tool)
        for layer in ("density", "arrows", "particles"):
            slots[f"layer_{layer}"] = lambda on, layer=layer: self._edit(("view", layer), on, self.tr("Change layers"))
        for source in ("exact", "network"):
            slots[f"score_{source}"] = lambda _=False, source=source: self._edit(("score", "source"), source, self.tr("Change score"))
        for mode in ("system", "dark", "light"):
            slots[f"theme_{mode}"] = lambda _=False, mode=mode: self._theme(mode)
        return slots

    def _restore(self) -> None:
        self.dynamics.tools.load(self.preferences.settings)
        geometry = self.preferences.bytes("window/geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(*SIZE)
        if self.theming is not None:
            self.actions_[f"theme_{self.theming.mode}"].setChecked(True)
            self.theming.changed.connect(self._dress)
        self._dress(theme.current())

    # ---- what the actions do

    def _edit(self, path: tuple[str, ...], value: object, text: str) -> None:
        try:
            self.store.edit(path, value, text, origin="action")
        except SceneError as error:
            self.dynamics.stage.notice.tell(str(error))

    def _clear(self) -> None:
        self._edit(("density",), Density(), self.tr("Clear the drawing"))

    def _new_noise(self) -> None:
        self._edit(("particles", "seed"), random.randrange(2**31), self.tr("New noise"))

    def _speed(self, by: int) -> None:
        speeds = self.playback.SPEEDS
        place = speeds.index(self.playback.speed) + by
        self.playback.set_speed(speeds[min(max(place, 0), len(speeds) - 1)])

    def _train(self) -> None:
        self.session.train(not self.progress.running)

    def _reset(self) -> None:
        self.session.reset_training()
        notice = self.dynamics.stage.notice
        if self.session.before_reset is not None:
            notice.tell(self.tr("A new network begins. The one before is kept."), Remedy(self.tr("Back to it"), self._undo_reset))

    def _undo_reset(self) -> None:
        self.session.undo_reset()

    def _restart_engine(self) -> None:
        if self.session.is_ready:
            self.session.engine.kill()
        else:
            self.session.restart()

    def _full_screen(self, on: bool) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _theme(self, mode: theme.Mode) -> None:
        if self.theming is not None:
            self.theming.set_mode(mode)
            self.preferences.set("theme", mode)

    def _dress(self, dress: theme.Theme) -> None:
        self.dynamics.canvas.set_palette_name(dress.name)

    def _open_menu(self, under: QWidget) -> None:
        menu = self.actions_.menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(under.mapToGlobal(QPoint(0, under.height() + 4)))

    # ---- what others say

    def _changed(self, _old: Scene, new: Scene, _origin: str) -> None:
        self._show_choices(new)
        self.autosave.touch()

    def _show_choices(self, new: Scene) -> None:
        for layer in ("density", "arrows", "particles"):
            self.actions_[f"layer_{layer}"].setChecked(getattr(new.view, layer))
        self.actions_[f"score_{new.score.source}"].setChecked(True)

    def _show_undo(self, _index: int = 0) -> None:
        stack = self.store.undo_stack
        for name, can, text in (("undo", stack.canUndo(), stack.undoText()), ("redo", stack.canRedo(), stack.redoText())):
            word = self.tr("Undo") if name == "undo" else self.tr("Redo")
            self.actions_[name].setEnabled(can)
            self.actions_[name].setText(f"{word}: {text}" if text else word)

    def _problem(self, problem: Problem) -> None:
        if problem.where == "scene" and not problem.details:
            return  # the canvas says it, where the drawing would be
        template = QCoreApplication.translate("engine", problem.template)
        self.dynamics.stage.notice.tell(template.format(**problem.params), details=problem.details)

    def _taken(self, document: Document) -> None:
        try:
            self.session.opened(document)
        except SceneError as error:
            self.dynamics.stage.notice.tell(str(error))

    def _died(self, reason: str, details: str, asks: bool) -> None:
        notice = self.dynamics.stage.notice
        if asks:
            text = self.tr("The engine stopped again: {reason}. Your drawing is kept. Change the scene if it was the cause.").format(
                reason=reason
            )
            notice.tell(text, Remedy(self.tr("Restart the engine"), self.session.restart), details=details)
        else:
            text = self.tr("The engine stopped: {reason}. It starts again from its last snapshot; your drawing is kept.").format(
                reason=reason
            )
            notice.tell(text, details=details)

    def _title(self) -> None:
        self.topbar.set_file(self.files.name, self.files.modified)
        self.setWindowTitle(f"{'• ' if self.files.modified else ''}{self.files.name} – scoreviz")

    def _whole_document(self) -> Document:
        document = self.store.document()
        return msgspec.structs.replace(document, journal=tuple(self.session.journal), snapshot=self.session.snapshot_bytes())

    def _state(self) -> str:
        p = self.progress
        return f"engine {p.state} ({p.device}), training step {p.step}, {p.note}"

    def offer_recovery(self) -> None:
        """Unsaved work of a program that did not end well."""
        found = autosave.leftovers()
        if not found:
            return

        def bring_back() -> None:
            if not self.files.may_leave():
                self.offer_recovery()
                return
            try:
                self.files.recovered(autosave.recover(found[0]))
                self.autosave.write()
            except SceneError as error:
                self.dynamics.stage.notice.tell(str(error))

        def discard() -> None:
            for path in found:
                path.unlink(missing_ok=True)

        text = self.tr("scoreviz did not end well last time. There is unsaved work.")
        self.dynamics.stage.notice.tell(text, Remedy(self.tr("Bring it back"), bring_back), Remedy(self.tr("Discard"), discard))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.files.may_leave():
            event.ignore()
            return
        self.playback.pause()
        self.preferences.set("window/geometry", self.saveGeometry())
        self.dynamics.tools.save(self.preferences.settings)
        self.session.close()
        self.autosave.finish()
        event.accept()


class FrameMeter(QObject):
    """Counts the canvas's frames and their time, once a second."""

    def __init__(self, canvas: Canvas, progress: Progress, window: Window) -> None:
        super().__init__(window)
        self._progress, self._window = progress, window
        self._paints: list[float] = []
        self._since = QElapsedTimer()
        self._since.start()
        self._first = True
        canvas.painted.connect(self._painted)
        timer = QTimer(self, interval=1000)
        timer.timeout.connect(self._tell)
        timer.start()

    def _painted(self, seconds: float) -> None:
        self._paints.append(seconds)
        if self._first:
            self._first = False
            QTimer.singleShot(0, self._window.first_painted.emit)

    def _tell(self) -> None:
        self._progress.fps = len(self._paints) * 1000.0 / max(1, self._since.restart())
        self._progress.frame_ms = 1000.0 * max(self._paints, default=0.0)
        self._paints.clear()
        self._progress.engine_changed.emit()
