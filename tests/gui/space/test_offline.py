"""Films of space: each frame with the slice of its own noise and training step, drawn as the window draws it, twice the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from scoreviz.gui.dynamics.screen import caption
from scoreviz.gui.dynamics.space.asking import slice_question
from scoreviz.gui.dynamics.space.offline import SpaceStill
from scoreviz.gui.dynamics.space.view import SpaceView
from scoreviz.gui.render import Film, render
from scoreviz.protocol.questions import AskSlice
from scoreviz.scene.density import Density
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document
from scoreviz.scene.learning import MLP, Training
from scoreviz.scene.samplers import ReverseSDE
from scoreviz.scene.solid import SolidPreset
from scoreviz.scene.view import View
from tests.engine.test_solid import by_hand, plane

HELIX = Scene(
    density=Density(dimensions="3", solid=(SolidPreset(name="helix"),)), sampler=ReverseSDE(steps=12),
    particles=Particles(count=100, seed=2), network=MLP(width=16, depth=2, features=4), training=Training(batch=64),
)  # fmt: skip
SIZE = (320, 180)


def rendered(scene: Scene, film: Film) -> tuple[Any, list[SpaceStill]]:
    stills: list[Any] = []
    return render(Document(scene=scene), film, on_still=stills.append), stills


def test_each_frame_has_the_slice_of_its_own_noise(qapp: object, tmp_path: Path) -> None:
    film = Film(tmp_path / "space.mp4", 1.5, 4, SIZE)
    figures, stills = rendered(HELIX, film)
    assert figures.frames == 6 == len(stills) and film.out.stat().st_size > 1000
    for still in stills:
        assert still.plane is not None and still.plane.sigma == still.run.sigma[still.index] and still.plane.step is None
        assert still.run.at(still.index).shape == (100, 3)
    last = stills[-1].plane
    assert last is not None
    log_p, _ = by_hand(plane("z", 0.0, last.half, len(last.log_p)), last.sigma**2)
    assert np.abs(last.log_p.reshape(-1) - np.maximum(log_p, -600)).max() < 2e-3
    again, _ = rendered(HELIX, film)
    assert again.sha256 == figures.sha256


def test_a_still_is_what_the_windows_view_draws(qapp: object, tmp_path: Path, qtbot: Any) -> None:
    view = View(slice="x", slice_at=0.4, azimuth=-60.0, elevation=10.0, space_half_height=3.0)
    film = Film(tmp_path / "space.png", 2.0, 30, SIZE, theme="light")
    _, (still,) = rendered(msgspec.structs.replace(HELIX, view=view), film)
    widget = SpaceView()
    qtbot.addWidget(widget)
    widget.set_palette_name("light")
    widget.set_view(view)
    cloud = still.cloud.points.numpy()
    assert still.plane is not None
    widget.show_content(plane=still.plane, cloud=cloud, half=still.plane.half, caption=caption(still.run, still.index))
    widget.show_run(still.run, still.index)
    drawn, saved = widget.render_to(QSize(*SIZE)), QImage(str(film.out))
    assert saved.size() == drawn.size() and saved.convertToFormat(drawn.format()) == drawn


def test_a_slice_of_the_network_is_of_the_frames_own_training_step(qapp: object, tmp_path: Path) -> None:
    scene = msgspec.structs.replace(HELIX, score=msgspec.structs.replace(HELIX.score, source="network"))
    _, stills = rendered(scene, Film(tmp_path / "space.mp4", 1.0, 3, SIZE, steps_per_second=30))
    assert [still.plane.step for still in stills if still.plane is not None] == [still.cue.step for still in stills] == [0, 10, 20]


def test_what_nobody_looks_at_is_not_asked_for() -> None:
    def question(**view: Any) -> AskSlice | None:
        return slice_question(msgspec.structs.replace(HELIX, view=View(**view)), (0.5,), 2.0)

    assert question(slice="none") is None and question(density=False, arrows=False) is None
    asked = question(density=False, slice="y", slice_at=0.3, field="difference")
    assert asked is not None and (asked.axis, asked.at, asked.cells, asked.kind) == ("y", 0.3, 0, "difference") and asked.arrows > 0


def test_empty_space_is_a_sentence_and_nothing_is_left(qapp: object, tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="Space is empty"):
        rendered(msgspec.structs.replace(HELIX, density=Density(dimensions="3", solid=())), Film(tmp_path / "none.png", 1.0, 4, SIZE))
    assert not list(tmp_path.iterdir())
