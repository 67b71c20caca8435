"""The bars of a backtest: what is stored without any vendor, within hours, adjusted as was known, and what is missing told."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest

from qv_desktop.adapters.calendar import Calendar
from qv_desktop.domain.backtests import BacktestSpec, RunData, TradingHours
from qv_desktop.domain.errors import BadInput, FeedDown
from qv_desktop.domain.history import Span
from qv_desktop.domain.market import NEW_YORK, SECOND, Action, Bar, Timeframe, ns, utc
from qv_desktop.services.backtest_data import BacktestData
from qv_desktop.services.history import History
from qv_desktop.services.requests import Requests
from tests.services.history_market import ActionStore, BarStore

DAY, MINUTE = Timeframe(1, "D"), Timeframe(1, "m")
NOW = datetime(2020, 12, 1, 15, tzinfo=UTC)
SPEC = BacktestSpec("cross", 1, ("KO",), "1D", date(2020, 1, 1), date(2020, 6, 30), ())
SESSIONS = 125  # of the New York Stock Exchange from January to June 2020


class Desk:
    """Stored bars and a calendar, and no vendor at all."""

    def __init__(self) -> None:
        self.bars, self.actions, self.now = BarStore(), ActionStore(), NOW
        self.calendar = Calendar()
        history = History(
            self.bars,
            self.actions,
            (),
            Requests(lambda event: None, lambda: self.now),
            lambda: self.now,
            lambda _: None,
        )
        self.data = BacktestData(history, self.calendar, lambda: self.now)

    def store(self, frame: Timeframe, bars: Sequence[Bar]) -> None:
        async def work() -> None:
            await self.bars.save(frame, bars, "file")
            await self.bars.cover(bars[0].symbol, frame, Span(bars[0].start, bars[-1].start + frame.seconds * SECOND))

        asyncio.run(work())

    def read(self, spec: BacktestSpec = SPEC) -> RunData:
        try:
            return asyncio.run(self.data.read(spec))
        finally:
            self.calendar.close()


def days(symbol: str, first: date, last: date, *gone: date, price: float = 50.0) -> list[Bar]:
    """A bar for each session but those that are ``gone``."""
    calendar = Calendar()
    sessions = asyncio.run(calendar.sessions(first, last))
    calendar.close()
    kept = [one.day for one in sessions if one.day not in gone]
    return [Bar(symbol, ns(datetime.combine(day, time(), NEW_YORK)), price, price, price, price, 100.0) for day in kept]


def minutes(symbol: str, day: date, first: time, count: int) -> list[Bar]:
    begin = ns(datetime.combine(day, first, NEW_YORK))
    return [Bar(symbol, begin + n * 60 * SECOND, 9, 9, 9, 9, 1) for n in range(count)]


def test_imported_bars_are_enough_and_what_nobody_could_be_asked_for_is_said() -> None:
    desk = Desk()
    desk.store(DAY, days("KO", SPEC.first, SPEC.last))
    found = desk.read()
    assert (len(found.bars["KO"]), found.benchmark) == (SESSIONS, ())
    [splits] = found.missing
    assert splits.startswith("Splits and dividends of KO may be missing")


def test_sessions_without_a_bar_are_named_and_not_filled_in() -> None:
    desk = Desk()
    gone = [date(2020, 2, 3), date(2020, 3, 2), date(2020, 3, 3), date(2020, 3, 4), date(2020, 3, 5)]
    desk.store(DAY, days("KO", SPEC.first, SPEC.last, *gone))
    found = desk.read()
    assert len(found.bars["KO"]) == SESSIONS - 5
    assert (
        found.missing[0]
        == "KO: 5 of 125 sessions have no bar: 2020-02-03, 2020-03-02, 2020-03-03, 2020-03-04 and 1 more."
    )


def test_the_regular_session_an_early_close_a_window_and_all_hours() -> None:
    early = date(2020, 11, 27)  # closed at 13:00
    bars = minutes("KO", date(2020, 11, 25), time(4), 960) + minutes("KO", early, time(4), 780)
    counts = {}
    for name, hours in (("regular", TradingHours()), ("extended", TradingHours("extended")),
                        ("window", TradingHours("window", time(10), time(15, 30)))):  # fmt: skip
        desk = Desk()
        desk.store(MINUTE, bars)
        spec = BacktestSpec("cross", 1, ("KO",), "1m", date(2020, 11, 25), early, (), hours=hours)
        found = desk.read(spec)
        counts[name] = len(found.bars["KO"])
        assert not [line for line in found.missing if "not there" in line and name != "window"], found.missing
    assert counts == {"regular": 390 + 210, "extended": 960 + 780, "window": 330 + 330}


def test_minutes_that_lack_in_a_session_are_counted() -> None:
    desk = Desk()
    day = date(2020, 11, 25)
    bars = minutes("KO", day, time(9, 30), 390)
    desk.store(MINUTE, [*bars[:100], *bars[107:]])
    found = desk.read(BacktestSpec("cross", 1, ("KO",), "1m", day, date(2020, 11, 27), ()))
    assert found.missing[0] == "KO: 1 of 2 sessions have no bar: 2020-11-27."
    assert "KO: 7 of 600 bars of 1m are not there, on 1 days, the most (7) on 2020-11-25" in found.missing[1]


def test_prices_are_adjusted_for_what_was_known_on_the_last_day_and_no_later() -> None:
    split = Action("KO", date(2020, 3, 2), "split", 2.0)
    later = Action("KO", date(2020, 9, 1), "split", 5.0)
    for kind, first in (("split", 25.0), ("raw", 50.0)):
        desk = Desk()
        desk.store(DAY, days("KO", SPEC.first, date(2020, 11, 30)))
        desk.actions.known["KO"] = NOW - timedelta(hours=1), [split, later]
        found = desk.read(BacktestSpec("cross", 1, ("KO",), "1D", SPEC.first, SPEC.last, (), adjustment=kind))  # type: ignore[arg-type]
        assert (found.bars["KO"][0].close, found.bars["KO"][-1].close) == (first, 50.0)
        assert found.missing == ()


def test_a_bar_that_still_grows_is_left_out_and_its_session_is_not_missing() -> None:
    desk = Desk()
    desk.store(DAY, days("KO", date(2020, 9, 1), date(2020, 12, 1)))
    desk.actions.known["KO"] = NOW, []
    found = desk.read(BacktestSpec("cross", 1, ("KO",), "1D", date(2020, 9, 1), date(2020, 12, 1), ()))
    assert utc(found.bars["KO"][-1].start).astimezone(NEW_YORK).date() == date(2020, 11, 30)
    assert found.missing == ()


def test_a_symbol_or_a_benchmark_without_bars_is_refused_with_what_to_do() -> None:
    with pytest.raises(FeedDown, match=r"There are no bars of KO of 1D in that range: import a file"):
        Desk().read()
    desk = Desk()
    desk.store(DAY, days("KO", SPEC.first, date(2020, 1, 20)))
    with pytest.raises(BadInput, match="only 12 bars"):
        desk.read()


def test_a_month_of_thirty_one_days_has_not_ended_on_its_last() -> None:
    desk = Desk()
    desk.now = datetime(2020, 10, 31, 15, tzinfo=UTC)
    desk.store(DAY, days("KO", date(2017, 1, 1), date(2020, 10, 30)))
    desk.actions.known["KO"] = desk.now, []
    found = desk.read(BacktestSpec("cross", 1, ("KO",), "1M", date(2017, 1, 1), date(2020, 10, 31), ()))
    assert utc(found.bars["KO"][-1].start).astimezone(NEW_YORK).date() == date(2020, 9, 1)
    assert len(found.bars["KO"]) == 45


@pytest.mark.parametrize(
    ("frame", "last", "kept", "count"),
    [
        ("1W", date(2020, 10, 28), date(2020, 10, 19), 42),  # a Wednesday: its week goes on
        ("1W", date(2020, 10, 30), date(2020, 10, 26), 43),  # a Friday, after which there is no session of the week
        ("1M", date(2020, 10, 15), date(2020, 9, 1), 36),
        ("1M", date(2020, 10, 30), date(2020, 10, 1), 37),  # the 31st is a Saturday
        ("1D", date(2020, 10, 28), date(2020, 10, 28), 209),
    ],
)
def test_a_bar_that_goes_on_after_the_last_day_is_left_out_and_not_missing(
    frame: str, last: date, kept: date, count: int
) -> None:
    desk = Desk()
    first = date(2017, 10, 1) if frame == "1M" else date(2020, 1, 1)
    desk.store(DAY, days("KO", date(2017, 1, 1), date(2020, 11, 30)))
    desk.actions.known["KO"] = NOW, []
    found = desk.read(BacktestSpec("cross", 1, ("KO",), frame, first, last, ()))
    assert utc(found.bars["KO"][-1].start).astimezone(NEW_YORK).date() == kept
    assert (len(found.bars["KO"]), found.missing) == (count, ())


def test_a_month_that_still_grows_is_not_said_to_be_missing() -> None:
    desk = Desk()
    desk.store(DAY, days("KO", date(2017, 1, 1), date(2020, 11, 30)))
    desk.now = datetime(2020, 11, 20, 23, tzinfo=UTC)
    desk.actions.known["KO"] = desk.now, []
    found = desk.read(BacktestSpec("cross", 1, ("KO",), "1M", date(2017, 1, 1), date(2020, 11, 20), ()))
    assert utc(found.bars["KO"][-1].start).astimezone(NEW_YORK).date() == date(2020, 10, 1)
    assert found.missing == ()
