"""A session of eight hours in which nothing is wrong, at accelerated market time, at the whole program: no alert at all.

``SPEED`` is the greatest at which the program is honest: every minute of the market is in the database. At twice as much its
prices are seconds behind what the market says. The seconds of rules are those that a person waits, whatever the market's speed.
"""

from datetime import datetime, time, timedelta
from decimal import Decimal

from PySide6.QtWidgets import QApplication

from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.events import AlertsChanged, Noticed
from qv_desktop.domain.market import NEW_YORK, Timeframe, ns
from qv_desktop.domain.orders import OrderStatus
from tests.simulator.process import running
from tests.stories.driver import Sitting, sitting
from tests.stories.program import a_home

SPEED = 300.0  # market seconds in a second: eight hours are 96 seconds
HOURS = timedelta(hours=8)
DAY, BEFORE_THE_OPEN = "2026-03-18", "07:45"  # signed in and subscribed by the time the market opens
MINUTE = Timeframe(1, "m")


async def stored(person: Sitting, first: datetime, last: datetime) -> dict[str, int]:
    """How many minute bars of each symbol the database has between."""
    question = (
        "SELECT symbol, count(*) FROM bars WHERE timeframe = '1m' AND start >= :first AND start < :last GROUP BY symbol"
    )
    rows: list[tuple[str, int]] = await person.asked(question, first=ns(first), last=ns(last))
    return dict(rows)


async def told(person: Sitting, symbols: set[str], first: datetime, last: datetime) -> dict[str, int]:
    """How many the market's own history has."""
    engine = person.session._engine
    assert engine is not None
    vendor = engine.side.vendors[0]
    return {symbol: len(await vendor.bars(symbol, MINUTE, first, last)) for symbol in symbols}


def test_eight_quiet_hours_raise_no_alert_and_miss_no_minute(qapp: QApplication) -> None:
    words = ("--seed", "11", "--speed", f"{SPEED:g}", "--date", DAY, "--start", BEFORE_THE_OPEN, "--symbols", "6")
    raised, notices = list[AlertsChanged](), list[Notice]()
    with running(*words) as simulator, a_home() as home, sitting(qapp, simulator, home) as person:

        async def scenario() -> None:
            services = person.desk.services
            await person.sees(person.starting.ready.is_set)
            await person.sees(lambda: services.alert_rules.keeping.loaded)
            services.bus.subscribe(AlertsChanged, raised.append)
            services.bus.subscribe(Noticed, lambda event: notices.append(event.notice))
            began = services.clock.market()
            await person.sees(services.sessions.open)
            await person.sees(lambda: person.fresh("SPY"))
            bought = await person.buys("SPY", 5)  # a book with something in it, so that its measures are not of nothing
            await person.sees(lambda: person.stands(bought, OrderStatus.FILLED))
            await person.sees(lambda: services.clock.market() >= began + HOURS, 4 * HOURS.total_seconds() / SPEED)
            assert services.positions["SPY"].quantity == Decimal(5)
            await person.sees(lambda: not services.gaps.unfilled and not services.ticks.waiting)
            span = [datetime.combine(began.astimezone(NEW_YORK).date(), at, NEW_YORK) for at in (time(9, 31), time(16))]
            found = await stored(person, span[0], span[1])
            assert found == await told(person, set(found), span[0], span[1])
            assert len(found) >= 4
            now = services.clock.now()  # what the start raised before anybody listened stands in the history, too
            assert await services.alert_rules.history(now - timedelta(hours=1), now + timedelta(minutes=1)) == []

        person.do(scenario())
    assert [event.alerts for event in raised] == []
    assert [notice.title for notice in notices if notice.urgency in ("warning", "critical")] == []
