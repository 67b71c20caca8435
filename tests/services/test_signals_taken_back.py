"""A signal that is not said any more, when a bar is corrected or a strategy does not stand by its word, is told to be taken back once."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.events import BarsAmended
from qv_desktop.domain.market import SECOND, Bar, ns
from qv_desktop.domain.signals import Flags, Kind, Raised
from qv_desktop.domain.strategies import Strategy
from qv_desktop.services.history import Loaded
from qv_desktop.services.signals import Signals
from tests.builders import NOW
from tests.services.test_deployments import STRATEGY, TERMS

START = ns(NOW)


class Stored:
    """Two bars, of which the first is corrected."""

    close = 100.0

    async def load(self, symbol: str, *_: Any, **__: Any) -> Loaded:
        bars = [Bar(symbol, START + place * 60 * SECOND, 100.0, 101.0, 99.0, self.close, 10) for place in range(2)]
        return Loaded(bars, True, "")

    async def newest(self, *_: Any) -> list[Bar]:
        return []


class AboveNinety:
    """Enters where a bar closed above 90."""

    async def flags(
        self, strategy: Strategy, parameters: Mapping[str, float], bars: Sequence[Bar], *, shorts: bool
    ) -> Flags:
        none = (False,) * len(bars)
        return Flags((tuple(bar.close > 90 for bar in bars), none, none, none))

    def warm(self) -> None:
        return None


def test_what_a_correction_takes_back_is_told_once() -> None:
    told, back, now, stored = [], [], [NOW + timedelta(minutes=2)], Stored()

    async def tell(raised: Raised) -> None:
        told.append(raised.bar)

    async def taken(deployment: str, symbol: str, bar: int, kind: str) -> None:
        back.append((deployment, symbol, bar, kind))

    def moment() -> datetime:
        return now[0]

    async def story() -> None:
        signals = Signals(stored, AboveNinety(), moment, lambda _: 0, tell, lambda *_: None, back=taken)
        one = Deployment("d", TERMS, "account", "PAPER", "ann", NOW, anchor=START)
        signals.watch(one, STRATEGY, START + 60 * SECOND)
        await asyncio.sleep(0.02)
        assert (told, back) == ([START + 60 * SECOND], [])
        stored.close = 80.0
        for _ in range(2):
            signals.amended(BarsAmended("AAPL", NOW, now[0]))
            await asyncio.sleep(0.02)
        await signals.close()

    asyncio.run(story())
    assert back == [("d", "AAPL", START + 60 * SECOND, Kind.ENTRY)]
