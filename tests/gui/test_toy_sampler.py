"""A sampler is one spec, one implementation, one registration: it is then in the menu, the form and the help, and it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scoreviz.cli.listing import listing
from scoreviz.cli.parser import build
from scoreviz.gui.widgets.combo import Menu
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.window import Window
from scoreviz.maths import registry
from scoreviz.maths.registry import implementation, implementations, implements
from scoreviz.maths.sampling import Info, Sampler, Stage, State, Substep, make_sampler, sample, trajectory
from scoreviz.maths.sde import SDE, VESDE
from scoreviz.maths.targets import GaussianMixture, ScoreFn
from scoreviz.scene.choice import Spec
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document, decode_scene, encode_scene
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.samplers import SamplerSpec
from tests.gui.conftest import Open

pytestmark = pytest.mark.real_engine  # its birth and death are what is tested


class Climb(Sampler):
    """x + zeal sigma^2 s at one small t: all the toy does."""

    def __init__(self, sde: SDE, score_fn: ScoreFn, steps: int, zeal: float) -> None:
        self.sde, self.score_fn, self.zeal = sde, score_fn, zeal
        self.plan = [Substep(i, Stage.PREDICT, 0.5, 0.5) for i in range(steps)]

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        score = self.score_fn(state.x, substep.t)
        drift = self.zeal * float(self.sde.std(substep.t)) ** 2 * score
        x = state.x + drift
        return State(x, x, state.cursor + 1, state.rng), Info(score=score, drift=drift, nfe=1)


def declare() -> type[Any]:
    """The three things: spec, implementation, registration."""

    class Toy(Spec, SamplerSpec, tag="toy_climb", frozen=True, kw_only=True):
        LABEL = "toy climb"
        HELP = "Climbs the score with zeal."
        AXIS = "iterations"
        SEEING = "Every point climbs."
        steps: Annotated[int, param("steps", "How many.", invalidates=Invalidates.TRAJECTORY, ge=1, le=100)] = 10
        zeal: Annotated[float, param("zeal", "How eagerly.", invalidates=Invalidates.TRAJECTORY, ge=0.0, le=1.0)] = 0.5

    @implements(Toy)
    def toy(spec: Any, sde: SDE, score_fn: ScoreFn) -> Sampler:
        return Climb(sde, score_fn, spec.steps, spec.zeal)

    return Toy


def forget(toy: type[Any]) -> None:
    SamplerSpec.forget(toy)
    registry.forget(toy)


@pytest.fixture
def toy() -> Iterator[type[Any]]:
    declared = declare()
    yield declared
    if declared in SamplerSpec.members():
        forget(declared)


def menu_of(window: Window) -> Menu:
    editor = window.dynamics.side.sampler.form.row("sampler").editor
    assert isinstance(editor, Menu)
    return editor


def words(text: str) -> str:
    return " ".join(text.split())


def open_popup(qtbot: QtBot, window: Window) -> list[str]:
    """What is listed when a person opens the combo."""
    combo = menu_of(window).combo
    combo.showPopup()
    listed = [combo.itemText(i) for i in range(combo.count())]
    combo.hidePopup()
    QApplication.processEvents()
    return listed


def test_it_is_in_the_menu_and_the_form_of_the_window(qtbot: QtBot, open_window: Open, toy: type[Any]) -> None:
    window = open_window(engine=False)
    combo, store, form = menu_of(window).combo, window.store, window.dynamics.side.sampler.form
    assert "toy climb" in open_popup(qtbot, window)
    index = combo.findData("toy_climb")
    assert combo.itemData(index, Qt.ItemDataRole.ToolTipRole) == "Climbs the score with zeal."
    combo.setCurrentIndex(index)
    combo.activated.emit(index)  # as the popup does
    assert store.scene.sampler == toy() and store.undo_stack.count() == 1
    row = form.row("sampler", "zeal")
    assert row.isVisible() and row.label.text() == "zeal" and "How eagerly." in row.toolTip()
    assert isinstance(row.editor, Number) and row.editor.slider is not None
    row.editor.slider.setValue(row.editor.slider.maximum())  # as assistive technology does
    assert store.value(("sampler", "zeal")) == 1.0
    assert not any(r.path == ("sampler", "predictor") for r in form.rows), "the rows of the one before are gone"
    with pytest.raises(SceneError, match="zeal"):
        store.edit(("sampler", "zeal"), 1.5, "Too much")
    store.undo_stack.undo()
    store.undo_stack.undo()
    assert combo.currentText() == "reverse SDE"


def test_it_appears_in_a_window_that_is_open_already(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(engine=False)
    assert "toy climb" not in open_popup(qtbot, window)
    toy = declare()
    try:
        assert "toy climb" in open_popup(qtbot, window)
    finally:
        forget(toy)
    assert "toy climb" not in open_popup(qtbot, window)


def test_it_is_in_the_help(toy: type[Any]) -> None:
    entry = "toy_climb: toy climb Climbs the score with zeal. steps 1 to 100; default 10. How many. zeal 0 to 1; default 0.5. How eagerly."
    assert entry in words(listing()) and entry in words(build().format_help())


def test_it_is_saved_and_opened(toy: type[Any]) -> None:
    document = Document(scene=Scene(sampler=toy(zeal=0.25)))
    assert decode_scene(encode_scene(document), "toy.scoreviz.json").scene == document.scene


def test_it_runs_and_moves_the_points_as_it_should(toy: type[Any]) -> None:
    mean = torch.tensor([[1.0, -2.0]], dtype=torch.float64)
    target = GaussianMixture(torch.ones(1, dtype=torch.float64), mean, torch.tensor([1e-9], dtype=torch.float64))
    sde = VESDE(0.01, 4.0)
    sampler = make_sampler("toy_climb", sde, target.score_fn(sde), n_steps=7, zeal=0.5)
    assert isinstance(sampler, Climb) and len(sampler.plan) == 7
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    # the score of a point blurred by sigma is (mean - x) / sigma^2, so each step goes half the way
    expected = mean + (x - mean) * 0.5**7
    torch.testing.assert_close(sample(sampler, x, 0), expected)
    substeps = list(trajectory(sampler, sampler.init(x, torch.Generator().get_state())))
    assert len(substeps) == 7 and sum(info.nfe for _, _, info in substeps) == 7
    with pytest.raises(ValueError, match="zeal"):
        make_sampler("toy_climb", sde, target.score_fn(sde), zeal=1.5)
    with pytest.raises(ValueError, match="takes no “snr_”"):
        make_sampler("toy_climb", sde, target.score_fn(sde), snr_=0.1)


def test_one_implementation_each(toy: type[Any]) -> None:
    with pytest.raises(ValueError, match="implemented twice"):
        implements(toy)(lambda spec, sde, score_fn: None)
    assert set(SamplerSpec.members()) <= set(implementations())


def test_forgotten_it_is_gone_everywhere(qtbot: QtBot, open_window: Open, toy: type[Any]) -> None:
    forget(toy)
    window = open_window(engine=False)
    assert "toy climb" not in open_popup(qtbot, window)
    assert "toy_climb" not in listing() and "toy_climb" not in build().format_help()
    with pytest.raises(SceneError, match="There is no sampler called “toy_climb”"):
        make_sampler("toy_climb", VESDE(0.01, 4.0), lambda x, t: x)
    with pytest.raises(ValueError, match="implements no Toy"):
        implementation(toy())
    before = window.store.scene
    with pytest.raises(SceneError):
        window.store.edit(("sampler",), toy(), "Change sampler")
    assert window.store.scene is before
    with pytest.raises(SceneError, match="toy_climb"):
        decode_scene(encode_scene(Document(scene=Scene(sampler=toy()))), "toy.scoreviz.json")
