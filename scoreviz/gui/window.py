"""The window: top bar, the tabs, and what the engine and the files have to say."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
from PySide6.QtCore import QCoreApplication, QPoint, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from scoreviz import resources
from scoreviz.gui import autosave, commands, motion, present, theme
from scoreviz.gui.actions import Actions
from scoreviz.gui.autosave import Autosave
from scoreviz.gui.canvas.tools import TOOLS
from scoreviz.gui.exporting import Exporting
from scoreviz.gui.files import Files
from scoreviz.gui.frame_meter import FrameMeter
from scoreviz.gui.notices import Remedy
from scoreviz.gui.pages import Pages
from scoreviz.gui.preferences import Preferences, engine_arguments
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.record_controls import RecordControls
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.gui.topbar import TopBar
from scoreviz.gui.traces import Traces
from scoreviz.gui.widgets.words import sentence
from scoreviz.protocol.messages import Problem
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.failures import Failure
from scoreviz.scene.files import Document
from scoreviz.scene.gallery import Entry

log = logging.getLogger(__name__)
SIZE = (1280, 800)
SMALLEST = (900, 600)
SCALED = (830, 440)
"""What a larger type needs at least, in logical pixels at 100 %."""

OF_THE_DRAWING = ("clear", "text", "fit", *(f"tool_{tool}" for tool in TOOLS), "layer_density", "layer_arrows", "layer_particles",
                  "inspect", "compare", *(f"page_{name}" for name in ("scene", "probe", "steps", "compare", "race")), "score_exact",
                  "score_network", "score_data", "export_trajectory", "export_figures", "export_weights")  # fmt: skip
"""Actions that only the Dynamics tab can show the effect of."""


class Window(QMainWindow):
    """One document, one engine."""

    first_painted = Signal()
    scale_wanted = Signal(float)  # another UI scale: whoever made this window makes another

    def __init__(self, document: Document | None = None, theming: theme.Theming | None = None) -> None:
        super().__init__()
        self.setObjectName("window")
        self.preferences = Preferences()
        motion.set_reduced(bool(self.preferences.number("reduced_motion", 0)))
        self.theming = theming
        self._told_problem: tuple[int | None, str] | None = None  # the last one: of which revision, and what
        self.store = Store(document, self)
        self.progress = Progress(self)
        self.session = Session(self.store, self.progress, parent=self)
        self.session.engine.arguments = lambda: engine_arguments(self.preferences)
        self.questions = Questions(self.store, self.session, self.progress, self)
        self.files = Files(self.store, self.preferences, self.whole_document, self)
        self.autosave = Autosave(self.whole_document, self)
        self.presentation = present.Presentation(self)
        self._lesson = ""
        centre = QWidget(self)  # in its place before anything is in it: what moves is dressed anew
        self.setCentralWidget(centre)
        self.topbar = TopBar(self.progress, [("dynamics", self.tr("Dynamics")), ("images", self.tr("Images"))], centre)
        self.pages = Pages(self.store, self.session, self.progress, self.questions, centre)
        self.dynamics, self.playback = self.pages.dynamics, self.pages.playback
        self._lay_out(centre)
        self.recording = RecordControls(self)
        self.exporting = Exporting(self.playback, self.progress, self.questions, self)
        self.traces = Traces(self.store, self.pages, self)
        self.actions_ = Actions(self, commands.slots(self))
        self._connect()
        self._restore()
        self._frames = FrameMeter(self.pages.painted, self.progress, self.recording.recorder, self)
        self._frames.first_painted.connect(self.first_painted)
        self.pages.turn()

    # ---- building

    def _lay_out(self, centre: QWidget) -> None:
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.band = present.Band(centre)
        self.band.hide()
        column.addWidget(self.topbar)
        column.addWidget(self.pages, 1)
        column.addWidget(self.band)
        now = theme.current()
        self.setMinimumSize(max(SMALLEST[0], now.px(SCALED[0])), max(SMALLEST[1], now.px(SCALED[1])))

    def _connect(self) -> None:
        bar, session = self.topbar, self.session
        bar.tab_chosen.connect(self.pages.show_tab)
        self.pages.turned.connect(self._turned)
        bar.trainToggled.connect(self.actions_["train"].trigger)
        bar.trainReset.connect(self.reset_training)
        bar.stopEngine.connect(session.engine.kill)
        bar.file_clicked.connect(lambda: self._open_menu(bar.file))
        bar.menu_clicked.connect(lambda: self._open_menu(bar.menu))
        self.files.changed.connect(self._title)
        self.files.told.connect(self.tell)
        self.files.taken.connect(self._taken)
        self.files.saved.connect(self.autosave.forget)
        session.problem.connect(self._problem)
        session.died.connect(self._died)
        for playback in (self.playback, self.pages.pictures_playback):
            playback.timer.timeout.connect(self.progress.frame)
        self.presentation.changed.connect(self._present)
        self.dynamics.importer.sceneDropped.connect(self.files.open)
        self.dynamics.importer.folderDropped.connect(self._folder_dropped)
        self.files.trace_chosen.connect(self.traces.open)
        self.pages.trace_dropped.connect(self.traces.open)
        self.traces.told.connect(self.tell)
        self.exporting.told.connect(self.tell)
        self.traces.changed.connect(self._trace_changed)
        self._trace_changed()
        self.store.changed.connect(self._changed)
        self.store.undo_stack.indexChanged.connect(self._show_undo)
        self.dynamics.tools.tool_changed.connect(lambda tool: self.actions_[f"tool_{tool}"].setChecked(True))
        self.actions_[f"tool_{self.dynamics.tools.tool}"].setChecked(True)
        self.dynamics.pages.turned.connect(lambda name: self.actions_[f"page_{name}"].setChecked(True))
        self.actions_[f"page_{self.dynamics.pages.page}"].setChecked(True)
        self._show_choices(self.store.scene)
        self._show_undo()
        self._title()

    def _restore(self) -> None:
        self.dynamics.tools.load(self.preferences.settings)
        dynamics = self.dynamics
        dynamics.columns.set_size(self.preferences.number("window/side_width", dynamics.columns.size_))
        dynamics.rows.set_size(self.preferences.number("window/plots_height", dynamics.rows.size_))
        geometry = self.preferences.bytes("window/geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(*SIZE)
        scale = self.actions_.by_name.get(f"scale_{round(100 * theme.current().scale)}")
        if scale is not None:
            scale.setChecked(True)
        if self.theming is not None:
            self.actions_[f"theme_{self.theming.mode}"].setChecked(True)
            self.theming.changed.connect(self.pages.dress)
        self.pages.dress(theme.current())

    # ---- tabs

    def tell(self, text: str, *remedies: Remedy, details: str = "") -> None:
        """Say a sentence at the tab on screen."""
        self.pages.notice.tell(text, *remedies, details=details)

    def _turned(self, tab: str) -> None:
        for name, button in self.topbar.tabs.items():
            button.setChecked(name == tab)
        self.actions_[f"tab_{tab}"].setChecked(True)
        for name in OF_THE_DRAWING:
            self.actions_[name].setEnabled(tab == "dynamics")
        self.band.follow(self.pages.player)
        self._show_formula()
        if self.presentation.on:
            self._present(True)

    # ---- what the actions do

    def edit(self, path: tuple[str, ...], value: object, text: str) -> None:
        """One edit by an action; a refused one is told."""
        try:
            self.store.edit(path, value, text, origin="action")
        except SceneError as error:
            self.tell(sentence(error))

    def reset_training(self) -> None:
        """A new network; the one before is kept to return to."""
        self.session.reset_training()
        if self.session.before_reset is not None:
            self.tell(self.tr("A new network begins. The one before is kept."), Remedy(self.tr("Back to it"), self.session.undo_reset))

    def restart_engine(self) -> None:
        """End the engine, which starts again from its last snapshot; or start one that was stopped."""
        self.session.engine.kill() if self.session.is_ready else self.session.restart()

    def open_gallery(self, entry: Entry) -> None:
        """A bundled scene, and what to watch in it. It is a copy: saving asks for a name."""
        if self.files.open_copy(resources.asset(entry.asset)):
            self.pages.player.autoplay = not motion.reduced()
            self._teach(QCoreApplication.translate("gallery", entry.watch))

    def open_failure(self, failure: Failure) -> None:
        """A scene that fails for one reason, what to watch in it, and the change that mends it."""
        if not self.files.open_document(failure.document):
            return
        self.pages.player.autoplay = not motion.reduced()

        texts = (failure.title, failure.watch, failure.remedy, failure.after)
        title, watch, remedy, after = (QCoreApplication.translate("failures", text) for text in texts)

        def mend() -> None:
            self.store.replace(failure.mend(self.store.scene), remedy, origin="failure")
            self._teach(after, Remedy(self.tr("Let it fail again"), fail))

        def fail() -> None:
            self.store.replace(failure.fail(self.store.scene), title, origin="failure")
            self._teach(watch, Remedy(remedy, mend))

        self._teach(watch, Remedy(remedy, mend))

    def _teach(self, text: str, *remedies: Remedy) -> None:
        """What to watch in the scene that was opened: it goes when another one is."""
        self._lesson = text
        self.tell(text, *remedies)

    def open_model(self) -> None:
        """Choose a folder of pictures or a model, on the tab that shows it."""
        self.pages.show_tab("images")
        self.pages.images.choose_folder()

    def _folder_dropped(self, path: Path) -> None:
        self.pages.show_tab("images")
        self.pages.images.opening.open(path)

    def copy_as_python(self) -> None:
        """A script that repeats the run of the tab on screen goes to the clipboard."""
        from scoreviz.scene.script import picture_script, script

        document = self.whole_document()
        if self.pages.tab == "images":
            text = picture_script(document, threads=self.session.threads)
        else:
            run = self.playback.run
            driven = run is not None and not run.file and run.training_step is not None
            step = run.training_step if run is not None and driven else self.progress.step
            text = script(document, training_step=step, threads=self.session.threads)
        QGuiApplication.clipboard().setText(text)
        self.tell(self.tr("Copied: a Python script of {n} lines that repeats this run.").format(n=text.count("\n")))

    def _trace_changed(self) -> None:
        name = self.traces.name
        self.actions_["close_trace"].setEnabled(bool(name))
        if name:
            self.tell(
                self.tr("“{name}” is on screen. An edit brings the live run back.").format(name=name),
                Remedy(self.tr("Close the trace"), self.traces.close),
            )

    def set_full_screen(self, on: bool) -> None:
        """The whole screen, or a window again."""
        full = Qt.WindowState.WindowFullScreen
        self.setWindowState(self.windowState() | full if on else self.windowState() & ~full)
        self.actions_["full_screen"].setChecked(on)

    def set_theme(self, mode: theme.Mode) -> None:
        """“system”, “dark” or “light”; remembered."""
        if self.theming is not None:
            self.theming.set_mode(mode)
            self.preferences.set("theme", mode)

    def _present(self, on: bool) -> None:
        self.topbar.setVisible(not on)
        self.pages.page.set_presenting(on, present.TYPE)
        self._show_formula()
        self.band.setVisible(on)
        self.actions_["present"].setChecked(on)

    def _show_formula(self) -> None:
        if self.presentation.on:
            from scoreviz.scene.pseudocode import formula, panes_formula  # only who presents needs it

            scene = self.store.scene
            if self.pages.tab == "images":
                latex = scene.images.sampler.formula()
            elif self.dynamics.views.name == "compare":
                latex = panes_formula(self.dynamics.comparison.ways, scene.view.notation)
            else:
                latex = formula(scene.sampler, scene.noise, scene.view.notation)
            self.band.formula.set_latex(latex)

    def _open_menu(self, under: QWidget) -> None:
        menu = self.actions_.menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(under.mapToGlobal(QPoint(0, under.height() + 4)))

    # ---- what others say

    def _changed(self, _old: Scene, new: Scene, _origin: str) -> None:
        self._show_choices(new)
        self._show_formula()
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
        if problem.where == "pictures" or (problem.where == "scene" and not problem.details):
            return  # the Images tab says it; the canvas says it, where the drawing would be
        template = QCoreApplication.translate("engine", problem.template)
        text = template.format(**problem.params)
        same = (problem.revision, text)
        if problem.where == "look" and self._told_problem == same:
            return  # every frame's look fails for the reason that was told
        self._told_problem = same
        self.tell(text, details=problem.details)
        self.pages.notice.stay(until=self.playback.run_changed)

    def _taken(self, document: Document) -> None:
        if self._lesson and self.pages.notice.text == self._lesson:
            self.pages.notice.hide()  # it was about the scene before, and so is its remedy
        try:
            self.session.opened(document)
        except SceneError as error:
            self.tell(sentence(error))

    def _died(self, reason: str, details: str, asks: bool) -> None:
        if asks:
            text = self.tr("The engine stopped again: {reason}. Your drawing is kept. Change the scene if it was the cause.").format(
                reason=reason
            )
            self.tell(text, Remedy(self.tr("Restart the engine"), self.session.restart), details=details)
        else:
            text = self.tr("The engine stopped: {reason}. It starts again from its last snapshot; your drawing is kept.").format(
                reason=reason
            )
            self.tell(text, details=details)

    def _title(self) -> None:
        self.topbar.set_file(self.files.name, self.files.modified)
        self.setWindowTitle(f"{'• ' if self.files.modified else ''}{self.files.name} – scoreviz")

    def whole_document(self) -> Document:
        """Scene, blobs, journal and the last snapshot."""
        document = self.store.document()
        return msgspec.structs.replace(document, journal=tuple(self.session.journal), snapshot=self.session.snapshot_bytes())

    def state_in_words(self) -> str:
        """For diagnostics."""
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
                self.tell(sentence(error))

        def discard() -> None:
            for path in found:
                path.unlink(missing_ok=True)

        text = self.tr("scoreviz did not end well last time. There is unsaved work.")
        self.tell(text, Remedy(self.tr("Bring it back"), bring_back), Remedy(self.tr("Discard"), discard))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.files.may_leave():
            event.ignore()
            return
        self.retire()
        event.accept()

    def retire(self) -> None:
        """Remember what must be remembered, and end the engine."""
        self.pages.pause()
        self.recording.recorder.close()
        self.preferences.set("window/geometry", self.saveGeometry())
        self.preferences.set("window/side_width", self.dynamics.columns.size_)
        self.preferences.set("window/plots_height", self.dynamics.rows.size_)
        self.dynamics.tools.save(self.preferences.settings)
        self.session.close()
        self.autosave.finish()
