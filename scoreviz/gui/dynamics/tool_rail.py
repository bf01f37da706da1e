"""The narrow column at the left: tools, their size, clear, undo and redo."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from scoreviz.gui import theme
from scoreviz.gui.dynamics.tool_settings import Tool, ToolSettings
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.buttons import IconButton
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.paint import outlined
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.scene.density import Density

WIDTH = 50
SIDE, LEAST_SIDE = 34, 24


class SizePopup(QFrame):
    """Width and weight of what is drawn."""

    def __init__(self, tools: ToolSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint | Qt.WindowType.NoDropShadowWindowHint)
        self.setObjectName("tool_size_popup")
        self.setAccessibleName(self.tr("Size of the tool"))
        now = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(now.px(14), now.px(10), now.px(12), now.px(10))
        column.setSpacing(now.px(4))
        self.width_editor = self._row(column, self.tr("width"), self.tr("Standard deviation across the stroke"), tools.WIDTHS)
        self.weight_editor = self._row(column, self.tr("weight"), self.tr("Mass for each unit of length, or of a Gaussian"), tools.WEIGHTS)
        self.width_editor.set_value(tools.width)
        self.weight_editor.set_value(tools.weight)
        self.width_editor.edited.connect(lambda value, _token: tools.set_width(value))
        self.weight_editor.edited.connect(lambda value, _token: tools.set_weight(value))
        tools.width_changed.connect(self.width_editor.set_value)
        tools.weight_changed.connect(self.weight_editor.set_value)
        for editor in (self.width_editor, self.weight_editor):
            editor.trouble.connect(lambda _sentence, editor=editor: editor.refuse())

    def sizeHint(self) -> QSize:
        return QSize(theme.current().px(256), super().sizeHint().height())

    def paintEvent(self, event: object) -> None:
        now = theme.current()
        outlined(QPainter(self), QRectF(self.rect()), 0, fill=now.color("raised"), edge=now.color("border"))

    def _row(self, column: QVBoxLayout, name: str, help: str, bounds: tuple[float, float]) -> Number:
        now, row = theme.current(), QHBoxLayout()
        text = label(name, "dim", self)
        text.setFixedWidth(now.px(58))
        editor = Number(Span(*bounds, log=True), self)
        editor.setObjectName(f"tool_{name}")
        editor.describe(name, help)
        editor.setToolTip(help)
        row.addWidget(text)
        row.addWidget(editor, 1)
        column.addLayout(row)
        return editor


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
        self.setFixedWidth(now.px(WIDTH))
        self.popup = SizePopup(tools, self)
        self._group = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(now.px(8), now.px(10), now.px(8), now.px(10))
        self._column.setSpacing(now.px(5))
        self._column.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._add_tool("brush", self.tr("Brush"), "B")
        self._add_tool("erase", self.tr("Eraser"), "E")
        self._add_tool("gaussian", self.tr("Gaussian"), "G")
        self._add_tool("pan", self.tr("Move the view"), "H")
        self.text_button = self._add("text", self.tr("Write text"), self.text_wanted.emit)
        self.file_button = self._add("picture", self.tr("Open a picture or points…"), self.file_wanted.emit)
        self._column.addSpacing(now.px(8))
        self.size_button = self._add("size", self.tr("Width and weight of the tool"), self.open_size)
        self.clear_button = self._add("clear", self.tr("Clear the drawing"), self.clear)
        self._column.addStretch(1)
        self.undo_button = self._add("undo", self.tr("Undo"), store.undo_stack.undo)
        self.redo_button = self._add("redo", self.tr("Redo"), store.undo_stack.redo)
        stack = store.undo_stack
        stack.indexChanged.connect(self._refresh)
        store.changed.connect(self._refresh)
        tools.tool_changed.connect(self._refresh)
        self._refresh()

    def clear(self) -> None:
        """An empty drawing, as one undo step."""
        self._store.edit(("density",), Density(), self.tr("Clear the drawing"), origin="tools")

    def open_size(self) -> None:
        """The sliders for width and weight, beside their button."""
        self.popup.adjustSize()
        self.popup.move(self.size_button.mapToGlobal(QPoint(self.size_button.width() + theme.current().px(10), 0)))
        self.popup.show()
        self.popup.width_editor.setFocus(Qt.FocusReason.PopupFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Smaller buttons where the window is low."""
        super().resizeEvent(event)
        now, buttons = theme.current(), self.findChildren(IconButton, options=Qt.FindChildOption.FindDirectChildrenOnly)
        margins = self._column.contentsMargins()
        room = self.height() - margins.top() - margins.bottom() - now.px(8) - self._column.spacing() * (len(buttons) + 1)
        side = min(max(room // len(buttons), now.px(LEAST_SIDE)), now.px(SIDE))
        for button in buttons:
            button.setFixedSize(side, side)

    def button(self, tool: Tool) -> IconButton:
        """The button of a tool."""
        found = self.findChild(IconButton, f"tool.{tool}")
        assert isinstance(found, IconButton)
        return found

    def _add_tool(self, tool: Tool, name: str, key: str) -> None:
        button = IconButton(tool, name, f"tool.{tool}", self, size=SIDE, glyph=20, checkable=True)
        button.name_it(name, key)
        button.clicked.connect(lambda: self._tools.set_tool(tool))
        self._group.addButton(button)
        self._column.addWidget(button)

    def _add(self, icon: str, name: str, does: object) -> IconButton:
        button = IconButton(icon, name, f"tool.{icon}", self, size=SIDE, glyph=20)
        button.clicked.connect(lambda: does())  # type: ignore[operator]
        self._column.addWidget(button)
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
        self.clear_button.setEnabled(bool(self._store.scene.density.marks))
