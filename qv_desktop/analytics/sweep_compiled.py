"""Compiled loops: kept on disk where that can be, and said where it cannot."""

from collections.abc import Callable
from typing import Any

from numba import njit

unkept: list[str] = []  # why a loop is compiled anew by every process


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` compiled on first use. numba keeps the result in NUMBA_CACHE_DIR, or beside the source, if it can write there."""
    try:
        kept: Callable[..., Any] = njit(cache=True, nogil=True)(function)
    except RuntimeError as none:  # no folder for a cache, or no source file to be younger than
        unkept.append(str(none))
        fresh: Callable[..., Any] = njit(nogil=True)(function)
        return fresh
    return kept
