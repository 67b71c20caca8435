"""The bus: services tell what happened, wiring lists who hears it; a handler that raises never stops the others."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import structlog

from qv_desktop.domain.events import Event

log = structlog.get_logger(__name__)

QUARANTINE_AFTER = 5  # failures in a row


class Bus:
    """Delivers events at once, in the order of subscription. ``failures`` counts what handlers raised."""

    def __init__(self) -> None:
        self._handlers: dict[type, list[Callable[[Any], None]]] = defaultdict(list)  # event type -> handlers
        self._in_a_row: dict[Callable[[Any], None], int] = {}
        self.failures = 0
        self.quarantined: list[str] = []

    def subscribe[E: Event](self, kind: type[E], handler: Callable[[E], None]) -> None:
        """Call ``handler`` with every event of ``kind``."""
        self._handlers[kind].append(handler)

    def publish(self, event: Event) -> None:
        """Hand ``event`` to everyone who subscribed to its kind."""
        for handler in tuple(self._handlers[type(event)]):
            try:
                handler(event)
            except Exception as error:  # noqa: BLE001 - one handler's bug must not silence the others
                self._failed(handler, event, error)
            else:
                self._in_a_row.pop(handler, None)

    def _failed(self, handler: Callable[[Any], None], event: Event, error: Exception) -> None:
        name = getattr(handler, "__qualname__", repr(handler))
        self.failures += 1
        count = self._in_a_row[handler] = self._in_a_row.get(handler, 0) + 1
        log.error("handler_failed", exc_info=error, handler=name, event_kind=type(event).__name__, in_a_row=count)
        if count >= QUARANTINE_AFTER:
            self._handlers[type(event)].remove(handler)
            self.quarantined.append(name)
            log.error("handler_quarantined", handler=name)
