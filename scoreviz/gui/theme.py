"""Dark and light themes of our own: named colours, a palette, one style sheet, and the fonts.

Widgets that paint themselves read `current()` in their paintEvent; everything else follows the palette and the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import Shiboken

Mode = Literal["system", "dark", "light"]
TURN_MS = 15
X_HEIGHT = 6.6  # of body text, in logical pixels at scale 1: fonts differ in how large they look at one size


@dataclass(frozen=True)
class Theme:
    """One look. Colours are #rrggbb; `scale` multiplies every size."""

    name: Literal["dark", "light"]
    ground: str  # behind everything, the canvas too
    raised: str  # fields, menus, chips
    hover: str
    rule: str  # thin lines between sections
    border: str  # outlines of fields and chips
    text: str
    dim: str  # labels, captions
    faint: str  # ticks, tracks, disabled; never text that must be read
    accent: str
    on_accent: str
    select: str  # the chosen one of several
    on_select: str
    track: str  # filled part of a slider, outline of a chosen chip
    predict: str
    correct: str
    denoise: str
    loss: str
    distance: str
    error: str
    scale: float = 1.0

    @property
    def dark(self) -> bool:
        return self.name == "dark"

    def px(self, size: float) -> int:
        """A size in logical pixels, scaled."""
        return max(1, round(size * self.scale))

    def color(self, name: str, alpha: float = 1.0) -> QColor:
        """A named colour."""
        color = QColor(getattr(self, name))
        color.setAlphaF(alpha)
        return color

    def palette(self) -> QPalette:
        """The palette for widgets that the sheet leaves to Fusion."""
        role, palette = QPalette.ColorRole, QPalette()
        for key, name in {
            role.Window: "ground", role.WindowText: "text", role.Base: "raised", role.AlternateBase: "hover", role.Text: "text",
            role.Button: "raised", role.ButtonText: "text", role.BrightText: "error", role.ToolTipBase: "raised", role.ToolTipText: "text",
            role.PlaceholderText: "dim", role.Highlight: "select", role.HighlightedText: "on_select", role.Link: "accent",
            role.LinkVisited: "accent", role.Light: "hover", role.Midlight: "rule", role.Mid: "border", role.Dark: "border",
            role.Shadow: "ground",
        }.items():  # fmt: skip
            palette.setColor(key, self.color(name))
        for key in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, key, self.color("faint"))
        return palette

    def sheet(self) -> str:
        """The one style sheet. What paints itself is not in it."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values |= {f"p{n}": f"{self.px(n)}px" for n in (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 24, 28)}
        return _SHEET.format(**values)

    def font(self, relative: float = 1.0, *, bold: bool = False) -> QFont:
        """The system's sans at body size times `relative`, with figures of one width."""
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
        font.setPixelSize(100)
        x_height = QFontMetricsF(font).xHeight() / 100.0 or 0.52
        size = min(max(X_HEIGHT / x_height, 11.0), 15.0)
        font.setPixelSize(max(1, round(size * relative * self.scale)))
        if hasattr(font, "setFeature"):  # Qt 6.7
            font.setFeature(QFont.Tag("tnum"), 1)
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        return font


DARK = Theme(
    name="dark", ground="#0d1117", raised="#141b24", hover="#1b2430", rule="#202833", border="#303a46",
    text="#e6edf3", dim="#98a2ad", faint="#59636f", accent="#7fd0c4", on_accent="#0d1117", select="#1c4c75", on_select="#ffffff",
    track="#2f86a8", predict="#58a6ff", correct="#ff7b72", denoise="#e9e3cc", loss="#7fd0c4", distance="#f5c97a", error="#ff8f86",
)  # fmt: skip
LIGHT = Theme(
    name="light", ground="#fbfcfd", raised="#ffffff", hover="#eef2f5", rule="#e3e7ec", border="#c6ced6",
    text="#1a212a", dim="#56616d", faint="#a3adb7", accent="#0d7a6f", on_accent="#ffffff", select="#cfe3f3", on_select="#0b3a5c",
    track="#2c82a4", predict="#1668c4", correct="#c9372c", denoise="#8a7a45", loss="#0d7a6f", distance="#96630a", error="#b42318",
)  # fmt: skip

_SHEET = """
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: {p4} {p6}; }}
QLabel {{ background: transparent; }}
QLabel[role="dim"] {{ color: {dim}; }}
QLabel[role="figure"], QLabel[role="heading"], QLabel[role="brand"] {{ color: {text}; }}
QLabel[role="error"] {{ color: {error}; }}
QLineEdit {{ background: {raised}; color: {text}; border: 1px solid {border}; border-radius: {p5}; padding: {p2} {p6};
  selection-background-color: {select}; selection-color: {on_select}; }}
QLineEdit:focus {{ border-color: {accent}; }}
QLineEdit[role="figure"] {{ background: transparent; border: 1px solid transparent; padding: 0px 0px 0px {p3}; border-radius: {p4}; }}
QLineEdit[role="figure"]:hover {{ border-color: {border}; }}
QLineEdit[role="figure"]:focus {{ border-color: {accent}; background: {raised}; }}
QLineEdit[role="figure"][automatic="true"] {{ color: {dim}; }}
QLineEdit[wrong="true"] {{ color: {error}; border-color: {error}; }}
QMenu {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: {p4}; }}
QMenu::item {{ padding: {p5} {p24} {p5} {p12}; border-radius: {p4}; background: transparent; }}
QMenu::item:selected {{ background: {select}; color: {on_select}; }}
QMenu::item:disabled {{ color: {dim}; }}
QMenu::separator {{ height: 1px; background: {rule}; margin: {p4} {p6}; }}
QMenuBar {{ background: {ground}; color: {text}; }}
QMenuBar::item {{ padding: {p4} {p8}; background: transparent; }}
QMenuBar::item:selected {{ background: {select}; color: {on_select}; border-radius: {p4}; }}
QComboBox QAbstractItemView {{ background: {raised}; color: {text}; border: 1px solid {border}; outline: 0; padding: {p3};
  selection-background-color: {select}; selection-color: {on_select}; }}
QPushButton {{ background: {raised}; color: {text}; border: 1px solid {border}; border-radius: {p6}; padding: {p5} {p14}; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:focus {{ border-color: {accent}; }}
QPushButton:default {{ background: {select}; color: {on_select}; border-color: {select}; }}
QPushButton:disabled {{ color: {faint}; }}
QFrame#rule {{ background: {rule}; border: 0; }}
QFrame#notice {{ background: {raised}; border: 1px solid {border}; border-radius: {p8}; }}
QScrollArea {{ background: transparent; border: 0; }}
QScrollBar:vertical {{ background: transparent; width: {p8}; margin: 0; }}
QScrollBar::handle:vertical {{ background: {border}; border-radius: {p3}; min-height: {p28}; margin: 0 {p1}; }}
QScrollBar::handle:vertical:hover {{ background: {faint}; }}
QScrollBar:horizontal {{ background: transparent; height: {p8}; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {border}; border-radius: {p3}; min-width: {p28}; margin: {p1} 0; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""

_current = DARK


def current() -> Theme:
    """The theme in force; widgets that paint themselves ask for it each time."""
    return _current


def apply(app: QApplication, theme: Theme) -> None:
    """Put a theme in force: style, palette, font and sheet."""
    _undress(app, theme)
    app.setStyleSheet(theme.sheet())


def _undress(app: QApplication, theme: Theme) -> None:
    """All but the sheet, and no sheet. In a full window Qt takes 0.6 s to put one sheet in another's place, but a tenth of that to take it
    off and put another on."""
    global _current
    _current = theme
    app.setStyleSheet("")
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(theme.palette())
    if app.font() != theme.font():
        app.setFont(theme.font())


def _mode(word: str) -> Mode:
    return "dark" if word == "dark" else "light" if word == "light" else "system"


class Theming(QObject):
    """Follows the system's colour scheme unless a person chose one. changed(theme) after each switch."""

    changed = Signal(object)

    def __init__(self, app: QApplication, mode: str = "system", scale: float = 1.0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app, self._mode, self._scale = app, _mode(mode), min(max(scale, 0.5), 3.0)
        self._waiting: list[QWidget] = []  # windows that show nothing new until they are dressed
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        apply(app, self.theme)

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def theme(self) -> Theme:
        """What the mode means now. A system that does not say gets the dark theme."""
        light = self._mode == "light"
        if self._mode == "system":
            light = self._app.styleHints().colorScheme() == Qt.ColorScheme.Light
        return replace(LIGHT if light else DARK, scale=self._scale)

    def set_mode(self, mode: str) -> None:
        """To “system”, “dark” or “light”; anything else follows the system."""
        self._mode = _mode(mode)
        self._update()

    def set_scale(self, scale: float) -> None:
        """At once: who sets it makes another window."""
        self._scale = min(max(scale, 0.5), 3.0)
        if self.theme != _current:
            apply(self._app, self.theme)
            self.changed.emit(self.theme)

    def _system_changed(self) -> None:
        if self._mode == "system":
            self._update()

    def _update(self) -> None:
        if self.theme != _current:
            _undress(self._app, self.theme)
            self.changed.emit(self.theme)
            for window in self._app.topLevelWidgets():
                if window.isVisible() and window.updatesEnabled():
                    window.setUpdatesEnabled(False)  # nobody sees it without a sheet
                    self._waiting.append(window)
            QTimer.singleShot(TURN_MS, self, self._dress)

    def _dress(self) -> None:
        """The sheet, in a turn of its own: both together would stop a full window for twice as long."""
        if self._app.styleSheet():
            return
        self._app.setStyleSheet(_current.sheet())
        for window in filter(Shiboken.isValid, self._waiting):
            window.setUpdatesEnabled(True)
        self._waiting.clear()
