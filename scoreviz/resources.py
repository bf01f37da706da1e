"""Where the program's own files are, and where it may keep the user's. The lowest layer: it imports nothing of ours.

In a wheel `assets/` lies inside the package; in a checkout, editable installs included, beside it.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
NAME = "scoreviz"


class AssetMissing(FileNotFoundError):
    """A file that every installation has is not there: the installation is broken, not the user's input."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(f"The asset “{name}” is missing from {folder}. Install scoreviz again.")
        self.name = name
        self.folder = folder


def assets_folder() -> Path:
    """The folder of the bundled files.

    The checkout's `assets/` counts only beside our `pyproject.toml`: in site-packages a neighbour of that name is a stranger.
    """
    inside, beside = PACKAGE / "assets", PACKAGE.parent / "assets"
    if not inside.is_dir() and (PACKAGE.parent / "pyproject.toml").is_file():
        return beside
    return inside


def asset(name: str) -> Path:
    """The path of a bundled file or folder, by its name under `assets/` with forward slashes. AssetMissing if it is not there."""
    folder = assets_folder()
    path = folder.joinpath(*name.split("/"))
    if not path.exists():
        raise AssetMissing(name, folder)
    return path


def log_folder() -> Path:
    """Where the rotating log lies. Like its siblings below it may not exist yet: who writes there makes it."""
    from platformdirs import user_log_path

    return user_log_path(NAME, appauthor=False)


def autosave_folder() -> Path:
    """Where unsaved work is kept, to be offered again after a crash."""
    from platformdirs import user_state_path

    return user_state_path(NAME, appauthor=False) / "autosave"


def settings_folder() -> Path:
    """Where the preferences are kept."""
    from platformdirs import user_config_path

    return user_config_path(NAME, appauthor=False)
