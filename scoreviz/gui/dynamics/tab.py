"""The Dynamics tab: canvas between tools and settings, the transport beneath, two plots below."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtCore import QEvent, QObject, QRectF
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.canvas import Canvas, PictureView
from scoreviz.gui.dynamics.compare.comparison import Comparison
from scoreviz.gui.dynamics.data_points import DataOnCanvas
from scoreviz.gui.dynamics.drawing import Drawing
from scoreviz.gui.dynamics.fields import Fields
from scoreviz.gui.dynamics.inspecting import Inspecting
from scoreviz.gui.dynamics.layer_chips import LayerChips
from scoreviz.gui.dynamics.probe.kit import ProbeKit
from scoreviz.gui.dynamics.racing import Racing
from scoreviz.gui.dynamics.runs import Runs
from scoreviz.gui.dynamics.screen import Screen
from scoreviz.gui.dynamics.selecting.selection import Selection
from scoreviz.gui.dynamics.selecting.selector import Selector
from scoreviz.gui.dynamics.side_panel import SidePanel
from scoreviz.gui.dynamics.side_tabs import SideTabs
from scoreviz.gui.dynamics.tool_rail import ToolRail
from scoreviz.gui.dynamics.tool_settings import ToolSettings
from scoreviz.gui.dynamics.training_scrubber import TrainingScrubber
from scoreviz.gui.dynamics.views import Views
from scoreviz.gui.importing.dropping import FileDrops
from scoreviz.gui.importing.importer import Importer
from scoreviz.gui.notices import NoticeBar
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.gui.transport.bar import Transport
from scoreviz.gui.widgets.divider import Divider
from scoreviz.gui.widgets.focus import follow
from scoreviz.gui.widgets.rule import thin_rule
from scoreviz.protocol.messages import Applied
from scoreviz.scene.document import Scene
from scoreviz.scene.learning.reach import trained_levels
from scoreviz.scene.view import View

if TYPE_CHECKING:
    from scoreviz.gui.dynamics.text_popover import TextPopover

PLOTS_HEIGHT, PLOTS_LEAST = 124, 84
SIDE_WIDTH = 318
STAGE_LEAST = 320  # logical pixels at any scale: a larger type must leave the side column its room in a small window
LEGEND_WIDTH = 190
NOTICE_LEAST = 480


@runtime_checkable
class Fitting(Protocol):
    """Chips that take more rows where there is little room."""

    def fit(self, width: int) -> None:
        """Into this width, in pixels."""


class Stage(QWidget):
    """The view on screen with what lies over its edges: its chips, and notices.

    The plane's chips are given; another view may bring its own as `chips`. They are no part of a view, so no film shows them.
    """

    def __init__(self, views: Views, chips: LayerChips, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views = views
        self._of_views: dict[str, QWidget] = {"plane": chips}
        self._bare = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(views)
        self.notice = NoticeBar(self)
        self.notice.told.connect(self.place_overlays)
        views.turned.connect(self._turn)
        self._turn(views.name)

    @property
    def chips(self) -> QWidget:
        """Those of the view on screen."""
        return self._of_views[self.views.name]

    def set_bare(self, bare: bool) -> None:
        """Without chips, for a presentation."""
        self._bare = bare
        self._turn(self.views.name)

    def _turn(self, name: str) -> None:
        if name not in self._of_views:
            self._of_views[name] = getattr(self.views.current, "chips", None) or QWidget()
        for view, chips in self._of_views.items():
            if chips.parentWidget() is not self:
                chips.setParent(self)
                chips.installEventFilter(self)
                follow(self.views.current, chips)
            chips.setVisible(view == name and not self._bare)
        if hasattr(self.views.current, "set_bare"):
            self.views.current.set_bare(self._bare)
        self.place_overlays()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.place_overlays()

    def place_overlays(self) -> None:
        """Chips at the bottom left; a notice above them, as high as its words need, beside the legend."""
        now = theme.current()
        margin = now.px(12)
        if isinstance(self.chips, Fitting):
            self.chips.fit(self.width() - 2 * margin)
        self.chips.adjustSize()
        self.chips.move(margin, self.height() - self.chips.height() - margin)
        self.chips.raise_()
        self._cover()
        beside_legend = self.width() - 2 * margin - now.px(LEGEND_WIDTH)
        width = min(max(beside_legend, now.px(NOTICE_LEAST)), self.width() - 2 * margin, now.px(720))
        height = self.notice.height_for(width)
        self.notice.setGeometry(margin, self.chips.y() - height - margin, width, height)
        self.notice.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:  # their words changed
            self._cover()
        return False

    def _cover(self) -> None:
        """Tell the canvas what its chips hide."""
        if isinstance(self.views.current, PictureView) and not self.size().isEmpty():
            x, y = 1.0 / self.width(), 1.0 / self.height()
            chips = self.chips.geometry()
            covered = QRectF(chips.x() * x, chips.y() * y, chips.width() * x, chips.height() * y)
            self.views.current.show_content(covered=None if self._bare else covered)


class DynamicsTab(QWidget):
    """Everything of the tab; the keepers of runs, fields and tools live here."""

    def __init__(
        self, store: Store, session: Session, playback: Playback, progress: Progress, questions: Questions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dynamics")
        self._store, self._session, self._progress, self._playback, self._questions = store, session, progress, playback, questions
        self._frame()
        self.canvas = Canvas()
        self.tools = ToolSettings(self)
        self.comparison = Comparison(store, session, playback, questions, self)
        self.views = Views(self.canvas, store, self._view_makers())
        self.views.set_ui_scale(theme.current().scale)
        self.runs = Runs(playback, self)
        self.fields = Fields(session, progress, self)
        session.received.connect(self.runs.receive)
        self.stage = Stage(self.views, LayerChips(store), self.columns)
        self.inspecting = Inspecting(self.canvas, store, questions, session, progress, self)
        self.screen_ = Screen(self.canvas, store, session, playback, self.runs, self.fields, self.inspecting, self)
        self.probe = ProbeKit(self.canvas, playback, questions, self)
        self.selection = Selection(store, self)
        self.drawing = Drawing(self.canvas, store, session, self.tools, self.selection, self)
        self.importer = Importer(self.drawing, store, self)
        self.rail = ToolRail(store, self.tools, self._upper)
        self.text: TextPopover | None = None
        self.pages = SideTabs(self.columns)
        self.side = SidePanel(store, playback, progress, self.selection, self.pages.stack)
        self.racing = Racing(questions, self)
        for name, title, make in self._side_pages():
            self.pages.add(name, title, make)
        self.training = TrainingScrubber(store, session, playback, progress)
        self.transport = Transport(playback, self.training, self._upper)
        self.plots: QObject | None = None
        store.changed.connect(lambda _old, new, _origin: self._mark_time_line(new))
        self._mark_time_line(store.scene)
        self.data = DataOnCanvas(self.canvas, store, questions, self)
        self._connect_tools()
        session.received.connect(self._resolved)
        session.past_changed.connect(lambda: self.side.score.set_pinned(session.pinned))
        self._lay_out()

    def _mark_time_line(self, scene: Scene) -> None:
        """In whose symbols its words are, and which levels the network in use does not know."""
        self.transport.timeline.set_notation(scene.view.notation)
        self.transport.timeline.set_trained(trained_levels(scene))

    def _view_makers(self) -> dict[str, Callable[[], QWidget]]:
        """What fills the middle where it is not the plane's canvas; each is made when it is first seen."""
        return {"line": self._line, "space": self._space, "compare": self._compare}

    def _space(self) -> QWidget:
        from scoreviz.gui.dynamics.space.opening import Space

        return Space(self._store, self._session, self._playback, self._progress, self._questions, lambda text: self.stage.notice.tell(text))

    def _line(self) -> QWidget:
        from scoreviz.gui.dynamics import spacetime

        return spacetime.make(
            self._store, self._session, self._playback, self._questions, self.tools, lambda text: self.stage.notice.tell(text)
        )

    def _compare(self) -> QWidget:
        from scoreviz.gui.dynamics.compare.view import CompareView

        return CompareView(self.comparison, self._store, self._session, self._playback, self._progress, self._questions)

    def _compare_page(self) -> QWidget:
        from scoreviz.gui.dynamics.compare.page import ComparePage

        page = ComparePage(self.comparison, self._store)
        self.comparison.form_wanted.connect(page.open_pane)
        return page

    def _side_pages(self) -> list[tuple[str, str, Callable[[], QWidget]]]:
        """The pages of the column at the right: name, title, and how each is made when it is first opened."""
        return [
            ("scene", self.tr("Scene"), lambda: self.side),
            ("probe", self.tr("Probe"), self.probe.page),
            ("steps", self.tr("Steps"), self._steps),
            ("compare", self.tr("Compare"), self._compare_page),
            ("race", self.tr("Race"), self._race),
        ]

    def _race(self) -> QWidget:
        from scoreviz.gui.dynamics.race_page import RacePage

        return RacePage(self._store, self.racing)

    def _steps(self) -> QWidget:
        from scoreviz.gui.dynamics.steps.page import StepsPage

        return StepsPage(self._store, self._playback, self._progress, self._questions, self.canvas)

    def _connect_tools(self) -> None:
        tools, canvas = self.tools, self.canvas
        self.comparison.doing.told.connect(self.stage.notice.tell)
        self.racing.changed.connect(lambda: None if self.racing.running else self.comparison.renew_race())
        self.comparison.page_wanted.connect(lambda: self.pages.show_page("compare"))
        self.probe.on_canvas.page_wanted.connect(lambda: self.pages.show_page("probe"))
        self.probe.dropping.told.connect(self.stage.notice.tell)
        tools.tool_changed.connect(canvas.set_tool)
        tools.width_changed.connect(canvas.set_brush_width)
        canvas.brushWidthChanged.connect(self._size_brush)
        canvas.set_tool(tools.tool)
        canvas.set_brush_width(tools.width)
        canvas.lend("select", Selector(self._store, self.selection))
        tools.ink_changed.connect(canvas.set_ink)
        canvas.set_ink(tools.ink)
        self.selection.changed.connect(canvas.update)
        self.selection.refused.connect(self.stage.notice.tell)
        self.drawing.refused.connect(self.stage.notice.tell)
        canvas.filesDropped.connect(self.importer.take)
        FileDrops(self.views, self.importer.take)  # of the other views
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

    def _frame(self) -> None:
        """What holds the parts, made before them: what moves into another parent is dressed anew with all that is in it."""
        self.rows = Divider(PLOTS_HEIGHT, vertical=True, name="divider.plots", title=self.tr("Height of the plots"), parent=self)
        self._upper = QWidget(self.rows)
        side = self.tr("Width of the side column")
        self.columns = Divider(SIDE_WIDTH, vertical=False, name="divider.side", title=side, parent=self._upper)
        self._plots_holder = QWidget(self.rows)

    def _lay_out(self) -> None:
        now = theme.current()
        self._plots_place = QVBoxLayout()
        self._plots_place.setContentsMargins(0, 0, 0, 0)
        self._plots_holder.setMinimumHeight(now.px(PLOTS_LEAST))
        self._plots_holder.setLayout(self._plots_place)
        self.stage.setMinimumSize(STAGE_LEAST, STAGE_LEAST // 2)
        self.columns.hold(self.stage, self.pages)
        self.rows.hold(self._upper, self._plots_holder)
        top, above, column = QHBoxLayout(), QVBoxLayout(self._upper), QVBoxLayout(self)
        for layout in (top, above, column):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        for part in (self.rail, rule := thin_rule(vertical=True), self.columns):
            top.addWidget(part, 1 if part is self.columns else 0)
        above.addLayout(top, 1)
        above.addWidget(line := thin_rule())
        above.addWidget(self.transport)
        column.addWidget(self.rows)
        self._around: list[QWidget] = [self.rail, rule, self.pages, line, self.transport, self._plots_holder]  # not for a presentation

    def set_presenting(self, on: bool, scale: float) -> None:
        """The canvas alone with its words `scale` times as large, or everything."""
        for part in self._around:
            part.setVisible(not on)
        self.stage.set_bare(on)
        self.views.set_ui_scale(theme.current().scale * (scale if on else 1.0))

    def add_plots(self) -> None:
        """After the first paint: importing pyqtgraph takes a third of a second."""
        if self.plots is None:
            from scoreviz.gui.dynamics.plots import PlotContext, Plots

            context = PlotContext(self._store, self._progress, self._playback, self._questions, self.racing)
            self.plots = Plots(dataclasses.replace(context, measuring=self.comparison.measuring))
            self._plots_place.addWidget(self.plots)

    def inspect(self) -> None:
        """The Inspect menu, where its chip is: of the plane."""
        chips = self.stage.chips
        if isinstance(chips, LayerChips) and chips.isVisible():
            chips.open_menu()

    def fit(self) -> None:
        """Look at the square that presets fill, or at space from where one begins."""
        if self.views.name == "space":
            self.views.current.home()
            return
        view = View()
        self.canvas.set_camera(view.x, view.y, view.half_height)
        self.drawing.look(view.x, view.y, view.half_height)
