"""Arrays that take more values without being copied each time."""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

LEAST = 64  # values that there is room for from the beginning


class Growing[T: np.generic]:
    """A one-dimensional array with room behind it; ``values`` is a view that the next ``append`` leaves valid.

    It grows by a sixteenth: a million bars under many lines would otherwise hold as much empty room as values.
    """

    def __init__(self, values: NDArray[T]) -> None:
        self._size = len(values)
        self._buffer = np.empty(_room(self._size), dtype=values.dtype)
        self._buffer[: self._size] = values

    @classmethod
    def sized(cls, size: int, dtype: DTypeLike) -> Self:
        """Of ``size`` values that are still to be written."""
        made = cls.__new__(cls)
        made._size, made._buffer = size, np.empty(_room(size), dtype=dtype)
        return made

    def __len__(self) -> int:
        return self._size

    @property
    def values(self) -> NDArray[T]:
        """What has been put in, shape (n,)."""
        return self._buffer[: self._size]

    def append(self, value: float) -> None:
        """One more value at the end."""
        self._make_room(1)
        self._buffer[self._size] = value
        self._size += 1

    def extend(self, values: ArrayLike) -> None:
        """More values at the end, shape (m,)."""
        more = np.asarray(values, dtype=self._buffer.dtype)
        self._make_room(len(more))
        self._buffer[self._size : self._size + len(more)] = more
        self._size += len(more)

    def _make_room(self, more: int) -> None:
        wanted = self._size + more
        if wanted > len(self._buffer):
            larger = np.empty(_room(wanted), dtype=self._buffer.dtype)
            larger[: self._size] = self.values
            self._buffer = larger


def _room(size: int) -> int:
    return max(size + size // 16, LEAST)
