"""A line across the bottom of the canvas for what a person should know, with a remedy to press. It never blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, Signal, SignalInstance
from PySide6.QtWidgets import QApplication, QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

PASSING_MS = 9000
LEAST_WORDS = 200


@dataclass(frozen=True)
class Remedy:
    """A button of a notice."""

    text: str
    act: Callable[[], None]


class NoticeBar(QFrame):
    """One notice at a time. A passing one goes by itself; one with remedies stays until something is pressed."""

    told = Signal()  # its size is another: whoever placed it places it again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._text = QLabel(self)
        self._text.setObjectName("notice_text")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._body.setContentsMargins(14, 8, 8, 8)
        self._body.addWidget(self._text, 1)
        self._row = QHBoxLayout()
        self._body.addLayout(self._row)
        self._buttons: list[QPushButton] = []
        self._timer = QTimer(self, singleShot=True, interval=PASSING_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown, empty if none is."""
        return self._text.text() if not self.isHidden() else ""

    def height_for(self, width: int) -> int:
        """What the sentence and its buttons need; the buttons go beneath where they would leave too little for the words."""
        self.ensurePolished()
        for button in self._buttons:
            button.ensurePolished()
        beside = width - self._row.sizeHint().width() >= LEAST_WORDS
        self._body.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        self._body.invalidate()
        self._body.activate()
        return max(self._body.totalHeightForWidth(width), self._body.totalSizeHint().height())

    def tell(self, text: str, *remedies: Remedy, details: str = "") -> None:
        """Show a sentence. `details` adds a button that copies them."""
        for button in self._buttons:
            self._row.removeWidget(button)
            button.hide()  # deleteLater waits for the event loop, and until then it would lie over the words
            button.deleteLater()
        self._buttons = []
        self._text.setText(text)
        for remedy in remedies:
            self._add(remedy.text, remedy.act)
        if details:
            self._add(self.tr("Copy details"), lambda: QApplication.clipboard().setText(f"{text}\n\n{details}"), closes=False)
        self._add(self.tr("Close"), lambda: None)
        self.setAccessibleName(text)
        self.show()
        self.raise_()
        self.told.emit()
        if remedies or details:
            self._timer.stop()
        else:
            self._timer.start()

    def stay(self, until: SignalInstance) -> None:
        """The sentence told last does not go by itself, but with this signal."""
        self._timer.stop()
        text = self._text.text()

        def over() -> None:
            until.disconnect(over)
            if self._text.text() == text:
                self.hide()

        until.connect(over)

    def _add(self, text: str, act: Callable[[], None], *, closes: bool = True) -> None:
        button = QPushButton(text, self)
        button.setObjectName("notice_button")
        button.setAccessibleName(text)

        def pressed() -> None:
            if closes:
                self._timer.stop()
                self.hide()
            act()

        button.clicked.connect(pressed)
        self._row.addWidget(button)
        button.show()  # a layout counts what is shown, and Qt would show it later
        self._buttons.append(button)
