"""The bundled scenes: each is listed, loads strictly, compiles, draws, and shows what its sentence says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scoreviz import resources
from scoreviz.engine.headless import sample_points
from scoreviz.gui.render import Film, render
from scoreviz.maths.density import compile_density
from scoreviz.scene.files import Document, encode_scene, load
from scoreviz.scene.gallery import FOLDER, GALLERY

FILES = [entry.file for entry in GALLERY]


def opened(file: str) -> Document:
    return load(resources.asset(f"{FOLDER}/{file}"))


def test_the_folder_holds_what_is_listed():
    assert sorted(path.name for path in resources.asset(FOLDER).iterdir()) == sorted(FILES)
    assert len(FILES) >= 6
    assert all(resources.asset(entry.asset).is_file() for entry in GALLERY)


def test_titles_and_sentences_are_for_a_person():
    assert len({entry.title for entry in GALLERY}) == len(GALLERY)
    for entry in GALLERY:
        assert entry.watch.endswith(".")
        assert entry.watch.count(".") == 1
        assert len(entry.watch) < 120


@pytest.mark.parametrize("file", FILES)
def test_it_is_saved_as_it_would_be_saved_now(file):
    path = resources.asset(f"{FOLDER}/{file}")
    document = load(path)
    assert encode_scene(document) == path.read_bytes()  # no field is missing, none is unknown
    assert len(compile_density(document.scene.density, document.blobs)) > 1


@pytest.mark.parametrize("file", [FILES[0], *(pytest.param(file, marks=pytest.mark.slow) for file in FILES[1:])])
def test_it_draws(file, tmp_path, qapp):
    document = opened(file)
    size = (480, 270)
    stills = []
    figures = render(document, Film(tmp_path / "a.png", 0.5, 30, size, steps_per_second=40), on_still=stills.append)
    assert figures.frames == 1
    (still,) = stills
    if document.scene.view.tab == "dynamics":
        points = still.run.at(still.index)
        assert len(points) == document.scene.particles.count
        assert np.isfinite(points).all()
        assert np.isfinite(still.density.log_p).any()
        assert float(still.density.log_p.max()) > -6.0  # something is to be seen


def test_far_modes_get_the_wrong_shares():
    document = opened("far-modes-langevin.scoreviz.json")
    target = compile_density(document.scene.density, document.blobs)
    assert float(target.weights[target.means[:, 0] < 0].sum()) == pytest.approx(0.8)
    points = sample_points(document).samples
    assert 0.5 < (points[:, 0] < 0).mean() < 0.6


def test_eight_gaussians_get_their_shares():
    document = opened("eight-gaussians-annealed-langevin.scoreviz.json")
    target = compile_density(document.scene.density, document.blobs)
    points = sample_points(document).samples
    nearest = np.linalg.norm(points[:, None] - target.means.numpy()[None], axis=2).argmin(axis=1)
    shares = np.bincount(nearest, minlength=8) / len(points)
    assert np.abs(shares - 1 / 8).max() < 0.03


@pytest.mark.slow
@pytest.mark.parametrize("file", [file for file in FILES if "learned" in file or "network" in file])
def test_what_is_learned_live_is_learned(file, tmp_path, qapp):
    figures = render(opened(file), Film(tmp_path / "a.mkv", 5.0, 12, (480, 270)))
    assert figures.distance is not None
    assert figures.distance_floor is not None
    assert figures.distance < 3 * figures.distance_floor[0]


def test_the_folder_is_small():
    assert sum(path.stat().st_size for path in Path(resources.asset(FOLDER)).iterdir()) < 100_000
