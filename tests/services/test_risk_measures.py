"""Live measures end to end: the simulated vendor's bars and businesses, a real database, and a picture with every measure in it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

import numpy as np
import pytest

from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.risk_measures import MeasureStore
from qv_desktop.adapters.db.sectors import SectorStore
from qv_desktop.adapters.polygon.rest import PolygonHistory
from qv_desktop.adapters.rate_limit import RateLimit
from qv_desktop.domain.access import Role, Session, User
from qv_desktop.domain.account_history import Curve, Period, Point
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import Entry
from qv_desktop.domain.errors import BadInput, BrokerDown, DatabaseDown, FeedDown, NotPermitted
from qv_desktop.domain.market import NEW_YORK, Action, Bar, Snapshot, ns
from qv_desktop.domain.orders import Fill, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk_measures import (
    BY_HAND,
    Basis,
    Horizon,
    MeasureSettings,
    Method,
    MovedBy,
    RiskDay,
    RiskPicture,
    Shock,
    Zone,
)
from qv_desktop.domain.stress_history import HISTORY
from qv_desktop.services.daily_bars import DailyBars
from qv_desktop.services.login import Login
from qv_desktop.services.risk_histories import PER_LOOK, SMALL_SPLIT, SPLIT, Closes, Histories
from qv_desktop.services.risk_looking_back import Book, looked_back
from qv_desktop.services.risk_measures import Around, RiskMeasures
from qv_desktop.services.risk_pictures import drawn_down
from qv_desktop.services.sectors import Sectors
from qv_desktop.services.strategy_profit import StrategyProfit
from tests.builders import NOW, an_account
from tests.fakes import Trail, Users
from tests.services.test_scans_whole import clock_of
from tests.simulator.process import Simulator, running

D = Decimal


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running("--seed", "1", "--symbols", "60") as started:
        yield started


@pytest.fixture
def vendor(simulator: Simulator) -> Iterator[PolygonHistory]:
    made = PolygonHistory(simulator.polygon_key, simulator.url, RateLimit(10_000))
    yield made
    made.close()


def signed_in(role: Role = Role.ADMIN) -> Login:
    session = Session("s1", User("u1", "maria", role), "host", NOW, NOW)
    login = Login(Users(session.user, session), Trail(), lambda: NOW, "host")
    login.session = session
    return login


@dataclass
class Desk:
    """What the measures look at, to be changed by a test."""

    now: datetime
    held: dict[str, Position] = field(default_factory=dict)
    prices: dict[str, float] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    account: Account | None = field(default_factory=lambda: an_account("1000000", last_equity=D(1_001_000)))
    curve_down: bool = False
    open: bool = True
    done: list[Fill] = field(default_factory=list)

    async def curve(self) -> Curve:
        if self.curve_down:
            raise BrokerDown("The broker does not answer.")
        days = [(4, 1_000_000), (3, 1_100_000), (2, 990_000), (1, 1_001_000)]
        return Curve(Period.YEAR, tuple(Point(self.now - timedelta(days=ago), D(worth)) for ago, worth in days))

    async def executions(self) -> list[Fill]:
        return self.done

    def around(self) -> Around:
        start = self.now.astimezone(NEW_YORK).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        return Around(
            lambda: self.held, lambda: self.fills, self.snapshot, lambda told: told.previous_close, lambda: self.account,
            lambda symbol: None if symbol == "KO" else 1_000_000.0, lambda symbols: None, self.curve, lambda: start,
            lambda: self.open, lambda: True,
        )  # fmt: skip

    def snapshot(self, symbol: str) -> Snapshot:
        price = self.prices.get(symbol)
        return Snapshot(symbol, price, previous_close=None if price is None else price - 1)


def made(
    desk: Desk, database: Database, trail: AuditTrail, histories: Histories, sectors: Sectors, login: Login
) -> RiskMeasures:
    strategies = StrategyProfit(desk.executions, lambda source: source.removeprefix("strategy:"))
    return RiskMeasures(
        MeasureStore(database, trail), desk.around(), histories, sectors, strategies, login, lambda: desk.now
    )


async def looked(measures: RiskMeasures) -> RiskPicture:
    """A picture after all that looks back was computed."""
    await measures.measure()
    if measures._looking is not None:
        await measures._looking
    return await measures.measure()


@pytest.fixture
def trail(database: Database) -> AuditTrail:
    return AuditTrail(database, "measures", "1.0", lambda: NOW, list[Entry]().append)


def test_a_book_of_the_simulator_is_measured_in_every_way(
    simulator: Simulator, vendor: PolygonHistory, database: Database, trail: AuditTrail
) -> None:
    clock = clock_of(simulator)
    desk = Desk(clock.market())
    for symbol, quantity, price in (("AAPL", 300, 270.0), ("XOM", -400, 120.0), ("KO", 500, 70.0), ("SPY", 50, 680.0)):
        desk.held[symbol], desk.prices[symbol] = Position(symbol, D(quantity), D(str(price))), price
    desk.held["GONE"] = Position("GONE", D(5), D(10))  # no vendor knows it
    daily = DailyBars([vendor], BarStore(database), ActionStore(database), clock.now, timedelta(days=750), 480)
    sectors = Sectors(SectorStore(database, trail), lambda symbol: vendor.listing(symbol, NOW), signed_in(), lambda: "account",
                      lambda: NOW, 0.0)  # fmt: skip

    async def story() -> RiskPicture:
        measures = made(desk, database, trail, Histories(daily), sectors, signed_in())
        learning = asyncio.create_task(sectors.run())
        await looked(measures)
        while sectors._wanted:  # noqa: ASYNC110 - the vendor is asked for one after the other
            await asyncio.sleep(0.02)
        learning.cancel()
        assert [day.day for day in await measures._store.days("account", date(2000, 1, 1))] == [measures._today()]
        return await measures.measure()

    picture = asyncio.run(asyncio.wait_for(story(), 120))
    slow = picture.slow
    assert slow is not None
    # value at risk: four ways, two confidences, one day and ten
    table = {(one.method, one.confidence, one.days): one for one in slow.vars}
    assert len(table) == len(slow.vars) == 16
    for one in slow.vars:
        assert 0 < one.var <= one.shortfall
        assert one.var > 0.99 * table[one.method, 0.95, one.days].var
    assert {one.horizon for one in slow.vars if one.days == 10} == {Horizon.OVERLAPPING, Horizon.ROOT}
    assert table[Method.MONTE_CARLO, 0.99, 1].var == pytest.approx(table[Method.PARAMETRIC, 0.99, 1].var, rel=0.03)
    assert table[Method.MONTE_CARLO, 0.99, 1].observations == table[Method.STUDENT, 0.99, 1].observations == 100_000
    fat = table[Method.STUDENT, 0.99, 1]
    assert fat.freedom is not None
    assert (
        fat.shortfall / fat.var
        > table[Method.PARAMETRIC, 0.99, 1].shortfall / table[Method.PARAMETRIC, 0.99, 1].var * 0.97
    )
    assert table[Method.HISTORICAL, 0.99, 1].observations == 500
    # backtests: today's book has days enough, the account has none yet
    zones = {(one.basis, one.confidence): one for one in slow.backtests}
    assert zones[Basis.HYPOTHETICAL, 0.99].days == 250
    assert zones[Basis.HYPOTHETICAL, 0.99].kupiec_p is not None
    assert zones[Basis.ACCOUNT, 0.99].zone is Zone.SHORT
    # factors, sectors, liquidity
    assert slow.beta is not None
    assert slow.beta.book is not None
    assert slow.beta.covered == 1.0
    assert next(one.beta for one in picture.positions if one.symbol == "SPY") == pytest.approx(1.0)
    assert slow.correlations is not None
    assert slow.correlations.symbols[0] == "AAPL"
    assert {one.symbol: one.sector for one in picture.positions} == {
        "AAPL": "Technology", "XOM": "Energy", "KO": "Consumer staples", "SPY": "Funds", "GONE": "Unknown"}  # fmt: skip
    assert picture.book.gross == D(300 * 270 + 400 * 120 + 500 * 70 + 50 * 680)
    assert sum(one.net for one in picture.sectors) == picture.book.net
    assert picture.concentration is not None
    assert picture.concentration.largest_name == "AAPL"
    assert picture.liquidity is not None
    assert picture.liquidity.days is None  # one volume is unknown, so the last day is
    # what is missing is said
    told = {(one.what, one.why.split(":")[0].split(",")[0].rstrip(".")) for one in picture.missing}
    assert ("GONE", "No price yet") in told
    assert ("KO", "Liquidity") in told
    assert len(picture.stress) == 11
    crash = next(one for one in picture.stress if one.scenario.name == "October 1987")
    assert crash.unpriced == ("GONE",)
    assert {line.by for line in crash.lines} == {MovedBy.BETA}
    assert crash.profit == sum(line.profit for line in crash.lines)
    assert picture.drawdown is not None
    assert picture.drawdown.worst == pytest.approx(-0.1)
    assert picture.drawdown.now == pytest.approx(1_000_000 / 1_100_000 - 1)
    assert picture.profit.day == D(-1000)


def closes_of_days(last: date, count: int, prices: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Closes:
    days = [last - timedelta(days=n) for n in range(count * 2)]
    trading = sorted(day.toordinal() for day in days if day.weekday() < 5)[-count:]
    return Closes(np.array(trading), prices[:count])


TODAY = date(2026, 6, 5)
CHANCE = np.random.default_rng(3)


def a_book(**rest: object) -> Book:
    market = 100 * np.exp(np.cumsum(CHANCE.standard_normal(520) * 0.01))
    name = 50 * np.exp(np.cumsum(CHANCE.standard_normal(520) * 0.02))
    closes = {
        "SPY": closes_of_days(TODAY - timedelta(days=1), 520, market),
        "AAA": closes_of_days(TODAY - timedelta(days=1), 520, name),
    }
    made = Book(
        NOW, TODAY, {"AAA": 10_000.0}, "SPY", {key: (one.days, one.prices) for key, one in closes.items()}, paths=2_000
    )
    return replace(made, **rest)  # type: ignore[arg-type]


def test_a_name_without_history_is_left_out_and_said_and_nothing_is_told_without_any() -> None:
    found = looked_back(replace(a_book(), values={"AAA": 10_000.0, "NEW": 5_000.0}, trouble="The vendor is away."))
    assert {one.what: one.why for one in found.measures.missing} == {
        "History": "The vendor is away.", "NEW": "No daily bars: it is in no value at risk."}  # fmt: skip
    assert found.measures.beta is not None
    assert found.measures.beta.covered == pytest.approx(2 / 3)
    assert found.measures.covered == pytest.approx(2 / 3)
    alone = looked_back(a_book(closes={}))
    assert (alone.measures.vars, alone.measures.beta, alone.measures.correlations) == ((), None, None)
    assert {one.what for one in alone.measures.missing} == {"AAA", "Beta"}
    nothing = looked_back(a_book(values={}))
    assert nothing.measures.vars == ()


def test_a_benchmark_with_too_few_days_is_why_there_is_no_beta() -> None:
    book = a_book()
    days, prices = book.closes["SPY"]
    found = looked_back(replace(book, closes={**book.closes, "SPY": (days[-20:], prices[-20:])})).measures
    assert found.beta is None
    assert [(one.what, one.why) for one in found.missing] == [("Beta", "20 days of history of SPY are too few.")]


def test_the_same_book_is_told_the_same_numbers() -> None:
    book = a_book()
    assert looked_back(book).measures.vars == looked_back(book).measures.vars


def test_the_accounts_own_days_are_tested_against_the_var_of_the_evening_before() -> None:
    """A loss above the last VaR is an exception; after a day that nobody kept there is no VaR to compare with."""
    weekdays = [TODAY - timedelta(days=n) for n in range(1, 120) if (TODAY - timedelta(days=n)).weekday() < 5][::-1][
        -60:
    ]
    losses = {10, 11, 30}
    days = [RiskDay(day, 100.0, 200.0, -150.0 if n in losses else 5.0, 1e4) for n, day in enumerate(weekdays)]
    del days[40]  # the program was closed
    days[50] = replace(days[50], var95=0.0, var99=0.0)  # nothing was held in the evening
    found = looked_back(a_book(days=days))
    own = next(one for one in found.measures.backtests if (one.basis, one.confidence) == (Basis.ACCOUNT, 0.95))
    assert (own.days, own.exceptions) == (56, 3)
    assert found.measures.days == tuple(days)
    assert own.kupiec_p is not None
    assert (
        next(one for one in found.measures.backtests if (one.basis, one.confidence) == (Basis.ACCOUNT, 0.99)).exceptions
        == 0
    )


@pytest.mark.parametrize("benchmark", ["SPY", "GONE", ""])
def test_a_day_that_nobody_kept_is_a_gap_also_without_bars_of_the_benchmark(benchmark: str) -> None:
    """Monday's VaR is not for Thursday; Friday's is for Monday."""
    monday = TODAY - timedelta(days=11)
    kept = [RiskDay(monday + timedelta(days=n), 100.0, 200.0, -150.0, 1e4) for n in (0, 3, 4, 7)]
    book = a_book(days=kept, benchmark=benchmark or "SPY")
    found = looked_back(book if benchmark else replace(book, closes={})).measures
    own = next(one for one in found.histories if (one.basis, one.confidence) == (Basis.ACCOUNT, 0.95))
    assert [one.day for one in own.days] == [kept[2].day, kept[3].day]


def test_every_method_that_is_shown_is_held_against_history() -> None:
    """Each with its own VaR of each day, against the same days; a normal book passes none of them far too often."""
    prices = 50 * np.exp(np.cumsum(np.random.default_rng(8).standard_normal(520) * 0.02))
    name = closes_of_days(TODAY - timedelta(days=1), 520, prices)
    book = a_book(closes={"AAA": (name.days, name.prices)})
    found = looked_back(book).measures
    shown = {(one.method, one.confidence) for one in found.vars}
    tested = {(one.method, one.confidence): one for one in found.backtests if one.basis is Basis.HYPOTHETICAL}
    assert tested.keys() == shown
    for one in tested.values():
        assert one.days == 250
        assert one.kupiec_p is not None
        assert one.exceptions < one.expected + 4 * one.expected**0.5
    assert "2,000 paths." in tested[Method.MONTE_CARLO, 0.99].sentence
    drawn, normal = (next(h for h in found.histories if (h.method, h.confidence) == (method, 0.99)) for method in
                     (Method.MONTE_CARLO, Method.PARAMETRIC))  # fmt: skip
    assert [one.profit for one in drawn.days] == [one.profit for one in normal.days]
    assert np.mean([one.var for one in drawn.days]) == pytest.approx(
        np.mean([one.var for one in normal.days]), rel=0.06
    )
    fat = next(h for h in found.histories if (h.method, h.confidence) == (Method.STUDENT, 0.99))
    assert np.mean([one.var for one in fat.days]) == pytest.approx(np.mean([one.var for one in normal.days]), rel=0.1)
    newer = looked_back(replace(book, weighted=True)).measures
    told = next(h for h in newer.histories if (h.method, h.confidence) == (Method.PARAMETRIC, 0.99))
    spread = {h is told: np.std([one.var for one in h.days]) for h in (told, normal)}
    assert spread[True] > 2 * spread[False]  # it follows the newest days


def test_a_large_book_is_drawn_anew_only_so_often_and_that_is_said() -> None:
    chance = np.random.default_rng(1)
    names = [f"N{n}" for n in range(300)]
    closes = {name: closes_of_days(TODAY - timedelta(days=1), 501, 50 * np.exp(np.cumsum(chance.standard_normal(501) * 0.02)))
              for name in names}  # fmt: skip
    book = Book(
        NOW,
        TODAY,
        dict.fromkeys(names, 1e4),
        "SPY",
        {name: (one.days, one.prices) for name, one in closes.items()},
        paths=2_000,
    )
    found = looked_back(book).measures
    drawn = next(h for h in found.histories if (h.method, h.confidence) == (Method.MONTE_CARLO, 0.99))
    assert drawn.note == "The VaR is of 2,000 paths, told anew each 3 days."
    vars_ = [one.var for one in drawn.days]
    assert len(vars_) == 250
    assert vars_[0] == vars_[1] == vars_[2] != vars_[3]


def test_drawdown_takes_no_deposit_for_a_gain_and_no_withdrawal_for_a_fall() -> None:
    points = (
        Point(NOW - timedelta(days=3), D(1000)),
        Point(NOW - timedelta(days=2), D(1400), D(500)),
        Point(NOW - timedelta(days=1), D(700), D(-700)),
    )
    found = drawn_down(Curve(Period.YEAR, points), NOW, D(630))
    assert found is not None
    assert [one.drawdown for one in found.points] == pytest.approx([0, -0.1, -0.1, -0.19])
    assert (found.now, found.worst) == pytest.approx((-0.19, -0.19))
    assert found.worst_at == NOW
    assert found.dollars == pytest.approx(630 - 630 / 0.81)
    assert drawn_down(None, NOW, None) is None
    hole = (points[0], Point(points[1].at, None, D(500)), Point(points[2].at, D(1400)))
    assert [one.drawdown for one in drawn_down(Curve(Period.YEAR, hole), NOW, None).points] == pytest.approx([0, -0.1])  # type: ignore[union-attr]


@pytest.mark.parametrize("told", ["before", "in today's point", "half of it"])
def test_money_that_moves_today_is_no_fall_whether_the_curve_tells_it_yet_or_not(
    database: Database, trail: AuditTrail, told: str
) -> None:
    """600,000 leave an account of 1,000,000 that earns and loses nothing."""
    desk = Desk(NOW)
    flow = {"before": 0, "in today's point": -600_000, "half of it": -300_000}[told]
    points = [Point(NOW - timedelta(days=1), D(1_000_000))]
    if flow:
        points.append(Point(NOW - timedelta(minutes=5), D(1_000_000 + flow), D(flow)))
    desk.account = an_account("400000", last_equity=D(1_000_000), adjustments=D(-600_000))

    async def curve() -> Curve:
        return Curve(Period.YEAR, tuple(points))

    desk.curve = curve  # type: ignore[method-assign]
    picture = asyncio.run(measures_of(database, trail, Role.TRADER, desk).measure())
    assert picture.drawdown is not None
    assert (picture.drawdown.now, picture.drawdown.worst) == pytest.approx((0.0, 0.0))
    assert picture.profit.day == 0


# ---- by strategy


def a_fill(number: int, source: str, side: Side, quantity: int, price: int, at: datetime) -> Fill:
    return Fill(f"e{number}", f"o{number}", "AAPL", side, D(quantity), D(price), at, source=source)


def test_profit_by_strategy_and_by_hand_adds_up_to_the_books() -> None:
    before, today = NOW - timedelta(days=3), NOW
    done = [a_fill(1, "sma", Side.BUY, 10, 100, before), a_fill(2, "sma", Side.SELL, 2, 90, before)]
    fills = {
        fill.execution_id: fill
        for fill in (a_fill(3, "strategy:sma", Side.SELL, 3, 110, today), a_fill(4, "Ticket", Side.BUY, 5, 100, today))
    }
    strategies = StrategyProfit(lambda: _soon(done), lambda source: source.removeprefix("strategy:"))
    asyncio.run(strategies.begin(NOW - timedelta(hours=10)))
    earned = {one.name: one for one in strategies.earned(fills, {"AAPL": D(120)}, D(30), D(400))}
    assert (earned["sma"].realised, earned["sma"].unrealised, earned["sma"].positions) == (D(30), D(100), 1)
    assert (earned[BY_HAND].realised, earned[BY_HAND].unrealised) == (D(0), D(300))
    unknown = {one.name: one for one in strategies.earned(fills, {}, D(30), None)}
    assert unknown["sma"].total is None
    assert unknown[BY_HAND].total is None


async def _soon[Answer](answer: Answer) -> Answer:
    return answer


# ---- histories


class Told:
    """Daily bars and splits as a test says."""

    def __init__(self, bars: list[Bar], actions: list[Action] | None) -> None:
        self._bars, self._actions = bars, actions
        self.since: list[date | None] = []

    async def bars(self, symbols: object, today: date) -> tuple[dict[str, list[Bar]], dict[str, list[Bar]]]:
        return {}, {"AAA": self._bars}

    async def splits(self, symbol: str, since: date | None = None) -> list[Action]:
        self.since.append(since)
        if self._actions is None:
            raise FeedDown("away")
        return self._actions


def a_day(day: date, price: float) -> Bar:
    at = ns(datetime(day.year, day.month, day.day, tzinfo=NEW_YORK))
    return Bar("AAA", at, price, price, price, price, 100.0, 1)


@pytest.mark.parametrize("told", [True, False])
def test_a_split_is_divided_out_or_the_days_before_it_are_left_out_and_said(told: bool) -> None:
    days = [date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3), date(2026, 6, 4)]
    bars = [a_day(day, price) for day, price in zip(days, (100.0, 102.0, 51.0, 52.0), strict=True)]
    split = [Action("AAA", days[2], "split", 2.0)]
    found = asyncio.run(Histories(Told(bars, split if told else None)).of(["AAA"], date(2026, 6, 5)))["AAA"]
    if told:
        assert found.prices.tolist() == [50.0, 51.0, 51.0, 52.0]
        assert found.note == ""
    else:
        assert found.prices.tolist() == [51.0, 52.0]
        assert found.note == SPLIT


@pytest.mark.parametrize(("ratio", "told"), [(1.25, True), (1.25, False), (1.1, True), (1.1, False)])
def test_a_small_split_and_a_dividend_in_shares_are_divided_out_or_said_to_be_possible(
    ratio: float, told: bool
) -> None:
    days = [date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3), date(2026, 6, 4)]
    prices = (100.0, 102.0, 102.0 / ratio, 100.0)
    bars = [a_day(day, price) for day, price in zip(days, prices, strict=True)]
    vendor = Told(
        bars, [Action("AAA", days[2], "split", ratio), Action("AAA", days[1], "dividend", 1.0)] if told else None
    )
    found = asyncio.run(Histories(vendor).of(["AAA"], date(2026, 6, 5)))["AAA"]
    wanted = [100.0 / ratio, 102.0 / ratio, 102.0 / ratio, 100.0] if told else list(prices)
    assert found.prices.tolist() == pytest.approx(wanted)
    assert found.note == ("" if told else SMALL_SPLIT)
    assert vendor.since == [days[2]]  # an answer of after that day is enough


def test_a_few_symbols_are_asked_for_small_splits_at_each_look_so_that_nobody_waits_long() -> None:
    class Many(Told):
        async def bars(self, symbols: object, today: date) -> tuple[dict[str, list[Bar]], dict[str, list[Bar]]]:
            return {}, dict.fromkeys(cast(Sequence[str], symbols), self._bars)

    bars = [a_day(date(2026, 6, 1), 100.0), a_day(date(2026, 6, 2), 80.0)]
    vendor, names = Many(bars, []), [f"S{number}" for number in range(PER_LOOK + 3)]
    histories = Histories(vendor)
    for asked in (PER_LOOK, PER_LOOK + 3, PER_LOOK + 3):
        found = asyncio.run(histories.of(names, date(2026, 6, 5)))
        assert (len(found), len(vendor.since)) == (len(names), asked)


# ---- what people set


def measures_of(database: Database, trail: AuditTrail, role: Role, desk: Desk | None = None) -> RiskMeasures:
    desk = desk or Desk(NOW)
    login = signed_in(role)
    sectors = Sectors(SectorStore(database, trail), None, login, lambda: "account", lambda: NOW, 0.0)
    return made(desk, database, trail, Histories(Told([], [])), sectors, login)


def test_a_scenario_of_ones_own_is_computed_at_once_and_outlives_the_program(
    database: Database, trail: AuditTrail
) -> None:
    async def story() -> None:
        desk = Desk(NOW, {"AAPL": Position("AAPL", D(10), D(90))}, {"AAPL": 100.0})
        measures = measures_of(database, trail, Role.TRADER, desk)
        await measures.save_scenario("Mine", [Shock("symbol", "aapl", -0.5)])
        picture = await measures.measure()
        assert (picture.stress[-1].scenario.name, picture.stress[-1].profit) == ("Mine", D(-500))
        later = measures_of(database, trail, Role.TRADER)
        await later.load()
        assert [one.name for one in later.scenarios if one.custom] == ["Mine"]
        await later.delete_scenario("Mine")
        with pytest.raises(BadInput, match="no scenario"):
            await later.delete_scenario("October 1987")
        with pytest.raises(NotPermitted):
            await later.set_settings(MeasureSettings("QQQ"))

    asyncio.run(story())


def test_the_benchmark_is_a_setting_of_the_account(database: Database, trail: AuditTrail) -> None:
    async def story() -> None:
        measures = measures_of(database, trail, Role.ADMIN)
        await measures.set_settings(MeasureSettings(" qqq ", 0.2))
        later = measures_of(database, trail, Role.ADMIN)
        await later.load()
        assert later.settings == MeasureSettings("QQQ", 0.2)
        for wrong in (MeasureSettings(""), MeasureSettings("SPY", 0.0), MeasureSettings("SPY", 1.5)):
            with pytest.raises(BadInput):
                await later.set_settings(wrong)

    asyncio.run(story())


def test_a_chosen_sector_stands_over_the_vendors_and_takes_the_right_to_change_limits(
    database: Database, trail: AuditTrail
) -> None:
    async def story() -> None:
        store = SectorStore(database, trail)
        trader = Sectors(store, None, signed_in(Role.TRADER), lambda: "account", lambda: NOW, 0.0)
        with pytest.raises(NotPermitted):
            await trader.override("SPY", "Financials")
        admin = Sectors(store, None, signed_in(), lambda: "account", lambda: NOW, 0.0)
        seen = admin.mapping()
        await admin.override(" spy", "financials")
        assert dict(seen) == {"SPY": "Financials"}
        await trader.load()
        assert trader.of("SPY") == "Financials"
        await admin.override("SPY", "")
        assert admin.of("SPY") == ""
        assert "Polygon key" in admin.why_unknown("SPY")

    asyncio.run(story())


def test_what_another_desk_chose_is_here_within_a_minute(database: Database, trail: AuditTrail) -> None:
    """Benchmark, scenarios, and the sectors by which a limit goes."""

    async def story() -> None:
        here, other = (measures_of(database, trail, Role.ADMIN, Desk(NOW)) for _ in range(2))
        elapsed = 100.0
        here._elapsed = lambda: elapsed
        await here.measure()
        before = here.settings
        await other.set_settings(MeasureSettings("DIA"))
        await other.save_scenario("Theirs", [Shock("market", "", -0.1)])
        await other._sectors.override("SPY", "Energy")
        await here.measure()
        assert (here.settings, here.scenarios[-1].name) == (before, HISTORY[-1].name)
        elapsed += 60.0
        await here.measure()
        assert here._loading is not None
        await here._loading
        picture = await here.measure()
        assert here.settings == MeasureSettings("DIA")
        assert picture.stress[-1].scenario.name == "Theirs"
        assert here._sectors.of("SPY") == "Energy"
        await other._sectors.override("SPY", "")
        await other.delete_scenario("Theirs")
        here._store, elapsed = Away(), elapsed + 60.0  # type: ignore[assignment]
        before_it = asyncio.Event()
        here._store.settings = lambda account: before_it.wait()  # type: ignore[method-assign,assignment,return-value]
        await asyncio.wait_for(here.measure(), 10)  # a store that does not answer keeps no picture
        here._store = Away()  # type: ignore[assignment]
        before_it.set()
        assert here._loading is not None
        await here._loading
        told = {one.what for one in (await here.measure()).missing}
        assert "Scenarios" in told
        assert here.settings == MeasureSettings("DIA")  # what was known stays

    asyncio.run(story())


def test_a_measure_goes_on_while_the_broker_and_the_database_are_away(database: Database, trail: AuditTrail) -> None:
    async def story() -> None:
        desk = Desk(NOW, {"AAPL": Position("AAPL", D(10), D(90))}, {"AAPL": 100.0}, curve_down=True)
        measures = measures_of(database, trail, Role.TRADER, desk)
        measures._store = Away()  # type: ignore[assignment]  # every question fails
        picture = await looked(measures)
        told = {one.what for one in picture.missing}
        assert {"Drawdown", "Scenarios", "VaR history"} <= told
        assert picture.book.net == D(1000)
        desk.account = None
        assert (await measures.measure()).equity is None

    asyncio.run(story())


class Away:
    """A database that does not answer."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        async def fails(*_: object) -> object:
            raise DatabaseDown("The database is away; nothing was read.")

        return fails


def test_the_look_back_is_done_again_when_the_book_changes_and_each_minute(
    database: Database, trail: AuditTrail
) -> None:
    async def story() -> None:
        desk, passed = Desk(NOW, {"AAPL": Position("AAPL", D(10), D(90))}, {"AAPL": 100.0}), [0.0]
        measures = measures_of(database, trail, Role.TRADER, desk)
        measures._elapsed = lambda: passed[0]

        async def again() -> bool:
            await measures.measure()
            begun = measures._looking is not None
            if measures._looking is not None:
                await measures._looking
            return begun

        assert await again()
        passed[0] = 10.0
        assert not await again()  # the same book
        desk.prices["AAPL"] = 101.0
        assert not await again()  # hardly another one
        desk.held["MSFT"], desk.prices["MSFT"] = Position("MSFT", D(1), D(1)), 10.0
        assert await again()
        passed[0] = 12.0
        desk.prices["MSFT"] = 900.0
        assert not await again()  # too soon after the last
        passed[0] = 80.0
        assert await again()

    asyncio.run(story())
