"""States that can be kept outside the process: to bytes and back bit for bit, and forks.

The form is one safetensors file in memory: its tensors are x, x_mean, rng and those of the memory; its metadata holds the cursor and
the shape of the memory (tuples of tensors, floats, ints, bools and None, nested). Reading runs no code, and accepts only what
`state_bytes` writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from scoreviz.maths.sampling import State, rng_from_seed
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

_VERSION = 1
_KEY = "scoreviz.state"
_DEEPEST = 32
_FLOAT = re.compile(r"-?(0x[01]\.[0-9a-f]+p[+-]\d+|inf)|nan")


def fork(state: State, seed: int) -> State:
    """The same points at the same place in the plan, with the noise of `seed` from here on. `state` is not touched."""
    return replace(state, rng=rng_from_seed(seed, state.x.device))


def state_bytes(state: State) -> bytes:
    """`state` as bytes; with `state_from_bytes` a run goes on as if it had not stopped, bit for bit on the CPU.

    TypeError names what the memory holds if it is neither a tensor, a number, None nor a tuple of these.
    """
    writer = _Writer()
    header = {
        "version": _VERSION,
        "cursor": state.cursor,
        "x": writer.node(state.x),
        "x_mean": writer.node(state.x_mean),
        "rng": writer.node(state.rng),
        "memory": writer.node(state.memory),
    }
    return bytes(save(writer.tensors, metadata={_KEY: json.dumps(header, separators=(",", ":"))}))


def state_from_bytes(data: bytes, device: torch.device | str = "cpu") -> State:
    """The state behind `state_bytes`, its tensors on `device`; that must be of the kind that the run was on, whose generator it holds.

    SceneError (a ValueError) says what is wrong with other bytes.
    """
    try:
        tensors = load(data)
        header = json.loads(_metadata(data))
        if not isinstance(header, dict) or header.keys() != {"version", "cursor", "x", "x_mean", "rng", "memory"}:
            raise ValueError("its header is not one of a state")
        if header["version"] != _VERSION:
            raise ValueError(f"it has version {header['version']!r}, and {_VERSION} is known")
        return _checked(header, _Reader(tensors, torch.device(device)))
    except (SafetensorError, ValueError, KeyError, OverflowError, RecursionError) as error:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "This is not a kept state of a run: {reason}."), reason=error) from error


def _metadata(data: bytes) -> str:
    """The header's text. safetensors reads metadata from files only, so its length-prefixed JSON is read here, after `load` accepted it."""
    size = int.from_bytes(data[:8], "little")
    text = json.loads(data[8 : 8 + size]).get("__metadata__", {}).get(_KEY)
    if not isinstance(text, str):
        raise ValueError("it holds tensors, but not those of a state")
    return text


def _checked(header: Mapping[str, Any], reader: _Reader) -> State:
    cursor = header["cursor"]
    if type(cursor) is not int or cursor < 0:
        raise ValueError(f"its cursor must be a whole number from 0, got {cursor!r}")
    x, x_mean, memory = (reader.value(header[key]) for key in ("x", "x_mean", "memory"))
    if not (isinstance(x, Tensor) and isinstance(x_mean, Tensor) and x.is_floating_point() and x.ndim):
        raise ValueError("its points must be floating-point numbers of shape (B, *)")
    if x_mean.shape != x.shape or x_mean.dtype != x.dtype:
        raise ValueError(f"x and x_mean differ: {x.dtype} {tuple(x.shape)}, {x_mean.dtype} {tuple(x_mean.shape)}")
    if not isinstance(memory, tuple):
        raise ValueError("its memory must be a tuple")
    rng = reader.generator(header["rng"])
    reader.check_all_used()
    return State(x, x_mean, cursor, rng, memory)


class _Writer:
    """Values as JSON nodes; tensors by name, each stored once."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[int, str] = {}

    def node(self, value: Any) -> Any:
        """None, bools and ints stand for themselves; floats are hexadecimal, which is exact and knows inf and nan."""
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, tuple):
            return [self.node(item) for item in value]
        if value is None or type(value) in (bool, int):
            return value
        if type(value) is float:
            return {"float": value.hex()}
        raise TypeError(f"a state's memory may hold tensors, numbers, None and tuples of these, got {type(value).__name__}")

    def _tensor(self, value: Tensor) -> dict[str, Any]:
        """Matrix products may differ by the order in which dimensions lie in memory, so that order is kept."""
        order = _order(value)
        if id(value) not in self._names:
            self._names[id(value)] = name = str(len(self.tensors))
            self.tensors[name] = value.detach().permute(order).clone(memory_format=torch.contiguous_format)
        node: dict[str, Any] = {"tensor": self._names[id(value)]}
        if order != sorted(order):
            node["order"] = order
        return node


def _order(value: Tensor) -> list[int]:
    """Dimensions from the slowest in memory to the fastest; as they are where the tensor is contiguous or has gaps."""
    dims = list(range(value.ndim))
    if value.is_contiguous():
        return dims
    order = sorted(dims, key=value.stride, reverse=True)
    return order if value.permute(order).is_contiguous() else dims


class _Reader:
    """Nodes as values; every tensor must be used, and only tensors that are there."""

    def __init__(self, tensors: Mapping[str, Tensor], device: torch.device) -> None:
        self._tensors, self._device, self._seen = tensors, device, dict[str, Tensor]()

    def value(self, node: Any, depth: int = 0) -> Any:
        """The reverse of `_Writer.node`."""
        if depth > _DEEPEST:
            raise ValueError(f"its memory is nested more than {_DEEPEST} deep")
        if node is None or type(node) in (bool, int):
            return node
        if isinstance(node, list):
            return tuple(self.value(item, depth + 1) for item in node)
        if isinstance(node, dict) and node.keys() == {"float"} and _FLOAT.fullmatch(str(node["float"])):
            return float.fromhex(node["float"])
        if isinstance(node, dict) and "tensor" in node and node.keys() <= {"tensor", "order"}:
            return self._tensor(node)
        raise ValueError(f"its header holds {str(node)[:40]!r}, which is no part of a state")

    def _tensor(self, node: Mapping[str, Any]) -> Tensor:
        name = node["tensor"]
        if not isinstance(name, str) or name not in self._tensors:
            raise ValueError(f"the tensor {str(name)[:40]!r} is missing")
        if name not in self._seen:
            stored = self._tensors[name].to(self._device)
            order = node.get("order", list(range(stored.ndim)))
            if not isinstance(order, list) or any(type(i) is not int for i in order) or sorted(order) != list(range(stored.ndim)):
                raise ValueError(f"the order of the tensor {name!r} must be that of its {stored.ndim} dimensions, got {str(order)[:40]}")
            self._seen[name] = stored.permute([order.index(dim) for dim in range(stored.ndim)])
        return self._seen[name]

    def generator(self, node: Any) -> Tensor:
        """A generator's state, on the CPU as torch wants it, that a generator of the device accepts."""
        rng = self.value(node)
        if not isinstance(rng, Tensor) or rng.dtype != torch.uint8 or rng.ndim != 1:
            raise ValueError("its random generator must be bytes")
        rng = rng.cpu()
        try:
            torch.Generator(self._device).set_state(rng)
        except RuntimeError as error:
            raise ValueError(f"its random generator is none of the device “{self._device}”") from error
        return rng

    def check_all_used(self) -> None:
        """ValueError names tensors that the header does not know."""
        if unknown := sorted(self._tensors.keys() - self._seen.keys()):
            raise ValueError(f"it holds tensors that are no part of a state: {', '.join(unknown)[:80]}")
