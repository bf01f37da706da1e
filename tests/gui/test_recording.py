"""A recording of a widget is what the widget showed, when it showed it; and the window survives whatever becomes of the recorder."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QRect, QStandardPaths, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui import theme
from scoreviz.gui.preferences import Preferences
from scoreviz.gui.progress import Progress
from scoreviz.gui.record_button import RecordButton
from scoreviz.gui.record_settings import RecordSettings
from scoreviz.gui.recording import Recorder, draw, recorded_size, still
from scoreviz.gui.topbar import TopBar
from scoreviz.record.parts import leftovers, part_of
from scoreviz.record.slots import Slots
from scoreviz.record.transcode import finish
from scoreviz.scene.errors import SceneError
from tests.gui.conftest import is_running
from tests.record.pictures import decoded, psnr

START_MS = 20_000
SIZE = (640, 360)


class Counter(QWidget):
    """Shows how often it was painted, as 16 squares, black for 0: what a frame of the film shows is a number."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(*SIZE)
        self.painted = 0

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#0d1117"))
        for bit in range(16):
            on = self.painted >> bit & 1
            painter.fillRect(QRect(40 * bit, 0, 40, 40), QColor("#ffffff" if on else "#000000"))
        painter.setPen(QColor("#d0d0d0"))  # grey: 4:2:0 takes the colour of single pixels
        for k in range(0, 300, 12):
            painter.drawEllipse(QPoint(320, 200), k, k // 2)
        self.painted += 1


def number(picture: np.ndarray) -> int:
    """What `Counter` wrote."""
    return sum(1 << bit for bit in range(16) if picture[20, 40 * bit + 20].mean() > 127)


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    theme.apply(qapp, theme.DARK)


@pytest.fixture
def counter(qtbot: QtBot) -> Counter:
    widget = Counter()
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def recorder(qapp: QApplication) -> Iterator[Recorder]:
    rings = set(Path("/dev/shm").glob("scoreviz-record-*"))
    recorder = Recorder()
    pid = 0

    def note() -> None:
        nonlocal pid
        pid = recorder._process.pid if recorder._process is not None else pid

    recorder.changed.connect(note)
    yield recorder
    recorder.close()
    assert not (pid and is_running(pid)), "the recorder's process was left behind"
    end = time.monotonic() + 15  # tests of another process may record just now; what they hold goes with them
    while left := set(Path("/dev/shm").glob("scoreviz-record-*")) - rings:
        assert time.monotonic() < end, left
        QApplication.processEvents()
    recorder.deleteLater()


def begin(qtbot: QtBot, recorder: Recorder, widget: QWidget, path: Path, fps: int = 30) -> None:
    recorder.start(widget, path, fps)
    assert recorder.state == "starting"
    qtbot.waitUntil(lambda: recorder.state == "recording", timeout=START_MS)


def record(qtbot: QtBot, recorder: Recorder, widget: QWidget, path: Path, seconds: float, each: Callable[[], None] = lambda: None) -> Path:
    begin(qtbot, recorder, widget, path)
    each()
    qtbot.waitUntil(lambda: recorder.seconds >= seconds, timeout=START_MS)
    with qtbot.waitSignal(recorder.saved, timeout=START_MS) as saved:
        recorder.stop()
        assert recorder.state == "finishing"
    assert recorder.state == "idle"
    return Path(saved.args[0])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_three_seconds(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path) -> None:
    """Size, rate, times and content; which frame shows what is told by the frame itself."""
    heard: list[float] = []
    recorder.progressed.connect(heard.append)
    first = counter.painted
    path = record(qtbot, recorder, counter, tmp_path / "a.mp4", 3.0)
    assert path == tmp_path / "a.mp4" and names(tmp_path) == ["a.mp4"]
    assert heard == sorted(heard) and heard[-1] == 1.0
    found = decoded(path)
    assert found[0][1].shape == (SIZE[1], SIZE[0], 3)
    indices = [round(time * 30) for time, _ in found]
    assert indices[0] == 0 and indices == sorted(set(indices)) and 89 <= indices[-1] <= 120
    assert len(found) == recorder.written == indices[-1] + 1 - recorder.dropped
    assert recorder.dropped <= 45, "a busy machine may drop some, and says so"
    shown = [number(picture) for _, picture in found]
    assert shown[0] >= first and all(b > a for a, b in itertools.pairwise(shown)), "each frame is a painting of its own, in order"
    for painted, (_, picture) in list(zip(shown, found, strict=True))[::10]:
        counter.painted = painted
        image = QImage(*SIZE, QImage.Format.Format_RGB32)
        draw(counter, image)
        expected = np.frombuffer(image.constBits(), np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., 2::-1]
        assert psnr(picture, expected) > 36


def test_an_odd_size_loses_a_line_not_its_shape(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path) -> None:
    counter.resize(641, 361)
    assert recorded_size(counter).toTuple() == SIZE
    ((_, picture), *_) = decoded(record(qtbot, recorder, counter, tmp_path / "a.gif", 0.1))
    assert picture.shape == (360, 640, 3)
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    counter.painted = number(picture)
    draw(counter, image)
    assert psnr(picture, np.frombuffer(image.constBits(), np.uint8).reshape(360, 640, 4)[..., 2::-1]) > 34


class Square(QWidget):
    """A white square of 100 in the middle of black, on a blue ground."""

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#000040"))
        painter.fillRect(QRect(self.width() // 2 - 50, self.height() // 2 - 50, 100, 100), QColor("#ffffff"))


@pytest.mark.parametrize("size", [(320, 360), (640, 180), (1280, 720)], ids=str)
def test_another_size_is_shown_whole_between_bars(qapp: QApplication, size: tuple[int, int]) -> None:
    widget = Square()
    widget.resize(*size)
    image = QImage(640, 360, QImage.Format.Format_RGB32)
    draw(widget, image)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(360, 640, 4)[..., 2::-1].astype(int)
    white = np.argwhere(pixels.min(axis=-1) > 200)
    height, width = white.max(axis=0) - white.min(axis=0) + 1
    scale = min(640 / size[0], 360 / size[1])
    assert abs(width - 100 * scale) <= 1 and abs(height - 100 * scale) <= 1, "a square stays a square"
    assert np.allclose(white.mean(axis=0), (179.5, 319.5), atol=1)
    bars = (pixels == QColor(theme.current().ground).toTuple()[:3]).all(axis=-1).mean()
    assert abs(bars - (1 - size[0] * size[1] * scale**2 / (640 * 360))) < 0.01
    widget.deleteLater()


def test_resized_while_it_records(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path) -> None:
    path = record(qtbot, recorder, counter, tmp_path / "a.mp4", 0.3, lambda: counter.resize(320, 360))
    assert {picture.shape for _, picture in decoded(path)} == {(360, 640, 3)}


def test_device_pixels_are_recorded(qapp: QApplication) -> None:
    """At twice the pixel ratio the same widget fills an image of twice the size."""
    widget = Square()
    widget.resize(320, 180)
    image = QImage(640, 360, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(2)
    draw(widget, image)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(360, 640, 4)
    assert (pixels[..., 1] > 200).sum() == 200 * 200
    widget.deleteLater()


def test_an_open_dialog_does_not_stop_it(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path) -> None:
    def talk() -> None:
        dialog = QDialog(counter)
        recorder.changed.connect(dialog.accept)  # a second has passed
        dialog.exec()
        assert recorder.written > 10
        dialog.deleteLater()

    assert len(decoded(record(qtbot, recorder, counter, tmp_path / "a.mp4", 0.1, talk))) == recorder.written


def test_hidden_widgets_are_recorded_all_the_same(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path) -> None:
    path = record(qtbot, recorder, counter, tmp_path / "a.mp4", 0.3, counter.hide)
    assert len(decoded(path)) == recorder.written > 3


def test_a_widget_that_goes_ends_the_recording(qtbot: QtBot, recorder: Recorder, tmp_path: Path) -> None:
    widget = Counter()
    begin(qtbot, recorder, widget, tmp_path / "a.mp4")
    with qtbot.waitSignal(recorder.saved, timeout=START_MS):
        widget.deleteLater()
    assert names(tmp_path) == ["a.mp4"]


def test_what_is_missed_is_counted_and_keeps_its_place(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path) -> None:
    """The window hangs for 0.4 s: the film shows the picture before for so long, and the figure says how many."""

    def hang() -> None:
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            pass

    path = record(qtbot, recorder, counter, tmp_path / "a.mp4", 1.0, hang)
    times = [time for time, _ in decoded(path)]
    assert max(b - a for a, b in itertools.pairwise(times)) > 10 / 30
    assert round(times[-1] * 30) + 1 == recorder.written + recorder.dropped


def test_the_recorder_is_killed(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path) -> None:
    begin(qtbot, recorder, counter, tmp_path / "a.mp4")
    qtbot.waitUntil(lambda: recorder.seconds > 1.5, timeout=START_MS)
    assert recorder._process is not None
    part, recorded = part_of(tmp_path / "a.mp4"), recorder.seconds
    with qtbot.waitSignal(recorder.failed, timeout=START_MS) as failed:
        os.kill(recorder._process.pid, signal.SIGKILL)
    assert failed.args[0].endswith(f"it was ended by the system. What was recorded is kept in “{part}”.")
    assert recorder.state == "idle" and leftovers(tmp_path) == [part]
    with qtbot.waitSignal(recorder.saved, timeout=START_MS) as saved:
        recorder.finish(part)
    assert Path(saved.args[0]) == tmp_path / "a.mp4" and names(tmp_path) == ["a.mp4"]
    assert decoded(tmp_path / "a.mp4")[-1][0] > recorded - 2.0


@pytest.mark.parametrize("state", ["starting", "recording", "finishing"])
def test_the_window_closes(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path, state: str) -> None:
    """It closes at once; the film comes."""
    if state == "starting":
        recorder.start(counter, tmp_path / "a.mp4")
    else:
        begin(qtbot, recorder, counter, tmp_path / "a.mp4")
        qtbot.waitUntil(lambda: recorder.seconds > 1.0, timeout=START_MS)
    if state == "finishing":
        with qtbot.waitSignal(recorder.progressed, timeout=START_MS):
            recorder.stop()
    written = recorder.written
    recorder.close()
    assert recorder.state == "idle"
    if state == "starting":
        assert names(tmp_path) == []
    else:
        qtbot.waitUntil(lambda: names(tmp_path) == ["a.mp4"], timeout=START_MS)
        assert len(decoded(tmp_path / "a.mp4")) == written


def test_discarded(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path) -> None:
    begin(qtbot, recorder, counter, tmp_path / "a.mp4")
    recorder.cancel()
    qtbot.waitUntil(lambda: recorder.state == "idle", timeout=START_MS)
    recorder.start(counter, tmp_path / "a.mp4")
    recorder.stop()
    qtbot.waitUntil(lambda: recorder.state == "idle", timeout=START_MS)
    assert names(tmp_path) == []


def test_a_film_that_is_not_wanted_leaves_the_recording(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path) -> None:
    begin(qtbot, recorder, counter, tmp_path / "a.mp4")
    qtbot.waitUntil(lambda: recorder.seconds > 1.0, timeout=START_MS)
    with qtbot.waitSignal(recorder.progressed, timeout=START_MS):
        recorder.stop()
    with qtbot.waitSignal(recorder.saved, timeout=START_MS) as saved:
        recorder.cancel()
    assert Path(saved.args[0]) == tmp_path / "a.mkv"
    assert names(tmp_path) == ["a.mkv"]


def test_where_nothing_can_be_written(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path) -> None:
    with qtbot.waitSignal(recorder.failed, timeout=START_MS) as failed:
        recorder.start(counter, tmp_path / "nowhere" / "a.mp4")
    assert "there is no folder" in failed.args[0] and recorder.state == "idle"


def test_where_there_is_no_memory(
    qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(size: object) -> Slots:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Slots, "make", none)
    with qtbot.waitSignal(recorder.failed) as failed:
        recorder.start(counter, tmp_path / "a.mp4")
    assert failed.args[0] == "There is no memory to record with: No space left on device."
    assert recorder.state == "idle"


def test_a_name_that_is_taken_is_numbered(qtbot: QtBot, recorder: Recorder, counter: Counter, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"old")
    assert record(qtbot, recorder, counter, tmp_path / "a.mp4", 0.1) == tmp_path / "a 2.mp4"
    assert (tmp_path / "a.mp4").read_bytes() == b"old"
    with pytest.raises(SceneError):
        finish(tmp_path / "a.mp4.part.mkv")


def test_still(qtbot: QtBot, counter: Counter, tmp_path: Path) -> None:
    counter.resize(641, 361)
    counter.painted = 0b1011
    assert still(counter, tmp_path / "a.png") == tmp_path / "a.png"
    with Image.open(tmp_path / "a.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (361, 641, 3) and number(pixels) == 0b1011
    assert pixels[300, 630].tolist() == [0x0D, 0x11, 0x17]
    with pytest.raises(SceneError, match="was not saved"):
        still(counter, tmp_path / "nowhere" / "a.png")


# ---- settings


def test_settings_are_remembered(tmp_path: Path) -> None:
    chosen = RecordSettings(what="canvas", format="gif", fps=60, folder=tmp_path)
    chosen.save(Preferences())
    assert RecordSettings.load(Preferences()) == chosen
    assert (chosen.rate, RecordSettings(fps=60).rate) == (30, 60)
    Preferences().set("record/what", "everything")
    Preferences().set("record/fps", 31)
    Preferences().set("record/folder", str(tmp_path / "gone"))
    assert RecordSettings.load(Preferences()) == RecordSettings(format="gif")
    RecordSettings().save(Preferences())


def test_names_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 20, 23, 57, 12)
    settings = RecordSettings(folder=tmp_path)
    assert settings.video_path(now) == tmp_path / "scoreviz 2026-11-20 23.57.12.mp4"
    assert settings.still_path(now) == tmp_path / "scoreviz 2026-11-20 23.57.12.png"
    settings.still_path(now).touch()
    assert settings.still_path(now) == tmp_path / "scoreviz 2026-11-20 23.57.12 2.png"
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda place: str(tmp_path / place.name))
    assert RecordSettings().video_path(now).parent == tmp_path / "MoviesLocation"
    assert RecordSettings().still_path(now).parent == tmp_path / "PicturesLocation"
    assert (tmp_path / "MoviesLocation").is_dir()


# ---- the button


@pytest.fixture
def bar(qtbot: QtBot, recorder: Recorder) -> TopBar:
    progress = Progress()
    progress.state, progress.device, progress.fps = "ready", "cpu, 1 thread", 60
    progress.running, progress.step, progress.rate = True, 12345, 1234.0
    bar = TopBar(progress, [("dynamics", "Dynamics"), ("images", "Images")])
    progress.setParent(bar)
    qtbot.addWidget(bar)
    bar.set_file("two spirals.scoreviz.json", True)
    bar.record_button.follow(recorder)
    bar.resize(1280, bar.height())
    with qtbot.waitExposed(bar):
        bar.show()
    return bar


def test_the_button_says_what_is_going_on(bar: TopBar, recorder: Recorder) -> None:
    press = bar.record_button.press
    assert (press.objectName(), press.text(), press.accessibleName()) == ("topbar.record", "Record", "Record the tab")
    recorder.state, recorder._last = "recording", 30 * 75
    recorder.changed.emit()
    assert press.text() == "1:15"
    recorder.dropped = 2
    recorder.changed.emit()
    assert press.text() == "1:15 · 2 dropped" and "1:15 long; 2 frames were dropped" in press.accessibleName()
    recorder.state, recorder.fraction = "finishing", 0.43
    recorder.changed.emit()
    assert press.text() == "film 43%" and not press.isEnabled()
    recorder.state = "idle"
    recorder.changed.emit()
    assert press.text() == "Record" and press.isEnabled()


@pytest.mark.parametrize("width", [900, 1000, 1280])
@pytest.mark.parametrize("state", ["idle", "starting", "recording", "finishing"])
def test_the_bar_has_room_for_it(bar: TopBar, recorder: Recorder, width: int, state: str) -> None:
    recorder.state, recorder.dropped, recorder._last = state, 12, 30 * 754  # type: ignore[assignment]
    bar.resize(width, bar.height())
    recorder.changed.emit()
    QApplication.processEvents()
    assert bar.rect().contains(bar.record_button.geometry())
    press = bar.record_button.press
    assert press.width() >= press.sizeHint().width() and bar.file.width() >= bar.file.minimumSizeHint().width()
    recorder.state = "idle"


def test_clicks(qtbot: QtBot, bar: TopBar) -> None:
    button = bar.record_button
    with qtbot.waitSignal(button.recordToggled):
        QTest.mouseClick(button.press, Qt.MouseButton.LeftButton)
    QTest.mouseClick(button.choices, Qt.MouseButton.LeftButton)
    assert button.menu.isVisible()
    with qtbot.waitSignal(button.stillWanted):
        button.still.trigger()
    button.menu.close()


def test_choices(qtbot: QtBot, bar: TopBar, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    button = bar.record_button
    chosen: list[RecordSettings] = []
    button.settingsChanged.connect(chosen.append)
    for option in (("what", "canvas"), ("fps", 60), ("format", "gif")):
        button._open_menu()
        button._options[option].trigger()
        button.menu.close()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    button.folder.trigger()
    assert chosen[-1] == button.settings == RecordSettings(what="canvas", format="gif", fps=60, folder=tmp_path)
    assert len(chosen) == 4 and chosen[-1].rate == 30
    button._open_menu()
    assert button._options["what", "canvas"].isChecked() and not button._options["fps", 60].isEnabled()
    assert tmp_path.name in button.folder.text() and not button.cancel.isVisible()
    recorder.state = "recording"
    recorder.changed.emit()
    assert not button._options["format", "mp4"].isEnabled() and button.still.isEnabled()
    with qtbot.waitSignal(button.cancelWanted):
        assert button.cancel.isVisible() and button.cancel.text() == "Discard the recording"
        button.cancel.trigger()
    button.menu.close()
    recorder.state = "idle"


def test_a_button_of_its_own_needs_no_recorder(qtbot: QtBot) -> None:
    button = RecordButton()
    qtbot.addWidget(button)
    assert button.press.text() == "Record"
    button.set_settings(RecordSettings(what="canvas"))
    assert button.press.accessibleName() == "Record the canvas"


@pytest.mark.slow
@pytest.mark.quiet
def test_beside_a_network_that_trains() -> None:
    """The benchmark's probe on a real window and engine, for three seconds; how many it drops is for `scoreviz bench`."""
    from scoreviz.cli.bench.recording import found

    measured = found(3.0)
    assert (measured["width"], measured["height"]) == (1280, 720)
    assert 90 <= measured["written"] + measured["dropped"] <= 120
    assert measured["rate_with"] > 0 and measured["rate_without"] > 0
    assert 0 < measured["encode_cpu_ms"] < 60
