"""The first scene's run, as the engine computed it, shown until the engine of this window is up.

It is shown for that scene alone, and by the same path as everything the engine sends. A test holds that the bundled
messages are what the engine computes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from scoreviz import resources
from scoreviz.protocol.framing import window_unframer
from scoreviz.protocol.messages import Arrows, Density, FromEngine
from scoreviz.scene.document import Scene

if TYPE_CHECKING:
    from scoreviz.gui.window import Window

FILE = "first_sight.bin"


def messages() -> list[FromEngine]:
    """The bundled messages. AssetMissing if the installation is broken."""
    return list(window_unframer().feed(zlib.decompress(resources.asset(FILE).read_bytes())))


def show(window: Window) -> None:
    """Show the first scene's run from its first frame that has fields, if that is the scene of this window."""
    if window.store.scene != Scene():
        return
    recorded = messages()
    first = next(m.sigma for m in recorded if isinstance(m, Density | Arrows))
    for message in recorded:
        window.session.received.emit(message)
    run = window.playback.run
    assert run is not None
    window.playback.seek(int((run.sigma == first).argmax()))
