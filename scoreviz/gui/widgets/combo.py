"""One of many, in a list that drops down. The wheel only turns it when it has the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from scoreviz.gui import icons, theme
from scoreviz.gui.widgets.editor import Editor
from scoreviz.gui.widgets.keys import LETTERS, MOVES, PRESS, RESET, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined


class Item(NamedTuple):
    """One line of a combo; `rare` ones stand below a separator."""

    value: str
    text: str
    help: str = ""
    rare: bool = False


class _Lines(QStyledItemDelegate):
    """Roomy lines, and a thin rule for a separator."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        height = 9 if _is_separator(index) else 26
        return QSize(super().sizeHint(option, index).width() + theme.current().px(12), theme.current().px(height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        now, rect = theme.current(), QRectF(option.rect)
        if _is_separator(index):
            painter.fillRect(rect.adjusted(now.px(6), now.px(4), -now.px(6), -now.px(4)), now.color("rule"))
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen and option.state & QStyle.StateFlag.State_Enabled:
            outlined(painter, rect, now.px(4), fill=now.color("select"))
        able = bool(option.state & QStyle.StateFlag.State_Enabled)
        painter.setPen(now.color("faint" if not able else "on_select" if chosen else "text"))
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect.adjusted(now.px(7), 0, -now.px(4), 0), int(align), str(index.data(Qt.ItemDataRole.DisplayRole)))


def _is_separator(index: QModelIndex | QPersistentModelIndex) -> bool:
    return index.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "separator"


class Combo(QComboBox):
    """A combo box that paints itself in the theme's way."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setView(QListView(self))  # a native popup ignores the style sheet
        self.setItemDelegate(_Lines(self))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, PRESS, MOVES, LETTERS, RESET)
        self.before_popup: Callable[[], None] = lambda: None

    def one_height(self, one: bool) -> None:
        """No separators: Qt then asks for the height of one line, at each change of the theme, not for that of every line of every list."""
        view = self.view()
        assert isinstance(view, QListView)
        view.setUniformItemSizes(one)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.current().px(26))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().px(60), theme.current().px(26))

    def showPopup(self) -> None:
        self.before_popup()
        widest = max((self.fontMetrics().horizontalAdvance(self.itemText(i)) for i in range(self.count())), default=0)
        self.view().setMinimumWidth(max(self.width(), widest + theme.current().px(28)))
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        outlined(painter, rect, now.px(5), fill=now.color("hover" if self.underMouse() else "raised"), edge=now.color("border"))
        tint = now.color("text" if self.isEnabled() else "faint")
        painter.setPen(tint)
        side = now.px(13)
        text_rect = rect.adjusted(now.px(9), 0, -side - now.px(10), 0)
        text = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, int(text_rect.width()))
        painter.drawText(text_rect, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        icons.paint(painter, "down", QRectF(rect.right() - side - now.px(6), rect.center().y() - side / 2, side, side), now.color("dim"))
        focus_ring(painter, self, rect, now.px(5))


class Menu(Editor):
    """The editor: a combo of items. `supply` is asked each time it opens, so a new member of a family shows up by itself."""

    def __init__(self, supply: Callable[[], Sequence[Item]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._supply = supply
        self._items: list[Item] = []
        self._value: Any = None
        self._refusal: Callable[[str], str] = lambda _value: ""
        self.combo = Combo(self)
        self.combo.setObjectName("combo")
        self.combo.before_popup = self.refill
        self.combo.activated.connect(self._activated)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.combo)
        self.setFocusProxy(self.combo)
        self.refill()

    @property
    def values(self) -> list[str]:
        """What can be chosen, as listed."""
        return [item.value for item in self._items]

    def set_refusal(self, refusal: Callable[[str], str]) -> None:
        """refusal(value): why this one cannot be chosen at present, "" where it can. It stays in the list, greyed, with the sentence."""
        self._refusal = refusal
        self._refuse()

    def _refuse(self) -> None:
        model = self.combo.model()
        helps = {item.value: item.help for item in self._items}
        for row in range(self.combo.count()):
            value = self.combo.itemData(row)
            if value is None:
                continue
            sentence = self._refusal(value)
            index = model.index(row, 0)
            flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
            self.combo.setItemData(row, sentence or helps[value], Qt.ItemDataRole.ToolTipRole)
            self.combo.setItemData(row, sentence, Qt.ItemDataRole.AccessibleDescriptionRole)
            if isinstance(model, QStandardItemModel):
                model.itemFromIndex(index).setFlags(Qt.ItemFlag.NoItemFlags if sentence else flags)

    def refill(self) -> None:
        """List what there is now."""
        items = sorted(self._supply(), key=lambda item: item.rare)
        if items == self._items:
            return
        self._items = items
        self.combo.clear()
        for before, item in zip([None, *items], items, strict=False):
            if before is not None and item.rare and not before.rare:
                self.combo.insertSeparator(self.combo.count())
            self.combo.addItem(item.text, item.value)
            self.combo.setItemData(self.combo.count() - 1, item.help, Qt.ItemDataRole.ToolTipRole)
        self.combo.one_height(not any(item.rare for item in items))
        self._refuse()
        self._show()

    def set_value(self, value: Any) -> None:
        if value != self._value or self.combo.currentData() != value:
            self._value = value
            self.refill()
            self._show()

    def _show(self) -> None:
        self.combo.setCurrentIndex(self.combo.findData(self._value))

    def _activated(self, index: int) -> None:
        value = self.combo.itemData(index)
        if value is not None and value != self._value:
            self.edited.emit(value, "")
            self._show()  # if the edit was refused, what is shown stays true
