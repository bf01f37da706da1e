"""The F1 sheet: all shortcuts, and below them the keys of each widget, in columns that scroll where the window is low."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.key_sheet import Sheet
from scoreviz.gui.widgets.labels import label

COLUMNS = 3
KEYS_WIDTH, TEXT_WIDTH = 112, 232
MARGIN = 24


def shortcuts(parent: QWidget, actions: Sheet, keys: Sheet) -> QDialog:
    """actions: of the whole window. keys: while the keyboard is on a widget."""
    now = theme.current()
    dialog = QDialog(parent)
    dialog.setObjectName("shortcuts")
    dialog.setWindowTitle(dialog.tr("Keyboard shortcuts"))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(now.px(MARGIN), now.px(14), now.px(MARGIN), now.px(8))
    column.setSpacing(now.px(12))
    column.addLayout(_columns(actions))
    column.addWidget(label(dialog.tr("While the keyboard is on …"), "heading", body))
    column.addLayout(_columns(keys))
    area = QScrollArea(dialog)
    area.setObjectName("shortcuts.area")
    area.setAccessibleName(dialog.windowTitle())
    area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # arrows and Page Down scroll
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    area.setWidget(body)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.setContentsMargins(now.px(MARGIN), 0, now.px(MARGIN), now.px(12))
    buttons.rejected.connect(dialog.reject)
    close = buttons.button(QDialogButtonBox.StandardButton.Close)
    close.setObjectName("shortcuts.close")
    close.setAccessibleName(close.text().replace("&", ""))
    close.setIcon(QIcon())
    whole = QVBoxLayout(dialog)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.addWidget(area)
    whole.addWidget(buttons)
    room = parent.window().size()
    wanted = body.sizeHint()
    dialog.resize(
        min(wanted.width() + now.px(16), room.width() - now.px(32)), min(wanted.height() + now.px(64), room.height() - now.px(64))
    )
    area.setFocus()
    return dialog


def _columns(sheet: Sheet) -> QHBoxLayout:
    """Groups one after another, kept whole, in columns of about one height."""
    now = theme.current()
    row = QHBoxLayout()
    row.setSpacing(now.px(28))
    least = sum(len(rows) + 2 for _, rows in sheet) / COLUMNS
    grid, filled, made = _grid(row), 0, 1
    for heading, rows in sheet:
        if filled and made < COLUMNS and filled + (len(rows) + 2) / 2 > least:
            grid.setRowStretch(filled, 1)
            grid, filled, made = _grid(row), 0, made + 1
        grid.addWidget(label(heading, "heading"), filled, 0, 1, 2)
        filled += 1
        for keys, text in rows:
            grid.addWidget(label(keys, "figure"), filled, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(text, "dim", wrap=True), filled, 1, Qt.AlignmentFlag.AlignTop)
            filled += 1
        grid.setRowMinimumHeight(filled, now.px(8))
        filled += 1
    grid.setRowStretch(filled, 1)
    return row


def _grid(row: QHBoxLayout) -> QGridLayout:
    now = theme.current()
    grid = QGridLayout()
    grid.setHorizontalSpacing(now.px(12))
    grid.setVerticalSpacing(now.px(4))
    grid.setColumnMinimumWidth(0, now.px(KEYS_WIDTH))
    grid.setColumnMinimumWidth(1, now.px(TEXT_WIDTH))
    grid.setColumnStretch(1, 1)
    row.addLayout(grid, 1)
    return grid
