"""What the program remembers between starts: window, theme, tools, recent files. One file, in platformdirs' folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from scoreviz import resources

RECENT_FILES = 8
CACHE_MIB = (64, 4096)
"""What the frames of one run may take, least and most."""
CACHE_DEFAULT = 512


class Preferences:
    """Typed access to the settings file. What cannot be read back is its default."""

    def __init__(self) -> None:
        self._settings = QSettings(str(resources.settings_folder() / "scoreviz.ini"), QSettings.Format.IniFormat)

    @property
    def settings(self) -> QSettings:
        """For those who keep several values of their own."""
        return self._settings

    def bytes(self, key: str) -> QByteArray | None:
        """A saved state or geometry."""
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) else None

    def text(self, key: str, default: str) -> str:
        value = self._settings.value(key)
        return value if isinstance(value, str) else default

    def number(self, key: str, default: float) -> float:
        try:
            return float(self._settings.value(key, default))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return default

    def set(self, key: str, value: Any) -> None:
        self._settings.setValue(key, value)

    @property
    def recent(self) -> list[Path]:
        """Files opened or saved lately that still exist, newest first."""
        value = self._settings.value("recent", [])
        names = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return [path for path in map(Path, names) if path.is_file()][:RECENT_FILES]

    def add_recent(self, path: Path) -> None:
        others = [p for p in self.recent if p != path.resolve()]
        self.set("recent", [str(p) for p in (path.resolve(), *others)][:RECENT_FILES])


def engine_arguments(preferences: Preferences) -> list[str]:
    """What the engine is started with: its threads, and the memory of a run."""
    threads, cache = int(preferences.number("engine/threads", 0)), int(preferences.number("engine/cache_mib", CACHE_DEFAULT))
    found = ["--threads", str(threads)] if 1 <= threads <= (os.cpu_count() or 1) else []
    return [*found, "--cache-mib", str(min(max(cache, CACHE_MIB[0]), CACHE_MIB[1]))]
