"""GIFs keep their colours; PNGs are exact."""

import numpy as np
import pytest
from PIL import Image

from scoreviz.record.picture import write_png
from scoreviz.record.video import VideoFile
from scoreviz.scene.errors import SceneError
from tests.record.pictures import SIZE, decoded, plot, psnr


def test_gif_is_a_loop_with_colours_of_its_own(tmp_path):
    """The six levels a channel of a web palette come to 20 dB."""
    path = tmp_path / "a.gif"
    with VideoFile(path, SIZE, 30) as video:
        for i in range(20):
            video.write(plot(i))
    worst = min(psnr(picture, plot(i)) for i, (_, picture) in enumerate(decoded(path)))
    naive = Image.fromarray(plot(0)).convert("P", palette=Image.Palette.WEB, dither=Image.Dither.NONE).convert("RGB")
    assert worst > 40 > 30 > psnr(np.asarray(naive), plot(0))
    with Image.open(path) as gif:
        assert gif.info["loop"] == 0
        assert gif.n_frames == 20


@pytest.mark.parametrize("channels", [3, 4])
def test_png_is_exact(tmp_path, channels):
    picture = np.random.default_rng(0).integers(0, 256, (45, 31, channels), np.uint8)
    write_png(tmp_path / "a.png", picture)
    with Image.open(tmp_path / "a.png") as found:
        assert np.array_equal(np.asarray(found), picture)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_png_where_there_is_no_folder(tmp_path):
    with pytest.raises(SceneError, match=r"a.png” was not saved: No such file"):
        write_png(tmp_path / "nowhere" / "a.png", plot(0))


def test_png_of_something_else(tmp_path):
    with pytest.raises(ValueError, match="a picture of"):
        write_png(tmp_path / "a.png", np.zeros((4, 4)))
