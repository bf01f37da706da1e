"""The chain of Tab, read from Qt itself.

PySide's own `nextInFocusChain` takes the widget that it returns for the owner of the one that was asked: after a walk, deleting one deletes
others, and the process crashes some tests later. So the C++ function is called by its name, and its pointers are looked up.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import PySide6
from PySide6.QtWidgets import QWidget
from shiboken6 import Shiboken


def _next_function() -> ctypes._NamedFuncPointer:
    library = ctypes.CDLL(str(next(Path(PySide6.__file__).parent.glob("Qt/lib/libQt6Widgets.so.*"))))
    function = library["_ZNK7QWidget16nextInFocusChainEv"]
    function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    return function


def focus_chain(window: QWidget) -> list[QWidget]:
    """Every widget after `window` in the order of Tab, once round."""
    known = {Shiboken.getCppPointer(widget)[0]: widget for widget in (window, *window.findChildren(QWidget))}
    following = _next_function()
    start = at = Shiboken.getCppPointer(window)[0]
    chain: list[QWidget] = []
    while (at := following(at)) != start and at is not None and len(chain) < 20_000:
        if at in known:
            chain.append(known[at])
    return chain
