"""What is written is what was given: pixels, times, colours; whole or not at all."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from scoreviz.record.video import VideoFile
from scoreviz.scene.errors import SceneError
from tests.record.pictures import SIZE, decoded, plot, psnr

LUMA = np.array([0.2126, 0.7152, 0.0722])


def write(path, count=12, **options):
    with VideoFile(path, SIZE, 30, **options) as video:
        for i in range(count):
            video.write(plot(i))
    return path


@pytest.mark.parametrize(
    ("name", "options", "dB"), [("a.mp4", {}, 33), ("a.mkv", {}, 33), ("a.part.mkv", {"quality": "live"}, 41), ("a.gif", {}, 40)]
)
def test_what_comes_back(tmp_path, name, options, dB):
    found = decoded(write(tmp_path / name, **options))
    assert len(found) == 12
    for i, (time, picture) in enumerate(found):
        assert abs(time - i / 30) <= 0.0051, "a GIF counts in hundredths, an MKV in thousandths"
        assert psnr(picture, plot(i)) > dB
        assert psnr(picture @ LUMA, plot(i) @ LUMA) > 40
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_mp4_is_what_every_player_takes(tmp_path):
    path = write(tmp_path / "a.mp4", 30)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt, stream.average_rate) == ("h264", "yuv420p", 30)
        assert (stream.codec_context.colorspace, stream.codec_context.color_range) == (1, 1)
        assert container.duration == 1_000_000
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "it starts before it is loaded"


@pytest.mark.parametrize(("name", "again"), [("a.mp4", 24), ("a.gif", 2)])
def test_the_same_frames_are_the_same_bytes(tmp_path, name, again):
    """Whatever memory held before: with mbtree one film in six came out otherwise here."""
    noise = np.random.default_rng(0)
    frames = [np.clip(plot(i)[..., :3] + noise.normal(0, 4, plot(i)[..., :3].shape), 0, 255).astype(np.uint8) for i in range(8)]
    films = set()
    for k in range(1 + again):
        path = tmp_path / f"{k}{Path(name).suffix}"
        with VideoFile(path, SIZE, 30) as video:
            for frame in frames:
                dirt = [np.full(int(size), k + 1, np.uint8) for size in noise.integers(1000, 700_000, 6)]
                video.write(frame)
                del dirt
        films.add(path.read_bytes())
    assert len(films) == 1


def test_flat_colours_are_exact(tmp_path):
    """The matrix is the tagged one: a wrong one is off by ten and more."""
    colours = [(250, 40, 30), (30, 200, 60), (20, 60, 240), (127, 208, 196)]
    frame = np.zeros((180, 320, 3), np.uint8)
    for i, colour in enumerate(colours):
        frame[:, 80 * i : 80 * i + 80] = colour
    with VideoFile(tmp_path / "a.mp4", SIZE, 30) as video:
        video.write(frame)
    ((_, found),) = decoded(tmp_path / "a.mp4")
    for i, colour in enumerate(colours):
        assert np.abs(found[90, 80 * i + 40].astype(int) - colour).max() <= 3


def test_layouts_are_the_same_picture(tmp_path):
    rgb = plot(3)
    alpha = np.full((*rgb.shape[:2], 1), 255, np.uint8)
    rgba, bgra = np.concatenate([rgb, alpha], -1), np.concatenate([rgb[..., ::-1], alpha], -1)
    for layout, frame in (("rgb", rgb), ("rgba", rgba), ("bgra", bgra)):
        with VideoFile(tmp_path / f"{layout}.mp4", SIZE, 30) as video:
            video.write(frame, layout=layout)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.gif"])
def test_a_missing_frame_leaves_the_others_in_their_places(tmp_path, name):
    with VideoFile(tmp_path / name, SIZE, 30) as video:
        for i in (0, 1, 4, 5, 11):
            video.write(plot(i), index=i)
        with pytest.raises(ValueError, match="frame 11 came after frame 11"):
            video.write(plot(0), index=11)
    times = [time for time, _ in decoded(tmp_path / name)]
    assert np.allclose(times, np.array([0, 1, 4, 5, 11]) / 30, atol=0.0051)


@pytest.mark.parametrize("frame", [plot(0, (322, 180)), plot(0).astype(np.float32), plot(0)[..., :2]], ids=["size", "type", "channels"])
def test_a_change_in_mid_stream_is_refused(tmp_path, frame):
    with pytest.raises(ValueError, match="320 x 180 in rgb was expected"), VideoFile(tmp_path / "a.mp4", SIZE, 30) as video:
        video.write(plot(0))
        video.write(frame)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "size", "fps", "says"),
    [
        ("a.mp4", (1281, 721), 30, "1281 × 721 is not possible: both sides must be even. The nearest is 1280 × 720"),
        ("a.mp4", (8, 180), 30, "16 to 8192"),
        ("a.mp4", (20000, 180), 30, "16 to 8192"),
        ("a.mp4", SIZE, 0, "choose 1 to 240"),
        ("a.gif", SIZE, 60, "GIF cannot show 60"),
        ("a.webm", SIZE, 30, "End its name in .mp4, .mkv, .gif"),
        ("nowhere/a.mp4", SIZE, 30, "there is no folder “.*nowhere”"),
        ("nowhere/a.gif", SIZE, 30, "there is no folder “.*nowhere”"),
    ],
)
def test_what_cannot_be_is_a_sentence(tmp_path, name, size, fps, says):
    with pytest.raises(SceneError, match=says), VideoFile(tmp_path / name, size, fps):
        pytest.fail("it began")
    assert not list(tmp_path.iterdir())


def test_no_frame_no_file(tmp_path):
    with pytest.raises(SceneError, match="there is no frame"), VideoFile(tmp_path / "a.mp4", SIZE, 30):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_an_exception_leaves_nothing_and_the_old_file_untouched(tmp_path, name):
    (tmp_path / name).write_bytes(b"old")
    with pytest.raises(RuntimeError, match="mine"), VideoFile(tmp_path / name, SIZE, 30) as video:
        video.write(plot(0))
        raise RuntimeError("mine")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [(name, b"old")]


def test_a_folder_that_may_not_be_written(tmp_path, monkeypatch):
    """Root may write everywhere, so the system's answer is made here; what it says is the system's."""
    real = Path.open

    def refusing(self, mode="r", *rest, **more):
        if "x" in mode:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        return real(self, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", refusing)
    with (
        pytest.raises(SceneError, match=r"“.*a.mp4” was not written: Permission denied. Choose another"),
        VideoFile(tmp_path / "a.mp4", SIZE, 30),
    ):
        pytest.fail("it began")


def test_a_name_that_is_a_folder(tmp_path):
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(SceneError, match=r"a.mp4” was not written: Is a directory"):
        write(tmp_path / "a.mp4", 2)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


FULL = """
import sys, resource
from pathlib import Path
from scoreviz.record.video import VideoFile
from scoreviz.scene.errors import SceneError
from tests.record.pictures import SIZE, plot
import numpy as np
path, limit, quality = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
noise = np.random.default_rng(0)
try:
    with VideoFile(path, SIZE, 30, quality=quality) as video:
        for i in range(60):
            video.write(noise.integers(0, 256, (180, 320, 3), np.uint8))
except SceneError as error:
    print(error)
print(*sorted(p.name for p in path.parent.iterdir()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
@pytest.mark.parametrize(("name", "quality", "left"), [("a.mp4", "final", ""), ("a.gif", "final", ""), ("a.mkv", "live", "a.mkv")])
def test_no_more_room(tmp_path, name, quality, left):
    """A limit of the file's size stands for the full disk: the system's error number differs, its way through FFmpeg does not."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", FULL, str(tmp_path / name), "200000", quality]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    assert done.returncode == 0, done.stderr
    says, found = done.stdout.splitlines()
    assert re.match(rf"There is no room for “.*{name}”: .*. Make room", says)
    assert found == left


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="only root mounts")
@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_a_disk_that_is_really_full(tmp_path, name):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(tmp_path)]).returncode != 0:
        pytest.skip("mounting is not permitted")
    try:
        root = Path(__file__).resolve().parents[2]
        command = [sys.executable, "-c", FULL, str(tmp_path / name), "0", "final"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
        says, found = done.stdout.splitlines()
        assert "There is no room" in says and "No space left on device" in says
        assert found == ""
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
