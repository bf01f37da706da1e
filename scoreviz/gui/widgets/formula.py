"""A formula in LaTeX, set by ziamath and drawn as vectors."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from scoreviz.gui import theme

if TYPE_CHECKING:
    from PySide6.QtSvg import QSvgRenderer

SIZE = 24.0  # font size at which a formula is set; it is scaled when drawn


def warm() -> None:
    """Read ziamath, its font, and QtSvg; it may be done in a thread."""
    import PySide6.QtSvg  # noqa: F401

    svg("x", "#000000")


def _ziamath() -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "path is deprecated", DeprecationWarning)  # how ziamath finds its font on Python 3.11
        import ziamath

    ziamath.config.svg2 = False  # QtSvg draws nothing of SVG 2's symbols
    return ziamath


@functools.lru_cache(maxsize=64)
def svg(latex: str, colour: str) -> bytes:
    """The formula as SVG, in one colour. It takes 8 to 28 ms, once."""
    ziamath = _ziamath()
    text: str = ziamath.Latex(latex, size=SIZE, color=colour).svg()
    return text.encode()


class Formula(QWidget):
    """One formula at the type's size times `relative`, shrunk where there is less room."""

    def __init__(self, latex: str = "", *, relative: float = 1.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._latex, self._relative = "", relative
        self._rendered: tuple[tuple[str, str], QSvgRenderer] | None = None  # read once: layouts ask for its size often
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.set_latex(latex)

    @property
    def latex(self) -> str:
        return self._latex

    def set_latex(self, latex: str) -> None:
        """Another formula; an empty one takes no room."""
        if latex != self._latex:
            self._latex = latex
            self.setAccessibleName(latex)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        if not self._latex:
            return QSize(0, 0)
        size = self._renderer().defaultSize()
        return size * (theme.current().px(13) * self._relative / SIZE)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(self.sizeHint().height(), theme.current().px(24)))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._latex:
            return
        renderer, wanted = self._renderer(), self.sizeHint()
        shrink = min(1.0, self.width() / max(wanted.width(), 1), self.height() / max(wanted.height(), 1))
        width, height = wanted.width() * shrink, wanted.height() * shrink
        place = QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        renderer.render(painter, place)
        painter.end()

    def _renderer(self) -> QSvgRenderer:
        from PySide6.QtSvg import QSvgRenderer  # only who presents needs it

        key = (self._latex, theme.current().text)
        if self._rendered is None or self._rendered[0] != key:
            self._rendered = key, QSvgRenderer(QByteArray(svg(*key)))
        return self._rendered[1]
