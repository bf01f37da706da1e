"""Will Qt start here? Asked before Qt is loaded, because where something is missing Qt does not raise: it aborts.

Only Linux is asked: elsewhere the wheels carry everything. Nothing here imports Qt.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Iterable, Mapping

CORE = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}
"""What QtCore, QtGui and QtWidgets link against, and the Debian package of each."""

XCB = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""What the X11 platform plugin links against on top of that."""

WAYLAND = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
"""What the Wayland platform plugin links against."""


def trouble(environment: Mapping[str, str] = os.environ) -> str | None:
    """The sentence that says why no window can open here and what to do, or None if one should."""
    if not sys.platform.startswith("linux"):
        return None
    platform = platform_of(environment)
    if platform is None:
        return (
            "There is no display: neither DISPLAY nor WAYLAND_DISPLAY is set. Start scoreviz from a desktop session, "
            "over `ssh -X`, or with a virtual display: `xvfb-run -a scoreviz`."
        )
    wanted = {"xcb": XCB, "wayland": WAYLAND}.get(platform, {})
    if lacking := missing(wanted):
        return sentence(lacking | missing(CORE))
    display = environment.get("DISPLAY", "")
    if platform == "xcb" and not _answers(display):
        return f"The display “{display}” does not answer. Set DISPLAY to one that runs, or use `xvfb-run -a scoreviz`."
    return None


def platform_of(environment: Mapping[str, str]) -> str | None:
    """The Qt platform plugin that will be used; None where there is no display at all."""
    if chosen := environment.get("QT_QPA_PLATFORM", ""):
        return re.split("[:;]", chosen)[0]
    x11, wayland = environment.get("DISPLAY"), environment.get("WAYLAND_DISPLAY")
    if wayland and (not x11 or not missing(WAYLAND)):  # without its libraries Qt falls back to X11
        return "wayland"
    return "xcb" if x11 else None


def missing(libraries: Mapping[str, str]) -> dict[str, str]:
    """Those of `libraries` that the loader does not find. Loading them costs nothing: Qt is about to."""
    return {name: package for name, package in libraries.items() if not _loads(name)}


def library_in(error: ImportError) -> str | None:
    """The library that an import failed on, if that is why: “libEGL.so.1: cannot open shared object file: ...”."""
    found = re.search(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object", str(error))
    return found[1] if found else None


def sentence_for(library: str) -> str:
    """What to do about an import that failed on `library`, with all else that lacks: one round trip, not five."""
    return sentence({library: CORE.get(library, XCB.get(library, ""))} | missing(CORE | XCB))


def sentence(lacking: Mapping[str, str]) -> str:
    """Names the missing libraries and the Debian packages that hold them."""
    packages = " ".join(unique(package for package in lacking.values() if package))
    install = f" On Debian and Ubuntu: sudo apt install {packages}" if packages else ""
    return f"Qt needs {', '.join(lacking)}, which this system lacks. Install what holds it.{install}"


def unique(words: Iterable[str]) -> list[str]:
    """`words` without repetition, in order."""
    return list(dict.fromkeys(words))


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _answers(display: str) -> bool:
    """Can one connect to this X display? Qt aborts where one cannot."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    try:
        return xcb.xcb_connection_has_error(connection) == 0
    finally:
        xcb.xcb_disconnect(connection)
