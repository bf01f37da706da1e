"""The parts of space-time without a window: the curve under the hand, the axis, the layout, the histogram, the thumbnails."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scoreviz.gui.canvas.palette import palette
from scoreviz.gui.dynamics.line_presets import HALF, LinePresetButton, curve
from scoreviz.gui.dynamics.spacetime.axis import TimeAxis, axis_of, idle_axis
from scoreviz.gui.dynamics.spacetime.content import Content, Heat, Lines
from scoreviz.gui.dynamics.spacetime.curve import Heights, nothing
from scoreviz.gui.dynamics.spacetime.ground import heat_grid
from scoreviz.gui.dynamics.spacetime.key import entries
from scoreviz.gui.dynamics.spacetime.layout import Layout
from scoreviz.gui.dynamics.spacetime.panels import histogram
from scoreviz.gui.dynamics.spacetime.picture import FOLLOWED, SpaceTimePicture
from scoreviz.gui.dynamics.spacetime.polylines import polylines
from scoreviz.gui.dynamics.spacetime.wishes import changes, wishes
from scoreviz.gui.playback import Run
from scoreviz.protocol.questions import AskForwardPaths
from scoreviz.scene.line import LINE_LABELS
from scoreviz.scene.view import View


def run(t: list[float], axis: str = "reverse", *, sigma: list[float] | None = None, n: int = 8, file: str = "") -> Run:
    frames = [np.full((n, 1), 0.1 * k, np.float32) for k in range(len(t))]
    k = np.arange(len(t))
    return Run(
        1, 1, "x", "x", axis, "exact", None, "VE", len(t) - 1, k, np.zeros(len(t), np.uint8), np.array(t),  # type: ignore[arg-type]
        np.array(sigma if sigma is not None else t), np.array(t), frames=frames, file=file,
    )  # fmt: skip


# ---- the curve


def test_drawing_takes_the_hand_s_heights_and_leaves_the_rest() -> None:
    before = Heights(np.ones(321), -4.0, 4.0)
    after = before.drawn((-1.0, 0.2), (1.0, 0.6))
    assert after.at(np.array([-1.0, 0.0, 1.0])) == pytest.approx([0.2, 0.4, 0.6], abs=0.01)
    assert after.at(np.array([-1.1, 1.1, 3.9])) == pytest.approx([1.0, 1.0, 1.0])
    back = before.drawn((1.0, 0.6), (-1.0, 0.2))
    assert (back.f == after.f).all(), "to and fro are the same line"
    assert before.drawn((0.0, 0.2), (0.0, 0.7)).at(np.array([0.0])) == pytest.approx([0.7]), "straight up: where the hand is now"
    assert before.drawn((0.0, 0.2), (0.0, 0.7)).f.sum() == pytest.approx(320.7), "and nowhere else"


def test_the_eraser_reaches_its_width_and_dust_goes_with_it() -> None:
    erased = Heights(np.ones(321), -4.0, 4.0).erased(0.5, -0.5, 0.1)
    assert erased.mass == pytest.approx(8.0 - 1.2, abs=0.05) and erased.at(np.array([-0.55, 0.0, 0.55, 0.65])).tolist() == [0, 0, 0, 1]
    assert Heights(np.array([1e-9, 1.0, 0.5]), 0.0, 1.0).without_dust(0.002).f.tolist() == [0.0, 1.0, 0.5]


def test_a_curve_grows_with_what_is_looked_at_and_keeps_its_values() -> None:
    wide = Heights(np.array([0.0, 1.0, 0.0]), -1.0, 1.0).over(5.2)
    assert (wide.x0, wide.x1, len(wide.f)) == (-6.0, 6.0, 481)
    assert wide.at(np.array([-0.5, 0.0, 2.0])) == pytest.approx([0.5, 1.0, 0.0]) and wide.mass == pytest.approx(1.0, abs=1e-3)
    same = wide.over(3.0)
    assert np.allclose(same.f, wide.f, atol=1e-12) and nothing().mass == 0.0
    assert nothing().over(40.0).x1 == 20.0, "no further than the document takes"


# ---- the axis


def test_a_reverse_run_goes_from_one_to_nothing_and_correctors_stand_still() -> None:
    axis = axis_of(run([1.0, 0.5, 0.5, 0.0]))
    assert axis.at.tolist() == [0.0, 0.5, 0.5, 1.0] and axis.timed and not axis.data_left
    assert axis.frame_at(0.52) == 2, "of two frames at one place the last"
    assert axis.t_at(0.25) == 0.75 and axis.place(np.array([0.75, 1.0])).tolist() == [0.25, 0.0]
    assert axis.ticks()[0] == (0.0, "1") and axis.ticks()[-1] == (1.0, "0") and axis.title() == "t = "
    columns = axis.columns()
    assert len(columns) == 256 and columns[0] > columns[-1] and set(axis.asked()) >= {1.0, 0.5, 0.0}


def test_a_forward_run_has_the_data_at_the_left() -> None:
    axis = axis_of(run([0.0, 0.4, 1.0], "forward"))
    assert axis.data_left and axis.at.tolist() == [0.0, 0.4, 1.0] and axis.ticks()[0] == (0.0, "0")


def test_langevin_counts_and_levels_are_named() -> None:
    counted = axis_of(run([0.3] * 101, "iterations"))
    assert not counted.timed and counted.ticks()[0] == (0.0, "0") and counted.ticks()[-1] == (1.0, "100")
    assert counted.asked() == (0.3,) and counted.t_at(0.4) == 0.3 and (counted.columns() == 0.3).all()
    levels = axis_of(run([1.0, 1.0, 0.5, 0.5, 0.2], "levels", sigma=[4.0, 4.0, 0.2, 0.2, 0.1]))
    assert [label for _, label in levels.ticks()] == ["4.000", "0.200", "0.100"] and levels.title() == "σ = "
    assert set(levels.columns()) == {1.0, 0.5, 0.2}


def test_re_runs_have_the_same_axis() -> None:
    axis = axis_of(run([1.0, 0.5, 0.0]))
    assert (
        axis.same(axis_of(run([1.0, 0.5, 0.0])))
        and not axis.same(axis_of(run([1.0, 0.4, 0.0])))
        and not axis.same(axis_of(run([1.0, 0.0])))
    )


def test_a_run_of_one_frame_has_an_axis_too() -> None:
    axis = axis_of(run([1.0]))
    assert axis.at.tolist() == [0.0] and axis.frame_at(0.9) == 0 and np.isfinite(axis.columns()).all()


# ---- the layout


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_parts_lie_beside_one_another_and_pixels_go_there_and_back(left: bool, scale: float) -> None:
    layout = Layout(900 * scale, 500 * scale, scale, -2.0, 3.0, left)
    row = sorted((layout.plot, layout.drawn, layout.now), key=lambda rect: rect.left())
    assert row[-1] == layout.now and (row[0] == layout.drawn) is left
    assert all(a.right() < b.left() for a, b in itertools.pairwise(row)) and row[-1].right() <= layout.width
    assert layout.data_at(float(layout.pixel_y(np.array(1.3)))) == pytest.approx(1.3)
    assert layout.share_at(float(layout.pixel_x(np.array(0.3)))) == pytest.approx(0.3)
    across, _ = layout.curve_points(layout.drawn, np.array([0.0]), np.array([0.7]), 0.9, leftwards=left)[0]
    assert layout.height_at(float(across), 0.9) == pytest.approx(0.7)
    assert layout.height_at(layout.drawn.right() + 50 if left else layout.drawn.left() - 50, 0.9) == 0.0, "a density is never negative"


# ---- what is painted


def test_the_histogram_is_a_density_of_all_points() -> None:
    points = np.array([0.05, 0.05, 0.95, 7.0, np.nan])
    found = histogram(points, 0.0, 1.0, bins=10)
    assert found[0] == pytest.approx(2 / 5 / 0.1) and found[-1] == pytest.approx(1 / 5 / 0.1) and found.sum() * 0.1 == pytest.approx(3 / 5)


def test_a_time_that_was_not_asked_for_has_no_law() -> None:
    heat = Heat(np.array([0.0, 0.5, 1.0]), -1.0, 1.0, np.arange(12.0).reshape(4, 3))
    columns = heat.columns(np.array([1.0, 0.5, 0.7]))
    assert columns[:, 0].tolist() == [2, 5, 8, 11] and columns[:, 1].tolist() == [1, 4, 7, 10] and np.isnan(columns[:, 2]).all()
    assert heat.x.tolist() == [-0.75, -0.25, 0.25, 0.75]
    assert Content(run=run([1.0, 0.5]), k=1, heat=heat).now == pytest.approx(np.exp([1, 4, 7, 10]))
    assert Content(run=run([1.0, 0.7]), k=1, heat=heat).now is None
    assert Content(run=run([1.0, 0.5], file="a.npz"), k=1, heat=heat).now is None, "a trace says nothing of what it was sampled from"


def test_a_relative_scale_puts_each_column_s_peak_at_one_colour() -> None:
    heat = Heat(np.array([0.0, 1.0]), -1.0, 1.0, np.array([[-9.0, -1.0], [-5.0, 0.0]]))
    grid = heat_grid(heat, np.array([0.0, 1.0]), "relative")
    assert grid.log_p.max(0).tolist() == [0.0, 0.0] and grid.floor < 0 < grid.ceiling
    assert heat_grid(heat, np.array([0.0, 1.0]), "fixed").log_p.tolist() == [[-9.0, -1.0], [-5.0, 0.0]]


def test_lines_that_are_not_finite_are_left_out() -> None:
    path = polylines(np.array([0.0, 1.0, 2.0]), np.array([[0.0, 5.0], [1.0, np.nan], [2.0, 6.0]]))
    assert path.elementCount() == 3 and path.elementAt(2).x == 2.0 and path.elementAt(0).isMoveTo() and path.elementAt(1).isLineTo()
    assert polylines(np.array([0.0]), np.zeros((1, 4))).isEmpty()


def test_points_that_are_not_finite_are_counted_not_drawn(qapp: QApplication) -> None:
    flown = run([1.0, 0.5, 0.0], n=FOLLOWED + 5)
    flown.frames[1][0], flown.frames[2][:2] = np.inf, [[np.nan], [9.0]]
    picture = SpaceTimePicture()
    assert not picture.image(Content(axis=axis_of(flown), run=flown, k=2), (640, 360), 1.0).isNull()
    assert (picture.counts.not_finite, picture.counts.outside, picture.counts.total) == (1, 1, FOLLOWED + 5)


def test_the_key_names_what_is_drawn_and_nothing_else() -> None:
    lines = Lines(np.array([1.0, 0.0]), np.zeros((2, 3)))
    content = Content(run=run([1.0, 0.0]), flow=lines, forward=lines, view=View(forward_paths=False))
    assert [name for name, _, _ in entries(content, palette("dark"))] == ["sampler", "ODE"]
    langevin = Content(run=run([0.3, 0.3], "iterations"), axis=axis_of(run([0.3, 0.3], "iterations")), flow=lines)
    assert [name for name, _, _ in entries(langevin, palette("dark"))] == ["sampler"]


def test_only_what_is_seen_is_asked_for() -> None:
    layout = Layout(900, 500, 1.0, -2.0, 2.0)
    asked = wishes(Content(view=View(forward_paths=True, flow_lines=False)), layout, seed=9)
    assert asked["forward"] == AskForwardPaths(seed=9) and asked["flow"] is None and asked["heat"] is not None
    dark = View(density=False, particles=False)
    assert wishes(Content(view=dark), layout, 0)["heat"] is None
    assert wishes(Content(run=run([1.0, 0.0], file="a.npz")), layout, 0)["heat"] is None
    assert idle_axis().timed and isinstance(idle_axis(), TimeAxis)
    with pytest.raises(TypeError, match="str"):
        changes("no answer")


# ---- thumbnails


@pytest.mark.parametrize("name", LINE_LABELS)
def test_a_thumbnail_is_its_curve(qtbot: QtBot, name: str) -> None:
    p = curve(name)  # type: ignore[arg-type]
    bumps = int(((p[1:-1] > p[:-2]) & (p[1:-1] >= p[2:]) & (p[1:-1] > 0.05)).sum())
    assert p.max() == 1.0 and p[0] < 0.05 > p[-1]
    assert bumps == {"three_bumps": 3, "two_bumps": 2, "uneven_bumps": 3, "skewed": 1, "comb": 9}.get(name, bumps)
    button = LinePresetButton(name)  # type: ignore[arg-type]
    qtbot.addWidget(button)
    button.resize(QSize(48, 48))
    button.setChecked(True)
    on = button.grab().toImage()
    button.setChecked(False)
    assert on != button.grab().toImage() and button.accessibleName() == LINE_LABELS[name] and HALF > 2  # type: ignore[index]


def test_box_is_flat() -> None:
    x = np.linspace(-HALF, HALF, len(curve("box")))
    inside = curve("box")[np.abs(x) < 1.3]
    assert inside.min() > 0.99 and curve("box")[np.abs(x) > 1.9].max() < 0.01
