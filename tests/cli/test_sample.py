"""`scoreviz sample`: what the maths gives for the same scene and seed, the same bytes twice; bad input is a sentence and 2."""

from __future__ import annotations

import functools
import json
import subprocess
import sys

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

from scoreviz.__main__ import main
from scoreviz.engine.headless import Pictures, sample_points
from scoreviz.maths.denoiser import score_fn_of
from scoreviz.maths.density import compile_density
from scoreviz.maths.metrics import sliced_wasserstein
from scoreviz.maths.sampling import build_sampler, starting_points, trajectory
from scoreviz.maths.sde import build_sde
from scoreviz.maths.training import init_training, state_dict, train_step
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Snapshot
from scoreviz.protocol.snapshots import snapshot_to_bytes
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Particles, Scene, Score, replace_at
from scoreviz.scene.files import Document, decode_scene, save
from scoreviz.scene.images import Images
from scoreviz.scene.learning import MLP, Training
from scoreviz.scene.samplers import Langevin, ReverseSDE
from tests.cli.refusals import sentence_of

SMALL = Scene(
    density=Density(marks=(Gaussian(x=-1.0, y=0.3, std=0.3), Gaussian(x=1.2, y=-0.4, std=0.2, weight=2.0))),
    score=Score(source="network"),
    network=MLP(width=16, depth=2, features=4),
    training=Training(batch=128),
    sampler=ReverseSDE(steps=20),
    particles=Particles(count=300, seed=3),
)
EXACT = msgspec.structs.replace(SMALL, score=Score())


@pytest.fixture(autouse=True)
def one_thread():
    """As the command itself uses; afterwards as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def place(tmp_path):
    """place(scene or document) -> its file."""

    def write(what, name="scene.scoreviz.json"):
        save(what if isinstance(what, Document) else Document(scene=what), tmp_path / name)
        return tmp_path / name

    return write


def by_hand(scene, steps=None):
    """Points, and the network's state where there is one."""
    target = compile_density(scene.density, {})
    sde = build_sde(scene.noise, target.diameter())
    score_fn, state = target.score_fn(sde), None
    if steps is not None:
        state = init_training(scene.network, scene.training, scene.objective, sde, target)
        for _ in range(steps):
            state, _ = train_step(state)
        score_fn = score_fn_of(state.ema, sde)
    generator = torch.Generator().manual_seed(scene.particles.seed)
    x = starting_points(scene.sampler, sde, target, scene.particles.count, generator)
    sampler = build_sampler(scene.sampler, sde, score_fn)
    with torch.no_grad():
        *_, (_, last, _) = trajectory(sampler, sampler.init(x, generator.get_state()))
    return last.x.numpy(), state


def sampled(capsys, *arguments):
    """The figures that were printed."""
    assert main(["sample", *map(str, arguments), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""  # no bar where nobody looks
    return json.loads(out)


def test_a_network_is_trained_and_sampled(capsys, place, tmp_path):
    out = tmp_path / "points.npz"
    figures = sampled(capsys, place(SMALL), "-o", out, "--train", 60, "--n", 250, "--seed", 11)
    scene = replace_at(SMALL, ("particles",), Particles(count=250, seed=11))
    points, _ = by_hand(scene, 60)
    with np.load(out) as found:
        assert np.array_equal(found["samples"], points)
        assert decode_scene(str(found["scene"]).encode(), "scene").scene == scene
        assert (int(found["seed"]), int(found["training_step"]), int(found["nfe"])) == (11, 60, 20)
        assert found["distance_floor"].shape == (2,)
    assert (figures["n"], figures["training_step"], figures["source"]) == (250, 60, "network")
    again = tmp_path / "again.npz"
    sampled(capsys, place(SMALL), "-o", again, "--train", 60, "--n", 250, "--seed", 11)
    assert again.read_bytes() == out.read_bytes()


def test_csv_holds_every_bit(capsys, place, tmp_path):
    out = tmp_path / "points.csv"
    figures = sampled(capsys, place(EXACT), "-o", out)
    lines = out.read_text().splitlines()
    assert lines[0] == "x,y"
    points = np.array([[float(value) for value in line.split(",")] for line in lines[1:]]).astype(np.float32)
    assert np.array_equal(points, by_hand(EXACT)[0])
    assert "training_step" not in figures
    target = compile_density(EXACT.density, {})
    truth = target.sample(300, torch.Generator().manual_seed(0))
    assert figures["distance"] == pytest.approx(sliced_wasserstein(torch.from_numpy(points), truth), abs=0.1)


def test_a_bundle_brings_its_network(capsys, place, tmp_path):
    points, state = by_hand(SMALL, 45)
    snapshot = Snapshot(step=45, tensors={name: Array.of(tensor.numpy()) for name, tensor in state_dict(state).items()})
    bundle = place(Document(scene=SMALL, snapshot=snapshot_to_bytes(snapshot)), "scene.scoreviz")
    figures = sampled(capsys, bundle, "-o", tmp_path / "a.npz")
    assert figures["training_step"] == 45
    assert np.array_equal(np.load(tmp_path / "a.npz")["samples"], points)
    anew = sampled(capsys, bundle, "-o", tmp_path / "b.npz", "--train", 10)
    assert anew["training_step"] == 10
    other = place(Document(scene=replace_at(SMALL, ("network", "width"), 24), snapshot=snapshot_to_bytes(snapshot)), "other.scoreviz")
    assert "does not fit this scene" in refused(capsys, other, "-o", tmp_path / "c.npz")


def test_progress_and_usual_training():
    told = []
    few = replace_at(SMALL, ("particles", "count"), 10)
    found = sample_points(Document(scene=few), on_training=lambda *told_: told.append(told_), on_sampling=lambda *_: None)
    assert found.training_step == 1000
    assert told[0] == (25, 1000)
    assert told[-1] == (1000, 1000)


def test_emoji_come_out_as_they_are_stored(capsys, tmp_path):
    out, again = tmp_path / "a.png", tmp_path / "b.png"
    figures = sampled(capsys, "--model", "emoji32", "-o", out, "--n", 5, "--steps", 30)
    sampled(capsys, "--model", "emoji32", "-o", again, "--n", 5, "--steps", 30)
    assert out.read_bytes() == again.read_bytes()
    with Image.open(out) as grid:
        assert grid.size == (3 * 34 - 2, 2 * 34 - 2)  # 3 columns, 2 rows, 2 pixels between
    assert (figures["n"], figures["nfe"], figures["shape"]) == (5, 60, [3, 32, 32])
    assert figures["nearest"] < 1e-3


def test_a_folder_of_pictures_is_recognised(capsys, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    for k in range(2):
        Image.fromarray(np.full((32, 32, 3), 200 * k, np.uint8)).save(folder / f"{k}.png")
    out = tmp_path / "pictures.npz"
    sampled(capsys, "--model", folder, "-o", out, "--n", 3, "--steps", 12, "--seed", 5)
    with np.load(out) as found:
        assert found["samples"].shape == (3, 3, 32, 32)
        settings = msgspec.json.decode(str(found["images"]))
        assert (settings["model"]["path"], settings["seed"], settings["sampler"]["steps"]) == (str(folder), 5, 12)
        distance = np.abs(found["samples"][:, None] - np.array([0.0, 200 / 255])[None, :, None, None, None]).max(axis=(2, 3, 4))
        assert distance.min(axis=1).max() < 0.02


def test_a_grid_maps_the_data_s_range_to_all_greys():
    values = np.array([-1.5, -1.0, 0.0, 1.0, 3.0], np.float32)
    pictures = Pictures(values.reshape(5, 1, 1, 1), Images(), -1.0, 1.0, "toy", 1, None)
    grid = pictures.grid()
    assert grid.shape == (4, 7, 3)
    assert [int(grid[row, column, 0]) for row, column in ((0, 0), (0, 3), (0, 6), (3, 0), (3, 3))] == [0, 0, 128, 255, 255]
    assert pictures.figures()["clamped"] == pytest.approx(0.4)


# ---- what cannot be


refused = functools.partial(sentence_of, "sample")


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("points.png", [], "end its name in .npz or .csv"),
        ("no/folder/points.npz", [], "there is no folder"),
        ("points.npz", ["--n", "0"], "--n takes a whole number from 1 to 1000000, not “0”"),
        ("points.npz", ["--n", "many"], "not “many”"),
        ("points.npz", ["--seed", "-1"], "--seed takes"),
        ("points.npz", ["--train", "1e3"], "--train takes a whole number"),
        ("points.npz", ["--train", "5"], "samples with the exact score"),
        ("points.npz", ["--steps", "5"], "--steps does not go with a scene"),
        ("points.npz", ["--model", "emoji32"], "not both"),
    ],
)
def test_a_bad_wish_for_a_scene(capsys, place, tmp_path, name, options, said):
    path = place(EXACT)
    assert said in refused(capsys, path, "-o", tmp_path / name, *options)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("model", "name", "options", "said"),
    [
        ("emoji32", "a.csv", [], "end its name in .png or .npz"),
        ("emoji32", "a.png", ["--n", "65"], "--n takes a whole number from 1 to 64"),
        ("emoji32", "a.png", ["--steps", "0"], "--steps takes a whole number from 1 to 2000"),
        ("emoji32", "a.png", ["--train", "5"], "--train does not go with --model"),
        ("emoji23", "a.png", [], "does not exist"),
    ],
)
def test_a_bad_wish_for_a_model(capsys, tmp_path, model, name, options, said):
    assert said in refused(capsys, "--model", model, "-o", tmp_path / name, *options)
    assert list(tmp_path.iterdir()) == []


def test_neither_scene_nor_model(capsys, tmp_path):
    assert "not neither" in refused(capsys, "-o", tmp_path / "a.npz")


def test_what_fails_on_the_way(capsys, place, tmp_path):
    off = place(replace_at(EXACT, ("sampler",), Langevin(step_size=1.0, steps=400)))
    assert "flew off to infinity at substep" in refused(capsys, off, "-o", tmp_path / "a.npz")
    empty = place(replace_at(EXACT, ("density",), Density()))
    assert "The drawing is empty" in refused(capsys, empty, "-o", tmp_path / "a.npz")
    assert "/proc/a.npz" in refused(capsys, place(EXACT), "-o", "/proc/a.npz")


def test_bars_are_on_stderr_and_figures_on_stdout(place, tmp_path):
    command = [sys.executable, "-m", "scoreviz", "sample", place(SMALL), "-o", tmp_path / "a.csv", "--train", "50", "--json", "--progress"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert json.loads(result.stdout)["training_step"] == 50
    assert "training:" in result.stderr
    assert "sampling:" in result.stderr
