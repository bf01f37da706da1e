"""Picture sets: the bundled one and folders; what is read, what is told, what a run returns."""

import hashlib
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scoreviz.maths import build_sampler, clipped, prior_points, sample
from scoreviz.models.loading import load_model
from scoreviz.models.pictures import open_square
from scoreviz.resources import asset
from scoreviz.scene.errors import SceneError
from scoreviz.scene.folders import PICTURE_SUFFIXES
from scoreviz.scene.images import Images, PictureSet


def picture(path: Path, size: tuple[int, int] = (40, 40), color: object = "red", mode: str = "RGB", **options: object) -> Path:
    Image.new(mode, size, color).save(path, **options)
    return path


def load(folder: Path, **fields: object):
    return load_model(PictureSet(path=str(folder), **fields))


@pytest.fixture(scope="module")
def emoji():
    return load_model(PictureSet())


def test_the_bundled_set(emoji):
    card = emoji.card
    codes = json.loads(asset("emoji32/sheet.json").read_text())["codepoints"]
    assert len(codes) == len(set(codes)) == card.stored == 1377
    assert (card.name, card.shape, card.low, card.high, card.clip, card.warnings) == ("emoji32", (3, 32, 32), 0.0, 1.0, False, ())
    assert card.summary.format(**card.params) == "This score is exact for the 1377 stored pictures, so it can only ever return one of them."
    assert dict(card.facts)["licence"].startswith("SIL Open Font License")
    assert emoji.mean.shape == (3, 32, 32)
    assert 0.5 < float(emoji.mean.mean()) < 0.9


def test_the_sheet_is_what_the_script_made():
    with Image.open(asset("emoji32/sheet.png")) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    assert pixels.shape == (35 * 32, 40 * 32, 3)
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == "1362a675b8e1b71bcf5f382f4dae1e0686569c286e5cfa8558dd338f590453ea"
    tiles = pixels.reshape(35, 32, 40, 32, 3).swapaxes(1, 2).reshape(-1, 32 * 32 * 3)
    stored, rest = tiles[:1377], tiles[1377:]
    assert len({tile.tobytes() for tile in stored}) == 1377
    assert (rest == 255).all()
    assert asset("emoji32/sheet.png").stat().st_size < 3_000_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in asset("emoji32/LICENSE").read_text()


def test_the_loaded_pictures_are_the_sheet_s(emoji):
    with Image.open(asset("emoji32/sheet.png")) as sheet:
        tile = sheet.convert("RGB").crop((7 * 32, 3 * 32, 8 * 32, 4 * 32))  # number 127
    stored = torch.from_numpy(np.asarray(tile).copy()).permute(2, 0, 1)[None] / 255
    assert float(emoji.nearest(stored)) == 0.0
    assert float(emoji.nearest(stored + 0.001)) == pytest.approx(0.001, rel=1e-3)
    assert float(emoji.nearest(1 - stored)) > 0.1


def test_a_run_ends_on_stored_pictures(emoji):
    """The first scene's own run, as the engine does it."""
    images = Images()
    generator = torch.Generator().manual_seed(images.seed)
    x = prior_points(emoji.sde, (8, *emoji.shape), generator, emoji.mean)
    y = sample(build_sampler(images.sampler, emoji.sde, emoji.score_fn), x, 1)
    assert images.sampler.steps == 200
    assert emoji.nearest(y).shape == (8,)
    assert float(emoji.nearest(y).max()) < 1e-3
    assert len({tuple(p.flatten().round(decimals=1).tolist()) for p in y}) > 4, "many pictures, not one"


def test_clipping_changes_nothing_where_the_score_is_exact(emoji):
    """The exact estimate is a mean of pictures, which lies within their range."""
    z = torch.randn(2, *emoji.shape, generator=torch.Generator().manual_seed(0))
    for t in (1.0, 0.5, 0.2):
        x = emoji.mean.float() + emoji.sde.std(t) * z
        score = emoji.score_fn(x, t)
        held = clipped(emoji.score_fn, emoji.sde, 0.0, 1.0)(x, t)
        assert float((held - score).abs().max() * emoji.sde.std(t)) < 1e-4


def test_a_bundled_set_of_another_size():
    model = load_model(PictureSet(size=16))
    assert model.shape == (3, 16, 16)
    assert model.card.stored == 1377


def test_a_folder_of_every_type(tmp_path: Path):
    suffixes = (*sorted(PICTURE_SUFFIXES), ".PNG")
    for i, suffix in enumerate(suffixes):
        picture(tmp_path / f"{i}{suffix}", color=(20 * i, 10, 200))
    (tmp_path / "notes.txt").write_text("not a picture")
    model = load(tmp_path, size=16)
    assert (model.card.stored, model.shape, model.card.warnings) == (len(suffixes), (3, 16, 16), ())
    assert dict(model.card.facts)["folder"] == str(tmp_path)
    assert model.card.name == tmp_path.name


def test_values(tmp_path: Path):
    """Grey and palette pictures become RGB, transparency lies over white, the first frame of several counts."""
    picture(tmp_path / "0.png", color=128, mode="L")
    picture(tmp_path / "1.png", color=(255, 0, 0, 0), mode="RGBA")
    picture(tmp_path / "2.png", color=(0, 0, 255, 127), mode="RGBA")
    frames = [Image.new("P", (40, 40), i) for i in range(2)]
    for frame in frames:
        frame.putpalette([0, 255, 0, 255, 0, 0])
    frames[0].save(tmp_path / "3.gif", save_all=True, append_images=frames[1:])
    model = load(tmp_path, size=8)
    expected = torch.tensor([[128, 128, 128], [255, 255, 255], [128, 128, 255], [0, 255, 0]]) / 255
    stored = expected[:, :, None, None].expand(4, 3, 8, 8)
    assert float(model.nearest(stored).max()) < 1e-6


def test_the_central_square(tmp_path: Path):
    """A wide picture: red, green, blue thirds; only the middle is left."""
    wide = Image.new("RGB", (96, 32), "lime")
    wide.paste("red", (0, 0, 32, 32))
    wide.paste("blue", (64, 0, 96, 32))
    wide.save(tmp_path / "wide.png")
    cut, stored = open_square(tmp_path / "wide.png", 16)
    assert stored == (96, 32)
    assert {color for _, color in cut.getcolors()} == {(0, 255, 0)}


def test_turned_photographs_are_upright(tmp_path: Path):
    tall = Image.new("RGB", (32, 32), "white")
    tall.paste("black", (0, 0, 32, 16))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    tall.save(tmp_path / "a.png", exif=exif)
    cut, _ = open_square(tmp_path / "a.png", 32)
    assert cut.getpixel((16, 28)) == (0, 0, 0)


def test_mixed_sizes_are_told(tmp_path: Path):
    picture(tmp_path / "a.png", (40, 30))
    picture(tmp_path / "b.png", (64, 64), "blue")
    (warning,) = load(tmp_path, size=16).card.warnings
    assert warning == "The pictures have 2 sizes, from 40 × 30 to 64 × 64 px: each was cut to its central square and resized to 16 px."


def claiming(width: int, height: int) -> bytes:
    """A PNG of some bytes that claims to be as large as that."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


BROKEN = {
    "empty.png": (b"", "it is not a picture"),
    "text.jpg": (b"hello", "it is not a picture"),
    "bomb.png": (claiming(60_000, 60_000), "exceeds limit"),
    "large.png": (claiming(12_000, 10_000), "more than 100,000,000 in all"),
    "short.png": (claiming(30, 30), "image file is truncated"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_pictures_are_left_out_and_named(tmp_path: Path, name: str):
    content, reason = BROKEN[name]
    picture(tmp_path / "good.png")
    (tmp_path / name).write_bytes(content)
    card = load(tmp_path).card
    assert card.stored == 1
    (warning,) = card.warnings
    assert warning.startswith(f"“{name}” was left out: ")
    assert reason in warning


def test_many_broken_pictures_are_counted(tmp_path: Path):
    picture(tmp_path / "zz.png")
    for i in range(13):
        (tmp_path / f"{i:02}.png").write_bytes(b"no")
    warnings = load(tmp_path).card.warnings
    assert len(warnings) == 11
    assert warnings[-1] == "3 more pictures were left out, “10.png” the first of them."


def test_folders_without_pictures(tmp_path: Path):
    with pytest.raises(SceneError, match="There is no folder"):
        load(tmp_path / "nowhere")
    with pytest.raises(SceneError, match=r"holds no pictures: choose a folder with files of type \.bmp, \.gif"):
        load(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "b.png").write_bytes(b"x")
    with pytest.raises(SceneError, match=r"None of the 2 pictures in .* can be read; the first is “a.png”: it is not a picture"):
        load(tmp_path)


def test_too_many_pictures_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("scoreviz.models.pictures.MAX_PICTURES", 3)
    for i in range(5):
        picture(tmp_path / f"{i}.png", color=(50 * i, 0, 0))
    card = load(tmp_path).card
    assert card.stored == 3
    assert card.warnings == ("The folder holds 5 pictures; the first 3 by name are used.",)


def test_sigma_range(tmp_path: Path):
    picture(tmp_path / "a.png", (8, 8), "black")
    picture(tmp_path / "b.png", (8, 8), "white")
    assert load(tmp_path, size=8).sde.sigma_max == pytest.approx(14.0)  # sqrt(3 * 8 * 8) = 13.9
    assert load(tmp_path, size=8, sigma_max=3.0).sde.sigma_max == 3.0
    with pytest.raises(SceneError, match=r"σ max 0\.05 is not above σ min 0\.1"):
        load(tmp_path, sigma_min=0.1, sigma_max=0.05)


def test_one_picture_is_a_set(tmp_path: Path):
    model = load(picture(tmp_path / "a.png").parent, size=8)
    x = prior_points(model.sde, (2, *model.shape), torch.Generator().manual_seed(0), model.mean)
    y = sample(build_sampler(Images().sampler, model.sde, model.score_fn), x, 0)
    assert float(model.nearest(y).max()) < 1e-3
    assert not model.score_fn(x.requires_grad_(), 0.5).requires_grad


def test_progress_is_told(tmp_path: Path):
    words: list[str] = []
    load_model(PictureSet(path=str(picture(tmp_path / "a.png").parent)), words.append)
    assert words == ["picture 0 of 1", "measuring the set"]
