"""Every action, once: menus, shortcuts and the F1 sheet are made from this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from scoreviz.scene.failures import FAILURES
from scoreviz.scene.gallery import GALLERY
from scoreviz.scene.text import QT_TRANSLATE_NOOP


@dataclass(frozen=True)
class Entry:
    """One action: its name in code, its menu, its text, its keys; `group` makes it one of several choices."""

    name: str
    menu: str
    text: str
    keys: str = ""
    group: str = ""
    checkable: bool = False
    rule_before: bool = False
    context: str = "actions"  # in which the text is translated

    @property
    def words(self) -> str:
        """The text in the user's language."""
        return QCoreApplication.translate(self.context, self.text)


FILE = QT_TRANSLATE_NOOP("actions", "File")
EDIT = QT_TRANSLATE_NOOP("actions", "Edit")
SAMPLING = QT_TRANSLATE_NOOP("actions", "Sampling")
TRAINING = QT_TRANSLATE_NOOP("actions", "Training")
VIEW = QT_TRANSLATE_NOOP("actions", "View")
RECORDING = QT_TRANSLATE_NOOP("actions", "Recording")
GALLERY_MENU = QT_TRANSLATE_NOOP("actions", "Gallery")
FAILURES_MENU = QT_TRANSLATE_NOOP("actions", "What goes wrong")
HELP = QT_TRANSLATE_NOOP("actions", "Help")

ENTRIES: tuple[Entry, ...] = (
    Entry("new", FILE, QT_TRANSLATE_NOOP("actions", "New drawing"), "Ctrl+N"),
    Entry("open", FILE, QT_TRANSLATE_NOOP("actions", "Open…"), "Ctrl+O"),
    Entry("import", FILE, QT_TRANSLATE_NOOP("actions", "Open a picture or points as a density…"), "Ctrl+I"),
    Entry("open_model", FILE, QT_TRANSLATE_NOOP("actions", "Open a folder of pictures or a model…"), "Ctrl+Shift+O"),
    Entry("close_trace", FILE, QT_TRANSLATE_NOOP("actions", "Close the trace"), "Ctrl+W"),
    Entry("save", FILE, QT_TRANSLATE_NOOP("actions", "Save"), "Ctrl+S", rule_before=True),
    Entry("save_as", FILE, QT_TRANSLATE_NOOP("actions", "Save as…"), "Ctrl+Shift+S"),
    Entry("export_trajectory", FILE, QT_TRANSLATE_NOOP("actions", "Export the trajectory…"), rule_before=True),
    Entry("export_figures", FILE, QT_TRANSLATE_NOOP("actions", "Export the figures…")),
    Entry("export_weights", FILE, QT_TRANSLATE_NOOP("actions", "Export the network…")),
    Entry("quit", FILE, QT_TRANSLATE_NOOP("actions", "Quit"), "Ctrl+Q", rule_before=True),
    Entry("undo", EDIT, QT_TRANSLATE_NOOP("actions", "Undo"), "Ctrl+Z"),
    Entry("redo", EDIT, QT_TRANSLATE_NOOP("actions", "Redo"), "Ctrl+Shift+Z"),
    Entry("copy_python", EDIT, QT_TRANSLATE_NOOP("actions", "Copy as Python"), "Ctrl+Shift+C", rule_before=True),
    Entry("preferences", EDIT, QT_TRANSLATE_NOOP("actions", "Preferences…"), "Ctrl+,"),
    Entry("clear", EDIT, QT_TRANSLATE_NOOP("actions", "Clear the drawing"), "Ctrl+Backspace", rule_before=True),
    Entry("tool_select", EDIT, QT_TRANSLATE_NOOP("actions", "Select marks"), "V", group="tool", rule_before=True),
    Entry("tool_brush", EDIT, QT_TRANSLATE_NOOP("actions", "Brush"), "B", group="tool"),
    Entry("tool_line", EDIT, QT_TRANSLATE_NOOP("actions", "Line"), "K", group="tool"),
    Entry("tool_polygon", EDIT, QT_TRANSLATE_NOOP("actions", "Polygon"), "Y", group="tool"),
    Entry("tool_curve", EDIT, QT_TRANSLATE_NOOP("actions", "Curve"), "C", group="tool"),
    Entry("tool_gaussian", EDIT, QT_TRANSLATE_NOOP("actions", "Gaussian"), "G", group="tool"),
    Entry("tool_erase", EDIT, QT_TRANSLATE_NOOP("actions", "Eraser"), "E", group="tool"),
    Entry("tool_probe", EDIT, QT_TRANSLATE_NOOP("actions", "Probe"), "P", group="tool"),
    Entry("tool_drop", EDIT, QT_TRANSLATE_NOOP("actions", "Drop particles"), "D", group="tool"),
    Entry("tool_pan", EDIT, QT_TRANSLATE_NOOP("actions", "Move the picture"), "H", group="tool"),
    Entry("text", EDIT, QT_TRANSLATE_NOOP("actions", "Write text…"), "Shift+T"),
    Entry("play", SAMPLING, QT_TRANSLATE_NOOP("actions", "Play or pause"), "Space"),
    Entry("step", SAMPLING, QT_TRANSLATE_NOOP("actions", "One substep on"), "."),
    Entry("back", SAMPLING, QT_TRANSLATE_NOOP("actions", "One substep back"), ","),
    Entry("to_start", SAMPLING, QT_TRANSLATE_NOOP("actions", "To the start"), "Home"),
    Entry("to_end", SAMPLING, QT_TRANSLATE_NOOP("actions", "To the end"), "End"),
    Entry("faster", SAMPLING, QT_TRANSLATE_NOOP("actions", "Faster"), "+"),
    Entry("slower", SAMPLING, QT_TRANSLATE_NOOP("actions", "Slower"), "-"),
    Entry("new_noise", SAMPLING, QT_TRANSLATE_NOOP("actions", "New noise"), "N", rule_before=True),
    Entry("train", TRAINING, QT_TRANSLATE_NOOP("actions", "Train or pause"), "T"),
    Entry("reset", TRAINING, QT_TRANSLATE_NOOP("actions", "New network"), "Ctrl+R"),
    Entry("undo_reset", TRAINING, QT_TRANSLATE_NOOP("actions", "Back to the network before that"), "Ctrl+Shift+R"),
    Entry("score_exact", TRAINING, QT_TRANSLATE_NOOP("actions", "Sample with the exact score"), "X", group="source", rule_before=True),
    Entry("score_network", TRAINING, QT_TRANSLATE_NOOP("actions", "Sample with the network's score"), "L", group="source"),
    Entry("score_data", TRAINING, QT_TRANSLATE_NOOP("actions", "Sample with the data set's score"), "Shift+X", group="source"),
    Entry("stop_engine", TRAINING, QT_TRANSLATE_NOOP("actions", "Restart the engine"), rule_before=True),
    Entry("tab_dynamics", VIEW, QT_TRANSLATE_NOOP("actions", "Dynamics"), "Ctrl+1", group="tab"),
    Entry("tab_images", VIEW, QT_TRANSLATE_NOOP("actions", "Images"), "Ctrl+2", group="tab"),
    Entry("page_scene", VIEW, QT_TRANSLATE_NOOP("actions", "Page: Scene"), "Alt+1", group="page", rule_before=True),
    Entry("page_probe", VIEW, QT_TRANSLATE_NOOP("actions", "Page: Probe"), "Alt+2", group="page"),
    Entry("page_steps", VIEW, QT_TRANSLATE_NOOP("actions", "Page: Steps"), "Alt+3", group="page"),
    Entry("page_compare", VIEW, QT_TRANSLATE_NOOP("actions", "Page: Compare"), "Alt+4", group="page"),
    Entry("page_race", VIEW, QT_TRANSLATE_NOOP("actions", "Page: Race"), "Alt+5", group="page"),
    Entry("to_picture", VIEW, QT_TRANSLATE_NOOP("actions", "Keyboard to the picture"), "F6"),
    Entry("layer_density", VIEW, QT_TRANSLATE_NOOP("actions", "Density"), "1", checkable=True, rule_before=True),
    Entry("layer_arrows", VIEW, QT_TRANSLATE_NOOP("actions", "Score"), "2", checkable=True),
    Entry("layer_particles", VIEW, QT_TRANSLATE_NOOP("actions", "Particles"), "3", checkable=True),
    Entry("inspect", VIEW, QT_TRANSLATE_NOOP("actions", "Inspect…"), "I"),
    Entry("compare", VIEW, QT_TRANSLATE_NOOP("actions", "Compare, or leave the comparison"), "M"),
    Entry("fit", VIEW, QT_TRANSLATE_NOOP("actions", "Fit the picture"), "F", rule_before=True),
    Entry("notation", VIEW, QT_TRANSLATE_NOOP("actions", "Next notation (SDE, NCSN, DDPM)"), "W"),
    Entry("present", VIEW, QT_TRANSLATE_NOOP("actions", "Present"), "F5", checkable=True, rule_before=True),
    Entry("full_screen", VIEW, QT_TRANSLATE_NOOP("actions", "Full screen"), "F11", checkable=True),
    Entry("theme_system", VIEW, QT_TRANSLATE_NOOP("actions", "Theme of the system"), group="theme", rule_before=True),
    Entry("theme_dark", VIEW, QT_TRANSLATE_NOOP("actions", "Dark theme"), group="theme"),
    Entry("theme_light", VIEW, QT_TRANSLATE_NOOP("actions", "Light theme"), group="theme"),
    *(Entry(f"scale_{percent}", VIEW, f"{percent} %", group="scale", rule_before=percent == 100) for percent in (100, 125, 150, 175, 200)),
    Entry("record", RECORDING, QT_TRANSLATE_NOOP("actions", "Record or stop"), "F9"),
    Entry("still", RECORDING, QT_TRANSLATE_NOOP("actions", "Save a still picture"), "F8"),
    *(Entry(f"gallery_{k}", GALLERY_MENU, entry.title, context="gallery") for k, entry in enumerate(GALLERY)),
    *(Entry(f"failure_{failure.name}", FAILURES_MENU, failure.title, context="failures") for failure in FAILURES),
    Entry("shortcuts", HELP, QT_TRANSLATE_NOOP("actions", "Keyboard shortcuts"), "F1"),
    Entry("selftest", HELP, QT_TRANSLATE_NOOP("actions", "Self-test…")),
    Entry("copy_diagnostics", HELP, QT_TRANSLATE_NOOP("actions", "Copy diagnostics")),
    Entry("about", HELP, QT_TRANSLATE_NOOP("actions", "About scoreviz")),
)


def tr(text: str) -> str:
    """An action's text in the user's language."""
    return QCoreApplication.translate("actions", text)


def _spelt(keys: str) -> str:
    """Signs that are hard to see, with their names."""
    names = {".": tr("period ."), ",": tr("comma ,"), "+": tr("plus +"), "-": tr("minus −")}
    return names.get(keys, keys)


class Actions:
    """The table as QActions of one window. `slots` names what each does; a name without a slot is an error."""

    def __init__(self, window: QWidget, slots: Mapping[str, Callable[..., object]]) -> None:
        self.by_name: dict[str, QAction] = {}
        groups: dict[str, QActionGroup] = {}
        for entry in ENTRIES:
            action = QAction(entry.words, window)
            action.setObjectName(f"action_{entry.name}")
            if entry.keys:
                action.setShortcut(QKeySequence(entry.keys))
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setCheckable(entry.checkable or bool(entry.group))
            if entry.group:
                groups.setdefault(entry.group, QActionGroup(window)).addAction(action)
            action.triggered.connect(slots[entry.name])
            window.addAction(action)
            self.by_name[entry.name] = action

    def __getitem__(self, name: str) -> QAction:
        return self.by_name[name]

    def menu(self, parent: QWidget) -> QMenu:
        """One menu that holds all the others."""
        whole = QMenu(parent)
        submenus: dict[str, QMenu] = {}
        for entry in ENTRIES:
            submenu = submenus.get(entry.menu)
            if submenu is None:
                submenu = submenus[entry.menu] = whole.addMenu(tr(entry.menu))
            if entry.rule_before:
                submenu.addSeparator()
            submenu.addAction(self.by_name[entry.name])
        return whole

    def sheet(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """For F1: menus with their (keys, text)."""
        menus = dict.fromkeys(entry.menu for entry in ENTRIES)

        def rows(menu: str) -> list[tuple[str, str]]:
            shown = [e for e in ENTRIES if e.menu == menu and e.keys]
            return [(_spelt(self.by_name[e.name].shortcut().toString(QKeySequence.SequenceFormat.NativeText)), e.words) for e in shown]

        return [(tr(menu), rows(menu)) for menu in menus if rows(menu)]
