"""TA-Lib, brought in at the first call and never at start-up."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from threading import get_ident
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

_FRAMES = ("pandas", "polars")


class _WithoutFrames(MetaPathFinder):
    """Hides the data-frame packages from the thread that made it, and from no other."""

    def __init__(self) -> None:
        self._thread = get_ident()

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """No module of ours, save that a hidden package is reported as not installed."""
        if fullname in _FRAMES and get_ident() == self._thread:
            raise ModuleNotFoundError(f"{fullname} is not needed here", name=fullname)
        return None


@contextmanager
def _without_frames() -> Iterator[None]:
    finder = _WithoutFrames()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@cache
def _talib() -> ModuleType:
    """TA-Lib without pandas, which it would import only to accept Series: 10 ms instead of seconds of a frozen window."""
    with _without_frames():
        return import_module("talib")


def ran(name: str, *arrays: Floats, **settings: float) -> Any:
    """What TA-Lib's function ``name`` gives for contiguous float64 copies of ``arrays``."""
    ready = [np.ascontiguousarray(array, dtype=np.float64) for array in arrays]
    return getattr(_talib(), name)(*ready, **settings)
