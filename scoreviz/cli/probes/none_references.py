"""Does this PySide6 lose references to None? PySide6 6.12.0 on Python <= 3.11 does, and aborts after some 700 frames.

Paints 2000 frames offscreen and prints None's reference count before and after. From Python 3.12 on None is immortal: nothing to lose.
"""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

FRAMES = 2000


class Canvas(QWidget):
    """A widget whose paint event makes the kind of calls that ours makes."""

    frames = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        """Some fifteen calls that return nothing, as in a real frame."""
        self.frames += 1
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for i in range(4):
            painter.setPen(QColor(40 * i, 90, 120))
            painter.drawRect(QRectF(i, i, 20, 20))
            painter.drawLine(QPointF(0, i), QPointF(30, i))
        painter.end()


def main() -> None:
    """Paint, count, print."""
    app = QApplication([sys.argv[0], "-platform", "offscreen"])
    canvas = Canvas()
    canvas.resize(64, 64)
    image = QImage(64, 64, QImage.Format.Format_ARGB32_Premultiplied)
    canvas.render(image)  # what is made once is made now
    before = sys.getrefcount(None)
    for _ in range(FRAMES):
        canvas.render(image)
    after = sys.getrefcount(None)
    del app
    print(json.dumps({"frames": canvas.frames - 1, "before": before, "after": after, "immortal": sys.version_info >= (3, 12)}))


if __name__ == "__main__":
    main()
