"""The narrow column at the left: tools, what they draw with, clear, undo and redo."""

from __future__ import annotations

import math

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QWidget
from shiboken6 import isValid

from scoreviz.gui import theme
from scoreviz.gui.dynamics.size_popup import SizePopup
from scoreviz.gui.dynamics.tool_settings import TOOLS, Tool, ToolSettings
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.buttons import IconButton

WIDTH = 50
SIDE, PAIR_SIDE, LEAST_SIDE, SPACE = 34, 28, 24, 3
PLANE: tuple[Tool, ...] = ("select", "line", "polygon", "curve", "gaussian", "probe", "drop", "pan")
"""Tools that work in the plane alone; the brush and the eraser also draw on the line."""


class RailButton(IconButton):
    """May be smaller where the window is low."""

    def minimumSizeHint(self) -> QSize:
        side = theme.current().px(LEAST_SIDE)
        return QSize(side, side)


class ToolRail(QWidget):
    """Chooses the tool through ToolSettings; clears, undoes and redoes through the store. Text and files are asked for by a signal."""

    text_wanted = Signal()
    file_wanted = Signal()

    def __init__(self, store: Store, tools: ToolSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._tools = store, tools
        self.setObjectName("tool_rail")
        self.setAccessibleName(self.tr("Tools"))
        now = theme.current()
        self.popup = SizePopup(tools, self)
        self._group = QButtonGroup(self)
        self._buttons: list[IconButton] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(now.px(8), now.px(8), now.px(8), now.px(8))
        self._grid.setSpacing(now.px(SPACE))
        self._grid.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._columns = 0
        self._add_tools()
        self.text_button = self._add("text", self.tr("Write text"), self.text_wanted.emit)
        self.file_button = self._add("picture", self.tr("Open a picture or points…"), self.file_wanted.emit)
        self.size_button = self._add("size", self.tr("Width, hardness, weight and class of what is drawn"), self.open_size)
        self.clear_button = self._add("clear", self.tr("Clear the drawing"), self.clear)
        self.undo_button = self._add("undo", self.tr("Undo"), store.undo_stack.undo)
        self.redo_button = self._add("redo", self.tr("Redo"), store.undo_stack.redo)
        stack = store.undo_stack
        stack.indexChanged.connect(self._refresh)
        store.changed.connect(self._refresh)
        tools.tool_changed.connect(self._refresh)
        self._arrange(1)
        self._refresh()

    def clear(self) -> None:
        """Nothing drawn in the present dimensions, as one undo step; the other drawings stay."""
        self._store.edit(("density",), self._store.scene.density.cleared(), self.tr("Clear the drawing"), origin="tools")

    def open_size(self) -> None:
        """What the tool draws with, beside its button."""
        self.popup.adjustSize()
        self.popup.move(self.size_button.mapToGlobal(QPoint(self.size_button.width() + theme.current().px(10), 0)))
        self.popup.show()
        self.popup.width_editor.setFocus(Qt.FocusReason.PopupFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Smaller buttons where the window is low, and two columns where it is lower still."""
        super().resizeEvent(event)
        now = theme.current()
        room = self.height() - 2 * now.px(8)
        sides = [room // math.ceil(len(self._buttons) / columns) - self._grid.spacing() for columns in (1, 2)]
        columns = 1 if sides[0] >= now.px(LEAST_SIDE) else 2
        side = min(max(sides[columns - 1], now.px(LEAST_SIDE)), now.px(SIDE if columns == 1 else PAIR_SIDE))
        for button in self._buttons:
            button.setFixedSize(side, side)
        if columns != self._columns:
            self._arrange(columns)

    def minimumSizeHint(self) -> QSize:
        """That of two columns of the smallest buttons: what they measure now must not keep the rail as high as it is."""
        now = theme.current()
        rows = math.ceil(len(self._buttons) / 2)
        return QSize(self.minimumWidth(), rows * (now.px(LEAST_SIDE) + now.px(SPACE)) + 2 * now.px(8))

    def _arrange(self, columns: int) -> None:
        """Tools from the top, undo and redo at the bottom."""
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
        self._columns = columns
        tools = math.ceil((len(self._buttons) - 2) / columns)
        for k, button in enumerate(self._buttons):
            last = k - (len(self._buttons) - 2)
            place = divmod(k, columns) if last < 0 else (tools + 1 + last // columns, last % columns)
            self._grid.addWidget(button, *place)
        self._grid.setRowStretch(tools, 1)
        now = theme.current()
        self.setFixedWidth(now.px(WIDTH) if columns == 1 else 2 * now.px(PAIR_SIDE) + self._grid.spacing() + 2 * now.px(8))

    def button(self, tool: Tool) -> IconButton:
        """The button of a tool."""
        found = self.findChild(IconButton, f"tool.{tool}")
        assert isinstance(found, IconButton)
        return found

    def _add_tools(self) -> None:
        self._add_tool("select", self.tr("Select: move, turn, scale marks"), "V")
        self._add_tool("brush", self.tr("Brush"), "B")
        self._add_tool("line", self.tr("Line: drag; Shift for steps of 15°"), "K")
        self._add_tool("polygon", self.tr("Polygon: click the corners; Enter or a double click ends it"), "Y")
        self._add_tool("curve", self.tr("Curve through clicks; Enter or a double click ends it"), "C")
        self._add_tool("gaussian", self.tr("Gaussian"), "G")
        self._add_tool("erase", self.tr("Eraser"), "E")
        self._add_tool("probe", self.tr("Probe: what the score is at a point"), "P")
        self._add_tool("drop", self.tr("Drop particles of your own"), "D")
        self._add_tool("pan", self.tr("Move the view"), "H")

    def _add_tool(self, tool: Tool, name: str, key: str) -> None:
        button = RailButton(tool, name, f"tool.{tool}", self, size=SIDE, glyph=20, checkable=True)
        button.name_it(name, key)
        button.clicked.connect(lambda: self._tools.set_tool(tool))
        self._group.addButton(button)
        self._buttons.append(button)

    def _add(self, icon: str, name: str, does: object) -> IconButton:
        button = RailButton(icon, name, f"tool.{icon}", self, size=SIDE, glyph=20)
        button.clicked.connect(lambda: does())  # type: ignore[operator]
        self._buttons.append(button)
        return button

    def _refresh(self, *_args: object) -> None:
        self.button(self._tools.tool).setChecked(True)
        stack = self._store.undo_stack
        if not isValid(stack):  # the store went first: a stack's last words are that its index changed
            return
        for button, can, name, text, key in (
            (self.undo_button, stack.canUndo(), self.tr("Undo"), stack.undoText(), "Ctrl+Z"),
            (self.redo_button, stack.canRedo(), self.tr("Redo"), stack.redoText(), "Ctrl+Shift+Z"),
        ):
            button.setEnabled(can)
            button.name_it(f"{name}: {text}" if text else name, key)
        density = self._store.scene.density
        self.clear_button.setEnabled(bool(density.present))
        for tool in TOOLS:
            self.button(tool).setEnabled(density.dimensions == "2" or (density.dimensions == "1" and tool not in PLANE))
