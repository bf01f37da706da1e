"""Snapshots as safetensors, for files: arrays by name, and the step as metadata."""

from __future__ import annotations

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Snapshot
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP


def snapshot_to_bytes(snapshot: Snapshot) -> bytes:
    """One safetensors file."""
    from safetensors.numpy import save

    return save({name: array.numpy() for name, array in snapshot.tensors.items()}, metadata={"step": str(snapshot.step)})


def snapshot_from_bytes(data: bytes) -> Snapshot:
    """The reverse. SceneError if it is not one."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
        step = int(tensors["steps"][0])
    except (SafetensorError, KeyError, IndexError, ValueError) as error:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "The network in this file is damaged: {reason}. The drawing itself can be opened as JSON."),
            reason=error,
        ) from error
    return Snapshot(step=step, tensors={name: Array.of(array) for name, array in tensors.items()})
