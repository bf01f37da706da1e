"""Traces opened from a file: runs like any other on the tab that they belong to, without model and engine. The scene is not changed.

Points (B, 2) go to the Dynamics tab, pictures (B, C, H, W) to the Images tab. An edit of the scene, or “Close trace”, brings the live run
back. Frames are read from the file as they are looked at.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

import msgspec
import numpy as np
from PySide6.QtCore import QCoreApplication, QObject, Signal

from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.pages import Pages
from scoreviz.gui.playback import Run
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.words import sentence
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import PictureFrame
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.images import Images
from scoreviz.scene.text import QT_TRANSLATE_NOOP
from scoreviz.scene.traces import TraceFile

CACHE = 64 * 2**20
"""Bytes of frames kept of a trace: trails look back over some dozens of them."""

LARGEST_SIDE = 1024
T = TypeVar("T")


class Kept(Generic[T]):
    """What was read lately: `read(k)` is called again for what is no longer kept."""

    def __init__(self, read: Callable[[int], T], each: int) -> None:
        """each: bytes of one."""
        self._read, self._most = read, max(4, CACHE // max(each, 1))
        self._found: OrderedDict[int, T] = OrderedDict()

    def __getitem__(self, k: int) -> T:
        if k not in self._found:
            self._found[k] = self._read(k)
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        self._found.move_to_end(k)
        return self._found[k]


class PointFrames(Sequence[np.ndarray]):
    """The frames (n, D) float32 of a trace, in place of a run's list."""

    def __init__(self, file: TraceFile) -> None:
        self._length = len(file)
        self._kept = Kept(lambda k: file.frame(k).astype(np.float32), 4 * int(np.prod(file.header.shape)))

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, k: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, k: slice) -> Sequence[np.ndarray]: ...
    def __getitem__(self, k: int | slice) -> Any:
        if isinstance(k, slice):
            return [self._kept[j] for j in range(*k.indices(self._length))]
        if not -self._length <= k < self._length:
            raise IndexError(k)
        return self._kept[k % self._length]


class PictureFrames(Mapping[int, PictureFrame]):
    """The frames of a trace as the engine would send them, in place of a picture run's dictionary."""

    def __init__(self, file: TraceFile, std: np.ndarray) -> None:
        self._file, self._std, self._length = file, std, len(file)
        self._nfe = np.cumsum(file.columns["nfe"])
        self._kept = Kept(self._read, 10 * int(np.prod(file.header.shape)))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._length))

    def __contains__(self, k: object) -> bool:
        return isinstance(k, int) and 0 <= k < self._length

    def __getitem__(self, k: int) -> PictureFrame:
        if k not in self:
            raise KeyError(k)
        return self._kept[k]

    def _read(self, k: int) -> PictureFrame:
        file = self._file
        x, size = file.frame(k).astype(np.float32), file.columns["step_size"][k]
        update = x - file.frame(k - 1).astype(np.float32) if k else None
        score = self._optional(k, "score")
        std = self._std[max(k - 1, 0)] if file.columns["t"][k] != file.columns["s"][k] else self._std[k]
        return PictureFrame(
            run=0, index=k, x=Array.of(x), x0=_half(self._optional(k, "x0")),
            score=None if score is None or not np.isfinite(std) else _half(score * std), update=_half(update),
            step_size=None if np.isnan(size) else float(size), snr=_snr(update, self._optional(k, "noise")), nfe=int(self._nfe[k]),
            seconds=0.0, evaluation_seconds=0.0,
        )  # fmt: skip

    def _optional(self, k: int, field: str) -> np.ndarray | None:
        return self._file.frame(k, field).astype(np.float32) if self._file.has(k, field) else None


def _half(x: np.ndarray | None) -> Array | None:
    return None if x is None else Array.of(np.clip(x, -65504.0, 65504.0).astype(np.float16))


def _snr(update: np.ndarray | None, noise: np.ndarray | None) -> float | None:
    """|drift| / |noise|, norms averaged over the batch, as the engine measures it."""
    if update is None or noise is None:
        return None
    signal, shaken = (float(np.linalg.norm(part.reshape(len(part), -1), axis=1).mean()) for part in (update - noise, noise))
    return signal / shaken if shaken > 0 else None


def points_run(file: TraceFile) -> Run:
    """A run of the Dynamics tab."""
    times = _times(file)
    del times["std"], times["mean_coefficient"]
    run = Run(
        number=0, revision=-1, sampler="", label=_label(file), source="exact", training_step=None, noise=file.header.noise,
        total=len(file) - 1, substep=np.arange(len(file)), nfe=int(file.columns["nfe"].sum()), seeing=_seeing(file), complete=True,
        file=file.name, **times,
    )  # fmt: skip
    run.frames = PointFrames(file)  # type: ignore[assignment]  # a list's reading half
    return run


def pictures_run(file: TraceFile) -> PictureRun:
    """A run of the Images tab. Without a data range in the file it is [0, 1] or, where the last pictures go below it, [-1, 1]."""
    header, times = file.header, _times(file)
    low, high = header.data_range or ((0.0, 1.0) if file.frame(len(file) - 1).min() > -0.1 else (-1.0, 1.0))
    batch, channels, height, width = header.shape
    run = PictureRun(
        number=0, revision=-1, images=Images(), model=file.name, label=_label(file), noise=header.noise,
        shape=(batch, channels, height, width), low=low, high=high, seeing=_seeing(file), file=file.name, **times,
    )  # fmt: skip
    run.frames = PictureFrames(file, run.std)  # type: ignore[assignment]  # a dictionary's reading half
    run.ready, run.nfe = len(file), int(file.columns["nfe"].sum())
    return run


def _times(file: TraceFile) -> dict[str, Any]:
    """When each frame is. What the file does not know is NaN, and is not shown."""
    unknown = np.full(len(file), np.nan)
    sigma = file.columns.get("sigma", unknown)
    mean = file.columns.get("mean", np.ones(len(file)) if "sigma" in file.columns else unknown)
    with np.errstate(divide="ignore"):
        log_snr = -2 * np.log(sigma)
    axis = file.header.axis if "sigma" in file.columns or file.header.axis != "levels" else "reverse"
    stage, t = file.columns["stage"], file.columns["s"]
    return {"axis": axis, "stage": stage, "t": t, "sigma": sigma, "log_snr": log_snr, "std": sigma * mean, "mean_coefficient": mean}


def _label(file: TraceFile) -> str:
    return file.header.sampler or QCoreApplication.translate("Traces", "trace")


def _seeing(file: TraceFile) -> str:
    return QCoreApplication.translate("Traces", "A run that was recorded in “{name}”. Nothing is computed now.").format(name=file.name)


class Traces(QObject):
    """The trace that is open, if one is. told(sentence): what could not be opened, and why."""

    told = Signal(str)
    changed = Signal()  # opened or closed
    _read = Signal(object, int)  # from the reading thread

    def __init__(self, store: Store, pages: Pages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._pages = store, pages
        self._asked = 0
        self._file: TraceFile | None = None
        self._tab = ""
        self._read.connect(self._finished)
        store.changed.connect(self._edited)

    @property
    def name(self) -> str:
        """Of the file that is open; empty if none is."""
        return "" if self._file is None else self._file.name

    def open(self, path: Path) -> None:
        """Read and check the file beside the window; then show it."""
        self._asked += 1
        asked = self._asked

        def work() -> None:
            result: Any
            try:
                result = TraceFile(path).check()
            except Exception as error:  # raised again in the window's thread, unless it is a sentence
                result = error
            with contextlib.suppress(RuntimeError):  # the window is gone
                self._read.emit(result, asked)

        threading.Thread(target=work, name="trace", daemon=True).start()

    def close(self) -> None:
        """Back to the live run."""
        if self._file is None:
            return
        self._file = None  # closed with the last frame that is still on screen
        (self._pages.images if self._tab == "images" else self._pages.dynamics).runs.close_trace()
        self.changed.emit()

    def _finished(self, result: Any, asked: int) -> None:
        if asked != self._asked:
            if isinstance(result, TraceFile):
                result.close()
            return
        match result:
            case TraceFile():
                self._show(result)
            case SceneError():
                self.told.emit(sentence(result))
            case _:
                raise result

    def _show(self, file: TraceFile) -> None:
        shape = file.header.shape
        try:
            if len(shape) == 2 and shape[1] == self._store.scene.density.dim:
                self._take(file, "dynamics", points_run(file))
            elif len(shape) == 4 and shape[1] in (1, 3) and max(shape[2:]) <= LARGEST_SIDE:
                self._take(file, "images", pictures_run(file))
            else:
                raise _undrawable(file, self._store.scene.density.dim)
        except SceneError as error:
            file.close()
            self.told.emit(sentence(error))

    def _take(self, file: TraceFile, tab: str, run: Any) -> None:
        self.close()
        self._file, self._tab = file, tab
        self._pages.show_tab(tab)
        (self._pages.images if tab == "images" else self._pages.dynamics).runs.show_trace(run)
        self.changed.emit()

    def _edited(self, old: Scene, new: Scene, _origin: str) -> None:
        if _without_looks(old) != _without_looks(new):
            self._asked += 1  # what is still being read is not wanted any more
            self.close()


def _without_looks(scene: Scene) -> tuple[Any, ...]:
    """What of a scene is an edit: not the view, nor which picture is shown, nor in which tones."""
    images = msgspec.structs.replace(scene.images, chosen=0, tones="noise")
    return (*(getattr(scene, name) for name in scene.__struct_fields__ if name not in ("view", "images")), images)


def _undrawable(file: TraceFile, drawn: int) -> SceneError:
    shape = file.header.shape
    if len(shape) == 2 and shape[1] in (1, 2, 3):
        template = QT_TRANSLATE_NOOP(
            "errors", "“{name}” holds points in {n} dimension(s), and the drawing is in {drawn}. Choose {n}-D for the density first."
        )
        return SceneError(template, name=file.name, n=shape[1], drawn=drawn)
    template = QT_TRANSLATE_NOOP(
        "errors", "“{name}” holds frames of shape {shape}, which cannot be drawn: points (B, 1, 2 or 3) and pictures (B, 1 or 3, H, W) can."
    )
    return SceneError(template, name=file.name, shape=" × ".join(map(str, shape)))
