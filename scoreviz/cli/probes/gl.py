"""Which OpenGL there is, if any: scoreviz draws without it."""

from __future__ import annotations

import json
import sys

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

VENDOR, RENDERER, VERSION = 0x1F00, 0x1F01, 0x1F02  # glGetString's names


def main() -> None:
    """Make a context on an offscreen surface and print its strings, or {} where there is none."""
    app = QGuiApplication(sys.argv[:1])
    surface = QOffscreenSurface()
    surface.create()
    context = QOpenGLContext()
    found: dict[str, str] = {"platform": app.platformName()}
    if context.create() and context.makeCurrent(surface):
        functions = context.functions()
        for word, name in (("vendor", VENDOR), ("renderer", RENDERER), ("version", VERSION)):
            found[word] = str(functions.glGetString(name))
        context.doneCurrent()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
