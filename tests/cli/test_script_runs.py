"""A copied script, run in a process of its own, prints the figures of the engine's run to the last digit."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoreviz.engine.headless import _Newest, _play, sample_pictures, sample_points
from scoreviz.engine.plan import Plan
from scoreviz.engine.player import Player
from scoreviz.engine.threads import threads
from scoreviz.engine.trainer import Trainer
from scoreviz.maths import build_sde, compile_density
from scoreviz.protocol.messages import RunDone
from scoreviz.scene.control import ByClass, Inpaint
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import Density, Gaussian, Preset, Stroke, digest_of
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.files import Document
from scoreviz.scene.images import Images
from scoreviz.scene.learning import Score, Training
from scoreviz.scene.samplers import Langevin, PredictorCorrector, ProbabilityFlow
from scoreviz.scene.script import picture_script, script
from tests.scene.test_script import journal

ROOT = Path(__file__).parents[2]
ANGLES = np.linspace(0, 5, 60)
BLOB = np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1).astype("<f4").tobytes()
DRAWN = Density(marks=(Stroke(points=digest_of(BLOB), width=0.1), Gaussian(x=1.0, y=0.5, std=0.2, weight=0.5)))
CLASSES = Density(marks=tuple(Gaussian(x=float(label), y=0.5, std=0.2, label=label) for label in range(3)))
FEW = Particles(count=300, seed=11)
LEARNED = Score(source="network")


def printed(text: str, tmp_path: Path) -> list[str]:
    """What the script says, as lines."""
    path = tmp_path / "copied.py"
    path.write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-W", "error", str(path)], capture_output=True, text=True, env=environment, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def figures(nfe: int, distance: float | None, floor: tuple[float, float] | None) -> list[str]:
    """As the script prints them."""
    assert distance is not None and floor is not None
    return [f"{nfe} evaluations", f"distance {distance:.6g}, truth against truth {floor[0]:.6g} ± {floor[1]:.6g}"]


def test_strokes_with_predictor_and_corrector(tmp_path: Path):
    scene = Scene(density=DRAWN, sampler=PredictorCorrector(steps=30), particles=FEW)
    document = Document(scene=scene, blobs={digest_of(BLOB): BLOB})
    found = sample_points(document)
    assert printed(script(document), tmp_path) == figures(found.nfe, found.distance, found.distance_floor)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", [Langevin(steps=50), ProbabilityFlow(steps=20)])
def test_exact_scores(sampler: Any, tmp_path: Path):
    document = Document(scene=Scene(sampler=sampler, particles=FEW))
    found = sample_points(document)
    assert printed(script(document), tmp_path) == figures(found.nfe, found.distance, found.distance_floor)


@pytest.mark.parametrize(
    ("change", "sampler"),
    [
        ({"control": Inpaint(coordinate="y", value=0.4)}, PredictorCorrector(steps=10)),
        ({"score": Score(source="data"), "data": DataSet(size=20, seed=3)}, ProbabilityFlow(steps=10)),
        ({"density": CLASSES, "control": ByClass(label=1, weight=1.0)}, PredictorCorrector(steps=10)),
    ],
)
def test_control_and_data(change: dict[str, Any], sampler: Any, tmp_path: Path):
    document = Document(scene=Scene(sampler=sampler, particles=FEW, **change))
    found = sample_points(document)
    assert printed(script(document), tmp_path) == figures(found.nfe, found.distance, found.distance_floor)


@pytest.mark.slow
def test_a_trained_network(tmp_path: Path):
    document = Document(scene=Scene(score=LEARNED, sampler=ProbabilityFlow(steps=20), particles=FEW))
    found = sample_points(document, train=120)
    assert printed(script(document, training_step=120), tmp_path) == figures(found.nfe, found.distance, found.distance_floor)


def test_a_network_with_a_journal(tmp_path: Path):
    """Edits of the drawing and of the training land at their steps: as the engine's own trainer has it, the script has it."""
    first = Scene(score=LEARNED, sampler=ProbabilityFlow(steps=10), particles=FEW, density=Density(marks=(Preset(name="two_moons"),)))
    edits = [(0, first)]
    for step, change in ((20, {"density": DRAWN}), (35, {"training": Training(learning_rate=0.002, batch=64)})):
        parts = {name: getattr(edits[-1][1], name) for name in Scene.__struct_fields__}
        edits.append((step, Scene(**(parts | change))))
    scene = edits[-1][1]
    document = Document(scene=scene, blobs={digest_of(BLOB): BLOB}, journal=journal(*edits))
    said: Any = _Newest()
    with threads(1):
        trainer = Trainer(said)
        for k, (step, lesson) in enumerate(edits):
            if k:
                trainer.train_to(step)
            if not k or lesson.density != edits[k - 1][1].density:
                target = compile_density(lesson.density, document.blobs)
                sde = build_sde(lesson.noise, target.diameter())
            trainer.configure(lesson, target, sde, anew=not k)
        trainer.train_to(60)
        _play(Player(said), Plan(0, scene, sde, target, trainer.score_fn(), trainer.log_prob_fn(), 60, live=False), lambda *_: None)
    done = said.get(RunDone)
    assert printed(script(document, training_step=60), tmp_path) == figures(done.nfe, done.distance, done.floor)


def test_pictures(tmp_path: Path):
    images = Images(sampler=PredictorCorrector(steps=8), count=4)
    found = sample_pictures(images)
    text = picture_script(Document(scene=Scene(images=images)), threads=max(1, (os.cpu_count() or 2) - 1))
    expected = [f"{found.nfe} evaluations", f"largest difference to a stored picture {found.nearest:.6g}"]
    assert printed(text, tmp_path) == expected
