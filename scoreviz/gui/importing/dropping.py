"""Files dropped on a widget that knows nothing of files: the views of the line and of space."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from scoreviz.gui.canvas import drop


class FileDrops(QObject):
    """Takes the files that are dropped on a widget, or on a part of it that takes none itself."""

    def __init__(self, widget: QWidget, take: Callable[[list[Path]], None]) -> None:
        super().__init__(widget)
        self._take = take
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.DragEnter, QEvent.Type.DragMove) and isinstance(event, QDropEvent):
            event.setAccepted(bool(drop.files(event.mimeData())))
            return True
        if event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
            paths = drop.files(event.mimeData())
            if paths:
                event.setDropAction(Qt.DropAction.CopyAction)  # a file manager that moves must not take the file away
                event.accept()
                self._take(paths)
            return True
        return False
