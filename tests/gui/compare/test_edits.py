"""Edits of the panes are functions from scene to scene; the frames of two runs belong together by time or by share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest

from scoreviz.gui.dynamics.compare import edits
from scoreviz.gui.dynamics.compare.in_step import by_time, in_step
from scoreviz.gui.dynamics.compare.pane_store import PaneStore
from scoreviz.gui.store import Store
from scoreviz.scene.compare import Pane
from scoreviz.scene.density import Density
from scoreviz.scene.document import Scene, invalidated
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document, load, save
from scoreviz.scene.noise import VE, VP, SubVP
from scoreviz.scene.parameters import Invalidates
from scoreviz.scene.samplers import RK4, RK45, PredictorCorrector, ProbabilityFlow, ReverseSDE
from scoreviz.scene.validation import validate

THREE = (Pane(sampler=RK4()), Pane(noise=VP()), Pane(source="data"))


def test_add_duplicate_remove_use() -> None:
    scene = Scene()
    one = edits.added(scene)
    assert one.compare.panes == (Pane(sampler=ProbabilityFlow(), noise=scene.noise, source="exact"),)
    assert edits.added(one).compare.panes[0] == one.compare.panes[0]
    assert isinstance(edits.added(msgspec.structs.replace(scene, sampler=ProbabilityFlow())).compare.panes[0].sampler, ReverseSDE)
    assert edits.duplicated(one, 0).compare.panes == (edits.own(scene), *one.compare.panes)
    assert edits.duplicated(one, 1).compare.panes == one.compare.panes * 2
    full = edits.with_ways(scene, edits.own(scene), *THREE)
    assert edits.removed(full, 2).compare.panes == (THREE[0], THREE[2])
    swapped = edits.used(full, 2)
    assert swapped.noise == VP() and swapped.compare.panes == (THREE[0], edits.own(scene), THREE[2])
    assert edits.used(swapped, 2) == full and edits.left(full) == scene
    for each in (one, full, swapped):
        validate(each)
        assert invalidated(scene, msgspec.structs.replace(scene, compare=each.compare)) == Invalidates.VIEW


def test_what_cannot_be() -> None:
    full = edits.with_ways(Scene(), edits.own(Scene()), *THREE)
    with pytest.raises(SceneError, match="At most"):
        edits.added(full)
    with pytest.raises(SceneError, match="raced network"):
        edits.used(edits.with_ways(Scene(), edits.own(Scene()), Pane(source="race")), 1)
    for dimensions in ("1", "3"):
        scene = msgspec.structs.replace(Scene(), density=msgspec.structs.replace(Density(), dimensions=dimensions))
        with pytest.raises(SceneError, match="plane"):
            edits.added(scene)
    (steps,) = (chosen for chosen in edits.SETS if chosen.name == "steps")
    with pytest.raises(SceneError, match="number of steps"):
        steps.of(msgspec.structs.replace(Scene(), sampler=RK45()))


@pytest.mark.parametrize("chosen", edits.SETS, ids=lambda chosen: chosen.name)
def test_sets_are_valid_scenes(chosen: edits.PaneSet) -> None:
    scene = chosen.of(Scene(noise=VP()))
    validate(scene)
    assert 2 <= len(scene.compare.panes) <= 3 and chosen.title and chosen.help


def test_what_the_sets_vary() -> None:
    found = {chosen.name: edits.ways(chosen.of(Scene())) for chosen in edits.SETS}
    assert [type(way.noise) for way in found["noises"]] == [VE, VP, SubVP]
    assert [way.source for way in found["sources"]] == ["exact", "network", "data"]
    assert [way.sampler.steps for way in found["steps"]] == [80, 40, 20, 10]  # type: ignore[attr-defined]
    assert all(isinstance(way.sampler, PredictorCorrector) for way in found["correctors"])
    assert len({type(way.sampler) for way in found["solvers"]}) == 4


def test_panes_are_saved_and_opened(tmp_path: Path) -> None:
    scene = edits.with_ways(Scene(), edits.own(Scene()), *THREE)
    path = tmp_path / "panes.scoreviz.json"
    save(Document(scene=scene), path)
    assert load(path).scene.compare == scene.compare


def test_a_pane_as_a_store(qapp: object) -> None:
    store = Store(Document(scene=edits.with_ways(Scene(), edits.own(Scene()), *THREE)))
    panes = PaneStore(store, 2)
    told: list[str] = []
    panes.changed.connect(lambda _old, _new, origin: told.append(origin))
    assert panes.value((*panes.path, "noise")) == VP()
    panes.edit((*panes.path, "sampler", "steps"), 33, "steps", origin="form")
    assert store.scene.compare.panes[1].sampler == ReverseSDE(steps=33) and told == ["form"]
    before = store.scene
    for path, value in ((("sampler", "steps"), 0), (("noise",), VE(sigma_max=0.06, sigma_min=0.9))):
        with pytest.raises(SceneError):
            panes.edit((*panes.path, *path), value, "no")
    assert store.scene is before
    store.undo_stack.undo()
    assert store.scene.compare.panes == THREE
    store.replace(edits.removed(store.scene, 1), "remove")
    store.replace(edits.removed(store.scene, 1), "remove")
    assert not panes.there


@dataclass
class Line:
    axis: str
    t: np.ndarray

    @property
    def length(self) -> int:
        return len(self.t)


def test_in_step_by_time() -> None:
    own, other = Line("reverse", np.linspace(1, 0, 21)), Line("reverse", np.linspace(1, 0, 6))
    assert by_time(own, other)  # type: ignore[arg-type]
    for k in range(21):
        j = in_step(own, k, other)  # type: ignore[arg-type]
        assert other.t[j] >= own.t[k] - 1e-9, "it has not gone past"
        assert j == 5 or other.t[j + 1] < own.t[k] - 1e-9, "and the next one has"
    finer = Line("reverse", np.linspace(1, 0, 201))
    assert [in_step(own, k, finer) for k in (0, 1, 10, 20)] == [0, 10, 100, 200]  # type: ignore[arg-type]


def test_the_same_plan_goes_frame_by_frame() -> None:
    t = np.array([1.0, 1.0, 0.5, 0.5, 0.0, 0.0])  # with a corrector at each level
    assert [in_step(Line("reverse", t), k, Line("reverse", t.copy())) for k in range(6)] == list(range(6))  # type: ignore[arg-type]


def test_after_correctors_the_last_of_a_level_is_shown() -> None:
    own, other = Line("reverse", np.array([1.0, 0.5, 0.0])), Line("reverse", np.array([1.0, 1.0, 0.5, 0.5, 0.0]))
    assert [in_step(own, k, other) for k in range(3)] == [0, 3, 4]  # type: ignore[arg-type]


def test_in_step_by_share_where_axes_differ() -> None:
    own, other = Line("reverse", np.linspace(1, 0, 11)), Line("iterations", np.full(101, 0.2))
    assert not by_time(own, other)  # type: ignore[arg-type]
    assert [in_step(own, k, other) for k in (0, 5, 10)] == [0, 50, 100]  # type: ignore[arg-type]
    forward = Line("forward", np.linspace(0, 1, 5))
    assert in_step(own, 5, forward) == 2 and not by_time(own, forward)  # type: ignore[arg-type]
    assert in_step(forward, 2, Line("forward", np.linspace(0, 1, 9))) == 4  # type: ignore[arg-type]


def test_ends_belong_together() -> None:
    own, other = Line("reverse", np.linspace(1, 1e-3, 11)), Line("reverse", np.linspace(1, 0, 4))
    assert in_step(own, 0, other) == 0 and in_step(own, 10, other) == 3  # type: ignore[arg-type]
    assert in_step(Line("reverse", np.array([1.0])), 0, other) == 0  # type: ignore[arg-type]
