"""The recorder's process: nothing that was recorded is lost, whoever is killed, and no half file has a film's name."""

import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scoreviz.record import messages as m
from scoreviz.record.parts import free_name, in_use, leftovers, part_of, target_of
from scoreviz.record.slots import Slots
from scoreviz.record.stream import Source
from scoreviz.record.transcode import finish
from scoreviz.scene.errors import SceneError
from tests.record.pictures import SIZE, decoded, plot, psnr
from tests.record.window import ROOT, RecorderEnded, Window, wait_for

COUNT = 75


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def rings():
    """Rings of slots that somebody left behind."""
    return {path for place in (Path("/dev/shm"), Path("/tmp")) for path in place.glob("scoreviz-record-*")}


@pytest.fixture(autouse=True)
def nothing_is_left_in_memory():
    before = rings()
    yield
    assert rings() <= before


@pytest.mark.parametrize("name", ["a film.mp4", "a film.gif"])
def test_a_recording(tmp_path, name):
    target, seen = tmp_path / name, []
    with Window() as window:
        window.record(target)
        shown = [0, 1, 2, *range(5, COUNT)]  # two were missed
        for i in shown:
            window.show(i)
            assert not target.exists()
        window.say(m.Stop())
        saved = window.until(m.Saved, lambda: seen.append(names(tmp_path)))
        assert window.process.wait() == 0
    assert (saved.path, saved.frames) == (str(target), len(shown))
    assert names(tmp_path) == [name]
    hidden = [other for listing in seen[:-1] for other in listing if other not in (part_of(target).name, name)]
    assert hidden and all(other.startswith(f".{name}") for other in hidden), "it was being written under a hidden name"
    told = [message.fraction for message in window.heard if isinstance(message, m.Making)]
    assert told == sorted(told) and 0 <= told[0] <= told[-1] <= 1
    found = decoded(target)
    assert len(found) == len(shown)
    for i, (time, picture) in zip(shown, found, strict=True):
        assert abs(time - i / 30) <= 0.0051
        assert psnr(picture, plot(i)) > 32


def test_a_film_is_whole_from_its_first_sight(tmp_path):
    """A watcher reads the final name as fast as it can: what it reads first is what it reads at last."""
    target, first = tmp_path / "a.mp4", []

    def watch():
        while not first:
            try:
                first.append(target.read_bytes())
            except FileNotFoundError:
                os.sched_yield()

    with Window() as window:
        window.record(target)
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        for i in range(COUNT):
            window.show(i)
        window.say(m.Stop())
        window.until(m.Saved)
        watcher.join()
    assert first == [target.read_bytes()]
    assert len(decoded(target)) == COUNT


def test_the_recorder_is_killed(tmp_path):
    target = tmp_path / "a.mp4"
    with Window() as window:
        window.record(target)
        for i in range(COUNT):
            window.show(i)
        window.settle()
        assert not leftovers(tmp_path), "somebody works on it"
        window.process.send_signal(signal.SIGKILL)
        window.process.wait()
    (part,) = leftovers(tmp_path)
    assert part == part_of(target)
    source = Source(part)
    assert source.fps == 30
    assert COUNT - 1 - source.last_index <= 15, "half a second, where two were promised"
    assert finish(part) == target
    assert names(tmp_path) == ["a.mp4"]
    found = decoded(target)
    assert len(found) == source.frames
    assert min(psnr(picture, plot(i)) for i, (_, picture) in enumerate(found)) > 32


def test_the_window_is_killed(tmp_path):
    """The recorder, which no one waits for any more, makes the film; stderr, which it inherits, closes when it has ended."""
    target = tmp_path / "a.mp4"
    command = [sys.executable, "-m", "tests.record.window", str(target), str(COUNT)]
    done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stderr) == (-signal.SIGKILL, b"")
    assert names(tmp_path) == ["a.mp4"]
    assert len(decoded(target)) == COUNT, "not one frame is lost"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_ends_the_window_does_not_end_the_recorder(tmp_path, number):
    """Ctrl+C and a closed terminal reach all processes of the terminal."""
    with Window() as window:
        window.record(tmp_path / "a.mp4")
        window.show(0)
        window.process.send_signal(number)
        window.show(1)
        window.say(m.Stop())
        assert window.until(m.Saved).frames == 2


@pytest.mark.parametrize("when", ["recording", "making"])
def test_the_window_leaves(tmp_path, when):
    """The recorder ends at once, for Qt would end it; another process makes the film."""
    target = tmp_path / "a.mp4"
    with Window() as window:
        window.record(target)
        for i in range(COUNT):
            window.show(i)
        if when == "making":
            window.say(m.Stop())
            window.until(m.Making)
        window.say(m.Leave())
        with pytest.raises(RecorderEnded):
            window.until(m.Saved)
        assert window.process.wait() == 0
    wait_for(lambda: names(tmp_path) == ["a.mp4"])
    assert len(decoded(target)) == COUNT


def test_discarded_while_recording(tmp_path):
    with Window() as window:
        window.record(tmp_path / "a.mp4")
        window.show(0)
        window.say(m.Discard())
        assert window.until(m.Saved).path == ""
    assert names(tmp_path) == []


def test_stopped_while_the_film_is_made(tmp_path):
    with Window() as window:
        window.record(tmp_path / "a.mp4")
        for i in range(COUNT):
            window.show(i)
        window.say(m.Stop())
        window.until(m.Making)
        window.say(m.Discard())
        assert window.until(m.Saved).path == str(tmp_path / "a.mkv")
    assert names(tmp_path) == ["a.mkv"]
    assert len(decoded(tmp_path / "a.mkv")) == COUNT


def test_no_frame(tmp_path):
    with Window() as window:
        window.record(tmp_path / "a.mp4")
        window.say(m.Stop())
        assert window.until(m.Saved).path == ""
    assert names(tmp_path) == []


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_no_room_while_recording(tmp_path):
    part = part_of(tmp_path / "a.mp4")
    with Window() as window:
        window.record(tmp_path / "a.mp4")
        for i in range(COUNT):
            window.show(i)
        window.settle()
        recorded = Source(part).frames
        resource.prlimit(window.process.pid, resource.RLIMIT_FSIZE, (part.stat().st_size + 4096,) * 2)
        try:
            for i in range(COUNT, 2 * COUNT):
                window.show(i)
        except (BrokenPipeError, RecorderEnded):
            pass
        failed = window.heard[-1]
    assert failed.template.startswith("There is no room for")
    assert failed.params["name"] == failed.kept == str(part)
    assert names(tmp_path) == [part.name]
    assert Source(part).frames >= recorded


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_no_room_for_the_film(tmp_path):
    target = tmp_path / "a.gif"
    with Window() as window:
        window.record(target)
        for i in range(COUNT):
            window.show(i)
        window.settle()
        resource.prlimit(window.process.pid, resource.RLIMIT_FSIZE, (2 * part_of(target).stat().st_size,) * 2)
        window.say(m.Stop())
        failed = window.until(m.Failed)
    assert failed.template.startswith("There is no room for")
    assert (failed.params["name"], failed.kept) == (str(target), str(part_of(target)))
    assert names(tmp_path) == [part_of(target).name]
    assert finish(part_of(target)) == target, "once there is room"


def test_no_folder(tmp_path):
    with Window() as window, pytest.raises(RecorderEnded):
        window.record(tmp_path / "nowhere" / "a.mp4")
    (failed,) = window.heard
    assert "there is no folder" in failed.template and failed.kept == ""


def test_a_recording_of_the_same_name_is_not_written_over(tmp_path):
    part_of(tmp_path / "a.mp4").write_bytes(b"another window's")
    with Window() as window, pytest.raises(RecorderEnded):
        window.record(tmp_path / "a.mp4")
    assert part_of(tmp_path / "a.mp4").read_bytes() == b"another window's"


def test_a_leftover_is_finished_on_demand(tmp_path):
    with Window() as window:
        window.record(tmp_path / "a.mp4")
        for i in range(COUNT):
            window.show(i)
        window.settle()
        window.process.kill()
    with Window() as window:
        window.say(m.Finish(part=str(part_of(tmp_path / "a.mp4"))))
        assert window.until(m.Saved).path == str(tmp_path / "a.mp4")
    assert names(tmp_path) == ["a.mp4"]


def test_what_cannot_be_read_is_a_sentence(tmp_path):
    part = tmp_path / "a.mp4.part.mkv"
    part.write_bytes(b"")
    with pytest.raises(SceneError, match=r"Nothing can be read from the recording “.*a.mp4.part.mkv”"):
        finish(part)
    assert names(tmp_path) == [part.name]
    with pytest.raises(SceneError, match="There is no recording"):
        finish(tmp_path / "b.mp4.part.mkv")


def test_names(tmp_path):
    target = tmp_path / "scoreviz 2026-11-20 23.57.12.mp4"
    assert part_of(target).name == "scoreviz 2026-11-20 23.57.12.mp4.part.mkv"
    assert target_of(part_of(target)) == free_name(target) == target
    target.touch()
    assert free_name(target).name == "scoreviz 2026-11-20 23.57.12 2.mp4"
    part_of(free_name(target)).touch()
    assert free_name(target).name == "scoreviz 2026-11-20 23.57.12 3.mp4"
    assert target_of(tmp_path / "old.part.mkv").name == "old.mp4"


def test_leftovers_are_the_newest_first_and_nobodys(tmp_path):
    for age, name in enumerate(["new", "busy", "old"]):
        part = tmp_path / f"{name}.mp4.part.mkv"
        part.touch()
        os.utime(part, (1e9 - age, 1e9 - age))
    with in_use(tmp_path / "busy.mp4.part.mkv"):
        assert [path.name.partition(".")[0] for path in leftovers(tmp_path)] == ["new", "old"]
    assert len(leftovers(tmp_path)) == 3
    assert leftovers(tmp_path / "nowhere") == []


def test_slots_share_their_memory():
    slots = Slots.make(SIZE)
    other = Slots(slots.path, SIZE, slots.count)
    slots.remove()
    slots.picture(2)[5, 7] = (1, 2, 3, 4)
    assert other.picture(2)[5, 7].tolist() == [1, 2, 3, 4]
    assert not other.picture(1).any()


def test_a_memory_that_is_too_small_gives_way_to_the_disk(monkeypatch):
    real, asked = os.posix_fallocate, []

    def full(fd, offset, size):
        asked.append(os.readlink(f"/proc/self/fd/{fd}"))
        if len(asked) == 1:
            raise OSError(28, "No space left on device")
        real(fd, offset, size)

    monkeypatch.setattr(os, "posix_fallocate", full)
    slots = Slots.make(SIZE)
    slots.remove()
    assert [Path(path).parents[1] for path in asked] == [Path("/dev/shm"), Path("/tmp")]
