"""A session of eight hours in which nothing is wrong, at accelerated market time, at the whole program: no alert at all.

A market that runs ``SPEED`` times as fast is the greatest that the program keeps up with honestly: it hears every trade within a
second, and the minutes that it stored are all of the market's. The seconds of rules are those that a person waits, so that the session
is as long for them as it is on the wall.
"""

import asyncio
import os
from datetime import datetime, time, timedelta
from decimal import Decimal

from PySide6.QtWidgets import QApplication

from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.events import AlertsChanged, HealthMeasured, Noticed
from qv_desktop.domain.market import NEW_YORK, ns
from qv_desktop.domain.orders import OrderStatus
from tests.simulator.process import running
from tests.stories.driver import WATCHLIST, sitting
from tests.stories.program import a_home

SPEED = float(os.environ.get("QV_QUIET_SPEED", "300"))
HOURS = timedelta(hours=8)
DAY = "2026-03-18"


def test_eight_quiet_hours_raise_no_alert(qapp: QApplication) -> None:
    words = ("--seed", "11", "--speed", f"{SPEED:g}", "--date", DAY, "--start", "09:25", "--symbols", "6")
    raised, told, ages = list[AlertsChanged](), list[Notice](), list[float]()
    with running(*words) as simulator, a_home() as home, sitting(qapp, simulator, home) as person:

        async def scenario() -> tuple[datetime, datetime]:
            services = person.desk.services
            await person.sees(person.starting.ready.is_set)
            await person.sees(lambda: services.alert_rules.keeping.loaded)
            services.bus.subscribe(AlertsChanged, raised.append)
            services.bus.subscribe(Noticed, lambda event: told.append(event.notice))
            services.bus.subscribe(HealthMeasured, lambda event: ages.append(event.feed_p99 or 0.0))
            began = services.clock.market()
            await person.sees(services.sessions.open)
            await person.sees(lambda: person.fresh("SPY"))
            bought = await person.buys("SPY", 5)  # a book with something in it, so that its measures are not of nothing
            await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
            while services.clock.market() < began + HOURS:
                await asyncio.sleep(0.2)
            assert services.positions["SPY"].quantity == Decimal(5)
            assert services.gaps.unfilled == ()
            question = "SELECT symbol, count(*) FROM bars WHERE timeframe = '1m' AND start >= :first AND start < :last GROUP BY symbol"
            first, last = (ns(datetime.combine(began.date(), at, NEW_YORK)) for at in (time(9, 31), time(16)))
            asked: list[tuple[str, int]] = []

            async def whole() -> bool:
                asked[:] = await person.asked(question, first=first, last=last)
                return {symbol: count for symbol, count in asked} == dict.fromkeys(WATCHLIST, 389)

            for _ in range(100):
                if await whole():
                    break
                await asyncio.sleep(0.2)
            print("MINUTES", asked)
            return began, services.clock.market()

        began, ended = person.do(scenario())
    assert ended - began >= HOURS
    assert [event.alerts for event in raised] == []
    assert [notice.title for notice in told if notice.urgency in ("warning", "critical")] == []
