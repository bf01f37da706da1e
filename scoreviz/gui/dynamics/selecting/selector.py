"""The selection tool: a click chooses the topmost mark, drags move, scale and turn it; the keys do the same."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.classes import class_colour, paint_sign
from scoreviz.gui.canvas.corners import SNAP, to_polygon
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.dynamics.selecting.figures import Figure, figure
from scoreviz.gui.dynamics.selecting.gesture import Drag, Handle, scaled, turned
from scoreviz.gui.dynamics.selecting.outlines import Outlines, paint_figure
from scoreviz.gui.dynamics.selecting.selection import Selection
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.keys import KeyLine
from scoreviz.scene.marks import Erase, Gaussian, Mark
from scoreviz.scene.placement import Placement
from scoreviz.scene.text import QT_TRANSLATE_NOOP

REACH = 7.0
"""Pixels about a thin mark or a handle that belong to it."""
STALK = 24.0
"""Pixels from the frame to the handle that turns."""
NUDGE, NUDGE_FAR, GROW = 1.0, 10.0, 1.1
"""Pixels for an arrow key, with Shift; factor for a bracket."""
TURN = SNAP
Key = Qt.Key
KEYS = (
    KeyLine((Key.Key_Return, Key.Key_Enter), "Enter", QT_TRANSLATE_NOOP("keys", "Choose a mark")),
    KeyLine((Key.Key_Tab, Key.Key_Backtab), "Tab, Shift+Tab", QT_TRANSLATE_NOOP("keys", "The next or the last mark, while one is chosen")),
    KeyLine((Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down), "← → ↑ ↓", QT_TRANSLATE_NOOP("keys", "Move it; with Shift farther")),
    KeyLine((Key.Key_BracketLeft, Key.Key_BracketRight), "[  ]", QT_TRANSLATE_NOOP("keys", "Scale it")),
    KeyLine((Key.Key_BraceLeft, Key.Key_BraceRight), "{  }", QT_TRANSLATE_NOOP("keys", "Turn it")),
    KeyLine((Key.Key_D,), "Ctrl+D", QT_TRANSLATE_NOOP("keys", "Duplicate it")),
    KeyLine((Key.Key_Delete, Key.Key_Backspace), "Delete", QT_TRANSLATE_NOOP("keys", "Remove it")),
    KeyLine((Key.Key_Escape,), "Esc", QT_TRANSLATE_NOOP("keys", "Leave it: Tab goes on to the next control again")),
)  # fmt: skip


def _tr(text: str) -> str:
    return QCoreApplication.translate("Selector", text)


class Selector:
    """A guest of the canvas. It paints outlines, frame and handles, and edits through the Selection: a whole drag is one undo step."""

    def __init__(self, store: Store, selection: Selection) -> None:
        self._store, self._selection = store, selection
        self._outlines = Outlines()
        self._drag: Drag | None = None
        self._ghost: Mark | None = None  # what the drag has made so far
        self._over: Handle | None = None  # the handle under the pointer

    @property
    def busy(self) -> bool:
        """A drag is under way."""
        return self._drag is not None

    # ---- the pointer

    def press(self, at: QPointF, camera: Camera, modifiers: Qt.KeyboardModifier) -> None:
        """Take a handle of the chosen mark, or choose what lies there and take that."""
        x, y = camera.to_data(at.x(), at.y())
        handle = self._handle(at, camera)
        if handle is None:
            self._selection.select(self._topmost(x, y, camera))
            handle = "move"
        mark, shown = self._selection.mark, self._figure()
        if mark is not None and shown is not None:
            self._drag = Drag(handle, mark, shown, x, y)

    def move(self, at: QPointF, camera: Camera, modifiers: Qt.KeyboardModifier) -> None:
        """Go on with the drag."""
        if self._drag is None:
            self._over = self._handle(at, camera)
        else:
            snap = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
            self._ghost = self._drag.to(*camera.to_data(at.x(), at.y()), snap=snap)

    def release(self, at: QPointF, camera: Camera, modifiers: Qt.KeyboardModifier) -> None:
        """The drag becomes an edit, if it changed anything."""
        drag, ghost = self._drag, self._ghost
        self.cancel()
        if drag is not None and ghost is not None and drag.mark is self._selection.mark and ghost != drag.mark:
            texts = {"move": _tr("Move mark"), "scale": _tr("Scale mark"), "turn": _tr("Turn mark")}
            self._selection.exchange(ghost, texts[drag.handle])

    def cancel(self) -> None:
        """Drop the drag."""
        self._drag = self._ghost = None

    def cursor(self) -> Qt.CursorShape:
        """Of the handle under the pointer."""
        over = self._drag.handle if self._drag is not None else self._over
        shapes: dict[Handle | None, Qt.CursorShape] = {
            "move": Qt.CursorShape.SizeAllCursor, "scale": Qt.CursorShape.SizeFDiagCursor, "turn": Qt.CursorShape.CrossCursor,
        }  # fmt: skip
        return shapes.get(over, Qt.CursorShape.ArrowCursor)

    # ---- keys

    def wants(self, event: QKeyEvent) -> bool:
        """Whether the key means something to the chosen mark."""
        return self._action(event, 1.0) is not None

    def key(self, event: QKeyEvent, camera: Camera) -> bool:
        """Tab and Shift+Tab go from mark to mark while one is chosen, Escape leaves; the rest changes the mark."""
        action = self._action(event, 1.0 / camera.pixels_per_unit)
        return action is not None and action()

    def _action(self, event: QKeyEvent, pixel: float) -> Callable[[], bool] | None:
        chosen, key, modifiers = self._selection, event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in (Key.Key_Return, Key.Key_Enter) and chosen.mark is None:
            return lambda: chosen.step(-1)
        if chosen.mark is None:
            return None
        if key == Key.Key_D and modifiers == Qt.KeyboardModifier.ControlModifier:
            return chosen.duplicate
        if modifiers & ~Qt.KeyboardModifier.ShiftModifier:
            return None
        step = pixel * (NUDGE_FAR if modifiers else NUDGE)
        arrows = {Key.Key_Left: (-step, 0.0), Key.Key_Right: (step, 0.0), Key.Key_Up: (0.0, step), Key.Key_Down: (0.0, -step)}
        if key in arrows:
            dx, dy = arrows[Key(key)]
            return lambda: chosen.move(Placement(dx=dx, dy=dy), _tr("Move mark"), merge="nudge")
        actions: dict[int, Callable[[], bool]] = {
            Key.Key_Delete: chosen.remove,
            Key.Key_Backspace: chosen.remove,
            Key.Key_Escape: self._leave,
            Key.Key_Tab: lambda: chosen.step(1),
            Key.Key_Backtab: lambda: chosen.step(-1),
            Key.Key_BracketLeft: lambda: self._grow(1 / GROW),
            Key.Key_BracketRight: lambda: self._grow(GROW),
            Key.Key_BraceLeft: lambda: self._turn(TURN),
            Key.Key_BraceRight: lambda: self._turn(-TURN),
        }
        return actions.get(key)

    def _leave(self) -> bool:
        if self._drag is not None:
            self.cancel()
        else:
            self._selection.select(None)
        return True

    def _grow(self, by: float) -> bool:
        mark, shown = self._selection.mark, self._figure()
        if mark is not None and shown is not None:
            self._selection.move(scaled(mark, shown, by), _tr("Scale mark"), merge="grow")
        return True

    def _turn(self, angle: float) -> bool:
        shown = self._figure()
        if shown is not None:
            self._selection.move(turned(shown, angle), _tr("Turn mark"), merge="turn")
        return True

    # ---- what lies where

    def _figure(self, mark: Mark | None = None) -> Figure | None:
        mark = self._selection.mark if mark is None else mark
        return None if mark is None else figure(mark, self._store.blobs)

    def _topmost(self, x: float, y: float, camera: Camera) -> int | None:
        marks, slack = self._store.scene.density.marks, REACH / camera.pixels_per_unit
        for index in reversed(self._selection.selectable):
            shown = self._figure(marks[index])
            if shown is not None and shown.hit(x, y, slack):
                return index
        return None

    def _handles(self, mark: Mark, shown: Figure, camera: Camera) -> dict[Handle, list[QPointF]]:
        """Where the handles are, in pixels."""
        if isinstance(mark, Gaussian):
            ring = to_polygon(shown.lines[0], camera)
            return {"scale": [ring.at(0), ring.at(24)]}
        corners = to_polygon(shown.box, camera)
        top, middle = (corners.at(2) + corners.at(3)) / 2, (corners.at(0) + corners.at(2)) / 2
        up = top - middle
        length = math.hypot(up.x(), up.y())
        up = up / length if length > 1e-6 else QPointF(0, -1)
        return {"scale": [corners.at(k) for k in range(4)], "turn": [top + up * STALK]}

    def _handle(self, at: QPointF, camera: Camera) -> Handle | None:
        """The handle of the chosen mark under a pixel."""
        mark, shown = self._selection.mark, self._figure()
        if mark is None or shown is None:
            return None
        for name, places in self._handles(mark, shown, camera).items():
            if any((at - place).manhattanLength() <= 1.5 * REACH for place in places):
                return name
        x, y = camera.to_data(at.x(), at.y())
        slack = REACH / camera.pixels_per_unit
        if isinstance(mark, Gaussian):
            away = math.dist((x, y), shown.centre)
            ring = abs(away - float(np.hypot(*(shown.lines[0][0] - shown.centre)))) <= slack and away > 1.5 * slack
            return "scale" if ring else "move" if shown.hit(x, y, slack) else None
        return "move" if shown.hit(x, y, slack) else None

    # ---- the picture

    def paint(self, painter: QPainter, camera: Camera, palette: CanvasPalette) -> None:
        """All marks outlined in the colour of their class; frame and handles of the chosen one."""
        self._outlines.paint(painter, camera, palette, self._selection.seen, self._store.blobs)
        mark = self._ghost if self._ghost is not None else self._selection.mark
        shown = self._figure(mark)
        if mark is None or shown is None:
            return
        colour = palette.erase if isinstance(mark, Erase) else class_colour(mark.label, palette.name)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        paint_figure(painter, shown, camera, colour, 2.0)
        handles = self._handles(mark, shown, camera)
        if "turn" in handles:
            corners = to_polygon(shown.box, camera)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.text, 1.0, Qt.PenStyle.DashLine))
            painter.drawPolygon(corners)
            painter.drawLine((corners.at(2) + corners.at(3)) / 2, handles["turn"][0])
        painter.setPen(QPen(palette.text, 1.4))
        painter.setBrush(QColor(palette.ground))
        for place in handles["scale"]:
            painter.drawRect(round(place.x()) - 4, round(place.y()) - 4, 8, 8)
        for place in handles.get("turn", ()):
            painter.drawEllipse(place, 5.0, 5.0)
        if not isinstance(mark, Erase):
            corner = to_polygon(shown.box, camera).at(0)
            paint_sign(painter, mark.label, corner + QPointF(-14, 14), 8.0, palette.name)
        painter.restore()
