"""“Copy as Python”: what is written. That it repeats the run is shown in tests/cli/test_script_runs.py."""

import ast
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest

from scoreviz.scene.density import Density, Preset, Stroke, digest_of
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.files import Document, JournalEntry
from scoreviz.scene.images import Images, PictureSet
from scoreviz.scene.journal import lessons
from scoreviz.scene.learning import MLP, Score
from scoreviz.scene.noise import VE
from scoreviz.scene.samplers import Langevin, LangevinCorrector, PredictorCorrector, ReverseSDE, SamplerSpec
from scoreviz.scene.script import code, picture_script, script

BLOB = np.linspace(-1, 1, 40, dtype="<f4").tobytes()
STROKE = Stroke(points=digest_of(BLOB), width=0.1)
LEARNED = Score(source="network")


def journal(*edits: tuple[int, Scene]) -> tuple[JournalEntry, ...]:
    """As a session writes it: the whole scene first, then what changed."""
    entries = [JournalEntry(step=0, parts=msgspec.to_builtins(edits[0][1]))]
    for (_, before), (step, after) in pairwise(edits):
        changed = [n for n in Scene.__struct_fields__ if getattr(before, n) != getattr(after, n)]
        entries.append(JournalEntry(step=step, parts={n: msgspec.to_builtins(getattr(after, n)) for n in changed}))
    return tuple(entries)


def test_a_spec_is_the_constructor_that_makes_it():
    used: set[Any] = set()
    pc = PredictorCorrector(steps=20, corrector=LangevinCorrector(snr=0.1))
    assert code(pc, used) == "PredictorCorrector(steps=20, corrector=LangevinCorrector(snr=0.1))"
    assert used == {PredictorCorrector, LangevinCorrector}
    assert code(VE(), used) == "VE()" and code(VE(sigma_max=3.5), used) == "VE(sigma_max=3.5)"
    assert code(PictureSet(path='a "quoted" földer'), used) == r'PictureSet(path="a \"quoted\" földer")'


@pytest.mark.parametrize("kind", SamplerSpec.members())
def test_every_sampler_comes_back_from_its_text(kind: Any):
    names = vars(__import__("scoreviz.scene.samplers", fromlist=["x"])) | vars(__import__("scoreviz.scene.grids", fromlist=["x"]))
    fields = {f.name: f.default + 1 for f in msgspec.structs.fields(kind) if type(f.default) is int}
    spec = kind(**fields)
    assert eval(code(spec, set()), dict(names)) == spec


@pytest.mark.parametrize(
    "scene",
    [
        Scene(), Scene(score=LEARNED), Scene(sampler=Langevin()), Scene(density=Density(marks=(STROKE, Preset(name="rings")))),
        Scene(particles=Particles(count=1, seed=3)),
    ],
)  # fmt: skip
def test_it_is_python_over_public_names(scene: Scene):
    from scoreviz import maths

    text = script(Document(scene=scene, blobs={STROKE.points: BLOB}), training_step=20)
    tree = ast.parse(text)
    asked = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "maths"}
    assert asked and asked <= set(maths.__all__)
    assert max(map(len, text.splitlines())) <= 140
    assert len(text.splitlines()) < 50


def test_only_the_drawn_points_that_are_needed_are_in_it():
    document = Document(scene=Scene(density=Density(marks=(STROKE,))), blobs={STROKE.points: BLOB, "other": b"x" * 1000})
    text = script(document)
    assert STROKE.points in text and "other" not in text
    assert "BLOBS" not in script(Document())


def test_the_journal_is_written_up_to_the_step():
    first, then = Scene(score=LEARNED), Scene(score=LEARNED, density=Density(marks=(Preset(name="rings"),)))
    later = msgspec.structs.replace(then, density=Density(marks=(Preset(name="pinwheel"),)))
    document = Document(scene=then, journal=journal((0, first), (30, then), (90, later)))
    text = script(document, training_step=60)
    assert "(30, Scene(density=" in text and "pinwheel" not in text
    assert "maths.learn(LESSONS, 60" in text
    assert "LESSONS" not in script(Document(scene=first, journal=journal((0, first))), training_step=60)


def test_an_edit_that_made_the_network_anew_is_the_beginning():
    first = Scene(score=LEARNED)
    anew = msgspec.structs.replace(first, network=MLP(width=32))
    drawn = msgspec.structs.replace(anew, density=Density(marks=(Preset(name="rings"),)))
    document = Document(scene=drawn, journal=journal((0, first), (0, anew), (40, drawn)))
    found = [(step, lesson.network, lesson.density) for step, lesson in lessons(document)]
    assert found == [(0, anew.network, anew.density), (40, drawn.network, drawn.density)]


def test_a_sampler_edit_is_no_lesson():
    first = Scene(score=LEARNED)
    document = Document(scene=first, journal=journal((0, first), (10, msgspec.structs.replace(first, sampler=ReverseSDE(steps=3)))))
    assert len(lessons(document)) == 1


@pytest.mark.parametrize(("clip", "said"), [("on", "maths.clipped("), ("off", "score_fn = model.score_fn"), ("model", "model.card.clip")])
def test_pictures_with_and_without_clipping(clip: Any, said: str):
    text = picture_script(Document(scene=Scene(images=Images(clip=clip))))
    ast.parse(text)
    assert said in text
