"""A film of a scene with a map on shows that map, of each frame's own noise level and training step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoreviz.gui.dynamics.inspect_wishes import asked
from scoreviz.gui.offline import OfflineEngine
from scoreviz.gui.render import Film, Painter, render
from scoreviz.gui.shots import Shots, needs_network
from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import build_sde
from scoreviz.scene.document import Scene, replace_at
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document
from tests.cli.test_render import EXACT, SIZE


def film(folder: Path, **settings: Any) -> Film:
    return Film(folder / "film.mp4", 0.5, 6, SIZE, **{"steps_per_second": 40, **settings})


def scene(**view: str) -> Scene:
    found = EXACT
    for name, value in view.items():
        found = replace_at(found, ("view", name), value)
    return found


def test_the_map_is_of_the_frames_step_and_level(qapp: object, tmp_path: Path) -> None:
    shown = scene(map="error", lines="posterior_mean")
    assert needs_network(shown) and not needs_network(scene(map="divergence"))
    wanted, painter = film(tmp_path), Painter(shown, film(tmp_path))
    target = compile_density(shown.density, {})
    sde = build_sde(shown.noise, target.diameter())
    with OfflineEngine(Document(scene=shown)) as engine:
        shots = Shots(engine, Document(scene=shown), painter.look(), ahead=0)
        errors = []
        for still in shots.stills(wanted.cues(shown)):
            wish, means = painter._wishes
            assert wish is not None and means is not None
            sigma = float(still.run.sigma[still.index])
            grid, mean = asked(wish, sigma, shots.answer), asked(means, sigma, shots.answer)
            assert (grid.training_step, grid.sigma, mean.sigma) == (still.cue.step, sigma, sigma)
            exact = target.posterior(_points(mean), sde, sde.t_of_sigma(sigma)).mean.reshape(mean.means.shape)
            assert np.allclose(mean.means, exact.numpy(), atol=1e-3)
            errors.append(grid.figure)
        assert len(errors) == 3 and len(set(errors)) == 3


def _points(grid: Any) -> Any:
    import torch

    from scoreviz.gui.canvas.frame import cell_centres

    ny, nx = grid.means.shape[:2]
    return torch.tensor(cell_centres(grid.bounds, nx, ny))


def test_two_films_are_the_same_and_another_map_is_another(qapp: object, tmp_path: Path) -> None:
    def sha(**view: str) -> str:
        return render(Document(scene=scene(**view)), film(tmp_path)).sha256

    first = sha(map="error", lines="contours")
    assert first == sha(map="error", lines="contours")
    assert len({first, sha(map="error"), sha()}) == 3


def test_what_cannot_be_mapped_is_a_sentence(qapp: object, tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="free field"):
        render(Document(scene=scene(map="log_network")), film(tmp_path))
    assert not list(tmp_path.glob("film*"))
