"""What a folder is taken for, and the sentence where it is nothing that can be opened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document, save
from scoreviz.scene.folders import document_of, opened, recognise
from scoreviz.scene.images import Images, PictureSet, Pretrained
from scoreviz.scene.samplers import Ancestral, PredictorCorrector, ProbabilityFlow, ReverseSDE


def model(folder: Path, pipeline: str, **scheduler: object) -> Path:
    (folder / "scheduler").mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler))
    return folder


def test_an_index_is_a_model_whatever_else_is_there(tmp_path: Path) -> None:
    (tmp_path / "sample.png").write_bytes(b"")
    assert recognise(tmp_path) == PictureSet(path=str(tmp_path))
    (tmp_path / "model_index.json").write_text("{}")
    assert recognise(tmp_path) == Pretrained(path=str(tmp_path))


@pytest.mark.parametrize("name", ["a.PNG", "b.jpeg", "c.webp", "d.tif"])
def test_pictures_are_known_by_their_suffix(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert recognise(tmp_path) == PictureSet(path=str(tmp_path))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "is empty"), (["readme.txt"], "holds neither pictures nor model_index.json"),
        (["unet.safetensors", "config.json"], r"holds weights \(unet.safetensors\) but no model_index.json"),
        (["inner/"], "Open one of its folders, such as “inner”"),
    ],
)  # fmt: skip
def test_a_folder_with_nothing_to_open_gets_a_sentence(tmp_path: Path, names: list[str], words: str) -> None:
    for name in names:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).write_bytes(b"")
    with pytest.raises(SceneError, match=words):
        recognise(tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [("net.pkl", "only weights"), ("net.ckpt", "only weights"), ("net.safetensors", "model_index.json in it"), ("a.txt", "is a file")],
)
def test_a_file_is_no_folder(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(SceneError, match=words):
        recognise(tmp_path / name)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="does not exist"):
        recognise(tmp_path / "gone")


def test_an_unreadable_folder_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(SceneError, match=r"cannot be read: Permission denied\. Allow reading it"):
        recognise(tmp_path)


@pytest.mark.parametrize(("variance", "expected"), [("fixed_large", "forward"), ("fixed_small", "posterior"), (None, "posterior")])
def test_the_sampler_of_a_ddpm(tmp_path: Path, variance: str | None, expected: str) -> None:
    images = opened(Images(), model(tmp_path / "m", "DDPMPipeline", variance_type=variance))
    assert images.sampler == ReverseSDE(steps=100, predictor=Ancestral(variance=expected)) and images.count == 4  # type: ignore[arg-type]


@pytest.mark.parametrize(("levels", "steps"), [(1000, 100), (50, 50), (None, 100), ("many", 100), (0, 100)])
def test_a_ddpm_is_not_asked_for_more_steps_than_it_has_levels(tmp_path: Path, levels: object, steps: int) -> None:
    images = opened(Images(), model(tmp_path / "m", "DDPMPipeline", num_train_timesteps=levels))
    assert images.sampler.steps == steps


def test_the_samplers_of_other_pipelines(tmp_path: Path) -> None:
    own = Images(sampler=ProbabilityFlow(), count=9)
    assert opened(own, model(tmp_path / "a", "ScoreSdeVePipeline")).sampler == PredictorCorrector(steps=200)
    other = opened(own, model(tmp_path / "b", "SomethingElse"))
    assert (other.sampler, other.count) == (own.sampler, own.count)
    (tmp_path / "b" / "model_index.json").write_text("[1, 2")
    assert opened(own, tmp_path / "b").sampler == own.sampler, "the engine says what is wrong with it"


def test_pictures_after_pictures_keep_the_sampler(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    own = Images(sampler=ProbabilityFlow(), count=9)
    assert opened(own, tmp_path) == Images(model=PictureSet(path=str(tmp_path)), sampler=ProbabilityFlow(), count=9)
    assert opened(Images(model=Pretrained(path="x"), sampler=ReverseSDE(), count=4), tmp_path).sampler == Images().sampler


def test_a_folder_is_a_document_with_its_tab(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a picture, by its name")
    scene = document_of(tmp_path).scene
    assert scene.view.tab == "images" and scene.images.model == PictureSet(path=str(tmp_path))
    assert scene.density == Scene().density
    save(Document(), tmp_path / "b.scoreviz.json")
    assert document_of(tmp_path / "b.scoreviz.json") == Document()
    with pytest.raises(SceneError, match="no file"):
        document_of(tmp_path / "gone")
