"""The page itself: every control named and reached, nothing cut off; and the rule of one question on its way."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.probe.latest import Latest
from scoreviz.protocol.questions import AskProbe
from tests.gui.conftest import Open
from tests.gui.focus_chain import focus_chain
from tests.gui.probe.conftest import Looking, page_of
from tests.gui.test_accessibility import called, controls, sticking_out, too_small


def test_every_control_has_a_name_of_its_own_and_room(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    page = page_of(window)
    window.dynamics.probe.probing.follow(3)
    qtbot.waitUntil(lambda: page.stepping.sure and window.dynamics.probe.probing.answer is not None, timeout=10_000)
    QApplication.processEvents()
    found = [w for w in controls(window) if page.isAncestorOf(w)]
    assert len(found) >= 13, "modes, places, particle, switches, sliders and their figures, buttons"
    assert not [called(w) for w in found if not w.objectName() or not (w.accessibleName() or w.text())]
    names = [(type(w).__name__, w.accessibleName()) for w in found]
    assert len(set(names)) == len(names), names
    chain = focus_chain(window)
    assert not [called(w) for w in found if w.isEnabled() and w not in chain]
    assert not sticking_out(page.widget()) and not too_small(page)
    explained = [*page.probe.rows.values(), page.fan, page.pull, page.kernel, page.drop]
    assert all(len(w.toolTip()) > 20 for w in explained), "each says its formula"


def test_before_the_engine_is_up_the_page_says_so(open_window: Open) -> None:
    window = open_window(engine=False)
    window.playback.clear()
    page = page_of(window)
    assert page.probe.trouble.isVisible() and "Nothing is sampled" in page.probe.trouble.text()
    assert page.probe.rows["log_p"].value.text() == "—" and not page.drop.here.isEnabled()


class Line(QObject):
    """An inquiry that only notes what it is asked."""

    answered = Signal(object)
    refused = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.question: AskProbe | None = None
        self.asked: list[AskProbe | None] = []

    def ask(self, question: AskProbe | None) -> None:
        self.question = question
        self.asked.append(question)


def question(k: int) -> AskProbe:
    return AskProbe(x=(float(k), 0.0), t=0.5)


@pytest.mark.parametrize("refused", [False, True])
def test_one_question_is_on_its_way_and_the_newest_is_next(qapp: QApplication, refused: bool) -> None:
    line = Line()
    latest = Latest(line)  # type: ignore[arg-type]
    heard: list[object] = []
    latest.answered.connect(lambda _answer, of: heard.append(of))
    for k in range(5):
        latest.ask(question(k))
    assert line.asked == [question(0)]
    line.refused.emit("no", "") if refused else line.answered.emit("yes")
    assert line.asked == [question(0), question(4)] and heard == ([] if refused else [question(0)])
    line.answered.emit("yes")
    latest.ask(question(4))
    assert len(line.asked) == 2, "the same one is not asked twice"
    latest.ask(None)
    latest.ask(question(7))
    assert line.asked[-2:] == [None, question(7)], "after nobody looked there is nothing to wait for"
