"""The one place where the document changes. Panels watch `changed`; they never talk to each other."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from scoreviz.scene.density import Digest, digest_of
from scoreviz.scene.document import Scene, replace_at, value_at
from scoreviz.scene.files import Document
from scoreviz.scene.validation import validate


class Store(QObject):
    """Holds the scene and its blobs; every edit is validated, undoable, and announced once.

    changed(old: Scene, new: Scene, origin: str); the origin is "open" when another document was opened.
    """

    changed = Signal(object, object, str)

    def __init__(self, document: Document | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        document = document or Document()
        self._scene = document.scene
        self._blobs = dict(document.blobs)
        self.undo_stack = QUndoStack(self)

    @property
    def scene(self) -> Scene:
        return self._scene

    @property
    def blobs(self) -> MappingProxyType[Digest, bytes]:
        return MappingProxyType(self._blobs)

    def document(self) -> Document:
        """What would be saved now."""
        return Document(scene=self._scene, blobs=dict(self._blobs))

    def value(self, path: tuple[str, ...]) -> Any:
        """The value at a path such as ("sampler", "steps")."""
        return value_at(self._scene, path)

    def edit(self, path: tuple[str, ...], value: Any, text: str, *, origin: str = "", merge: str = "") -> None:
        """Set one value. SceneError, and nothing changed, if it is not allowed.

        Consecutive edits with the same non-empty `merge` become one undo step (a slider's drag).
        """
        self.replace(replace_at(self._scene, path, value), text, origin=origin, merge=merge)

    def replace(self, scene: Scene, text: str, *, origin: str = "", merge: str = "") -> None:
        """Set the whole scene as one undo step; unchanged parts should be shared with the present one."""
        if scene == self._scene:
            return
        validate(scene, before=self._scene)
        self.undo_stack.push(_Edit(self, self._scene, scene, text, origin, merge))

    def look(self, path: tuple[str, ...], value: Any) -> None:
        """Look elsewhere, at another tab for one: no edit, so no undo step. Undoing an edit goes back to where it was made."""
        scene = replace_at(self._scene, path, value)
        validate(scene, before=self._scene)
        self._apply(scene, "look")

    def add_blob(self, data: bytes) -> Digest:
        """Keep bulk data and return its content address. Blobs are never removed while the window lives: undo needs them."""
        digest = digest_of(data)
        self._blobs[digest] = data
        return digest

    def open(self, document: Document) -> None:
        """Take another document; the undo history starts anew."""
        validate(document.scene)
        self.undo_stack.clear()
        self._blobs |= document.blobs
        self._apply(document.scene, "open")
        self.undo_stack.setClean()

    def adopt(self, other: Store) -> None:
        """Take over another store's whole state, undo history included: for a window that is built anew."""
        stack = other.undo_stack
        steps = [step for k in range(stack.count()) if isinstance(step := stack.command(k), _Edit)]
        self._blobs |= other._blobs
        if steps:
            self._apply(steps[0]._old, "open")
        for step in steps:
            self.undo_stack.push(_Edit(self, step._old, step._new, step.text(), step._origin, ""))
        if stack.cleanIndex() < 0:
            self.undo_stack.resetClean()
        else:
            self.undo_stack.setIndex(stack.cleanIndex())
            self.undo_stack.setClean()
        self.undo_stack.setIndex(stack.index())
        self._apply(other.scene, "open")

    def _apply(self, scene: Scene, origin: str) -> None:
        old, self._scene = self._scene, scene
        if scene is not old:
            self.changed.emit(old, scene, origin)


class _Edit(QUndoCommand):
    """From one scene to another. Scenes share their unchanged parts, so keeping both is cheap."""

    def __init__(self, store: Store, old: Scene, new: Scene, text: str, origin: str, merge: str) -> None:
        super().__init__(text)
        self._store, self._old, self._new, self._origin, self._merge = store, old, new, origin, merge

    def redo(self) -> None:
        self._store._apply(self._new, self._origin)

    def undo(self) -> None:
        self._store._apply(self._old, "undo")

    def id(self) -> int:
        return (hash(self._merge) & 0x7FFFFFFF) if self._merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Edit) or other._merge != self._merge:
            return False
        self._new = other._new
        if self._new == self._old:
            self.setObsolete(True)
        return True
