"""`scoreviz [FILE]`: check the file, check that Qt can start, then open the window."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from scoreviz.cli import logs, qt_libraries
from scoreviz.scene.errors import SceneError
from scoreviz.scene.folders import document_of

T = TypeVar("T")


class Window(Protocol):
    """The window's entry point."""

    def __call__(self, file: Path | None, argv: Sequence[str], *, present: bool = False, play: bool = False) -> int:
        """Run until the window closes."""


class CannotStart(Exception):
    """This machine lacks something; the message says what, and what to do."""


def open_window(file: Path | None, qt_options: Sequence[str] = (), *, present: bool = False, play: bool = False) -> int:
    """Open the window on `file`; 2 if the file is no scene, 1 if no window can open here.

    present: with the canvas alone, for a projector. play: the transport plays at once.

    The file is read here once just to judge it: a sentence on the terminal, before seconds of start-up, is what a script needs.
    """
    try:
        if file is not None:
            _judge(file)
        window = find_window(_environment(qt_options))
    except (SceneError, CannotStart) as error:
        print(f"scoreviz: {error}", file=sys.stderr)
        return 2 if isinstance(error, SceneError) else 1
    logs.start()
    wishes = {name: True for name, wished in (("present", present), ("play", play)) if wished}
    return window(file, ["scoreviz", *qt_options], **wishes)


def _judge(file: Path) -> None:
    """SceneError if it is neither a scene nor a folder nor a trace that can be opened."""
    from scoreviz.scene.traces import TraceFile, is_trace

    if is_trace(file):
        TraceFile(file).close()
    else:
        document_of(file)


def _environment(qt_options: Sequence[str]) -> dict[str, str]:
    """The environment as Qt will read it: `-platform NAME` goes before QT_QPA_PLATFORM."""
    environment = dict(os.environ)
    if "-platform" in qt_options[:-1]:
        environment["QT_QPA_PLATFORM"] = qt_options[qt_options.index("-platform") + 1]
    return environment


def find_window(environment: Mapping[str, str] = os.environ) -> Window:
    """The window's entry point. CannotStart, with the package to install, where Qt would fail or abort."""
    if reason := qt_libraries.trouble(environment):
        raise CannotStart(reason)
    return imported(_import_window)


def imported(importing: Callable[[], T]) -> T:
    """What `importing` imports of gui. CannotStart, with the package to install, where Qt does not load."""
    try:
        return importing()
    except ImportError as error:
        if library := qt_libraries.library_in(error):
            raise CannotStart(qt_libraries.sentence_for(library)) from error
        if (error.name or "").partition(".")[0] in ("PySide6", "shiboken6"):
            what = f"does not load ({error})" if error.path else "is not installed"
            raise CannotStart(f"PySide6 {what}. Install scoreviz again, and see what `scoreviz doctor` finds.") from error
        raise  # a fault of ours: let it be seen


def _import_window() -> Window:
    gc.disable()  # what is made until the first paint stays: a search among it finds nothing. Enabled by gui.app after that
    from scoreviz.gui.app import main

    return main
