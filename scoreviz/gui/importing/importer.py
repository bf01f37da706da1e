"""Files that were dropped or chosen: read beside the window, then one mark of the drawing and one undo step each."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImageReader
from PySide6.QtWidgets import QFileDialog, QWidget

from scoreviz.gui.dynamics.drawing import Drawing
from scoreviz.gui.importing.pictures import Picture, is_picture, read_picture
from scoreviz.gui.importing.tables import Table, read_points
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.words import count, figure, sentence
from scoreviz.scene.density import Bitmap, Points
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import BUNDLE_SUFFIX, SCENE_SUFFIX
from scoreviz.scene.solid import SolidPoints
from scoreviz.scene.traces import is_trace

TABLES = (".csv", ".tsv", ".txt", ".npy")
HEIGHT, WIDEST = 4.0, 6.0
"""Of a picture, in the drawing's units: what the first view shows."""
LARGE = 8 << 20
"""Bytes of a file that takes long enough to be announced."""


class Importer(QObject):
    """Pictures and tables become marks; scenes and folders are for others. A file that cannot be read changes nothing."""

    told = Signal(str)  # a sentence: what came of it
    sceneDropped = Signal(Path)
    folderDropped = Signal(Path)
    _read = Signal(Path, object, int)  # from the reading thread

    def __init__(self, drawing: Drawing, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._drawing, self._store = drawing, store
        self._documents = 0  # opened so far: what was dropped on one is not drawn into the next
        self._folder = ""
        store.changed.connect(self._changed)
        self._read.connect(self._finished)

    def take(self, paths: Sequence[Path]) -> None:
        """The first of the dropped files."""
        path = paths[0]
        if len(paths) > 1:
            self.told.emit(self.tr("Only the first of {n} files is taken: “{name}”.").format(n=count(len(paths)), name=path.name))
        if path.is_dir():
            self.folderDropped.emit(path)
        elif path.name.endswith((SCENE_SUFFIX, BUNDLE_SUFFIX)) or is_trace(path):
            self.sceneDropped.emit(path)
        elif path.suffix.lower() in TABLES:
            dim = 3 if self._store.scene.density.dimensions == "3" else 2
            self._start(path, lambda path: read_points(path, dim))
        elif is_picture(path):
            self._start(path, read_picture)
        else:
            text = self.tr("“{name}” is neither a picture nor a table of points nor a scene. Tables are .csv, .tsv, .txt or .npy files.")
            self.told.emit(text.format(name=path.name))

    def choose(self, window: QWidget) -> None:
        """Ask for a picture or a table."""
        names = sorted({bytes(name.data()).decode() for name in QImageReader.supportedImageFormats()})
        pictures, tables = " ".join(f"*.{name}" for name in names), " ".join(f"*{suffix}" for suffix in TABLES)
        filters = [
            self.tr("Pictures and points") + f" ({pictures} {tables})", self.tr("Pictures") + f" ({pictures})",
            self.tr("Points") + f" ({tables})",
        ]  # fmt: skip
        chosen, _ = QFileDialog.getOpenFileName(window, self.tr("Open a picture or points"), self._folder, ";;".join(filters))
        if chosen:
            self._folder = str(Path(chosen).parent)
            self.take([Path(chosen)])

    def _start(self, path: Path, read: Callable[[Path], Any]) -> None:
        if path.is_file() and path.stat().st_size > LARGE:
            self.told.emit(self.tr("Reading “{name}”…").format(name=path.name))
        documents = self._documents

        def work() -> None:
            try:
                result = read(path)
            except Exception as error:  # raised again in the window's thread, unless it is a sentence
                result = error
            with contextlib.suppress(RuntimeError):  # the window is gone
                self._read.emit(path, result, documents)

        # A thread of its own, a daemon: nobody waits for a large file when the window closes.
        threading.Thread(target=work, name="import", daemon=True).start()

    def _finished(self, path: Path, result: Any, documents: int) -> None:
        if documents != self._documents:
            return
        match result:
            case Picture():
                self._picture(path, result)
            case Table() if result.points.shape[1] == 3:
                self._solid(path, result)
            case Table():
                self._table(path, result)
            case SceneError():
                self.told.emit(sentence(result))
            case _:
                raise result

    def _picture(self, path: Path, picture: Picture) -> None:
        x, y = self._drawing.centre
        rows, columns = picture.rows, picture.columns
        mark = Bitmap(
            name=path.name[-400:], pixels=self._store.add_blob(picture.pixels), rows=rows, columns=columns, x=x, y=y,
            height=min(HEIGHT, WIDEST * rows / columns),
        )  # fmt: skip
        dense = {
            "dark": self.tr("dark is dense"), "bright": self.tr("bright is dense"), "opaque": self.tr("its opaque part is dense"),
        }[picture.dense]  # fmt: skip
        said = self.tr("“{name}”: {dense}, {columns} × {rows} grey values.").format(name=path.name, dense=dense, columns=columns, rows=rows)
        self._place(mark, self.tr("Add picture"), said)

    def _table(self, path: Path, table: Table) -> None:
        x, y = self._drawing.centre
        mark = Points(name=path.name[-400:], points=self._store.add_blob(table.points.tobytes()), x=x, y=y)
        said = self.tr("“{name}”: {n} points, from a disc of radius {radius} around ({x}, {y}).").format(
            name=path.name, n=count(len(table.points)), radius=figure(table.radius), x=figure(table.centre[0]), y=figure(table.centre[1])
        )
        if table.columns > 2:
            said += " " + self.tr("The first two of its {n} columns were read.").format(n=count(table.columns))
        self._place(mark, self.tr("Add points"), said)

    def _solid(self, path: Path, table: Table) -> None:
        """Points in space: they take the place of what is there."""
        mark = SolidPoints(name=path.name[-400:], points=self._store.add_blob(table.points.tobytes()))
        said = self.tr("“{name}”: {n} points, from a ball of radius {radius} around ({x}, {y}, {z}).").format(
            name=path.name, n=count(len(table.points)), radius=figure(table.radius),
            x=figure(table.centre[0]), y=figure(table.centre[1]), z=figure(table.centre[2]),
        )  # fmt: skip
        if table.columns > 3:
            said += " " + self.tr("The first three of its {n} columns were read.").format(n=count(table.columns))
        how = self._drawing.place_solid(mark, self.tr("Add points"))
        if how is not None:
            self.told.emit(f"{said} {how}")

    def _place(self, mark: Bitmap | Points, text: str, said: str) -> None:
        how = self._drawing.place(mark, text)
        if how is not None:
            self.told.emit(f"{said} {how}".strip())

    def _changed(self, _old: Scene, _new: Scene, origin: str) -> None:
        self._documents += origin == "open"
