"""Letters, pictures and tables: what is baked of them, what is refused, and how a drop becomes one undo step of the drawing."""

from __future__ import annotations

import io
import itertools
import pickle
import re
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QFontDatabase, QImage, QPainter, QPainterPath, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.density_panel import in_words
from scoreviz.gui.importing.letters import bake_text, borrowed, font_of
from scoreviz.gui.importing.pictures import Picture, is_picture, read_picture
from scoreviz.gui.importing.tables import Table, read_points
from scoreviz.gui.window import Window
from scoreviz.maths.shapes import shape_components
from scoreviz.protocol.messages import Blob, Train
from scoreviz.scene.density import Bitmap, Density, Gaussian, Points, Preset, Text, digest_of
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document
from scoreviz.scene.solid import SolidPoints
from tests.gui.conftest import Open
from tests.gui.test_drawing import engine_of
from tests.gui.test_session import FakeEngine

# ---- letters


def points_of(outline: bytes) -> np.ndarray:
    return np.frombuffer(outline, "<f4").reshape(-1, 2)


@pytest.mark.parametrize(("text", "bold"), [("scoreviz", True), ("B8 & Ø", False)])
def test_baked_letters_cover_what_qt_paints(qapp: QApplication, text: str, bold: bool) -> None:
    points = points_of(bake_text(text, "", bold))
    ink = points[~np.isnan(points[:, 0])]
    assert np.ptp(ink[:, 1]) == pytest.approx(1.0, abs=1e-4)
    assert (ink.max(0) + ink.min(0)) / 2 == pytest.approx(0.0, abs=1e-4)

    path = QPainterPath()  # painted from the font itself
    path.addText(0, 0, font_of("", bold), text)
    rect = path.boundingRect()
    image = QImage(round(rect.width()), round(rect.height()), QImage.Format.Format_Grayscale8)
    image.fill(0)
    baked = image.copy()
    painter = QPainter(image)
    painter.translate(-rect.topLeft())
    painter.fillPath(path, QColor("white"))
    painter.end()

    filled = QPainterPath()
    filled.setFillRule(Qt.FillRule.OddEvenFill)
    for polygon in np.split(points, np.flatnonzero(np.isnan(points[:, 0])) + 1)[:-1]:
        filled.addPolygon(QPolygonF([QPointF(x, -y) for x, y in polygon[:-1].tolist()]))
        filled.closeSubpath()
    painter = QPainter(baked)
    painter.translate(rect.width() / 2, rect.height() / 2)
    painter.scale(rect.height(), rect.height())
    painter.fillPath(filled, QColor("white"))
    painter.end()
    a, b = (np.frombuffer(i.constBits(), np.uint8).reshape(i.height(), -1)[:, : i.width()] > 127 for i in (image, baked))
    assert a.mean() > 0.1 and (a != b).mean() < 0.005

    row, column = np.nonzero(a)
    digest = digest_of(points.tobytes())
    parts = shape_components(Text(text=text, outline=digest, height=2.0), {digest: points.tobytes()})
    centre = (column.mean() + 0.5 - rect.width() / 2, rect.height() / 2 - row.mean() - 0.5)
    assert (parts.mass @ parts.mean) / parts.mass.sum() == pytest.approx(np.array(centre) * 2.0 / rect.height(), abs=0.01)
    assert 200 < len(parts.mass) <= 2000


def test_a_dash_is_not_as_high_as_a_letter(qapp: QApplication) -> None:
    ink = points_of(bake_text("-"))
    assert np.nanmax(ink[:, 1]) - np.nanmin(ink[:, 1]) < 0.5


@pytest.mark.parametrize(
    ("text", "family", "message"),
    [
        ("a\ue123b", "", r"draws “\ue123 \(U\+E123\)”"),
        ("\u0378", "", "Choose another font"),
        ("   ", "", "nothing to draw yet"),
        ("", "", "nothing to draw yet"),
        ("a", "No Such Family", "no font called “No Such Family”"),
    ],
)
def test_what_no_font_draws_is_a_sentence_and_never_a_box(qapp: QApplication, text: str, family: str, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        bake_text(text, family)


def test_fonts_that_stand_in_are_named(qapp: QApplication) -> None:
    if "DejaVu Sans" not in QFontDatabase.families():
        pytest.skip("needs DejaVu Sans")
    assert borrowed("plain", "DejaVu Sans", True) == []
    try:
        bake_text("字", "DejaVu Sans")
    except SceneError:
        return  # no font here has it
    assert borrowed("a字", "DejaVu Sans", True) not in ([], ["DejaVu Sans"])


# ---- pictures


def image_file(path: Path, rgba: np.ndarray) -> Path:
    rows, columns, _ = rgba.shape
    image = QImage(rgba.astype(np.uint8).tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
    assert image.save(str(path))
    return path


def grey(values: np.ndarray) -> np.ndarray:
    """Opaque."""
    return np.stack([values, values, values, np.full_like(values, 255)], -1)


def pixels(picture: Picture) -> np.ndarray:
    return np.frombuffer(picture.pixels, np.uint8).reshape(picture.rows, picture.columns)


def test_dark_is_dense_on_a_bright_ground_and_bright_on_a_dark_one(tmp_path: Path) -> None:
    values = np.full((6, 8), 255)
    values[2, 3], values[3, 4] = 0, 127
    dark = read_picture(image_file(tmp_path / "a.png", grey(values)))
    assert dark.dense == "dark" and pixels(dark)[2, 3] == 255 and pixels(dark)[3, 4] == 128 and pixels(dark)[0, 0] == 0
    bright = read_picture(image_file(tmp_path / "b.png", grey(255 - values)))
    assert bright.dense == "bright" and np.array_equal(pixels(bright), pixels(dark))


def test_transparent_is_empty(tmp_path: Path) -> None:
    rgba = np.zeros((5, 5, 4), int)
    rgba[1:4, 1:4] = (0, 0, 0, 255)
    logo = read_picture(image_file(tmp_path / "logo.png", rgba))
    assert logo.dense == "opaque" and pixels(logo).sum() == 9 * 255
    rgba[2, 2] = (80, 80, 80, 255)
    shaded = read_picture(image_file(tmp_path / "shaded.png", rgba))
    assert shaded.dense == "dark" and pixels(shaded)[2, 2] == pytest.approx(255 - 80, abs=1) and pixels(shaded)[0, 0] == 0
    rgba[1:4, 1:4] = (255, 255, 255, 255)
    rgba[2, 2] = (200, 200, 200, 255)
    assert read_picture(image_file(tmp_path / "white.png", rgba)).dense == "bright"


def test_a_large_picture_is_reduced_and_keeps_its_proportions(tmp_path: Path) -> None:
    values = np.full((300, 900), 255)
    values[:150, :450] = 0
    picture = read_picture(image_file(tmp_path / "large.png", grey(values)))
    assert (picture.rows, picture.columns) in ((85, 256), (86, 256))
    assert pixels(picture)[10, 10] == 255 and pixels(picture)[80, 200] == 0


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", b"")


def test_bad_pictures_are_sentences(tmp_path: Path) -> None:
    good = image_file(tmp_path / "good.png", grey(np.arange(10_000).reshape(100, 100) % 256)).read_bytes()
    cases = {
        "broken.png": (b"this is no picture", "“broken.png” cannot be read as a picture"),
        "empty.jpg": (b"", "“empty.jpg” cannot be read"),
        "huge.png": (png_claiming(60_000, 60_000), "60000 × 60000 pixels, which is too large"),
        "white.png": (image_file(tmp_path / "w.png", grey(np.full((9, 9), 255))).read_bytes(), "one brightness everywhere"),
        "clear.png": (image_file(tmp_path / "c.png", np.zeros((9, 9, 4))).read_bytes(), "one brightness everywhere"),
    }
    for name, (data, message) in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert is_picture(path)
        with pytest.raises(SceneError, match=message):
            read_picture(path)
    with pytest.raises(SceneError, match="cannot be read"):
        read_picture(tmp_path / "absent.png")
    (tmp_path / "named.dat").write_bytes(good)
    assert is_picture(tmp_path / "named.dat") and read_picture(tmp_path / "named.dat").rows == 100


# ---- tables


def table(tmp_path: Path, content: str | bytes, name: str = "data.csv") -> Table:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_points(path)


def back(table: Table) -> np.ndarray:
    """In the file's units."""
    return table.points * table.radius + table.centre


CORNERS = np.array([(1.0, 2.0), (3.0, -4.5), (-2.0, 0.25)])


@pytest.mark.parametrize(
    "content",
    [
        "1,2\n3,-4.5\n-2,0.25\n", "x,y\n1,2\n3,-4.5\n-2,.25", "1;2\n3;-4,5\n-2;0,25\n", "a;b\n1;2\n3;-4,5\n-2;0,25\n",
        "1\t2\n3\t-4.5\n-2\t0.25\n", "1\t2\n3\t-4,5\n-2\t0,25\n", "  1   2\n 3 -4.5\n-2 0.25", "x y\n1 2\n3 -4.5\n-2 0.25",
        "# made by hand\n\n1, 2\n\n3, -4.5  # the corner\n-2, 0.25\n", '"x","y"\n"1","2"\n"3","-4.5"\n"-2","0.25"\n',
        "\ufeffx,y\r\n1,2\r\n3,-4.5\r\n-2,25e-2\r\n", "x,y\n1,2,\n3,-4.5,\n-2,0.25,\n", "height in m, width\n1,2\n3,-4.5\n-2,0.25\n",
    ],
)  # fmt: skip
def test_tables_of_every_kind(tmp_path: Path, content: str) -> None:
    found = table(tmp_path, content)
    assert back(found) == pytest.approx(CORNERS, abs=1e-5)
    assert found.points.dtype == np.dtype("<f4") and np.hypot(*found.points.T).max() == pytest.approx(1.0)
    assert found.points.mean(0) == pytest.approx(0.0, abs=1e-6) and found.centre == pytest.approx(tuple(CORNERS.mean(0)))


def test_more_columns_utf16_and_one_point(tmp_path: Path) -> None:
    assert table(tmp_path, "a,b,c\n1,2,cat\n3,-4.5,dog\n-2,0.25,\n").columns == 3
    assert back(table(tmp_path, "x,y\n1,2\n3,4".encode("utf-16"))) == pytest.approx(np.array([(1, 2), (3, 4)]), abs=1e-5)
    single = table(tmp_path, "5 7")
    assert single.radius == 0 and single.points.tolist() == [[0.0, 0.0]] and single.centre == (5.0, 7.0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x,y\n1,2\n3,four\n", "Line 3 of “data.csv” has “four”"),
        ("1,2\n3\n", "Line 2 of “data.csv” has one column"),
        ("1\n2\n3\n", "Line 2 of “data.csv” has one column"),
        ("1,2\n3,\n", "Line 2 of “data.csv” has “”"),
        ("1,2\nnan,4\n", "Row 2 of “data.csv” is .nan, 4.; all must be finite"),
        ("1,2\n3,4\n5,inf\n", "Row 3 of “data.csv”"),
        ("1,2\n3,1e300\n", "Row 2 of “data.csv”"),
        ("", "no rows of numbers"),
        ("x,y\n", "no rows of numbers"),
        ("# only words\n\n", "no rows of numbers"),
        ("Dear reader,\nthis is a letter.\n", "Line 2 of “data.csv”"),
        (b"\x00\x01\x02" * 100, "holds no text"),
    ],
)
def test_bad_tables_are_sentences(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        table(tmp_path, content)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"“absent.csv” cannot be read: No such file"):
        read_points(tmp_path / "absent.csv")


def test_a_million_rows_are_read_in_a_few_seconds(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(10_000, 2))
    text = "\n".join(f"{x:.6f},{y:.6f}" for x, y in rows) + "\n"
    path = tmp_path / "many.csv"
    path.write_text("x,y\n" + text * 100)
    began = time.perf_counter()
    found = read_points(path)
    assert time.perf_counter() - began < 4.0
    assert found.points.shape == (1_000_000, 2)
    assert back(found)[:10_000] == pytest.approx(rows, abs=1e-5)


@pytest.mark.parametrize("dtype", ["f8", ">f4", "f2", "i4", "u1"])
def test_numpy_arrays(tmp_path: Path, dtype: str) -> None:
    values = np.array([(1, 2, 9), (3, 4, 9), (200, 6, 9)], dtype)
    for name, array in (("rows.npy", values), ("columns.npy", np.asfortranarray(values))):
        np.save(tmp_path / name, array)
        found = read_points(tmp_path / name)
        assert back(found) == pytest.approx(values[:, :2].astype(float), rel=1e-5) and found.columns == 3


def npy(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)  # type: ignore[arg-type]
    return file.getvalue()


class Trap:
    """Opens a file when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return open, ("trap", "w")


def test_bad_numpy_files_are_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    whole = npy(np.zeros((100, 2)))
    cases = {
        "holds Python objects": npy(np.array([[Trap(), 1]], object)),
        "is no NumPy array": pickle.dumps(Trap()),
        "or a damaged one": whole[:30],
        "is cut off: it says it has 100 rows": whole[:-8],
        "is cut off: it says it has 1000000000000 rows": whole.replace(b"(100, 2), }          ", b"(1000000000000, 2), }"),
        r"float64 of shape \(5,\)": npy(np.zeros(5)),
        r"float64 of shape \(5, 1\)": npy(np.zeros((5, 1))),
        "array of complex128": npy(np.zeros((5, 2), complex)),
        "array of str": npy(np.array([["a", "b"]])),
        "no rows of numbers": npy(np.zeros((0, 2))),
        "Row 2": npy(np.array([(1, 2), (np.nan, 3)])),
    }
    for message, data in cases.items():
        with pytest.raises(SceneError, match=message):
            table(tmp_path, data, "a.npy")
    assert not (tmp_path / "trap").exists(), "nothing was unpickled"


# ---- dropping


@pytest.fixture
def window(open_window: Open, monkeypatch: pytest.MonkeyPatch) -> Window:
    """The first scene, a preset, on a fake engine that is up."""
    monkeypatch.setattr("scoreviz.gui.session.EngineProcess", FakeEngine)
    window = open_window(Document(scene=Scene(density=Density(marks=(Preset(name="two_spirals"),)))), engine=False)
    engine_of(window).welcome()
    engine_of(window).applied()
    engine_of(window).sent.clear()
    return window


def drop(canvas: QWidget, *paths: Path) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(canvas, QDragEnterEvent(QPoint(50, 50), action, data, buttons, keys))  # who took it gets the drop
    event = QDropEvent(QPointF(50, 50), action, data, buttons, keys)
    QApplication.sendEvent(canvas, event)
    return event.isAccepted()


def dropped(window: Window, qtbot: QtBot, *paths: Path) -> str:
    """The notice that a drop leads to."""
    with qtbot.waitSignal(window.dynamics.importer.told, timeout=5000):
        drop(window.dynamics.canvas, *paths)
    return window.dynamics.stage.notice.text


def test_a_picture_takes_the_place_of_a_preset_and_starts_training(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    values = np.full((40, 60), 255)
    values[10:30, 20:40] = 0
    path = image_file(tmp_path / "cat.png", grey(values))
    window.dynamics.canvas.set_camera(0.5, -0.25, 2.6)
    said = dropped(window, qtbot, path)
    (mark,) = window.store.scene.density.marks
    assert isinstance(mark, Bitmap) and (mark.name, mark.rows, mark.columns) == ("cat.png", 40, 60)
    assert (mark.x, mark.y, mark.height) == (0.5, -0.25, 4.0)
    assert window.store.blobs[mark.pixels] == read_picture(path).pixels
    assert "dark is dense" in said and "takes the place of the preset" in said
    assert window.store.scene.score.source == "network" and window.progress.running
    engine = engine_of(window)
    assert engine.of(Blob)[0].digest == mark.pixels and engine.of(Train)
    assert window.store.undo_stack.count() == 1 and in_words(window.store.scene.density, window.store.blobs) == "picture cat.png"
    window.store.undo_stack.undo()
    assert window.store.scene.density.marks == (Preset(name="two_spirals"),)


def test_points_are_added_to_what_was_drawn_by_hand(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    window.store.edit(("density",), Density(marks=(Preset(name="rings"), Gaussian(x=0.0, y=0.0, std=0.2))), "Draw")
    (tmp_path / "data.csv").write_text("x,y,label\n" + "1,2,a\n3,-4.5,b\n" * 500)
    said = dropped(window, qtbot, tmp_path / "data.csv")
    marks = window.store.scene.density.marks
    assert len(marks) == 3 and isinstance(marks[2], Points) and marks[2].radius == 2.0
    assert "1\u202f000 points" in said and "first two of its 3 columns" in said and "added to the drawing" in said
    assert in_words(window.store.scene.density, window.store.blobs) == "rings + points data.csv (1\u202f000 rows) + 1 Gaussian"


def test_what_cannot_be_read_changes_nothing(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    before = window.store.scene
    for name, content, message in (
        ("a.csv", b"1,2\n3,x\n", "Line 2 of “a.csv”"),
        ("b.png", b"no picture", "“b.png” cannot be read as a picture"),
        ("c.npy", b"", "no NumPy array"),
        ("d.pdf", b"%PDF-1.7", "“d.pdf” is neither a picture nor a table"),
    ):
        (tmp_path / name).write_bytes(content)
        assert message in dropped(window, qtbot, tmp_path / name)
    assert window.store.scene is before and not window.store.undo_stack.canUndo()


def taken(window: Window, qtbot: QtBot, path: Path) -> str:
    """The notice that a chosen file leads to."""
    with qtbot.waitSignal(window.dynamics.importer.told, timeout=5000):
        window.dynamics.importer.take([path])
    return window.dynamics.stage.notice.text


@pytest.mark.parametrize("kind", ["csv", "npy"])
def test_in_space_three_columns_are_points_in_space(window: Window, qtbot: QtBot, tmp_path: Path, kind: str) -> None:
    rows = np.random.default_rng(0).normal((5.0, 0.0, -2.0, 9.0), 1, (200, 4))
    path = tmp_path / f"cloud.{kind}"
    np.save(path, rows) if kind == "npy" else np.savetxt(path, rows, delimiter=",")
    window.store.edit(("density", "dimensions"), "3", "Change dimensions")
    before = window.store.scene.density
    said = taken(window, qtbot, path)
    (mark,) = window.store.scene.density.solid
    assert isinstance(mark, SolidPoints) and window.store.scene.density.marks == before.marks
    points = np.frombuffer(window.store.blobs[mark.points], "<f4").reshape(-1, 3)
    away = rows[:, :3] - rows[:, :3].mean(0)
    assert points == pytest.approx(away / np.linalg.norm(away, axis=1).max(), abs=1e-5)
    assert "200 points" in said and "first three of its 4 columns" in said and "takes the place" in said
    assert in_words(window.store.scene.density, window.store.blobs) == f"points cloud.{kind} (200 rows)"
    window.store.undo_stack.undo()
    assert window.store.scene.density == before


def test_a_file_is_dropped_on_the_view_of_space(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "cloud.csv"
    np.savetxt(path, np.random.default_rng(0).normal(0, 1, (50, 3)), delimiter=",")
    window.store.edit(("density", "dimensions"), "3", "Change dimensions")
    view = window.dynamics.views.current
    assert view is not window.dynamics.canvas
    with qtbot.waitSignal(window.dynamics.importer.told, timeout=5000):
        assert drop(view, path)
    assert isinstance(window.store.scene.density.solid[0], SolidPoints)
    data = QMimeData()
    data.setText("words")
    event = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window.dynamics.views, event)
    assert not event.isAccepted(), "what holds no files is left to others"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,2\n3,4\n", "has two columns; in space each row needs three numbers"),
        ("1,2,3\n3,4,x\n", "Line 2 of “a.csv” has “x”"),
        ("1,2,3\n3,4\n", "Line 2 of “a.csv” has two columns"),
        ("1,2,3\n3,4,nan\n", "Row 2 of “a.csv” is .3, 4, nan.; all must be finite"),
        ("x,y,z\n1,2,a\n", "in space each row needs three numbers"),
    ],
)
def test_bad_tables_in_space_change_nothing(window: Window, qtbot: QtBot, tmp_path: Path, content: str, message: str) -> None:
    window.store.edit(("density", "dimensions"), "3", "Change dimensions")
    before = window.store.scene
    (tmp_path / "a.csv").write_text(content)
    assert re.search(message, taken(window, qtbot, tmp_path / "a.csv"))
    assert window.store.scene is before


def test_a_picture_on_another_number_of_dimensions_goes_into_the_plane_and_says_so(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    window.store.edit(("density", "dimensions"), "1", "Change dimensions")
    line = window.store.scene.density.line
    values = np.full((40, 60), 255)
    values[10:30, 20:40] = 0
    said = taken(window, qtbot, image_file(tmp_path / "cat.png", grey(values)))
    density = window.store.scene.density
    assert density.dimensions == "2" and density.line == line and isinstance(density.marks[-1], Bitmap)
    assert "drawing in the plane is shown" in said
    window.store.undo_stack.undo()
    assert window.store.scene.density.dimensions == "1"


def test_scenes_and_folders_are_for_others(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    importer, canvas = window.dynamics.importer, window.dynamics.canvas
    for name in ("a.scoreviz.json", "b.scoreviz"):
        with qtbot.waitSignal(importer.sceneDropped) as came:
            drop(canvas, tmp_path / name)
        assert came.args == [tmp_path / name]
    with qtbot.waitSignal(importer.folderDropped) as came:
        drop(canvas, tmp_path)
    assert came.args == [tmp_path]


def test_of_several_files_the_first_is_taken(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("1,2\n3,4\n")
    told: list[str] = []
    window.dynamics.importer.told.connect(told.append)
    drop(window.dynamics.canvas, tmp_path / "a.csv", tmp_path / "b.csv")
    qtbot.waitUntil(lambda: len(told) == 2, timeout=5000)
    assert "Only the first of 2 files" in told[0]
    (mark,) = window.store.scene.density.marks
    assert isinstance(mark, Points) and mark.name == "a.csv"


def test_a_file_dropped_on_one_document_is_not_drawn_into_the_next(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    with qtbot.waitSignal(window.dynamics.importer._read, timeout=5000):
        drop(window.dynamics.canvas, tmp_path / "a.csv")
        window.store.open(Document())
    QApplication.processEvents()
    assert window.store.scene == Scene()


def test_the_canvas_is_lit_while_files_are_held_over_it(window: Window, tmp_path: Path) -> None:
    canvas = window.dynamics.canvas
    before = canvas.grab().toImage()
    text, files = QMimeData(), QMimeData()
    text.setText("words")
    files.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.png"))])

    def hold(data: QMimeData) -> bool:
        event = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas, event)
        return event.isAccepted()

    assert not hold(text) and canvas.grab().toImage() == before
    assert hold(files) and canvas.grab().toImage() != before
    QApplication.sendEvent(canvas, QDragLeaveEvent())
    assert canvas.grab().toImage() == before


# ---- the text popover


def test_text_is_written_and_changed(window: Window, qtbot: QtBot) -> None:
    dynamics, store = window.dynamics, window.store
    qtbot.mouseClick(dynamics.rail.text_button, Qt.MouseButton.LeftButton)
    popover = dynamics.text
    assert popover is not None and popover.isVisible() and window.focusWidget() is popover.line and not popover.add.isEnabled()
    qtbot.keyClicks(popover.line, "Hello")
    assert popover.add.isEnabled() and popover.add.text() == "Add to drawing" and not popover.another.isVisible()
    qtbot.keyClick(popover.line, Qt.Key.Key_Return)
    (mark,) = store.scene.density.marks
    assert isinstance(mark, Text) and (mark.text, mark.bold, mark.font) == ("Hello", True, "")
    assert store.blobs[mark.outline] == bake_text("Hello") and not popover.isVisible()
    ink = points_of(store.blobs[mark.outline])
    bounds = dynamics.canvas.bounds
    assert np.nanmax(ink[:, 0]) * mark.height < bounds.x1 and mark.height <= 2.0, "it fits the canvas"
    assert in_words(store.scene.density, store.blobs) == "text “Hello”" and window.progress.running

    dynamics.open_text()
    assert popover.line.text() == "Hello" and popover.add.text() == "Change the text" and popover.another.isVisible()
    popover.line.setText("Hallo")
    popover.bold.setChecked(False)
    qtbot.mouseClick(popover.add, Qt.MouseButton.LeftButton)
    (changed,) = store.scene.density.marks
    assert isinstance(changed, Text) and (changed.text, changed.bold) == ("Hallo", False)
    assert (changed.x, changed.y, changed.height) == (mark.x, mark.y, mark.height) and store.undo_stack.undoText() == "Change text"

    dynamics.open_text()
    qtbot.mouseClick(popover.another, Qt.MouseButton.LeftButton)
    assert len(store.scene.density.marks) == 2
    for _ in range(3):
        store.undo_stack.undo()
    assert store.scene.density.marks == (Preset(name="two_spirals"),)


def test_the_popover_refuses_what_no_font_draws_and_escape_leaves(window: Window, qtbot: QtBot) -> None:
    window.dynamics.open_text()
    popover = window.dynamics.text
    assert popover is not None
    popover.line.setText("a\ue123")
    assert "No font here draws" in popover.said.text() and not popover.add.isEnabled()
    qtbot.keyClick(popover.line, Qt.Key.Key_Return)
    assert window.store.scene.density.marks == (Preset(name="two_spirals"),)
    qtbot.keyClick(popover.line, Qt.Key.Key_Escape)
    assert not popover.isVisible() and window.store.undo_stack.count() == 0


def test_the_rail_fits_a_low_window(window: Window) -> None:
    window.resize(900, 600)
    QApplication.processEvents()
    rail = window.dynamics.rail
    places = [b.geometry() for b in rail.findChildren(QAbstractButton, options=Qt.FindChildOption.FindDirectChildrenOnly)]
    assert len(places) == 16 and all(rail.rect().contains(place) for place in places)
    assert not any(a.intersects(b) for a, b in itertools.combinations(places, 2))
    assert min(place.width() for place in places) >= 24
