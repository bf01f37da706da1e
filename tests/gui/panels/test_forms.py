"""Forms reflect the store and edit it, for every spec that there is."""

from __future__ import annotations

from typing import Annotated

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.forms import SpecForm, span_of
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.combo import Menu
from scoreviz.gui.widgets.points import Points, written
from scoreviz.gui.widgets.segmented import Segmented
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.toggle import Toggle
from scoreviz.scene.choice import Spec, tag_of
from scoreviz.scene.document import Scene
from scoreviz.scene.learning import NetworkSpec, ObjectiveSpec, SigmaSpec
from scoreviz.scene.noise import Custom, NoiseSpec
from scoreviz.scene.parameters import Invalidates, param, parameters
from scoreviz.scene.samplers import CorrectorSpec, PredictorCorrector, PredictorSpec, ReverseSDE, SamplerSpec
from tests.gui.focus_chain import focus_chain

FAMILIES = {
    ("noise",): NoiseSpec, ("network",): NetworkSpec, ("objective",): ObjectiveSpec, ("sampler",): SamplerSpec,
    ("objective", "sigmas"): SigmaSpec, ("sampler", "predictor"): PredictorSpec, ("sampler", "corrector"): CorrectorSpec,
}  # fmt: skip
SPECS = [(path, member) for path, family in FAMILIES.items() for member in family.members()]
TAB = Qt.FocusPolicy.TabFocus
FIXED = [("score",), ("training",), ("particles",), ("view",)]


def shown(qtbot: QtBot, form: SpecForm) -> SpecForm:
    qtbot.addWidget(form)
    form.resize(290, 600)
    with qtbot.waitExposed(form):
        form.show()
    return form


def number(form: SpecForm, *path: str) -> Number:
    editor = form.row(*path).editor
    assert isinstance(editor, Number)
    return editor


def check_every_row(form: SpecForm, store: Store) -> None:
    """Each row shows the store's value, and what is done to it arrives there."""
    for row in form.rows:
        value, editor = store.value(row.path), row.editor
        match editor:
            case Number() if editor.span.integer or value is not None:
                other = editor.span.step(value if value is not None else 1.0, -3)
                editor.figure.typed.emit(str(other))
                assert store.value(row.path) == other
            case Toggle():
                assert editor.switch.isChecked() == value
                editor.switch.click()
                assert store.value(row.path) == (not value)
            case Segmented():
                assert editor.value == value
                editor.segments[-1].click()
                assert store.value(row.path) == editor.segments[-1].value
            case Points():
                assert editor.field.text() == written(value)
                editor.field.typed.emit("0 0.02, 0.25 .3; 1 8")
                assert store.value(row.path) == ((0.0, 0.02), (0.25, 0.3), (1.0, 8.0))
        row.reset()
        assert row.is_default(), row.path


@pytest.mark.parametrize(("path", "member"), SPECS, ids=lambda x: x.__name__ if isinstance(x, type) else ".".join(x))
def test_a_form_for_every_member_of_every_family(path: tuple[str, ...], member: type[Spec], store: Store, qtbot: QtBot) -> None:
    store.edit(("sampler",), PredictorCorrector(), "")
    store.edit(path, member(), "")
    form = SpecForm(store, path, more=True)
    qtbot.addWidget(form)
    assert {row.path[-1] for row in form.rows if row.path[:-1] == path} == {p.name for p in parameters(member) if p.kind != "other"}
    check_every_row(form, store)


@pytest.mark.parametrize("path", FIXED, ids=".".join)
def test_a_form_for_every_fixed_part(path: tuple[str, ...], store: Store, qtbot: QtBot) -> None:
    form = SpecForm(store, path, more=True)
    qtbot.addWidget(form)
    check_every_row(form, store)


def test_every_row_has_a_name_and_help(store: Store, qtbot: QtBot) -> None:
    store.edit(("sampler",), PredictorCorrector(), "")
    form = SpecForm(store, (), only=tuple(name for name in Scene.__struct_fields__ if name != "density"), more=True)
    qtbot.addWidget(form)
    for row in form.rows:
        assert row.objectName() == "row." + ".".join(row.path)
        assert row.toolTip() and row.whatsThis()
        for widget in row.editor.findChildren(QWidget):
            if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.parent() in (row.editor, row):
                assert widget.accessibleName(), (row.path, widget)


def test_tooltips_say_formula_and_source(store: Store, qtbot: QtBot) -> None:
    """Of every entry of a menu, of what is chosen, and of the rule that a number belongs to."""

    def flat(text: str) -> str:
        return " ".join(text.split())

    store.edit(("sampler",), PredictorCorrector(), "")
    form = SpecForm(store, (), only=("sampler", "noise", "control", "network", "objective"), more=True)
    qtbot.addWidget(form)
    for row in form.rows:
        if row.parameter.family is None:
            continue
        members = {tag_of(member): member for member in row.parameter.family.members()}
        chosen = members[tag_of(store.value(row.path))]
        assert flat(chosen.RULE) in flat(row.toolTip()) and flat(f"Source: {chosen.SOURCE}") in flat(row.toolTip())
        if isinstance(row.editor, Menu):
            combo = row.editor.combo
            for tag, member in members.items():
                told = combo.itemData(combo.findData(tag), Qt.ItemDataRole.ToolTipRole)
                assert flat(told) == flat(f"{member.HELP} {member.RULE} Source: {member.SOURCE}")
                assert max(map(len, told.split("\n"))) <= 84, "Qt does not break plain text"
    assert "algorithms 1 to 5" in form.row("sampler", "steps").toolTip()
    assert "algorithms 4 and 5" in form.row("sampler", "corrector", "snr").toolTip()
    weighting = form.row("objective", "weighting")
    assert "σ_d" in weighting.toolTip() and "Karras" in weighting.toolTip()
    store.edit(("objective", "weighting"), "sigma2", "")
    assert "σ_d" not in weighting.toolTip() and "Song & Ermon 2019" in weighting.toolTip()
    store.edit(("sampler",), ReverseSDE(), "")
    assert "Anderson 1982" in form.row("sampler").toolTip() and "algorithms 1 to 5" not in form.row("sampler").toolTip()


def test_an_edit_elsewhere_shows_without_an_echo(store: Store, qtbot: QtBot) -> None:
    form = SpecForm(store, ("sampler",))
    qtbot.addWidget(form)
    store.edit(("sampler", "steps"), 250, "")
    assert number(form, "sampler", "steps").figure.text() == "250"
    assert store.undo_stack.count() == 1
    store.undo_stack.undo()
    assert number(form, "sampler", "steps").figure.text() == "100"


def test_a_drag_is_one_undo_step(store: Store, qtbot: QtBot) -> None:
    form = shown(qtbot, SpecForm(store, ("sampler",)))
    slider = number(form, "sampler", "steps").slider
    assert slider is not None
    for end in (80, 60):
        before = store.undo_stack.count()
        middle = slider.height() // 2
        qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(20, middle))
        for x in range(20, end, 3):
            qtbot.mouseMove(slider, QPoint(x, middle))
        qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(end, middle))
        assert store.undo_stack.count() == before + 1
    assert store.undo_stack.undoText() == "Change steps"
    store.undo_stack.undo()
    store.undo_stack.undo()
    assert store.scene.sampler == ReverseSDE()


def test_what_the_slider_sets_is_what_the_figure_says(store: Store, qtbot: QtBot) -> None:
    form = shown(qtbot, SpecForm(store, ("training",)))
    editor = number(form, "training", "learning_rate")
    assert editor.slider is not None
    editor.slider.dragged.emit(0.4321)
    assert float(editor.figure.text()) == store.scene.training.learning_rate


def test_keys_step_and_merge(store: Store, qtbot: QtBot) -> None:
    form = shown(qtbot, SpecForm(store, ("sampler",)))
    slider = number(form, "sampler", "steps").slider
    assert slider is not None
    for _ in range(3):
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert store.scene.sampler.steps > 100
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    assert store.scene.sampler.steps == 1
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert store.scene.sampler.steps == 2
    assert store.undo_stack.count() == 1
    qtbot.keyClick(slider, Qt.Key.Key_Delete)
    assert store.scene.sampler.steps == 100


def test_the_wheel_turns_only_what_has_the_keyboard(store: Store, qtbot: QtBot) -> None:
    form = shown(qtbot, SpecForm(store, ("sampler",)))
    slider = number(form, "sampler", "steps").slider
    assert slider is not None
    slider.clearFocus()

    def turn() -> None:
        none = Qt.MouseButton.NoButton
        event = QWheelEvent(
            QPointF(5, 5),
            QPointF(5, 5),
            QPoint(),
            QPoint(0, 120),
            none,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(slider, event)

    turn()
    assert store.scene.sampler.steps == 100
    slider.hasFocus = lambda: True  # type: ignore[method-assign]
    turn()
    assert store.scene.sampler.steps > 100


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("99999", "steps must lie between 1 and 2000; it is 99999."),
        ("many", "“many” is not a number."),
        ("2.5", "2.5 is not a whole number."),
        ("nan", "“nan” is not a number."),
        ("", "A number is needed here."),
        ("1e99", "1e99 is too large."),
        ("inf", "inf is not a whole number."),
    ],
)
def test_a_wrong_figure_is_answered_and_changes_nothing(typed: str, said: str, store: Store, qtbot: QtBot) -> None:
    form = shown(qtbot, SpecForm(store, ("sampler",)))
    row, editor = form.row("sampler", "steps"), number(form, "sampler", "steps")
    editor.figure.setFocus()
    editor.figure.hasFocus = lambda: True  # type: ignore[method-assign]  # a display without a window manager gives it to nobody
    editor.figure.setText(typed)
    qtbot.keyClick(editor.figure, Qt.Key.Key_Return)
    assert store.scene == Scene()
    assert row.error.isVisible() and row.error.text() == said
    assert editor.figure.hasFocus() and editor.figure.text() == typed, "what was typed stays, to be put right"
    assert editor.figure.property("wrong")
    editor.figure.setText("50")
    qtbot.keyClick(editor.figure, Qt.Key.Key_Return)
    assert store.scene.sampler.steps == 50
    assert not row.error.isVisible()


@pytest.mark.parametrize("typed", ["nan", "1e999"])
def test_no_number_is_no_value(typed: str, store: Store, qtbot: QtBot) -> None:
    form = shown(qtbot, SpecForm(store, ("training",)))
    editor = number(form, "training", "learning_rate")
    editor.figure.typed.emit(typed)
    assert store.scene == Scene()
    assert form.row("training", "learning_rate").error.isVisible()


def test_values_typed_in_other_ways(store: Store, qtbot: QtBot) -> None:
    form = shown(qtbot, SpecForm(store, (), only=("sampler", "training", "particles"), more=True))
    number(form, "training", "learning_rate").figure.typed.emit("0,01")
    assert store.scene.training.learning_rate == 0.01
    number(form, "particles", "count").figure.typed.emit("1 500")
    assert store.scene.particles.count == 1500
    number(form, "training", "learning_rate").figure.typed.emit("2e-3")
    assert store.scene.training.learning_rate == 0.002


@pytest.mark.parametrize("part", [("noise", "network", "training", "particles", "view"), *SamplerSpec.members()], ids=str)
def test_a_slider_cannot_leave_the_range(part: tuple[str, ...] | type[Spec], store: Store, qtbot: QtBot) -> None:
    """Both ends of every slider are allowed values, open ends too."""
    if isinstance(part, type):
        store.edit(("sampler",), part(), "")
    form = SpecForm(store, (), only=("sampler",) if isinstance(part, type) else part, more=True)
    qtbot.addWidget(form)
    for row in form.rows:
        if isinstance(row.editor, Number) and row.editor.slider is not None and row.path != ("noise", "sigma_max"):
            for unit in (0.0, 1.0, 0.5):
                row.editor.slider.dragged.emit(unit)
                assert row.error.isHidden(), (row.path, unit, row.error.text())


def test_optional_automatic(store: Store, qtbot: QtBot) -> None:
    form = shown(qtbot, SpecForm(store, ("noise",)))
    editor = number(form, "noise", "sigma_max")
    assert editor.auto is not None and editor.auto.isChecked()
    form.set_resolved(("noise", "sigma_max"), 4.3127)
    assert editor.figure.text() == "4.31"
    editor.auto.click()
    assert store.scene.noise.sigma_max == 4.31
    editor.auto.click()
    assert store.scene.noise.sigma_max is None
    form.set_resolved(("noise", "sigma_max"), 6.0)
    assert editor.figure.text() == "6.00"
    editor.figure.typed.emit("8")
    assert store.scene.noise.sigma_max == 8
    assert not editor.auto.isChecked()
    form.row("noise", "sigma_max").reset()
    assert store.scene.noise.sigma_max is None and editor.figure.text() == "6.00"


def test_a_resolved_value_survives_a_rebuild(store: Store, qtbot: QtBot) -> None:
    form = SpecForm(store, (), only=("sampler", "noise"))
    qtbot.addWidget(form)
    form.set_resolved(("noise", "sigma_max"), 4.3)
    store.edit(("sampler",), PredictorCorrector(), "")
    assert number(form, "noise", "sigma_max").figure.text() == "4.30"


def test_more_shows_the_advanced(store: Store, qtbot: QtBot) -> None:
    form = shown(qtbot, SpecForm(store, (), only=("sampler", "noise")))
    assert form.has_more
    assert all(row.path != ("sampler", "predictor") for row in form.rows), "made when it is first shown"
    form.set_more(True)
    assert form.row("sampler", "predictor").isVisible() and form.row("noise", "sigma_min").isVisible()
    store.edit(("sampler",), PredictorCorrector(), "")
    assert form.row("sampler", "corrector", "snr").isVisible()
    form.set_more(False)
    assert not form.row("sampler", "corrector", "snr").isVisible()


def test_rows_made_late_are_as_if_made_at_once(store: Store, qtbot: QtBot) -> None:
    """The same rows, from the top down, and in the same order of Tab."""
    only = ("sampler", "noise", "control", "particles", "training")
    late, at_once = shown(qtbot, SpecForm(store, (), only=only)), shown(qtbot, SpecForm(store, (), only=only, more=True))
    late.set_more(True)
    QApplication.processEvents()

    def order(form: SpecForm) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
        by_place = sorted(form.rows, key=lambda row: row.mapTo(form, QPoint()).y())
        reached = [next((r.path for r in form.rows if r.isAncestorOf(w)), ()) for w in focus_chain(form) if w.focusPolicy() & TAB]
        return [row.path for row in by_place], list(dict.fromkeys(filter(None, reached)))

    assert order(late) == order(at_once)
    assert order(late)[0] == [row.path for row in late.rows] and len(order(late)[1]) > 10


def test_a_toy_sampler_appears_and_goes(store: Store, qtbot: QtBot) -> None:
    form = SpecForm(store, (), only=("sampler",))
    qtbot.addWidget(form)
    editor = form.row("sampler").editor
    assert isinstance(editor, Menu)

    class Toy(Spec, SamplerSpec, tag="toy", frozen=True, kw_only=True):
        LABEL = "Toy"
        AXIS = "iterations"
        RARE = True
        wobble: Annotated[float, param("wobble", "How much.", invalidates=Invalidates.TRAJECTORY, ge=0.0, le=1.0)] = 0.5

    try:
        editor.refill()
        assert editor.values[-1] == "toy"
        index = editor.combo.findData("toy")
        assert index == editor.combo.count() - 1
        separators = [i for i in range(index) if editor.combo.itemData(i) is None]
        assert len(separators) == 1 and all(kind.RARE for kind in map(SamplerSpec.named, editor.values[separators[0] :]))
        editor.combo.setCurrentIndex(index)
        editor.combo.activated.emit(index)
        assert store.scene.sampler == Toy()
        number(form, "sampler", "wobble").figure.typed.emit("0.75")
        assert store.scene.sampler == Toy(wobble=0.75)
        store.edit(("sampler",), ReverseSDE(), "")
        assert [row.path for row in form.rows if row.path[-1] == "wobble"] == []
        editor.combo.activated.emit(index)
        assert store.scene.sampler == Toy(wobble=0.75), "coming back finds it as it was left"
        store.edit(("sampler",), ReverseSDE(), "")
    finally:
        SamplerSpec.forget(Toy)
    editor.refill()
    assert "toy" not in editor.values


def test_the_dice_throws_a_seed(store: Store, qtbot: QtBot) -> None:
    form = SpecForm(store, ("particles",))
    qtbot.addWidget(form)
    editor = number(form, "particles", "seed")
    assert editor.slider is None
    for _ in range(3):
        editor.asked_dice.emit()
    assert store.scene.particles.seed != 7
    assert store.undo_stack.count() >= 2


def test_the_context_menu_resets(store: Store, qtbot: QtBot) -> None:
    form = SpecForm(store, ("sampler",))
    qtbot.addWidget(form)
    row = form.row("sampler", "steps")
    menu = row.context_menu()
    assert menu.actions()[0].text() == "Back to 100" and not menu.actions()[0].isEnabled()
    store.edit(("sampler", "steps"), 10, "")
    row.context_menu().actions()[0].trigger()
    assert store.scene.sampler.steps == 100


def test_spans_go_there_and_back() -> None:
    for _path, member in SPECS:
        for parameter in parameters(member):
            if parameter.kind in ("int", "float") and parameter.default is not None:
                span = span_of(parameter)
                assert span.value(span.unit(parameter.default)) == pytest.approx(parameter.default, rel=0.01)
                assert span.step(parameter.default, 1) > parameter.default or parameter.default == parameter.high
                assert parameter.default > span.step(parameter.default, -1) or parameter.default == parameter.low


@pytest.mark.parametrize(
    ("typed", "word"),
    [("0 0.01, 1", "pairs of numbers"), ("a b", "pairs of numbers"), ("", "pairs of numbers"), ("0 1, 1 0.5", "must grow")],
)
def test_a_curve_that_is_none_is_refused_with_a_sentence(typed: str, word: str, store: Store, qtbot: QtBot) -> None:
    store.edit(("noise",), Custom(), "")
    form = SpecForm(store, ("noise",), more=True)
    qtbot.addWidget(form)
    row, before = form.row("noise", "points"), store.scene
    assert isinstance(row.editor, Points)
    row.editor.field.typed.emit(typed)
    assert word in row.error.text()
    assert store.scene == before
