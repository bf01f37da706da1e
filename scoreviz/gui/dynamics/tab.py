"""The Dynamics tab: canvas between tools and settings, the transport beneath, two plots below."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.drawing import Drawing
from scoreviz.gui.dynamics.fields import Fields
from scoreviz.gui.dynamics.layer_chips import LayerChips
from scoreviz.gui.dynamics.runs import Runs
from scoreviz.gui.dynamics.screen import Screen
from scoreviz.gui.dynamics.side_panel import SidePanel
from scoreviz.gui.dynamics.side_tabs import SideTabs
from scoreviz.gui.dynamics.tool_rail import ToolRail
from scoreviz.gui.dynamics.tool_settings import ToolSettings
from scoreviz.gui.dynamics.training_scrubber import TrainingScrubber
from scoreviz.gui.dynamics.views import Views
from scoreviz.gui.importing.importer import Importer
from scoreviz.gui.notices import NoticeBar
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.gui.transport.bar import Transport
from scoreviz.gui.widgets.rule import thin_rule
from scoreviz.protocol.messages import Applied
from scoreviz.scene.view import View

if TYPE_CHECKING:
    from scoreviz.gui.dynamics.text_popover import TextPopover

PLOTS_HEIGHT = 124
LEGEND_WIDTH = 190
NOTICE_LEAST = 480


class Stage(QWidget):
    """The view on screen with what lies over its edges: layer chips, and notices."""

    def __init__(self, views: Views, chips: LayerChips, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views, self.chips = views, chips
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(views)
        chips.setParent(self)
        self.notice = NoticeBar(self)
        self.notice.told.connect(self.place_overlays)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.place_overlays()

    def place_overlays(self) -> None:
        """Chips at the bottom left; a notice above them, as high as its words need, beside the legend."""
        now = theme.current()
        margin = now.px(12)
        self.chips.adjustSize()
        self.chips.move(margin, self.height() - self.chips.height() - margin)
        self.chips.raise_()
        beside_legend = self.width() - 2 * margin - now.px(LEGEND_WIDTH)
        width = min(max(beside_legend, now.px(NOTICE_LEAST)), self.width() - 2 * margin, now.px(720))
        height = self.notice.height_for(width)
        self.notice.setGeometry(margin, self.chips.y() - height - margin, width, height)
        self.notice.raise_()


class DynamicsTab(QWidget):
    """Everything of the tab; the keepers of runs, fields and tools live here."""

    def __init__(
        self, store: Store, session: Session, playback: Playback, progress: Progress, questions: Questions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dynamics")
        self._store, self._session, self._progress, self._playback, self._questions = store, session, progress, playback, questions
        self.canvas = Canvas()
        self.views = Views(self.canvas, store, self._view_makers())
        self.views.set_ui_scale(theme.current().scale)
        self.tools = ToolSettings(self)
        self.runs = Runs(playback, self)
        self.fields = Fields(session, progress, self)
        session.received.connect(self.runs.receive)
        self.stage = Stage(self.views, LayerChips(store))
        self.screen_ = Screen(self.canvas, store, session, playback, self.runs, self.fields, self)
        self.drawing = Drawing(self.canvas, store, session, self.tools, self)
        self.importer = Importer(self.drawing, store, self)
        self.rail = ToolRail(store, self.tools)
        self.text: TextPopover | None = None
        self.side = SidePanel(store, playback, progress)
        self.pages = SideTabs()
        for name, title, make in self._side_pages():
            self.pages.add(name, title, make)
        self.training = TrainingScrubber(store, session, playback, progress)
        self.transport = Transport(playback, self.training)
        self.plots: QObject | None = None
        self._connect_tools()
        session.received.connect(self._resolved)
        session.past_changed.connect(lambda: self.side.score.set_pinned(session.pinned))
        self._lay_out()

    def _view_makers(self) -> dict[str, Callable[[], QWidget]]:
        """What fills the middle where it is not the plane's canvas; each is made when it is first seen."""
        return {}

    def _side_pages(self) -> list[tuple[str, str, Callable[[], QWidget]]]:
        """The pages of the column at the right: name, title, and how each is made when it is first opened."""
        return [("scene", self.tr("Scene"), lambda: self.side)]

    def _connect_tools(self) -> None:
        tools, canvas = self.tools, self.canvas
        tools.tool_changed.connect(canvas.set_tool)
        tools.width_changed.connect(canvas.set_brush_width)
        canvas.brushWidthChanged.connect(self._size_brush)
        canvas.set_tool(tools.tool)
        canvas.set_brush_width(tools.width)
        self.drawing.refused.connect(self.stage.notice.tell)
        canvas.filesDropped.connect(self.importer.take)
        self.importer.told.connect(self.stage.notice.tell)
        self.rail.text_wanted.connect(self.open_text)
        self.rail.file_wanted.connect(self.open_picture_or_points)

    def open_text(self) -> None:
        """The popover that writes letters into the drawing."""
        if self.text is None:
            from scoreviz.gui.dynamics.text_popover import TextPopover

            self.text = TextPopover(self._store, self.drawing, self.canvas, self)
        self.text.open(self.rail.text_button)

    def open_picture_or_points(self) -> None:
        """Ask for a file, and make it part of the drawing."""
        self.importer.choose(self.window())

    def _size_brush(self, width: float) -> None:
        self.tools.set_width(width)
        self.canvas.set_brush_width(self.tools.width)  # held within the tool's range, where the tool says nothing

    def _resolved(self, message: object) -> None:
        if isinstance(message, Applied):
            self.side.sampler.set_resolved_sigma_max(message.sigma_max)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(0)
        parts: list[QWidget] = [self.rail, thin_rule(vertical=True), self.stage, thin_rule(vertical=True), self.pages]
        self._around = [part for part in parts if part is not self.stage]  # what a presentation goes without
        for part in parts:
            top.addWidget(part, 1 if part is self.stage else 0)
        self._plots_place = QVBoxLayout()
        self._plots_place.setContentsMargins(0, 0, 0, 0)
        self._plots_holder = QWidget()
        self._plots_holder.setFixedHeight(theme.current().px(PLOTS_HEIGHT))
        self._plots_holder.setLayout(self._plots_place)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top, 1)
        for widget in (thin_rule(), self.transport, thin_rule(), self._plots_holder):
            column.addWidget(widget)
            self._around.append(widget)

    def set_presenting(self, on: bool, scale: float) -> None:
        """The canvas alone with its words `scale` times as large, or everything."""
        for part in (*self._around, self.stage.chips):
            part.setVisible(not on)
        self.views.set_ui_scale(theme.current().scale * (scale if on else 1.0))

    def add_plots(self) -> None:
        """After the first paint: importing pyqtgraph takes a third of a second."""
        if self.plots is None:
            from scoreviz.gui.dynamics.plots import Plots

            self.plots = Plots(self._progress, self._playback)
            self._plots_place.addWidget(self.plots)

    def fit(self) -> None:
        """Look at the square that presets fill."""
        view = View()
        self.canvas.set_camera(view.x, view.y, view.half_height)
        self.drawing.look(view.x, view.y, view.half_height)
