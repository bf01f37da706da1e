"""What commands that write a file share: their parser, their numbers, their bars, and their way out."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from scoreviz.scene.errors import SceneError

INTERRUPTED = 130


class Arguments(argparse.ArgumentParser):
    """A parser whose errors are one sentence, like all others."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        print(f"scoreviz: {message[:1].upper()}{message[1:]}; `{self.prog} --help` explains the arguments.", file=sys.stderr)
        raise SystemExit(2)


def guarded(work: Callable[[], int]) -> int:
    """Exit code of `work`: 2 for a SceneError and 130 for an interruption, each after one sentence."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is half done is put away for that one, too
    try:
        return work()
    except SceneError as error:
        print(f"scoreviz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("scoreviz: Interrupted; nothing was written.", file=sys.stderr)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)


def number(name: str, text: str, low: float, high: float, *, whole: bool = True) -> float:
    """The number that was typed. SceneError unless it lies in [low, high]."""
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise SceneError("{name} takes {kind} from {low} to {high}, not “{text}”.", name=name, kind=kind, low=low, high=high, text=text)
    return value


def integer(name: str, text: str, low: int, high: int) -> int:
    """A whole number within its range."""
    return int(number(name, text, low, high))


def output(text: str, suffixes: tuple[str, ...]) -> Path:
    """Where the result goes. SceneError for a suffix that says nothing, and for a place that cannot be written: before any computing."""
    path = Path(text)
    if path.suffix.lower() not in suffixes:
        known = ", ".join(suffixes[:-1]) + f" or {suffixes[-1]}" if len(suffixes) > 1 else suffixes[0]
        raise SceneError("“{name}” does not say what to write: end its name in {known}.", name=path.name, known=known)
    if path.is_dir():
        raise SceneError("“{name}” is a folder; choose another name for the file.", name=path)
    if not path.parent.is_dir():
        raise SceneError("“{name}” cannot be written: there is no folder “{folder}”. Make it first.", name=path.name, folder=path.parent)
    if not os.access(path.parent, os.W_OK):
        raise SceneError("“{name}” cannot be written: the folder “{folder}” is read-only.", name=path.name, folder=path.parent.resolve())
    return path


@contextmanager
def bar(text: str, *, forced: bool = False, unit: str = " frames") -> Iterator[Callable[[int, int], None]]:
    """advance(done, total) of a bar on stderr with the time left; none where nobody looks at it, unless it is forced."""
    if not (forced or sys.stderr.isatty()):
        yield lambda done, total: None
        return
    shown: Any = None

    def advance(done: int, total: int) -> None:
        nonlocal shown
        if shown is None:  # several bars may wait for their turn
            from tqdm import tqdm

            shown = tqdm(desc=text, unit=unit, total=total, leave=False, dynamic_ncols=True)
        shown.update(done - shown.n)

    try:
        yield advance
    finally:
        if shown is not None:
            shown.close()


def print_json(figures: dict[str, Any]) -> None:
    """One JSON object on stdout."""
    import json

    print(json.dumps(figures, ensure_ascii=False, indent=1))
