"""The store: every edit validated, undoable, announced once; blobs by content; parts that did not change stay the same objects."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from scoreviz.gui.store import Store
from scoreviz.scene.density import Density, Erase, Gaussian, Mark, Preset, Stroke, digest_of
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document
from scoreviz.scene.samplers import Langevin, LangevinCorrector, PredictorCorrector, ProbabilityFlow, ReverseSDE

Change = tuple[Scene, Scene, str]


@pytest.fixture
def store(qapp: QApplication) -> Store:
    return Store()


@pytest.fixture
def told(store: Store) -> list[Change]:
    """Every `changed` that was emitted."""
    changes: list[Change] = []
    store.changed.connect(lambda old, new, origin: changes.append((old, new, origin)))
    return changes


def test_an_edit_is_announced_once_and_undone_and_redone(store: Store, told: list[Change]) -> None:
    first = store.scene
    store.edit(("sampler", "steps"), 17, "Change steps", origin="form")
    edited = store.scene
    assert edited.sampler == ReverseSDE(steps=17) and store.value(("sampler", "steps")) == 17
    assert told == [(first, edited, "form")] and told[0][0] is first and told[0][1] is edited
    assert store.undo_stack.undoText() == "Change steps" and not store.undo_stack.isClean()
    store.undo_stack.undo()
    assert store.scene is first and store.undo_stack.isClean()
    store.undo_stack.redo()
    assert store.scene is edited
    assert [(a, b) for a, b, _ in told] == [(first, edited), (edited, first), (first, edited)]


def test_an_edit_to_the_present_value_is_none(store: Store, told: list[Change]) -> None:
    before = store.scene
    store.edit(("sampler", "steps"), 100, "Change steps")
    store.replace(Scene(), "The same")
    assert store.scene is before and store.undo_stack.count() == 0 and not told


def test_a_drag_is_one_step_and_other_drags_are_others(store: Store, told: list[Change]) -> None:
    first = store.scene
    for steps in (10, 20, 30):
        store.edit(("sampler", "steps"), steps, "Change steps", merge="gesture-1")
    assert store.undo_stack.count() == 1 and len(told) == 3, "each move is announced, all are undone at once"
    middle = store.scene
    for steps in (40, 50):
        store.edit(("sampler", "steps"), steps, "Change steps", merge="gesture-2")
    assert store.undo_stack.count() == 2
    store.edit(("sampler", "steps"), 60, "Change steps")
    store.edit(("sampler", "steps"), 70, "Change steps")
    assert store.undo_stack.count() == 4, "without a token nothing merges"
    for _ in range(3):
        store.undo_stack.undo()
    assert store.scene is middle
    store.undo_stack.undo()
    assert store.scene is first
    store.undo_stack.redo()
    assert store.scene.sampler == ReverseSDE(steps=30), "the whole drag is redone at once"


def test_an_edit_between_two_moves_divides_the_drag(store: Store) -> None:
    store.edit(("sampler", "steps"), 10, "Change steps", merge="drag")
    store.edit(("particles", "seed"), 1, "New noise")
    store.edit(("sampler", "steps"), 20, "Change steps", merge="drag")
    assert store.undo_stack.count() == 3


def test_a_drag_back_to_where_it_began_leaves_no_step(store: Store, told: list[Change]) -> None:
    for steps in (10, 100):
        store.edit(("sampler", "steps"), steps, "Change steps", merge="drag")
    assert store.scene == Scene() and store.undo_stack.count() == 0 and store.undo_stack.isClean()
    assert len(told) == 2


@pytest.mark.parametrize(
    ("path", "value", "names"),
    [
        (("sampler", "steps"), 0, "steps"),
        (("sampler", "steps"), 1.5, "int"),
        (("particles", "count"), 100001, "particles"),
        (("noise", "sigma_max"), math.nan, "σ max"),
        (("noise", "sigma_max"), math.inf, "σ max"),
        (("noise", "sigma_max"), 0.05, "0.05"),
        (("score", "source"), "oracle", "oracle"),
        (("view", "arrows"), "yes", "bool"),
        (("sampler",), PredictorCorrector(corrector=LangevinCorrector(snr=2.0)), "snr"),
        (("density",), Density(marks=(Gaussian(x=math.nan, y=0.0, std=0.1),)), "nan"),
        (("density",), Density(marks=(Gaussian(x=21.0, y=0.0, std=0.1),)), "20"),
        (("density",), Density(marks=(Preset(name="moose"),)), "moose"),  # type: ignore[arg-type]
        (("sampler",), Density(), "sampler"),
        (("sampler",), "langevin", "sampler"),
    ],
    ids=str,
)
def test_a_refused_edit_changes_nothing(store: Store, told: list[Change], path: tuple[str, ...], value: Any, names: str) -> None:
    before = store.scene
    with pytest.raises(SceneError, match=r"\w+ .*\w+") as refusal:
        store.edit(path, value, "Wrong")
    assert names in str(refusal.value), "the sentence names the thing"
    assert store.scene is before and store.undo_stack.count() == 0 and not told


def test_values_are_checked_against_each_other(store: Store) -> None:
    store.edit(("noise", "sigma_max"), 0.2, "σ max")
    with pytest.raises(SceneError, match="σ min"):
        store.edit(("noise", "sigma_min"), 0.3, "σ min")
    assert store.undo_stack.count() == 1


def test_a_refused_move_leaves_the_drag_as_it_was(store: Store) -> None:
    store.edit(("sampler", "steps"), 10, "Change steps", merge="drag")
    with pytest.raises(SceneError):
        store.edit(("sampler", "steps"), 0, "Change steps", merge="drag")
    store.edit(("sampler", "steps"), 20, "Change steps", merge="drag")
    assert store.undo_stack.count() == 1 and store.scene.sampler == ReverseSDE(steps=20)


def test_blobs_are_addressed_by_content_and_shared(store: Store) -> None:
    points = bytes(range(16))
    first, second = store.add_blob(points), store.add_blob(bytes(bytearray(points)))
    assert first == second == digest_of(points) and dict(store.blobs) == {first: points}
    other = store.add_blob(points[::-1])
    assert other != first and len(store.blobs) == 2
    store.edit(("density",), Density(marks=(Stroke(points=first, width=0.1), Erase(points=first, width=0.2))), "Draw")
    store.undo_stack.undo()
    assert store.blobs[first] == points, "redo needs it"
    assert store.document().blobs[first] is store.blobs[first]


def test_blobs_cannot_be_changed_from_outside(store: Store) -> None:
    digest = store.add_blob(b"12345678")
    store.document().blobs.clear()  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        store.blobs[digest] = b""  # type: ignore[index]
    assert store.blobs[digest] == b"12345678"


def test_open_begins_a_new_history(store: Store, told: list[Change]) -> None:
    store.edit(("sampler", "steps"), 17, "Change steps")
    points = b"\0" * 8
    digest = digest_of(points)
    opened = Document(scene=Scene(density=Density(marks=(Stroke(points=digest, width=0.1),))), blobs={digest: points})
    told.clear()
    store.open(opened)
    assert store.scene is opened.scene and store.blobs[digest] == points
    assert store.undo_stack.count() == 0 and store.undo_stack.isClean() and not store.undo_stack.canUndo()
    assert len(told) == 1 and told[0][1:] == (opened.scene, "open")


def test_open_refuses_as_a_whole(store: Store, told: list[Change]) -> None:
    store.edit(("sampler", "steps"), 17, "Change steps")
    told.clear()
    before = store.scene
    with pytest.raises(SceneError):
        store.open(Document(scene=Scene(sampler=ReverseSDE(steps=0))))
    assert store.scene is before and store.undo_stack.count() == 1 and not told


def test_unchanged_parts_are_the_same_objects(store: Store) -> None:
    first = store.scene
    store.edit(("sampler", "steps"), 17, "Change steps")
    second = store.scene
    for name in Scene.__struct_fields__:
        assert (getattr(first, name) is getattr(second, name)) == (name != "sampler"), name
    predictor_corrector = PredictorCorrector()
    store.edit(("sampler",), predictor_corrector, "Change sampler")
    assert store.scene.sampler is predictor_corrector
    store.edit(("sampler", "corrector", "snr"), 0.3, "Change snr")
    assert store.value(("sampler", "corrector")) == LangevinCorrector(snr=0.3)
    assert store.value(("sampler", "predictor")) is predictor_corrector.predictor
    marks = store.scene.density.marks
    store.edit(("density",), Density(marks=(*marks, Gaussian(x=0.0, y=0.0, std=0.1))), "Place Gaussian")
    assert store.scene.density.marks[0] is marks[0]


def random_edit(store: Store, random: random.Random) -> None:
    """One of everything that the window does to a scene."""
    marks = store.scene.density.marks

    def mark() -> Mark:
        digest = store.add_blob(random.randbytes(8 * random.randint(1, 20)))
        kinds: list[Mark] = [
            Stroke(points=digest, width=random.uniform(0.03, 1.0)), Erase(points=digest, width=random.uniform(0.03, 1.0)),
            Gaussian(x=random.uniform(-2, 2), y=random.uniform(-2, 2), std=random.uniform(0.05, 1.0)), Preset(name="rings"),
        ]  # fmt: skip
        return random.choice(kinds)

    edits: list[tuple[tuple[str, ...], Any]] = [
        (("density",), Density(marks=(*marks, mark()))),
        (("density",), Density()),
        (("sampler",), random.choice([ReverseSDE, ProbabilityFlow, Langevin, PredictorCorrector])(steps=random.randint(1, 2000))),
        (("sampler", "steps"), random.randint(1, 2000)),
        (("noise", "sigma_max"), random.choice([None, random.uniform(0.1, 40.0)])),
        (("score", "source"), random.choice(["exact", "network"])),
        (("view", "arrows"), random.random() < 0.5),
        (("view", "x"), random.uniform(-5, 5)),
        (("particles", "seed"), random.randrange(2**31)),
        (("sampler", "steps"), random.choice([0, -3, 10**6])),  # refused
    ]
    path, value = random.choice(edits)
    try:
        store.edit(path, value, "Random edit", merge=random.choice(["", "drag-1", "drag-2"]))
    except SceneError:
        assert value in (0, -3, 10**6)


@pytest.mark.parametrize("seed", range(5))
def test_undo_to_the_start_gives_back_the_first_scene(store: Store, told: list[Change], seed: int) -> None:
    first, generator = store.scene, random.Random(seed)
    for _ in range(100):
        random_edit(store, generator)
    last, steps = store.scene, store.undo_stack.count()
    assert steps > 30
    for (_, old_new, _), (new_old, _, _) in itertools.pairwise(told):
        assert old_new is new_old, "each change begins where the last one ended"
    while store.undo_stack.canUndo():
        store.undo_stack.undo()
    assert store.scene is first and store.scene == Scene()
    while store.undo_stack.canRedo():
        store.undo_stack.redo()
    assert store.scene == last and store.undo_stack.count() == steps


def test_looking_elsewhere_is_no_undo_step_and_undo_goes_back_to_where_the_edit_was(qapp) -> None:
    store = Store()
    store.edit(("particles", "count"), 100, "fewer")
    store.look(("view", "tab"), "images")
    assert store.scene.view.tab == "images" and store.undo_stack.count() == 1
    store.edit(("images", "count"), 4, "fewer pictures")
    store.undo_stack.undo()
    assert store.scene.view.tab == "images" and store.scene.images.count == 16
    store.undo_stack.undo()
    assert store.scene == Scene()
    with pytest.raises(SceneError):
        store.look(("view", "tab"), "nowhere")


@pytest.mark.parametrize("clean_at", [None, 0, 1, 3])
@pytest.mark.parametrize("index", [0, 2, 3])
def test_another_store_takes_over_scene_history_and_what_was_saved(qapp, clean_at: int | None, index: int) -> None:
    store = Store()
    digest = store.add_blob(b"points")
    for k, count in enumerate((10, 20, 30)):
        if clean_at == k:
            store.undo_stack.setClean()
        store.edit(("particles", "count"), count, f"to {count}")
    if clean_at == 3:
        store.undo_stack.setClean()
    if clean_at is None:
        store.undo_stack.resetClean()
    store.undo_stack.setIndex(index)
    store.look(("view", "tab"), "images")
    other = Store()
    other.adopt(store)
    assert other.scene == store.scene and digest in other.blobs
    assert other.undo_stack.index() == index and other.undo_stack.cleanIndex() == (-1 if clean_at is None else clean_at)
    assert [other.undo_stack.text(k) for k in range(3)] == ["to 10", "to 20", "to 30"]
    other.undo_stack.setIndex(0)
    assert other.scene.particles.count == Scene().particles.count
