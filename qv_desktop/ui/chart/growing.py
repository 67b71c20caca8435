"""Arrays that take one more value without being copied each time."""

import numpy as np
from numpy.typing import NDArray


class Growing[T: np.generic]:
    """A one-dimensional array with room behind it; ``values`` is a view that the next ``append`` leaves valid."""

    def __init__(self, values: NDArray[T]) -> None:
        self._size = len(values)
        self._buffer = np.empty(max(2 * self._size, 64), dtype=values.dtype)
        self._buffer[: self._size] = values

    def __len__(self) -> int:
        return self._size

    @property
    def values(self) -> NDArray[T]:
        """What has been put in, shape (n,)."""
        return self._buffer[: self._size]

    def append(self, value: float) -> None:
        """One more value at the end."""
        if self._size == len(self._buffer):
            self._buffer = np.concatenate((self._buffer, np.empty_like(self._buffer)))
        self._buffer[self._size] = value
        self._size += 1
