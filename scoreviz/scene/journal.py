"""What a network has learned from which training step on: the journal of a document, as edits to be made again.

DESIGN 4: a live network is not a function of the scene alone, since it depends on the step at which each edit landed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from scoreviz.scene.choice import decode_choice
from scoreviz.scene.document import Scene, invalidated
from scoreviz.scene.files import Document, JournalEntry
from scoreviz.scene.parameters import Invalidates, parameters

_LEARNED = Invalidates.NETWORK | Invalidates.TRAINING | Invalidates.TARGET
LEARNED_PARTS = tuple(p.name for p in parameters(Scene) if p.description.invalidates & _LEARNED)
"""What the journal replays. Everything else, such as the sampler, is as the scene has it now."""


def lessons(document: Document) -> list[tuple[int, Scene]]:
    """(training step, what is learned from there on), beginning with step 0; of each scene only the learned parts are its own.

    Without a journal the document's scene itself. What lies before the last edit that made the network anew has left no trace in it.
    """
    found: list[tuple[int, Scene]] = []
    scene = Scene()
    for entry in document.journal or (JournalEntry(step=0, parts=msgspec.to_builtins(document.scene)),):
        after = _learned(scene, entry.parts)
        if not found or invalidated(scene, after) & Invalidates.NETWORK:
            found = [(0, after)]
        elif after != scene:
            found.append((entry.step, after))
        scene = after
    return found


def _learned(scene: Scene, parts: dict[str, Any]) -> Scene:
    kinds = {field.name: field.type for field in msgspec.structs.fields(Scene)}
    changed = {n: msgspec.convert(part, kinds[n], dec_hook=decode_choice) for n, part in parts.items() if n in LEARNED_PARTS}
    return msgspec.structs.replace(scene, **changed)
