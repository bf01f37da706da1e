"""The first scene's run, as the engine computed it, shown until the engine of this window is up.

It is shown for that scene alone, and by the same path as everything the engine sends. A test holds that the bundled
messages are what the engine computes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QTimer

from scoreviz import resources
from scoreviz.protocol.framing import Unframer
from scoreviz.protocol.messages import Arrows, Density, RunFrames, RunStarted
from scoreviz.scene.document import Scene

if TYPE_CHECKING:
    from scoreviz.gui.window import Window

Seen = RunStarted | RunFrames | Density | Arrows
"""What is bundled. A decoder of these alone is made sooner than that of all that an engine may say."""
FILE = "first_sight.bin"
PIECE = 128 * 1024


def messages() -> Iterator[Seen]:
    """The bundled messages, unpacked as they are asked for. AssetMissing if the installation is broken."""
    packed = resources.asset(FILE).read_bytes()
    unframer: Unframer[Seen] = Unframer(msgspec.msgpack.Decoder(Seen))
    unpacker = zlib.decompressobj()
    while packed:
        yield from unframer.feed(unpacker.decompress(packed, PIECE))
        packed = unpacker.unconsumed_tail
    yield from unframer.feed(unpacker.flush())


def show(window: Window) -> None:
    """Show the first scene's run from its first frame that has fields; the frames after it follow between the first paints."""
    if window.store.scene != Scene():
        return
    rest = messages()
    for message in rest:
        window.session.received.emit(message)
        if isinstance(message, Arrows):
            break
    window.playback.seek(len(window.playback.run or ()) - 1)

    def more() -> None:
        for message in rest:
            window.session.received.emit(message)
            if isinstance(message, Arrows):
                return
        timer.stop()

    timer = QTimer(window, interval=4)
    timer.timeout.connect(more)
    window.first_painted.connect(timer.start)
    window.session.ready.connect(timer.stop)  # from here on the engine speaks for itself
