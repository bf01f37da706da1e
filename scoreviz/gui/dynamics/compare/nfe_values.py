"""The table of measured errors: a row for each number of evaluations, a column for each sampler."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.compare.nfe_table import Line, lines
from scoreviz.gui.widgets.words import figure, scene_text
from scoreviz.protocol.questions import Nfe

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
ROW, MOST_ROWS = 22, 9


class NfeValues(QTableWidget):
    """sampler, evaluations, error, its standard deviation over the seeds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 4, parent)
        self.setObjectName("nfe.table")
        self.setAccessibleName(self.tr("Errors"))
        names = [self.tr("sampler"), self.tr("NFE"), self.tr("error"), "±"]
        hints = ["", self.tr("evaluations of the score"), self.tr("mean over the seeds"), self.tr("standard deviation over the seeds")]
        for place, name in enumerate(names):
            heading = QTableWidgetItem(name)
            heading.setTextAlignment(RIGHT if place else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            heading.setToolTip(hints[place])
            self.setHorizontalHeaderItem(place, heading)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header, now = self.horizontalHeader(), theme.current()
        header.setHighlightSections(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for place, width in ((1, 42), (2, 62), (3, 62)):
            self.setColumnWidth(place, now.px(width))
        self.verticalHeader().setDefaultSectionSize(now.px(ROW))

    def show_answer(self, answer: Nfe) -> None:
        """Rows that are known."""
        rows = [line for curve in answer.curves for line in lines(curve, scene_text) if line.measured]
        if len(rows) != self.rowCount():
            self.setRowCount(len(rows))
        for place, line in enumerate(rows):
            for column, text in enumerate(_cells(line)):
                item = self.item(place, column)
                if item is None:
                    item = QTableWidgetItem()
                    item.setTextAlignment(RIGHT if column else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
                    self.setItem(place, column, item)
                if item.text() != text:
                    item.setText(text)
                    item.setToolTip(text)
        height = self.horizontalHeader().sizeHint().height() + min(len(rows), MOST_ROWS) * theme.current().px(ROW) + 2
        self.setFixedHeight(height)


def _cells(line: Line) -> list[str]:
    return [line.label, str(line.nfe), figure(line.mean), "" if math.isnan(line.spread) else figure(line.spread)]
