"""The kinds of messages that workers answer: each is one line here and a module with ``serve``."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

type Tell = Callable[[float, str], None]  # from 0 to 1, and what is being done


@dataclass(frozen=True, slots=True)
class Kind:
    """A module of this package whose ``serve(request, tell)`` answers messages of the type ``request`` in it.

    It may have ``prepare(request)``, which is ours alone and runs before the run is confined (shared memory is mapped there), and
    ``warm()``, which runs once in the process that all runs are forked from: what it imports and compiles, each run has.
    """

    module: str
    request: str

    def loaded(self) -> ModuleType:
        """The module."""
        return importlib.import_module(self.module)

    def request_type(self) -> Any:
        """The type that the body is decoded as."""
        return getattr(self.loaded(), self.request)


KINDS: dict[str, Kind] = {  # the tag of the request -> who answers; the first is warmed before all else
    "run": Kind("qv_desktop.adapters.compute.worker", "Run"),
    "check": Kind("qv_desktop.adapters.compute.prefix_worker", "Check"),
    "sweep": Kind("qv_desktop.adapters.compute.sweep_worker", "SweepChunk"),
    "evaluate": Kind("qv_desktop.adapters.compute.evaluating", "Evaluate"),
    "weigh": Kind("qv_desktop.adapters.compute.weighing", "Weigh"),
}
