"""The least window that PySide6 and pyqtgraph can show: the baseline of the first-paint benchmark.

Prints `first-paint <seconds since this process began to run Python>` when it has painted, as scoreviz itself does with
SCOREVIZ_REPORT_FIRST_PAINT=1, and quits.
"""

from __future__ import annotations

import sys
import time

STARTED = time.perf_counter()


def main() -> int:
    """Show one curve and report its first paint."""
    import pyqtgraph
    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QApplication

    class Window(pyqtgraph.PlotWidget):
        def paintEvent(self, event: QPaintEvent) -> None:
            super().paintEvent(event)
            if not reported:
                reported.append(True)
                print(f"first-paint {time.perf_counter() - STARTED:.4f}", flush=True)
                QTimer.singleShot(0, app.quit)

    reported: list[bool] = []
    app = QApplication(sys.argv)
    window = Window()
    window.resize(1280, 800)
    window.plot([0, 1, 2], [0, 1, 0])
    window.show()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
