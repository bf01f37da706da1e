"""The controls of space: each has a name, is reached by Tab, and lies within the stage at every size."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication

from scoreviz.gui.dynamics.solid_presets import SHADES, SolidPresetButton, thirds
from scoreviz.scene.density import Density
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from scoreviz.scene.solid import SOLID_LABELS, SolidPreset
from tests.gui.conftest import Open
from tests.gui.focus_chain import focus_chain
from tests.gui.test_accessibility import called, controls, sticking_out, too_small

SPACE = Scene(density=Density(dimensions="3", solid=(SolidPreset(name="torus_knot"),)))


@pytest.mark.parametrize("size", [(900, 600), (1280, 720)], ids=str)
def test_they_fit_and_have_names(open_window: Open, size: tuple[int, int]) -> None:
    window = open_window(Document(scene=SPACE), engine=False, size=size)
    QApplication.processEvents()
    chips = window.dynamics.stage.chips
    assert chips.objectName() == "space_chips" and not sticking_out(window.dynamics.stage) and not too_small(chips)
    found = [w for w in controls(window) if chips.isAncestorOf(w)]
    assert len(found) >= 12
    assert not [called(w) for w in found if not w.objectName() or not w.accessibleName()]
    assert not [called(w) for w in found if isinstance(w, QAbstractButton) and not w.accessibleName()]


def test_tab_reaches_the_view_and_each_chip(open_window: Open) -> None:
    window = open_window(Document(scene=SPACE), engine=False)
    chain = focus_chain(window)
    reached = {w for w in chain if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isEnabled() and w.isVisibleTo(window)}
    view, chips = window.dynamics.views.current, window.dynamics.stage.chips
    assert view in reached and view.accessibleName() and view.accessibleDescription()
    assert not [called(w) for w in controls(window) if chips.isAncestorOf(w) and w.isEnabled() and w not in reached]


def test_thumbnails_are_of_their_shapes(open_window: Open) -> None:
    window = open_window(Document(scene=SPACE), engine=False)
    buttons = window.dynamics.side.density.named("3")
    assert set(buttons) == set(SOLID_LABELS)
    seen = set()
    for name, button in buttons.items():
        assert isinstance(button, SolidPresetButton) and button.isChecked() == (name == "torus_knot")
        assert len(thirds(name)) == len(SHADES) and max(abs(part).max() for part in thirds(name)) < 1.15  # type: ignore[arg-type]
        seen.add(bytes(button.grab().toImage().constBits()))
    assert len(seen) == len(SOLID_LABELS)
    buttons["helix"].click()
    assert window.store.scene.density.solid == (SolidPreset(name="helix"),) and buttons["helix"].isChecked()
    window.store.undo_stack.undo()
    assert window.store.scene.density == SPACE.density
