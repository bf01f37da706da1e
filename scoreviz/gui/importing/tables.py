"""A table of numbers as points: comma, semicolon, tab or space separated text, or NumPy's own format. It knows no Qt."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

LARGEST_BYTES = 256 << 20
MOST_ROWS = 4_000_000
HUGE = 1e30
MAGIC = b"\x93NUMPY"


@dataclass(frozen=True)
class Table:
    """points (n, D) float32 in the unit ball; in the file's units they lie within `radius` of `centre`, their mean."""

    points: np.ndarray[Any, Any]
    centre: tuple[float, ...]
    radius: float
    columns: int  # of which the first D were read


def read_points(path: Path, dim: int = 2) -> Table:
    """The first `dim` (2 or 3) columns of a file; may be called from any thread. SceneError names the line or the row that is no point."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” cannot be read: {reason}."), name=path.name, reason=error.strerror or error
        ) from error
    if size > LARGEST_BYTES:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” has {size} MiB; tables of up to {most} MiB can be read."),
            name=path.name, size=size >> 20, most=LARGEST_BYTES >> 20,
        )  # fmt: skip
    is_array = magic == MAGIC or path.suffix.lower() == ".npy"
    values, columns = _array(path, size, dim) if is_array else _text(path, dim)
    return _normalised(path.name, values, columns)


def _normalised(name: str, values: np.ndarray[Any, Any], columns: int) -> Table:
    if not len(values):
        raise SceneError(QT_TRANSLATE_NOOP("errors", "“{name}” holds no rows of numbers."), name=name)
    if len(values) > MOST_ROWS:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” has {n} rows; up to {most} can be read."), name=name, n=len(values), most=MOST_ROWS
        )
    good = (np.abs(values) < HUGE).all(1)  # NaN too
    if not good.all():
        row = int(np.argmin(good))
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "Row {row} of “{name}” is ({values}); all must be finite numbers."),
            name=name, row=row + 1, values=", ".join(f"{value:g}" for value in values[row]),
        )  # fmt: skip
    centre = values.mean(0)
    away = values - centre
    radius = float(np.linalg.norm(away, axis=1).max())
    points = (away / radius if radius > 0 else away).astype("<f4")
    return Table(points=points, centre=tuple(centre.tolist()), radius=radius, columns=columns)


# ---- NumPy


def _array(path: Path, size: int, dim: int) -> tuple[np.ndarray[Any, Any], int]:
    """Read the header, hold it against the file's size, then the numbers: a header may claim anything. Pickles are not touched."""
    damaged = SceneError(QT_TRANSLATE_NOOP("errors", "“{name}” is no NumPy array, or a damaged one."), name=path.name)
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, by_columns, dtype = read(file)
        except (ValueError, EOFError) as error:
            raise damaged from error
        if dtype.hasobject:
            raise SceneError(
                QT_TRANSLATE_NOOP(
                    "errors", "“{name}” holds Python objects, which could run a program, so it is not read. Save plain numbers."
                ),
                name=path.name,
            )
        if dtype.kind not in "fiu" or len(shape) != 2 or shape[1] < 2:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{name}” is an array of {dtype} of shape {shape}; needed are numbers in rows of two or more."),
                name=path.name, dtype=dtype.name, shape=shape,
            )  # fmt: skip
        if shape[1] < dim:
            raise _too_few_columns(path)
        count = math.prod(shape)
        if count * dtype.itemsize > size - file.tell():
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{name}” is cut off: it says it has {n} rows, and holds fewer. Copy it again."),
                name=path.name, n=shape[0],
            )  # fmt: skip
        values = np.fromfile(file, dtype, count).reshape(shape, order="F" if by_columns else "C")
    return values[:, :dim].astype(np.float64), shape[1]


def _too_few_columns(path: Path) -> SceneError:
    return SceneError(
        QT_TRANSLATE_NOOP("errors", "“{name}” has two columns; in space each row needs three numbers. Choose 2-D to draw it in the plane."),
        name=path.name,
    )  # fmt: skip


# ---- text


def _text(path: Path, dim: int) -> tuple[np.ndarray[Any, Any], int]:
    skip, sample = 0, ""
    for number, line in _first_lines(path):
        separator, decimal_comma = _separator(line)
        fields = _fields(line, separator)
        if len(fields) < 2 or any(_number(field, decimal_comma) is None for field in fields[:2]):
            if skip:
                raise _first_bad_line(path, skip, separator, decimal_comma)
            skip = number  # a header
        else:
            sample = line
            break
    if not sample:
        return np.empty((0, dim)), dim
    separator, decimal_comma = _separator(sample)
    fields = _fields(sample, separator)
    if len(fields) < dim or any(_number(field, decimal_comma) is None for field in fields[2:dim]):
        raise _too_few_columns(path)
    try:
        # one line at a time through Python, so that the window's thread gets its turn
        lines = itertools.islice(_lines(path, skip, decimal_comma), MOST_ROWS + 1)
        values = np.loadtxt(lines, delimiter=separator, usecols=range(dim), quotechar='"', ndmin=2)
    except ValueError as error:
        raise _first_bad_line(path, skip, separator, decimal_comma, dim) from error
    return values, len(fields)


def _open(path: Path) -> io.TextIOWrapper:
    with path.open("rb") as file:
        start = file.read(4)
    encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return path.open(encoding=encoding, errors="replace", newline=None)


def _lines(path: Path, skip: int, decimal_comma: bool) -> Iterator[str]:
    """What follows the first `skip` lines, with decimal points."""
    with _open(path) as file:
        for number, line in enumerate(file, 1):
            if number > skip and not line.isspace():
                yield line.replace(",", ".") if decimal_comma else line


def _first_lines(path: Path) -> list[tuple[int, str]]:
    """The first two lines that are neither empty nor comments, and their numbers."""
    found = []
    with _open(path) as file:
        for number, line in enumerate(file, 1):
            if "\0" in line:
                raise SceneError(QT_TRANSLATE_NOOP("errors", "“{name}” is no table: it holds no text."), name=path.name)
            if plain := line.partition("#")[0].strip():
                found.append((number, plain))
            if len(found) == 2:
                break
    return found


def _separator(line: str) -> tuple[str | None, bool]:
    """Tab, semicolon, comma or (None) spaces; and whether a comma is then a decimal point."""
    for separator in ("\t", ";"):
        if separator in line:
            return separator, True
    return ("," if "," in line else None), False


def _fields(line: str, separator: str | None) -> list[str]:
    return [field.strip().strip('"') for field in line.split(separator)]


def _number(field: str, decimal_comma: bool) -> float | None:
    try:
        return float(field.replace(",", ".") if decimal_comma else field)
    except ValueError:
        return None


def _first_bad_line(path: Path, skip: int, separator: str | None, decimal_comma: bool, dim: int = 2) -> SceneError:
    """Which line is no point."""
    with _open(path) as file:
        for number, line in enumerate(file, 1):
            plain = line.partition("#")[0].strip()
            if number <= skip or not plain:
                continue
            fields = _fields(plain, separator)
            if len(fields) < 2:
                return SceneError(
                    QT_TRANSLATE_NOOP("errors", "Line {line} of “{name}” has one column; needed are two numbers in each row."),
                    name=path.name, line=number,
                )  # fmt: skip
            if len(fields) < dim:
                return SceneError(
                    QT_TRANSLATE_NOOP("errors", "Line {line} of “{name}” has two columns; needed are three numbers in each row."),
                    name=path.name, line=number,
                )  # fmt: skip
            for field in fields[:dim]:
                if _number(field, decimal_comma) is None:
                    return SceneError(
                        QT_TRANSLATE_NOOP("errors", "Line {line} of “{name}” has “{field}” where a number is due."),
                        name=path.name, line=number, field=field[:40],
                    )  # fmt: skip
    return SceneError(QT_TRANSLATE_NOOP("errors", "“{name}” is not a table of numbers."), name=path.name)
