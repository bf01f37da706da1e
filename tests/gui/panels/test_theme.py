"""Both themes are readable, and each is put in force whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui import icons, theme
from scoreviz.gui.canvas import Canvas
from scoreviz.gui.canvas.classes import class_colour
from scoreviz.gui.canvas.palette import PaletteName, palette
from scoreviz.gui.dynamics.class_row import ClassRow
from scoreviz.gui.theme import DARK, LIGHT, Theme, Theming
from scoreviz.gui.widgets.buttons import IconButton, RoundButton, TabButton, WordButton
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.widgets.combo import Item, Menu
from scoreviz.gui.widgets.divider import Divider
from scoreviz.gui.widgets.segmented import Segmented
from scoreviz.gui.widgets.slider import Figure, Slider
from scoreviz.gui.widgets.toggle import Toggle
from scoreviz.scene.density import CLASSES

READ = [("text", g) for g in ("ground", "raised", "hover")] + [("dim", g) for g in ("ground", "raised", "hover")]
READ += [("error", "ground"), ("error", "raised"), ("on_select", "select"), ("on_accent", "accent"), ("accent", "ground")]


def icon() -> QWidget:
    return IconButton("loop", "loop", "icon")


def play() -> QWidget:
    return RoundButton("play", "play", "play", size=40)


def word() -> QWidget:
    return WordButton("More", "word")


def tab() -> QWidget:
    return TabButton("Scene", "tab")


def chip() -> QWidget:
    return Chip("density", "chip")


def menu() -> QWidget:
    return Menu(lambda: [Item("a", "a")])


def segments() -> QWidget:
    made = Segmented([("a", "a"), ("b", "b")])
    made.set_value("a")
    return made


def classes() -> QWidget:
    return ClassRow()


def rule() -> QWidget:
    divider = Divider(100, vertical=False, name="divider", title="rule")
    divider.hold(QWidget(), QWidget())
    return divider


PARTS = {"menu": "combo", "segments": "segment.a", "classes": "class.3", "rule": "divider.rule"}
"""Which part of those takes the keyboard."""
RINGED = [icon, play, word, tab, chip, menu, segments, classes, rule, Slider, Figure, Toggle, Canvas]


def luminance(color: str) -> float:
    def linear(c: float) -> float:
        return c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4

    c = QColor(color)
    return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF())


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
@pytest.mark.parametrize(("front", "back"), READ)
def test_text_can_be_read(look: Theme, front: str, back: str) -> None:
    assert contrast(getattr(look, front), getattr(look, back)) >= 4.5


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
@pytest.mark.parametrize("name", ["predict", "correct", "loss", "distance", "track"])
def test_graphics_can_be_seen(look: Theme, name: str) -> None:
    assert contrast(getattr(look, name), look.ground) >= 3.0


@pytest.mark.parametrize("name", ["dark", "light"])
@pytest.mark.parametrize("label", range(CLASSES))
def test_classes_are_seen_on_the_canvas_and_the_side(name: PaletteName, label: int) -> None:
    """Graphics need 3 : 1; the number on a class's sign is text, and needs 4.5 : 1."""
    look, colour = (DARK if name == "dark" else LIGHT), class_colour(label, name)
    for ground in (palette(name).ground.name(), look.ground, look.hover):
        assert contrast(colour.name(), ground) >= 3.0
    assert contrast(colour.name(), "#0d1117" if colour.lightnessF() > 0.5 else "#ffffff") >= 4.5


@pytest.mark.parametrize("name", ["dark", "light"])
@pytest.mark.parametrize("front", ["text", "text_dim", "warning"])
def test_words_on_the_canvas_are_read_whatever_is_beneath(name: PaletteName, front: str) -> None:
    """Captions and legends stand on a plate; under it may lie any colour of the density or of a map."""
    now = palette(name)
    for ramp in (now.density, now.figure, now.signed):
        for beneath in (QColor.fromRgb(int(colour)) for colour in ramp[::15]):
            a, plate = now.plate.alphaF(), now.plate
            pairs = ((plate.redF(), beneath.redF()), (plate.greenF(), beneath.greenF()), (plate.blueF(), beneath.blueF()))
            shown = QColor.fromRgbF(*(a * over + (1 - a) * under for over, under in pairs))
            assert contrast(getattr(now, front).name(), shown.name()) >= 4.5, (front, beneath.name())


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
@pytest.mark.parametrize("make", RINGED, ids=lambda make: make.__name__)
def test_the_ring_of_the_keyboard_is_seen(make: Callable[[], QWidget], look: Theme, qapp: QApplication, qtbot: QtBot) -> None:
    """With the keyboard a widget shows the accent (3 : 1 on the ground) where it did not before."""
    theming = Theming(qapp, look.name)
    widget, other = make(), IconButton("play", "play", "other")
    holder = QWidget()
    for part in (widget, other):
        part.setParent(holder)
        part.resize(part.sizeHint().expandedTo(QSize(40, 30)))
    other.move(0, 200)
    qtbot.addWidget(holder)
    with qtbot.waitExposed(holder):
        holder.show()
    holder.activateWindow()
    qtbot.waitUntil(holder.isActiveWindow, timeout=2000)

    def accent() -> int:
        image = widget.grab().toImage()
        shown = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
        return sum(max(abs(c.red() - ring.red()), abs(c.green() - ring.green()), abs(c.blue() - ring.blue())) < 40 for c in shown)

    ring = look.color("accent")
    other.setFocus(Qt.FocusReason.TabFocusReason)
    without = accent()
    target = widget.findChild(QWidget, PARTS[make.__name__]) if make.__name__ in PARTS else widget
    assert target is not None
    target.setFocus(Qt.FocusReason.TabFocusReason)
    assert target.hasFocus() and accent() > without + 20
    theming.deleteLater()


def test_a_choice_overrides_the_system(qapp: QApplication) -> None:
    theming = Theming(qapp, "light")
    seen: list[Theme] = []
    theming.changed.connect(seen.append)
    assert theme.current() == LIGHT
    theming.set_mode("dark")
    theming.set_mode("dark")
    assert theme.current() == DARK
    assert seen == [DARK]
    assert qapp.palette().window().color() == QColor(DARK.ground)


def test_a_window_is_dressed_a_turn_later_and_seen_only_then(qapp: QApplication, qtbot: QtBot) -> None:
    theming, field = Theming(qapp, "light"), QLineEdit()
    qtbot.addWidget(field)
    with qtbot.waitExposed(field):
        field.show()
    theming.set_mode("dark")
    assert not qapp.styleSheet() and not field.updatesEnabled()
    theming.set_mode("light")
    theming.set_mode("dark")
    qtbot.waitUntil(field.updatesEnabled, timeout=1000)
    assert qapp.styleSheet() == DARK.sheet()
    assert field.grab().toImage().pixelColor(8, 4) == QColor(DARK.raised)
    theming.deleteLater()


def test_scale_scales_the_font(qapp: QApplication) -> None:
    theming = Theming(qapp, "dark")
    before = qapp.font().pixelSize()
    theming.set_scale(2.0)
    assert qapp.font().pixelSize() == pytest.approx(2 * before, abs=1)
    assert theme.current().px(10) == 20


@pytest.mark.parametrize("name", icons.ICONS)
def test_every_icon_draws_inside_its_square(name: str, qapp: QApplication) -> None:
    image = QImage(48, 48, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    icons.paint(painter, name, QRectF(0, 0, 48, 48), QColor("white"))
    painter.end()
    inked = [(x, y) for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() > 0]
    assert len(inked) > 20
    assert all(2 <= x <= 45 and 2 <= y <= 45 for x, y in inked)
