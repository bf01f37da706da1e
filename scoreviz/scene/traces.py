"""Traces on disk: every substep of one sampling run in one file, `*.trace.npz`, to be looked at without model or engine.

A zip of uncompressed .npy members, so that `numpy.load` opens it too, written as the run goes on:

    header.json      version, sampler, noise, axis, shape, dtype, number of frames, data range
    t, s             (F,) float64. Frame k is the state x at time s[k]; its score and x0 were evaluated at t[k]. Frame 0 is the start
    stage            (F,) uint8 into STAGES
    nfe              (F,) int64, evaluations of the score in that substep
    step_size        (F,) float64, Langevin's e; NaN where there is none
    sigma, mean      (F,) float64, std/a and a at s[k]; both may be missing
    x/000000 ...     one frame (B, *) each; likewise x0/, score/, noise/, for the substeps that had them

x0 = E[x_0 | x before], score = s(x before, t), noise = the random displacement. Members are read one at a time: scrubbing a trace
of any length holds one frame. Nothing is half written or half read, and what is wrong with a file is a `SceneError`.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import msgspec

from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    import numpy as np  # imported where it is used: a scene, and the light commands, go without

VERSION = 1
SUFFIX = ".trace.npz"
STAGES = ("start", "predict", "correct", "denoise")
FIELDS = ("x", "x0", "score", "noise")
MOST_FRAMES, MOST_VALUES, LARGEST_HEADER = 1_000_000, 2**28, 2**20
COLUMNS: Mapping[str, str] = {"t": "<f8", "s": "<f8", "stage": "|u1", "nfe": "<i8", "step_size": "<f8", "sigma": "<f8", "mean": "<f8"}
OPTIONAL = frozenset({"sigma", "mean"})

Axis = Literal["reverse", "forward", "iterations", "levels"]
_DAMAGED = (zipfile.BadZipFile, EOFError, KeyError, NotImplementedError, RuntimeError, OSError)


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a trace says of itself. shape: of one frame, (B, *). data_range: of x_0, for pictures."""

    scoreviz_trace: int
    sampler: str
    noise: str
    axis: Axis
    shape: tuple[int, ...]
    dtype: Literal["float32", "float64"]
    frames: int
    data_range: tuple[float, float] | None = None


def is_trace(path: Path) -> bool:
    """Does its name say that it is a trace?"""
    return path.name.lower().endswith(SUFFIX)


def axis_of(t: np.ndarray, s: np.ndarray) -> Axis:
    """The run's own time: t falls (reverse) or rises (forward); or it stays in every substep, at one noise level or at several."""
    import numpy as np

    if np.array_equal(t, s):  # no substep went anywhere in t
        levels = len(np.unique(s))
        if levels * 2 <= len(s) or levels == 1:
            return "iterations" if levels == 1 else "levels"
    return "forward" if s[-1] > s[0] else "reverse"


class TraceWriter:
    """Writes a trace substep by substep; `with` renames it to its final name at the end, and leaves nothing behind after an error."""

    def __init__(self, path: Path, *, sampler: str, noise: str = "", data_range: tuple[float, float] | None = None) -> None:
        """SceneError if the name does not end in .trace.npz or the place cannot be written."""
        if not is_trace(path):
            template = QT_TRANSLATE_NOOP("errors", "“{name}” is no name for a trace: let it end in {suffix}.")
            raise SceneError(template, name=path.name, suffix=SUFFIX)
        if data_range is not None and not data_range[0] < data_range[1]:
            raise ValueError(f"data_range must be (low, high) with low < high, got {data_range}")
        self.path, self._sampler, self._noise, self._range = path, sampler, noise, data_range
        self._part = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
        self._columns: dict[str, list[float]] = {name: [] for name in COLUMNS}
        self._shape: tuple[int, ...] = ()
        self._dtype: Literal["float32", "float64"] = "float32"
        try:
            self._zip = zipfile.ZipFile(self._part, "x", zipfile.ZIP_STORED)
        except OSError as error:
            raise self._unwritable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def __len__(self) -> int:
        return len(self._columns["t"])

    def add(
        self, *, t: float, x: np.ndarray, s: float | None = None, x0: np.ndarray | None = None, score: np.ndarray | None = None,
        noise: np.ndarray | None = None, stage: str = "predict", step_size: float | None = None, nfe: int = 0,
        sigma: float | None = None, mean: float | None = None,
    ) -> None:  # fmt: skip
        """One frame: the state x (B, *) at time s (t if not given), and what is known of the substep from t that led to it.

        The first frame is the start, whatever its stage. ValueError: t or s outside [0, 1], another shape than before, numbers that are
        not finite, an unknown stage, sigma or mean given for some frames and not for others.
        """
        index = len(self)
        row = self._row(index, t, t if s is None else s, stage, step_size, nfe, sigma, mean)
        self._fix(x)
        arrays = {"x": x, "x0": x0, "score": score, "noise": noise}
        checked = {name: self._checked(name, value, index) for name, value in arrays.items() if value is not None}
        try:
            for name, array in checked.items():
                self._write(f"{name}/{index:06d}", array)
        except OSError as error:
            raise self._unwritable(error) from error
        for name, value in row.items():
            if value is not None:
                self._columns[name].append(value)

    def close(self) -> None:
        """Finish the file under its final name. ValueError if nothing was added; SceneError if it cannot be written."""
        import numpy as np

        if not len(self):
            self.discard()
            raise ValueError("a trace needs at least one frame: nothing was added")
        columns = {name: np.asarray(self._columns[name], np.dtype(kind)) for name, kind in COLUMNS.items() if self._columns[name]}
        columns["stage"][0] = 0
        header = Header(
            scoreviz_trace=VERSION, sampler=self._sampler, noise=self._noise, axis=axis_of(columns["t"], columns["s"]),
            shape=self._shape, dtype=self._dtype, frames=len(self), data_range=self._range,
        )  # fmt: skip
        try:
            for name, column in columns.items():
                self._write(name, column)
            self._zip.writestr(zipfile.ZipInfo("header.json"), msgspec.json.format(msgspec.json.encode(header), indent=1))
            self._zip.close()
            self._part.replace(self.path)
        except OSError as error:
            self.discard()
            raise self._unwritable(error) from error

    def discard(self) -> None:
        """Leave nothing behind; a file that was there before stays."""
        with contextlib.suppress(OSError, ValueError):
            self._zip.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _row(
        self, index: int, t: float, s: float, stage: str, step_size: float | None, nfe: int, sigma: float | None, mean: float | None
    ) -> dict[str, float | None]:
        if not (0 <= t <= 1 and 0 <= s <= 1):
            raise ValueError(f"times lie in [0, 1], from data to noise; got t={t}, s={s} at frame {index}: divide by the largest")
        if stage not in STAGES:
            raise ValueError(f"there is no stage “{stage}”; known: {', '.join(STAGES)}")
        if nfe < 0:
            raise ValueError(f"evaluations are counted from 0, got nfe={nfe}")
        for name, value in (("sigma", sigma), ("mean", mean)):
            if index and (value is not None) != bool(self._columns[name]):
                raise ValueError(f"{name} must be given for every frame or for none; frame {index} differs")
            if value is not None and not (0 <= value < math.inf):
                raise ValueError(f"{name} must be finite and not negative, got {value} at frame {index}")
        size = math.nan if step_size is None else step_size
        return {"t": t, "s": s, "stage": STAGES.index(stage), "nfe": nfe, "step_size": size, "sigma": sigma, "mean": mean}

    def _fix(self, x: np.ndarray) -> None:
        """The first frame says what all are."""
        if self._shape:
            return
        if x.ndim < 2 or not x.size or x.size > MOST_VALUES:
            raise ValueError(f"a frame is (B, *) with 1 to {MOST_VALUES} values, got shape {x.shape}")
        self._shape, self._dtype = tuple(x.shape), "float64" if str(x.dtype) == "float64" else "float32"

    def _checked(self, name: str, value: np.ndarray, index: int) -> np.ndarray:
        import numpy as np

        if tuple(value.shape) != self._shape:
            raise ValueError(f"{name} of frame {index} has shape {tuple(value.shape)}, the frames before {self._shape}")
        value = np.ascontiguousarray(value, np.dtype(self._dtype).newbyteorder("<"))
        if not np.isfinite(value).all():
            raise ValueError(f"{name} of frame {index} has numbers that are not finite")
        return value

    def _write(self, name: str, array: np.ndarray) -> None:
        import numpy as np

        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
        self._zip.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getbuffer())  # dated 1980: the same run is the same bytes

    def _unwritable(self, error: OSError) -> SceneError:
        template = QT_TRANSLATE_NOOP("errors", "The trace “{name}” cannot be written: {reason}. Choose another place.")
        return SceneError(template, name=str(self.path), reason=error.strerror or str(error))


class TraceFile:
    """A trace opened for reading. Opening reads the header and the columns; `frame` reads one member of one substep."""

    def __init__(self, path: Path) -> None:
        """SceneError: no such file, no zip, cut off, no trace, of another version, too large, members missing or of another size."""
        self.path, self.name = path, path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise SceneError(QT_TRANSLATE_NOOP("errors", "There is no file “{name}”. Check its name and folder."), name=str(path)) from None
        except zipfile.BadZipFile as error:
            raise self._no_zip() from error
        except (*_DAMAGED, ValueError) as error:
            raise self._damaged(error) from error
        try:
            self._sizes = {info.filename: info.file_size for info in self._zip.infolist()}
            self.header = self._read_header()
            self._columns = {name: self._column(name) for name in COLUMNS if name not in OPTIONAL or f"{name}.npy" in self._sizes}
            self._check_columns()
            self._check_members()
        except BaseException:
            self._zip.close()
            raise

    def __len__(self) -> int:
        return self.header.frames

    @property
    def columns(self) -> Mapping[str, np.ndarray]:
        """t, s, stage, nfe, step_size, and where they are known sigma and mean; (F,) each."""
        return self._columns

    def has(self, k: int, field: str = "x") -> bool:
        """Was that recorded at frame k?"""
        return f"{field}/{k:06d}.npy" in self._sizes

    def frame(self, k: int, field: str = "x") -> np.ndarray:
        """One array (B, *) of frame k. SceneError if it is damaged or has numbers that are not finite; KeyError if it is not there."""
        import numpy as np

        name = f"{field}/{k:06d}.npy"
        if name not in self._sizes:
            raise KeyError(name)
        found = self._member(name, self.header.shape, self.header.dtype)
        if not np.isfinite(found).all():
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{name}” has numbers that are not finite in frame {k}; it is not opened."), name=self.name, k=k
            )
        return found

    def check(self) -> Self:
        """Read every member once, one at a time. SceneError for the first that is damaged or not finite."""
        for k in range(len(self)):
            for field in FIELDS:
                if self.has(k, field):
                    self.frame(k, field)
        return self

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_header(self) -> Header:
        size = self._sizes.get("header.json")
        if size is None:
            raise SceneError(QT_TRANSLATE_NOOP("errors", "“{name}” is no trace: it has no header.json."), name=self.name)
        if size > LARGEST_HEADER:
            raise self._too_large(f"{size} bytes of header")
        data = self._bytes("header.json")
        try:
            version = msgspec.json.decode(data).get("scoreviz_trace")
        except (msgspec.DecodeError, UnicodeDecodeError, AttributeError) as error:
            raise self._wrong(error) from error
        if version != VERSION:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{name}” is a trace of version {found}; this scoreviz reads {known}. Update scoreviz."),
                name=self.name, found=version, known=VERSION,
            )  # fmt: skip
        try:
            header = msgspec.json.decode(data, type=Header)
        except msgspec.ValidationError as error:
            raise self._wrong(error) from error
        if len(header.shape) < 2 or min(header.shape) < 1 or header.frames < 1:
            raise self._wrong(f"shape {list(header.shape)}, {header.frames} frames")
        if math.prod(header.shape) > MOST_VALUES or header.frames > MOST_FRAMES:
            raise self._too_large(f"{header.frames} × {' × '.join(map(str, header.shape))}")
        if header.data_range is not None and not header.data_range[0] < header.data_range[1]:
            raise self._wrong(f"data_range {list(header.data_range)}")
        return header

    def _column(self, name: str) -> np.ndarray:
        if f"{name}.npy" not in self._sizes:
            raise self._damaged(f"{name} is missing")
        return self._member(f"{name}.npy", (self.header.frames,), COLUMNS[name])

    def _check_columns(self) -> None:
        import numpy as np

        c = self._columns
        for name in ("t", "s"):
            if not ((c[name] >= 0) & (c[name] <= 1)).all():  # NaN is no time either
                raise self._wrong(QT_TRANSLATE_NOOP("errors", "times outside [0, 1]"))
        if (c["stage"] >= len(STAGES)).any() or (c["nfe"] < 0).any():
            raise self._wrong("stage, nfe")
        for name in OPTIONAL & c.keys():
            if not (np.isfinite(c[name]) & (c[name] >= 0)).all():
                raise self._wrong(name)

    def _check_members(self) -> None:
        """All frames are there, and none is larger or smaller than the header says, before any of them is read."""
        bytes_ = math.prod(self.header.shape) * (8 if self.header.dtype == "float64" else 4)
        for k in range(len(self)):
            for field in FIELDS:
                size = self._sizes.get(f"{field}/{k:06d}.npy")
                if size is None and field == "x":
                    raise self._damaged(f"x/{k:06d} is missing")
                if size is not None and not 0 < size - bytes_ <= 4096:
                    raise self._mixed(k)

    def _member(self, name: str, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        import numpy as np

        stream = io.BytesIO(self._bytes(name))
        try:
            if np.lib.format.read_magic(stream) != (1, 0):  # before anything is allocated
                raise ValueError("npy version")
            found_shape, fortran, found = np.lib.format.read_array_header_1_0(stream)
        except (ValueError, EOFError) as error:
            raise self._damaged(f"{name}: {error}") from error
        if found.hasobject:
            template = QT_TRANSLATE_NOOP("errors", "“{name}” holds Python objects, which could run code when read; it is not opened.")
            raise SceneError(template, name=self.name)
        if found_shape != shape or found != np.dtype(dtype):
            raise self._mixed(name)
        data = stream.read()
        if len(data) != math.prod(shape) * found.itemsize:
            raise self._damaged(f"{name} is cut off")
        return np.frombuffer(data, found).reshape(shape, order="F" if fortran else "C")

    def _bytes(self, name: str) -> bytes:
        info = self._zip.getinfo(name)
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise self._damaged(f"{name} is compressed")
        try:
            return self._zip.read(name)
        except (*_DAMAGED, ValueError) as error:  # ValueError: a negative offset in a damaged directory
            raise self._damaged(error) from error

    def _no_zip(self) -> SceneError:
        with self.path.open("rb") as file:
            start = file.read(2)
        if start == b"PK":
            template = QT_TRANSLATE_NOOP("errors", "“{name}” is cut off: it begins as a trace but does not end. Restore it from a copy.")
        elif not start:
            template = QT_TRANSLATE_NOOP("errors", "“{name}” is empty. Record the trace again.")
        else:
            template = QT_TRANSLATE_NOOP("errors", "“{name}” is no trace: it is not a zip file. scoreviz.maths.trace writes traces.")
        return SceneError(template, name=self.name)

    def _too_large(self, size: str) -> SceneError:
        template = QT_TRANSLATE_NOOP("errors", "“{name}” says that it holds {size}; that is too large for a trace, it is not opened.")
        return SceneError(template, name=self.name, size=size)

    def _wrong(self, reason: Any) -> SceneError:
        return SceneError(QT_TRANSLATE_NOOP("errors", "“{name}” has a value that is not allowed: {reason}."), name=self.name, reason=reason)

    def _mixed(self, where: object) -> SceneError:
        template = QT_TRANSLATE_NOOP("errors", "“{name}” has frames of different shapes ({where}), so it cannot be shown.")
        return SceneError(template, name=self.name, where=where)

    def _damaged(self, reason: object) -> SceneError:
        template = QT_TRANSLATE_NOOP("errors", "“{name}” is damaged: {reason}. Restore it from a copy.")
        return SceneError(template, name=self.name, reason=reason)
