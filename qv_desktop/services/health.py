"""The program's own pulse, measured once a second for the status bar."""

import time
from collections.abc import Callable, Iterable, Sequence

from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.events import HealthMeasured
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.ports.callbacks import Publish

NEWEST = 2_000  # samples that a percentile is of


def percentile(values: Sequence[float], q: float) -> float | None:
    """The ``q`` quantile (0 to 1) by nearest rank; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


class Health:
    """Gathers rates, delays and queues; each source is a plain function given at construction.

    ``delays`` give each stream's newest samples from receipt to model, in milliseconds.
    """

    def __init__(
        self,
        market: MarketData,
        publish: Publish,
        *,
        waiting: Callable[[], int],
        lag: Callable[[], float],
        broker_ms: Callable[[], float | None],
        database: Callable[[], str],
        failures: Callable[[], int],
        delays: Sequence[Callable[[], Iterable[float]]] = (),
        gaps: Callable[[], int] = lambda: 0,
        spooled: Callable[[], int] = lambda: 0,
        broker_trouble: Callable[[], BrokerDown | None] = lambda: None,
    ) -> None:
        self._market, self._publish = market, publish
        self._waiting, self._lag, self._broker_ms = waiting, lag, broker_ms
        self._database, self._failures = database, failures
        self._delays, self._gaps, self._spooled, self._trouble = delays, gaps, spooled, broker_trouble
        self._counted, self._at = 0, time.monotonic()

    def measure(self) -> HealthMeasured:
        """Publish the pulse of this moment."""
        ages = _newest(self._market.latencies)
        delays = [sample for source in self._delays for sample in _newest(source())]
        pulse = HealthMeasured(self._rate(), self._lag(), percentile(ages, 0.5), percentile(ages, 0.99), self._broker_ms(),
                               self._waiting(), self._database(), self._failures(), self._market.source,
                               percentile(delays, 0.5), percentile(delays, 0.99), self._gaps(), self._spooled(),
                               self._trouble())  # fmt: skip
        self._publish(pulse)
        return pulse

    def _rate(self) -> float:
        now, messages = time.monotonic(), self._market.messages
        rate = (messages - self._counted) / max(now - self._at, 0.001)
        self._counted, self._at = messages, now
        return rate


def _newest(samples: Iterable[float]) -> list[float]:
    return list(samples)[-NEWEST:]
