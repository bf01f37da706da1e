"""Files that appear whole or not at all, and the sentences for places that cannot be written."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import av

from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

WRITING = (OSError, av.FFmpegError)
"""What writing a video raises; av's errors of the system are both."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def refusal(error: BaseException, path: Path) -> SceneError:
    """The sentence for a failed write of `path`."""
    number = getattr(error, "errno", None)
    reason = getattr(error, "strerror", None) or str(error)
    if number in _NO_ROOM:
        template = QT_TRANSLATE_NOOP("errors", "There is no room for “{name}”: {reason}. Make room, or choose another folder.")
    elif not path.parent.is_dir():
        return SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” was not written: there is no folder “{folder}”. Make it, or choose another."),
            name=path.name, folder=str(path.parent),
        )  # fmt: skip
    else:
        template = QT_TRANSLATE_NOOP("errors", "“{name}” was not written: {reason}. Choose another folder.")
    return SceneError(template, name=str(path), reason=reason)


@contextlib.contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Errors of the system within are SceneErrors about `path`."""
    try:
        yield
    except WRITING as error:
        raise refusal(error, path) from error


class Whole:
    """A hidden part file beside `path`: `commit` gives it its name, `discard` removes it. SceneError if there is no place for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        with sentences(path), self.part.open("xb"):
            pass

    def commit(self) -> None:
        """Bring it to the disk, then to its name. SceneError, and no leftover, if either fails."""
        try:
            with sentences(self.path):
                with self.part.open("rb+") as file:
                    os.fsync(file.fileno())
                self.part.replace(self.path)
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Remove it; nothing happens where it is gone."""
        with contextlib.suppress(OSError):
            self.part.unlink(missing_ok=True)
