"""What is recorded, as which kind of file, how often, and where it goes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, cast, get_args

from PySide6.QtCore import QStandardPaths

from scoreviz.gui.preferences import Preferences

What = Literal["tab", "canvas"]
Format = Literal["mp4", "gif"]
RATES = (30, 60)
GIF_RATE = 30
"""A GIF counts in hundredths of a second, and browsers slow down what lasts less than two of them."""
Place = QStandardPaths.StandardLocation


@dataclass(frozen=True)
class RecordSettings:
    """One choice each. Without a folder, films go where the system keeps films, and pictures where it keeps pictures."""

    what: What = "tab"
    format: Format = "mp4"
    fps: int = 30
    folder: Path | None = None

    @classmethod
    def load(cls, preferences: Preferences) -> RecordSettings:
        """As they were chosen last; what is unknown is its default."""
        what, kind = preferences.text("record/what", cls.what), preferences.text("record/format", cls.format)
        fps, folder = int(preferences.number("record/fps", cls.fps)), preferences.text("record/folder", "")
        return cls(
            what=cast(What, what) if what in get_args(What) else cls.what,
            format=cast(Format, kind) if kind in get_args(Format) else cls.format,
            fps=fps if fps in RATES else cls.fps,
            folder=Path(folder) if folder and Path(folder).is_dir() else None,
        )

    def save(self, preferences: Preferences) -> None:
        """For the next start."""
        preferences.set("record/what", self.what)
        preferences.set("record/format", self.format)
        preferences.set("record/fps", self.fps)
        preferences.set("record/folder", str(self.folder) if self.folder is not None else "")

    @property
    def rate(self) -> int:
        """Frames per second that the file can have."""
        return min(self.fps, GIF_RATE) if self.format == "gif" else self.fps

    def video_path(self, now: datetime | None = None) -> Path:
        """Where the next film goes; the recorder numbers it if the name is taken."""
        return _made(self.films) / f"{_stem(now)}.{self.format}"

    def still_path(self, now: datetime | None = None) -> Path:
        """Where the next still picture goes; nothing is there yet."""
        folder, stem = _made(self.folder or _standard(Place.PicturesLocation)), _stem(now)
        path, number = folder / f"{stem}.png", 1
        while path.exists():
            number += 1
            path = folder / f"{stem} {number}.png"
        return path

    @property
    def films(self) -> Path:
        """The folder of films."""
        return self.folder or _standard(Place.MoviesLocation)


def _stem(now: datetime | None) -> str:
    return f"scoreviz {now or datetime.now():%Y-%m-%d %H.%M.%S}"


def _standard(place: QStandardPaths.StandardLocation) -> Path:
    return Path(QStandardPaths.writableLocation(place) or Path.home())


def _made(folder: Path) -> Path:
    """The system's folders may be names only. One that cannot be made is named by who writes there."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder
