"""What the tools draw with: width, hardness, weight, class, and whether polygons are filled."""

from __future__ import annotations

import dataclasses
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.canvas.tools import Ink
from scoreviz.gui.dynamics.class_row import ClassRow
from scoreviz.gui.dynamics.tool_settings import ToolSettings
from scoreviz.gui.widgets.editor import Editor
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.paint import outlined
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.gui.widgets.toggle import Toggle


class SizePopup(QFrame):
    """One row for each. It edits the ToolSettings, not the scene."""

    def __init__(self, tools: ToolSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint | Qt.WindowType.NoDropShadowWindowHint)
        self._tools = tools
        self.setObjectName("tool_size_popup")
        self.setAccessibleName(self.tr("What the tools draw with"))
        now = theme.current()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(now.px(14), now.px(10), now.px(12), now.px(10))
        self._column.setSpacing(now.px(4))
        self.width_editor = self._number(
            "width", self.tr("width"), self.tr("Standard deviation across the stroke"), Span(*tools.WIDTHS, log=True)
        )
        self.hardness_editor = self._number(
            "hardness",
            self.tr("hardness"),
            self.tr("0: across it, a stroke is a Gaussian. 1: an even band with sharp edges, as wide (the same standard deviation)."),
            Span(0.0, 1.0),
        )
        self.weight_editor = self._number(
            "weight",
            self.tr("weight"),
            self.tr("Mass for each unit of length, of area, or of a Gaussian. A pen multiplies it by its mean pressure over the stroke."),
            Span(*tools.WEIGHTS, log=True),
        )
        self.classes = ClassRow(self)
        self._row("class", self.tr("class"), self.tr("The label y of what is drawn: samplers and networks can keep to one class."),
                  self.classes)  # fmt: skip
        self.filled = Toggle(self)
        self._row("filled", self.tr("fill polygons"), self.tr("A polygon is an even area instead of a line around it."), self.filled)
        self._connect()

    def sizeHint(self) -> QSize:
        return QSize(theme.current().px(292), super().sizeHint().height())

    def paintEvent(self, event: object) -> None:
        now = theme.current()
        outlined(QPainter(self), QRectF(self.rect()), 0, fill=now.color("raised"), edge=now.color("border"))

    def _connect(self) -> None:
        tools = self._tools
        self.width_editor.set_value(tools.width)
        self.weight_editor.set_value(tools.weight)
        self.width_editor.edited.connect(lambda value, _token: tools.set_width(value))
        self.weight_editor.edited.connect(lambda value, _token: tools.set_weight(value))
        tools.width_changed.connect(self.width_editor.set_value)
        tools.weight_changed.connect(self.weight_editor.set_value)
        for name, editor in (("hardness", self.hardness_editor), ("label", self.classes), ("filled", self.filled)):
            editor.edited.connect(lambda value, _token, name=name: self._set(name, value))
        tools.ink_changed.connect(self._show_ink)
        self._show_ink(tools.ink)
        for editor in (self.width_editor, self.weight_editor, self.hardness_editor):
            editor.trouble.connect(lambda _sentence, editor=editor: editor.refuse())

    def _set(self, name: str, value: Any) -> None:
        changes: dict[str, Any] = {name: value}
        self._tools.set_ink(dataclasses.replace(self._tools.ink, **changes))
        self._show_ink(self._tools.ink)

    def _show_ink(self, ink: Ink) -> None:
        self.hardness_editor.set_value(ink.hardness)
        self.classes.set_value(ink.label)
        self.filled.set_value(ink.filled)

    def _number(self, code: str, name: str, help: str, span: Span) -> Number:
        editor = Number(span, self)
        self._row(code, name, help, editor)
        return editor

    def _row(self, code: str, name: str, help: str, editor: Editor) -> None:
        row, text = QHBoxLayout(), label(name, "dim", self)
        text.setMinimumWidth(theme.current().px(58))
        text.setToolTip(help)
        editor.setObjectName(f"tool_{code}")
        editor.describe(name, help)
        if not isinstance(editor, ClassRow):
            editor.setToolTip(help)
        row.addWidget(text)
        row.addWidget(editor, 1)
        self._column.addLayout(row)
