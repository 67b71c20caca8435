"""A day beside its backtest: which bars the strategy sees, what an order met when it was made, and what is said when it cannot be."""

import asyncio
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qv_desktop.adapters.reports.live_backtests import LiveBacktestReports
from qv_desktop.domain.access import Role, User
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade, RunData
from qv_desktop.domain.errors import BadInput, ConsentNeeded, FeedDown, NotPermitted
from qv_desktop.domain.live_backtest import Asked, Comparison
from qv_desktop.domain.live_backtest_pairs import profits
from qv_desktop.domain.live_backtest_sides import sent_by
from qv_desktop.domain.market import SECOND, Action, Bar, Trade, ns, utc
from qv_desktop.domain.orders import Fill, Order, OrderStatus, Side
from qv_desktop.domain.strategies import Strategy, digest
from qv_desktop.services.history import History
from qv_desktop.services.live_backtest_data import DayData
from qv_desktop.services.live_backtests import LiveBacktests, Whose
from qv_desktop.services.login import Login
from qv_desktop.services.requests import Requests
from qv_desktop.services.strategies import Strategies
from qv_desktop.strategies.built_in import built_in
from tests.builders import a_request, a_session, an_order
from tests.fakes import Trail, Users
from tests.services.history_market import ActionStore, BarStore, TickStore, Vendor, minutes

D = Decimal
OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)  # a Friday
NOW = datetime(2026, 11, 20, 16, 0, 30, tzinfo=UTC)
DAY = date(2026, 11, 20)
SPEC = BacktestSpec("sma_cross", 1, ("AAPL",), "1m", DAY, DAY, (("fast", 2.0), ("slow", 5.0)))
YESTERDAY = minutes(OPEN - timedelta(days=1), 300)
TODAY = minutes(OPEN, 91)  # the last one has begun at 16:00
MINUTE = 60 * SECOND


@dataclass
class Engine:
    """Trades what it was told to, by the places of bars counted from the day's first, and notes what it was given."""

    trades: Sequence[tuple[int, int]] = ((10, 20),)
    bars: list[Bar] = field(default_factory=list)
    spec: BacktestSpec | None = None

    async def run(self, run: str, spec: BacktestSpec, strategy: Strategy, data: RunData, user: str,
                  progress: Callable[[float, str], None]) -> BacktestResult:  # fmt: skip
        bars = data.bars[spec.symbol]
        self.bars, self.spec = list(bars), spec
        first = next(place for place, bar in enumerate(bars) if utc(bar.start) >= OPEN)
        told = ((bars[first + a], bars[min(first + b, len(bars) - 1)]) for a, b in self.trades)
        trades = tuple(BacktestTrade(one.start, other.start, 95.0, one.open, other.open, 0, 0) for one, other in told)
        return BacktestResult(run, spec, user, NOW, 0.1, tuple(bar.start for bar in bars), (), (), (), (), trades, len(bars),
                              strategy.code_hash, "data", "spec", "engine")  # fmt: skip

    async def cancel(self, run: str) -> None:
        """Nothing runs."""


@dataclass
class Attributed:
    """Orders and executions of one strategy."""

    made: list[Order] = field(default_factory=list)
    executed: list[Fill] = field(default_factory=list)

    async def sources(self, account: str, start: datetime, end: datetime) -> list[tuple[str, str, int]]:
        return [("Ticket", "AAPL", 9), ("sma_cross", "AAPL", 2)]

    async def orders(self, account: str, source: str, symbol: str, start: datetime, end: datetime) -> list[Order]:
        return self.made

    async def fills(self, account: str, ids: Collection[str], start: datetime, end: datetime) -> list[Fill]:
        return self.executed


@dataclass
class Kept:
    """Strategies as they ship."""

    async def keep(self, strategy: Strategy, draft: Draft) -> Strategy:
        return strategy

    async def all(self) -> list[Strategy]:
        return built_in(NOW)

    async def heads(self) -> list[tuple[str, int, bool]]:
        return [(strategy.id, 1, False) for strategy in built_in(NOW)]


class Desk:
    """The service with everything about it; ``role`` sits before it."""

    def __init__(
        self, vendor: Vendor | None = None, role: Role = Role.TRADER, trades: Sequence[tuple[int, int]] = ((10, 20),)
    ) -> None:
        self.vendor = vendor or Vendor({"1m": [*YESTERDAY, *TODAY]})
        self.now, self.engine, self.attributed, self.prints, self.trail = (
            NOW,
            Engine(trades),
            Attributed(),
            TickStore(),
            Trail(),
        )
        self.history = History(BarStore(), ActionStore(), (self.vendor,), Requests(lambda event: None, lambda: self.now),
                               lambda: self.now, lambda _: None)  # fmt: skip
        self.login = Login(Users(User("u1", "demo", role), a_session(role)), self.trail, lambda: self.now, "host")
        self.login.session = a_session(role)
        self.strategies = Strategies(Kept())

    def compare(self, shares: Decimal | None = None, spec: BacktestSpec = SPEC, day: date = DAY) -> Comparison:
        return asyncio.run(self._compared(Asked(spec, day, shares)))

    async def _compared(self, asked: Asked) -> Comparison:
        return await (await self.service()).compare(asked)

    async def service(self, folder: Path = Path()) -> LiveBacktests:
        await self.strategies.load(built_in(NOW))

        async def note(draft: Draft) -> None:
            await self.trail.append(draft)

        return LiveBacktests(self.attributed, DayData(self.history, self.prints), self.strategies, self.engine, LiveBacktestReports(),
                             self.login, self.trail, note, lambda: self.now, lambda: Whose("acc", "••••7Q2"), folder)  # fmt: skip

    def trades(self, seconds: float, quantity: int, price: str, side: Side = Side.BUY, **rest: Any) -> None:
        """An order of the strategy, so long after the market opened, that traded."""
        key = f"qv-{len(self.attributed.made)}"
        at = OPEN + timedelta(seconds=seconds)
        self.attributed.made.append(an_order(a_request(100, side, id=key, source="sma_cross"), submitted=at,
                                             **{"status": OrderStatus.FILLED, **rest}))  # fmt: skip
        if quantity:
            self.attributed.executed.append(Fill(f"e-{key}", key, "AAPL", side, D(quantity), D(price), at, D("0.10")))

    def told(self) -> list[tuple[str, str]]:
        return [
            (row.draft.action, row.draft.outcome) for row in self.trail.rows if row.draft.action == "backtest.compare"
        ]


def test_the_strategy_sees_whole_bars_only_and_enough_of_them_before_the_day() -> None:
    desk = Desk()
    found = desk.compare()
    *seen, beyond = desk.engine.bars
    assert seen == [*YESTERDAY[-found.warm :], *TODAY[:90]]  # the minute under way would tell it of the future
    assert found.warm == 250
    assert (beyond.start, beyond.open, beyond.volume) == (TODAY[89].start + MINUTE, TODAY[89].close, 0)
    assert desk.engine.spec is not None
    assert (desk.engine.spec.fees, desk.engine.spec.slippage) == (0.0, 0.0)  # those are reckoned here, exactly
    assert (found.spec.fees, found.spec.slippage, found.mark) == (1.0, 2.0, D("99.0000"))
    assert "The day is not over" in found.notes[0]
    assert desk.told() == [("backtest.compare", "ok")]


def test_a_late_order_is_explained_by_the_last_print_before_it_or_else_the_minute_before() -> None:
    desk = Desk()
    desk.trades(10 * 60 + 8, 100, "20.10")
    desk.trades(20 * 60 + 30, 100, "29.90", Side.SELL)
    at = ns(OPEN) + (10 * 60 + 7) * SECOND
    asyncio.run(desk.prints.save([Trade("AAPL", at - SECOND, 20.01, 5, "1"), Trade("AAPL", at, 20.04, 5, "2"),
                                  Trade("AAPL", at + 2 * SECOND, 20.5, 5, "3")]))  # fmt: skip
    found = desk.compare()
    buy, sell = found.pairs
    assert (buy.kind, sell.kind, found.shares) == ("both", "both", D(100))
    assert buy.sent is not None
    assert sell.sent is not None
    assert (buy.sent.arrival, buy.sent.arrived) == (D("20.0400"), "last print, 1.0 s before")
    assert (sell.sent.arrival, sell.sent.arrived) == (D("29.0000"), "close of the minute 09:49 ET")
    assert (buy.parts.delay, buy.parts.execution) == (D("-4"), D("-6"))
    assert (sell.parts.delay, sell.parts.execution) == (D("-100"), D("90"))
    live, paper = profits(found.pairs, found.mark)
    assert found.parts.total == live - paper


def test_without_any_price_of_the_moment_the_two_stand_together_and_a_note_says_so() -> None:
    desk = Desk(Vendor({"5m": [], "1m": [bar for bar in [*YESTERDAY, *TODAY] if not 0 <= bar.start - ns(OPEN) < 3 * MINUTE]}),
                trades=((0, 40),))  # fmt: skip
    desk.trades(30, 100, "13.50")
    found = desk.compare()
    (pair,) = [one for one in found.pairs if one.kind == "both"]
    assert (pair.parts.delay, pair.parts.execution) == (0, 0)
    assert pair.parts.price != 0
    assert any("their delay and execution stand together as price" in note for note in found.notes)


def test_a_vendor_that_fails_leaves_the_arrival_price_open_and_never_takes_an_older_one() -> None:
    desk = Desk()
    desk.trades(10 * 60 + 8, 100, "20.10")
    desk.compare()  # the day's bars are stored, and the arrival is known
    assert desk.compare().pairs[0].parts.delay != 0

    async def silent(*asked: object) -> object:
        raise FeedDown("Polygon cannot be reached; try again.")

    async def story() -> None:
        data = DayData(desk.history, desk.prints)
        desk.history.load = silent  # type: ignore[method-assign,assignment]
        (sent,) = sent_by(desk.attributed.made, desk.attributed.executed)
        found = await data.arrived(sent, "AAPL")
        assert (found.arrival, found.arrived) == (None, "no price of that moment is stored")

    asyncio.run(story())


def test_what_the_backtest_brought_into_the_day_is_noted_and_not_traded_in_it() -> None:
    desk = Desk(trades=((-20, 5), (80, 95)))  # the last one is still open at the end
    found = desk.compare(D(40))
    assert [(pair.side, pair.modelled.quantity if pair.modelled else 0) for pair in found.pairs] == [
        (Side.SELL, D(40)),
        (Side.BUY, D(40)),
    ]
    assert any(
        note.startswith("The backtest came into the day with 40 shares, bought at 2026-11-19") for note in found.notes
    )


def test_a_split_since_then_changes_no_price_of_the_day_and_one_within_the_warm_up_does() -> None:
    later = Action("AAPL", date(2026, 11, 23), "split", 2.0)
    desk = Desk(Vendor({"1m": [*YESTERDAY, *TODAY]}, happened=[later]))
    desk.now = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    desk.compare()
    assert desk.engine.bars[:-1] == [*YESTERDAY[-250:], *TODAY]
    before = Action("AAPL", DAY, "split", 2.0)
    desk = Desk(Vendor({"1m": [*YESTERDAY, *TODAY]}, happened=[before]))
    desk.compare()
    assert [bar.close for bar in desk.engine.bars[:250]] == [bar.close / 2 for bar in YESTERDAY[-250:]]
    assert desk.engine.bars[250] == TODAY[0]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"day": date(2026, 11, 21)}, "2026-11-21 has not begun in New York"),
        ({"spec": replace(SPEC, timeframe="1W")}, "1W is longer; choose 1m to 1D"),
        ({"spec": replace(SPEC, symbols=("KO",))}, "There is no whole bar of KO 1m on 2026-11-20"),
        ({"spec": replace(SPEC, strategy="nobody")}, "There is no strategy called “nobody”"),
        (
            {"spec": replace(SPEC, parameters=(("slow", 400.0),))},
            "and the strategy looks back over 400; choose shorter windows",
        ),
    ],
)
def test_what_cannot_be_compared_is_said_and_recorded(asked: dict[str, Any], said: str) -> None:
    desk = Desk()
    with pytest.raises(BadInput) as refused:
        desk.compare(**asked)
    assert said in str(refused.value)
    assert desk.told() == [("backtest.compare", "failed")]
    assert desk.engine.bars == []


def test_missing_bars_are_no_reason_to_guess() -> None:
    desk = Desk(Vendor({"1m": TODAY}, error=FeedDown("Polygon cannot be reached; try again.")))
    with pytest.raises(FeedDown, match="Polygon cannot be reached"):
        desk.compare()


class Own(Kept):
    """One that a person wrote, beside what ships."""

    async def all(self) -> list[Strategy]:
        source = built_in(NOW)[0].source + "# mine\n"
        return [
            *built_in(NOW),
            replace(built_in(NOW)[0], name="mine", built_in=False, source=source, code_hash=digest(source)),
        ]


class Unasked:
    """Consents, of which nobody has given any."""

    async def given(self, user: str, code_hash: str) -> bool:
        return False

    async def give(self, *given: object) -> None:
        raise AssertionError("nobody was asked")


def test_code_that_nobody_allowed_is_asked_about_and_nothing_is_recorded_as_failed() -> None:
    desk = Desk()
    desk.strategies = Strategies(Own(), desk.login, Unasked())  # type: ignore[arg-type]
    with pytest.raises(ConsentNeeded):
        desk.compare(spec=replace(SPEC, strategy="mine"))
    assert desk.trail.rows == []


def test_only_strategies_are_offered_and_a_report_is_recorded_before_it_is_written(tmp_path: Path) -> None:
    desk = Desk()

    async def story() -> None:
        service = await desk.service(tmp_path / "exports")
        assert await service.traded(DAY) == [("sma_cross", "AAPL", 2)]
        found = await service.compare(Asked(SPEC, DAY))
        (path,) = await service.export(found, ["json"])
        assert json.loads(path.read_text())["account"] == "••••7Q2"
        assert desk.trail.rows[-1].draft.action == "export.report"
        with pytest.raises(BadInput, match="cannot be written"):
            await service.export(found, ["pdf"])
        assert desk.trail.rows[-1].draft.outcome == "failed"

    asyncio.run(story())


def test_a_viewer_may_see_what_was_traded_and_run_nothing() -> None:
    desk = Desk(role=Role.VIEWER)

    async def story() -> None:
        service = await desk.service()
        assert await service.traded(DAY)
        with pytest.raises(NotPermitted):
            await service.compare(Asked(SPEC, DAY))

    asyncio.run(story())
    assert desk.engine.bars == []
