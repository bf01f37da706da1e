"""Arrays on the wire: dtype, shape, bytes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import numpy as np

_DTYPES = ("float16", "float32", "float64", "int32", "int64", "uint8")


class Array(msgspec.Struct, frozen=True):
    """A C-contiguous, little-endian array."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes

    @classmethod
    def of(cls, array: np.ndarray[Any, Any]) -> Array:
        """Copy an array for sending. ValueError for a dtype that does not travel."""
        import numpy as np

        array = np.asarray(array, order="C")  # ascontiguousarray would turn a scalar into a vector
        if array.dtype.name not in _DTYPES:
            raise ValueError(f"dtype {array.dtype.name} does not travel; use one of {', '.join(_DTYPES)}")
        return cls(dtype=array.dtype.name, shape=array.shape, data=array.tobytes())

    def numpy(self) -> np.ndarray[Any, Any]:
        """The array, read-only, sharing the message's bytes. ValueError if shape and bytes disagree."""
        import numpy as np

        if self.dtype not in _DTYPES or any(n < 0 for n in self.shape):
            raise ValueError(f"no array of dtype {self.dtype} and shape {self.shape}")
        if math.prod(self.shape) * np.dtype(self.dtype).itemsize != len(self.data):
            raise ValueError(f"{len(self.data)} bytes are not an array of dtype {self.dtype} and shape {self.shape}")
        return np.frombuffer(self.data, dtype=self.dtype).reshape(self.shape)
