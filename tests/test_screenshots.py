"""There is a picture of every view and of every failure, and none of something that is no more."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from scoreviz.scene.failures import FAILURES
from scoreviz.scene.validation import validate
from tests.screenshots.scenes import all_shots

FOLDER = Path(__file__).parent / "screenshots"


def test_every_shot_has_its_picture_and_every_picture_its_shot() -> None:
    shots = {shot.name: shot for shot in all_shots()}
    assert len(shots) == len(all_shots()), "names tell them apart"
    assert {path.stem for path in FOLDER.glob("*.png")} == shots.keys()
    for name, shot in shots.items():
        with Image.open(FOLDER / f"{name}.png") as picture:
            assert picture.size == shot.size


def test_the_scenes_are_allowed_and_no_failure_is_left_out() -> None:
    names = [shot.name for shot in all_shots()]
    assert [f"failure-{failure.name}" for failure in FAILURES] == [name for name in names if name.startswith("failure-")]
    for shot in all_shots():
        validate(shot.document.scene)
