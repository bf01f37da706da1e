"""What F1 lists beside the actions: the keys that a widget takes while the keyboard is on it, from each widget's own table."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from scoreviz.gui.widgets.keys import KeyLine
from scoreviz.scene.text import QT_TRANSLATE_NOOP

Sheet = list[tuple[str, list[tuple[str, str]]]]


def tables() -> list[tuple[str, tuple[KeyLine, ...]]]:
    """Heading and lines of each; the modules are imported when somebody asks."""
    from scoreviz.gui.canvas import canvas, keyboard
    from scoreviz.gui.dynamics.compare import picture as pane
    from scoreviz.gui.dynamics.probe import on_canvas
    from scoreviz.gui.dynamics.selecting import selector
    from scoreviz.gui.dynamics.space import view as space
    from scoreviz.gui.dynamics.spacetime import view as line
    from scoreviz.gui.dynamics.steps import listing
    from scoreviz.gui.images import panes
    from scoreviz.gui.transport import timeline
    from scoreviz.gui.widgets import divider, slider

    return [
        (QT_TRANSLATE_NOOP("keys", "Drawing in the plane"), (*keyboard.KEYS, *canvas.KEYS)),
        (QT_TRANSLATE_NOOP("keys", "Select marks"), selector.KEYS),
        (QT_TRANSLATE_NOOP("keys", "Probe"), on_canvas.PROBE_KEYS),
        (QT_TRANSLATE_NOOP("keys", "Drop particles"), on_canvas.DROP_KEYS),
        (QT_TRANSLATE_NOOP("keys", "Space-time (1-D)"), line.KEYS),
        (QT_TRANSLATE_NOOP("keys", "Space (3-D)"), space.KEYS),
        (QT_TRANSLATE_NOOP("keys", "Panes side by side"), pane.KEYS),
        (QT_TRANSLATE_NOOP("keys", "Pictures"), panes.KEYS),
        (QT_TRANSLATE_NOOP("keys", "Time line"), timeline.KEYS),
        (QT_TRANSLATE_NOOP("keys", "Steps"), listing.KEYS),
        (QT_TRANSLATE_NOOP("keys", "Sliders and choices"), slider.KEYS),
        (QT_TRANSLATE_NOOP("keys", "Rules between parts"), divider.KEYS),
    ]


def key_sheet() -> Sheet:
    """Headings with their (keys, text), in the user's language."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("keys", text)

    moving = [(tr("Tab, Shift+Tab"), tr("The next control, the one before")), (tr("Space"), tr("Press the button that has the keyboard"))]
    found = [(tr(title), [(line.shown, tr(line.text)) for line in lines]) for title, lines in tables()]
    return [(tr("Everywhere"), moving), *found]
