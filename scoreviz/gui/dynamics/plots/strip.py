"""The strip below the canvas: two slots side by side, each showing the plot that the scene's view names."""

from __future__ import annotations

import dataclasses
from typing import Literal

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QAction, QActionGroup, QPainter
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.plots.context import PlotContext
from scoreviz.gui.dynamics.plots.makers import MAKERS
from scoreviz.gui.dynamics.plots.plot import Plot
from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.document import Scene, replace_at
from scoreviz.scene.view import PLOT_LABELS, PlotName

LEAST_HEIGHT = 84
Place = Literal["left", "right"]


class Slot(QStackedWidget):
    """One half of the strip. A plot is made when it is first chosen, and hidden when another takes its place."""

    def __init__(self, context: PlotContext, place: Place, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self.place = dataclasses.replace(context, slot=place), place
        self._made: dict[PlotName, Plot] = {}
        self.setObjectName(f"plots.{place}")
        self.name: PlotName | None = None
        self.show_plot(self.chosen(context.store.scene))

    def chosen(self, scene: Scene) -> PlotName:
        """What the scene wants here."""
        return scene.view.left_plot if self.place == "left" else scene.view.right_plot

    @property
    def plot(self) -> Plot:
        """The one that is shown."""
        assert self.name is not None
        return self._made[self.name]

    def show_plot(self, name: PlotName) -> None:
        """Bring it on screen."""
        if name == self.name:
            return
        if name not in self._made:
            plot = self._made[name] = MAKERS[name](self._context, scene_text(PLOT_LABELS[name]), f"plots.{self.place}.{name}", self)
            what = self.tr("Left plot: {plot}") if self.place == "left" else self.tr("Right plot: {plot}")
            plot.heading.setAccessibleName(what.format(plot=scene_text(PLOT_LABELS[name])))
            plot.menu_wanted.connect(self.open_menu)
            self.addWidget(plot)
        focused = self.name is not None and self.plot.heading.hasFocus()
        self.name = name
        self.setCurrentWidget(self._made[name])
        if focused:
            self.plot.heading.setFocus()

    def menu(self) -> QMenu:
        """Every plot there is, the present one checked."""
        menu = QMenu(self)
        group = QActionGroup(menu)
        for name in PLOT_LABELS:
            action = QAction(scene_text(PLOT_LABELS[name]), menu, checkable=True)
            action.setObjectName(name)
            action.setChecked(name == self.name)
            action.triggered.connect(lambda _on, name=name: self.choose(name))
            group.addAction(action)
            menu.addAction(action)
        return menu

    def open_menu(self) -> None:
        """Below the heading."""
        menu = self.menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.plot.heading.mapToGlobal(QPoint(0, self.plot.heading.height())))

    def choose(self, name: PlotName) -> None:
        """Show this plot here, as one edit; if the other slot has it, the two change places."""
        store = self._context.store
        view = store.scene.view
        mine, other = ("left_plot", "right_plot") if self.place == "left" else ("right_plot", "left_plot")
        scene = replace_at(store.scene, ("view", mine), name)
        if getattr(view, other) == name:
            scene = replace_at(scene, ("view", other), getattr(view, mine))
        store.replace(scene, self.tr("Change plot"), origin="plots")

    def plots(self) -> list[Plot]:
        """All that have been made."""
        return list(self._made.values())


class Plots(QWidget):
    """Both slots; they follow the scene's view."""

    def __init__(self, context: PlotContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("plots")
        self.setAccessibleName(self.tr("Plots"))
        self.setMinimumHeight(theme.current().px(LEAST_HEIGHT))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        self.left, self.right = Slot(context, "left", self), Slot(context, "right", self)
        row.addWidget(self.left, 1)
        row.addWidget(self.right, 1)
        context.store.changed.connect(self._changed)

    def _changed(self, _old: Scene, new: Scene, _origin: str) -> None:
        for slot in (self.left, self.right):
            slot.show_plot(slot.chosen(new))

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        for plot in (*self.left.plots(), *self.right.plots()):
            plot.restyle()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "right"):
            self.restyle()

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.fillRect(self.left.geometry().right() + 1, 0, 1, self.height(), now.color("rule"))
