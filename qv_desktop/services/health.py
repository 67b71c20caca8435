"""The program's own pulse, measured once a second for the status bar."""

import time
from collections.abc import Callable, Sequence

from qv_desktop.domain.events import HealthMeasured
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.ports import Publish


def percentile(values: Sequence[float], q: float) -> float | None:
    """The ``q`` quantile (0 to 1) by nearest rank; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


class Health:
    """Gathers rates, delays and queues; each source is a plain function given at construction."""

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
    ) -> None:
        self._market, self._publish = market, publish
        self._waiting, self._lag, self._broker_ms, self._database, self._failures = (
            waiting,
            lag,
            broker_ms,
            database,
            failures,
        )
        self._counted, self._at = 0, time.monotonic()

    def measure(self) -> HealthMeasured:
        """Publish the pulse of this moment."""
        now, messages = time.monotonic(), self._market.messages
        rate = (messages - self._counted) / max(now - self._at, 0.001)
        self._counted, self._at = messages, now
        newest = list(self._market.latencies)[-2_000:]
        pulse = HealthMeasured(rate, self._lag(), percentile(newest, 0.5), percentile(newest, 0.99), self._broker_ms(),
                               self._waiting(), self._database(), self._failures())  # fmt: skip
        self._publish(pulse)
        return pulse
