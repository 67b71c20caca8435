"""The margin service: counts from executions, watches level and settlement, and lets only who may change the regime."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

import pytest

from qv_desktop.adapters.calendar import Calendar
from qv_desktop.domain.access import Action, Permission, Resource, Session
from qv_desktop.domain.accounts import Account as Balances
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import AccountChanged, Event, Filled, MarginChanged
from qv_desktop.domain.margin import MarginStanding, MarginTerms, Regime
from qv_desktop.domain.margin_log import DEFICIT, MET, MarginEvent
from qv_desktop.domain.orders import Fill, Side
from qv_desktop.services.account import Account
from qv_desktop.services.login import Login
from qv_desktop.services.margin import Margin
from qv_desktop.services.positions import Positions
from tests.builders import a_session, an_account

NOON = datetime(2026, 11, 16, 17, tzinfo=UTC)  # Monday in New York
MAY = Permission(Resource.RISK, Action.CHANGE)
CALENDAR = Calendar()  # one for all: building it takes longer than any test


class Store:
    """``ports.margin.MarginStore`` in memory; ``down`` while it takes nothing."""

    def __init__(self) -> None:
        self.chosen: tuple[MarginTerms, datetime | None] = (MarginTerms(), None)
        self.rows: list[MarginEvent] = []
        self.drafts: list[Draft] = []
        self.level: Decimal | None = Decimal(0)
        self.down = False

    async def terms(self, account: str) -> tuple[MarginTerms, datetime | None]:
        return self.chosen

    async def save_terms(self, account: str, terms: MarginTerms, draft: Draft, at: datetime) -> None:
        self.chosen = (terms, at)
        self.drafts.append(draft)

    async def events(self, account: str, since: datetime) -> list[MarginEvent]:
        return list(self.rows)

    async def record(self, account: str, events: Sequence[MarginEvent], drafts: Sequence[Draft]) -> None:
        if self.down:
            raise DatabaseDown("The database is away.")
        self.rows += events
        self.drafts += drafts

    async def last_level(self, account: str, before: datetime) -> Decimal | None:
        return self.level


class Door:
    """A log-in whose role may what ``may`` says."""

    def __init__(self, *may: Permission) -> None:
        self.held, self.given = may, "margin.loosen"
        self.actor = Actor("maria", "human")

    async def require(self, permission: Permission) -> Session:
        if permission not in self.held:
            raise NotPermitted(f"Your role lacks “{permission}”.")
        return a_session(name="maria")

    def require_given(self, deed: str) -> None:
        if self.given != deed:
            raise NotPermitted("This takes your password; give it and try again.")


class Known:
    """The account as the broker told it last."""

    def __init__(self) -> None:
        self.balances: Balances = replace(an_account("10000"), last_equity=Decimal(10_000), at=NOON)

    @property
    def id(self) -> str:
        return self.balances.id


class Room:
    """The service with everything that it needs, and hands for what happens to it."""

    def __init__(self, *may: Permission, stored: Sequence[Fill] = (), at: datetime = NOON) -> None:
        self.now, self.stored, self.fills = at, list(stored), dict[str, Fill]()
        self.store, self.account, self.events = Store(), Known(), list[Event]()
        self.positions = Positions(lambda event: None)
        for fill in stored:
            self.positions.fill(fill)
        self.margin = Margin(self.store, self._since, lambda: self.fills.values(), CALENDAR, self.positions,
                             cast(Account, self.account), cast(Login, Door(*may)), self.events.append, lambda: self.now)  # fmt: skip

    async def _since(self, account: str, since: datetime) -> list[Fill]:
        return [fill for fill in self.stored if fill.at >= since]

    def trade(
        self, side: Side, quantity: int, symbol: str = "AAPL", price: str = "100", order: str = "", minutes: float = 1
    ) -> Fill:
        """An execution that reaches the books, and what follows from it."""
        self.now += timedelta(minutes=minutes)
        key = f"x{len(self.fills) + len(self.stored)}-{self.now:%m%d}"
        fill = Fill(key, order or f"o-{key}", symbol, side, Decimal(quantity), Decimal(price), self.now)
        self.fills[key] = fill
        self.positions.fill(fill)
        self.margin.filled(Filled(fill))
        return fill

    def told(self, after: float = 2.0, **figures: str) -> None:
        """The broker's next answer, so many seconds later."""
        self.now += timedelta(seconds=after)
        values = {name: Decimal(value) for name, value in figures.items()}
        self.account.balances = replace(self.account.balances, at=self.now, **values)  # type: ignore[arg-type]
        self.margin.account_changed(AccountChanged(self.account.balances))

    @property
    def standing(self) -> MarginStanding:
        found = self.margin.standing()
        assert found is not None
        return found


def test_nothing_is_said_before_it_was_read() -> None:
    room = Room()
    assert room.margin.standing() is None
    room.trade(Side.BUY, 10)
    room.told(equity="9000")
    assert room.events == []


def test_executions_are_counted_as_they_come_and_told() -> None:
    room = Room()
    asyncio.run(room.margin.load())
    room.trade(Side.BUY, 10)
    room.trade(Side.SELL, 10)
    assert (room.standing.day_trades, room.standing.trades) == (1, 2)
    assert [day for day, count in room.standing.window if count] == [date(2026, 11, 16)]
    assert isinstance(room.events[-1], MarginChanged)
    assert [one.symbol for one in room.margin.day_trades()] == ["AAPL"]


def test_an_execution_that_is_told_again_or_was_stored_already_counts_once() -> None:
    room = Room()
    asyncio.run(room.margin.load())
    room.trade(Side.BUY, 10)
    fill = room.trade(Side.SELL, 10)
    room.stored = list(room.fills.values())
    asyncio.run(room.margin.load())
    room.margin.filled(Filled(fill))
    assert (room.standing.day_trades, room.standing.trades) == (1, 2)


def test_counts_are_the_same_after_a_restart() -> None:
    first = Room()
    asyncio.run(first.margin.load())
    for _ in range(2):
        first.trade(Side.BUY, 10)
        first.trade(Side.SELL, 10)
    first.trade(Side.BUY, 5, "MSFT")
    again = Room(stored=list(first.fills.values()), at=first.now)
    asyncio.run(again.margin.load())
    assert replace(again.standing, at=NOON) == replace(first.standing, at=NOON, level=again.standing.level,
                                                       headroom=again.standing.headroom, cash=again.standing.cash)  # fmt: skip
    assert again.standing.day_trades == 2
    assert list(again.standing.opened) == ["AAPL", "MSFT"]


def test_what_came_while_it_was_read_is_not_lost() -> None:
    room = Room()

    async def story() -> None:
        reading = asyncio.ensure_future(room.margin.load())
        await asyncio.sleep(0)
        assert room.margin._waiting == []
        room.trade(Side.BUY, 10)
        await reading

    asyncio.run(story())
    assert room.standing.trades == 1


def test_a_new_day_moves_the_window_and_yesterdays_position_is_held_overnight() -> None:
    room = Room()
    asyncio.run(room.margin.load())
    room.trade(Side.BUY, 10)
    room.stored = list(room.fills.values())
    room.now += timedelta(days=1)
    assert room.standing.day == date(2026, 11, 17)
    room.trade(Side.SELL, 10)
    assert (room.standing.day_trades, room.standing.trades) == (0, 2)
    room.stored = list(room.fills.values())
    asyncio.run(room.margin.look())
    assert (room.standing.day_trades, room.standing.trades) == (0, 2)


def test_a_day_turns_without_the_database_too() -> None:
    room = Room()
    asyncio.run(room.margin.load())
    for side in (Side.BUY, Side.SELL, Side.BUY):
        room.trade(side, 10)

    async def away(account: str, since: datetime) -> list[Fill]:
        raise DatabaseDown("The database is away.")

    room.margin._stored = away
    room.now += timedelta(days=1)
    for side in (Side.SELL, Side.BUY, Side.SELL):
        room.trade(side, 10)
        asyncio.run(room.margin.look())
    assert [count for _, count in room.standing.window[-2:]] == [1, 1]


def test_a_position_that_was_corrected_by_hand_is_read_anew() -> None:
    room = Room()
    asyncio.run(room.margin.load())
    room.positions.correct(replace(room.positions["AAPL"], quantity=Decimal(50), average=Decimal(100)))
    room.trade(Side.SELL, 20)  # taken for a short until it was read anew
    asyncio.run(room.margin.look())
    room.trade(Side.SELL, 30)
    assert (room.standing.opened, room.standing.day_trades) == ({}, 0)


def test_terms_that_cannot_be_read_are_told_and_the_usual_ones_count() -> None:
    room = Room(MAY)

    async def unreadable(account: str) -> tuple[MarginTerms, datetime | None]:
        raise BadInput("The stored margin terms cannot be read; choose the regime anew.")

    room.store.terms = unreadable  # type: ignore[method-assign]
    asyncio.run(room.margin.load())
    assert "choose the regime anew" in room.standing.trouble
    asyncio.run(room.margin.set_terms(MarginTerms(Regime.CASH)))
    assert room.standing.trouble == ""


def test_what_was_opened_needs_margin_before_the_broker_tells_so() -> None:
    room = Room()
    asyncio.run(room.margin.load())
    assert (room.standing.level, room.standing.headroom) == (
        Decimal(10_000),
        Decimal(20_000),
    )  # the buying power is less than 4 x
    room.trade(Side.BUY, 100)
    assert room.standing.level == Decimal(7_500)
    room.trade(Side.SELL, 100)
    assert room.standing.level == Decimal(7_500)  # what closing frees, the broker tells
    room.told(maintenance_margin="0")
    assert room.standing.level == Decimal(10_000)


def test_a_deficit_after_an_execution_that_opened_is_written_down_once_as_the_largest() -> None:
    """4210(d)(2): prices alone make none; the largest after a transaction that lowered the level is the day's."""
    room = Room()
    asyncio.run(room.margin.load())
    room.told(equity="1000", maintenance_margin="1500")
    assert room.standing.deficits == ()  # prices alone
    room.trade(Side.BUY, 10)
    room.told(equity="1000", maintenance_margin="1750")
    room.told(equity="1000", maintenance_margin="2750")  # prices again
    room.trade(Side.BUY, 10)
    room.told(equity="1000", maintenance_margin="2000")
    (one,) = room.standing.deficits
    assert (one.amount, one.deadline, one.cause) == (Decimal("1000.00"), date(2026, 11, 23), "buy 10 AAPL @ 100")
    asyncio.run(room.margin.flush())
    assert [row.kind for row in room.store.rows] == [DEFICIT, DEFICIT]
    assert room.store.drafts[0].action == "margin.deficit"
    asyncio.run(room.margin.load())
    assert room.standing.deficits[0].amount == one.amount


def test_what_the_database_cannot_take_is_kept_and_tried_again() -> None:
    room = Room()
    asyncio.run(room.margin.load())
    room.store.down = True
    room.trade(Side.BUY, 10)
    room.told(equity="1000", maintenance_margin="1750")
    asyncio.run(room.margin.look())
    assert room.store.rows == []
    room.store.down = False
    asyncio.run(room.margin.look())
    assert [row.kind for row in room.store.rows] == [DEFICIT]
    asyncio.run(room.margin.look())
    assert len(room.store.rows) == 1


def in_deficit(*may: Permission) -> Room:
    room = Room(*may)
    asyncio.run(room.margin.load())
    room.trade(Side.BUY, 10)
    room.told(equity="1000", maintenance_margin="1750")
    asyncio.run(room.margin.flush())
    room.stored, room.now = list(room.fills.values()), room.now + timedelta(days=1)
    room.store.level = Decimal(-100)  # at the end of its day
    asyncio.run(room.margin.look())
    return room


def test_it_is_met_by_a_rise_of_the_level_on_a_later_day() -> None:
    room = in_deficit()
    room.told(equity="1000", maintenance_margin="351")
    assert room.standing.outstanding
    room.told(equity="1000", maintenance_margin="350")
    assert not room.standing.outstanding
    asyncio.run(room.margin.flush())
    assert [row.kind for row in room.store.rows] == [DEFICIT, MET]


def test_a_person_notes_that_the_broker_took_it_as_met() -> None:
    room = in_deficit(MAY)
    day = date(2026, 11, 16)
    with pytest.raises(BadInput, match="how the broker"):
        asyncio.run(room.margin.settle(day, " "))
    asyncio.run(room.margin.settle(day, "call of the 16th closed"))
    (one,) = room.standing.deficits
    assert (one.said, room.store.drafts[-1].action, room.store.drafts[-1].reason) == (
        "maria", "margin.met", "call of the 16th closed",
    )  # fmt: skip
    with pytest.raises(BadInput, match="No deficit"):
        asyncio.run(room.margin.settle(day, "again"))


def test_only_who_may_change_risk_changes_the_regime_and_it_is_audited() -> None:
    refused = Room()
    asyncio.run(refused.margin.load())
    for deed in (refused.margin.set_terms(MarginTerms(Regime.CASH)), refused.margin.settle(date(2026, 11, 16), "why")):
        with pytest.raises(NotPermitted):
            asyncio.run(deed)
    assert refused.standing.regime is Regime.INTRADAY_MARGIN
    room = Room(MAY)
    asyncio.run(room.margin.load())
    asyncio.run(room.margin.set_terms(MarginTerms(Regime.LEGACY_PDT)))
    assert room.standing.regime is Regime.LEGACY_PDT
    (draft,) = room.store.drafts
    assert (draft.action, draft.actor.name) == ("margin.terms", "maria")
    assert "INTRADAY_MARGIN" in draft.before
    assert "LEGACY_PDT" in draft.after
    with pytest.raises(BadInput):
        asyncio.run(room.margin.set_terms(MarginTerms(practice=0)))
    assert room.store.chosen[0].regime is Regime.LEGACY_PDT


def test_what_lets_more_pass_takes_the_password() -> None:
    room = Room(MAY)
    asyncio.run(room.margin.load())
    cast(Door, room.margin._login).given = ""
    asyncio.run(room.margin.set_terms(MarginTerms(long_rate=Decimal("0.4"), practice=1)))
    for looser in (
        MarginTerms(),
        MarginTerms(blocks=False, long_rate=Decimal("0.4"), practice=1),
        MarginTerms(Regime.CASH),
    ):
        with pytest.raises(NotPermitted, match="password"):
            asyncio.run(room.margin.set_terms(looser))
    assert room.standing.terms.practice == 1


def test_a_regime_cannot_be_chosen_for_an_account_that_is_not_known() -> None:
    with pytest.raises(BadInput, match="not known yet"):
        asyncio.run(Room(MAY).margin.set_terms(MarginTerms(Regime.CASH)))


def test_a_pattern_day_trader_stays_one_while_the_window_moves_on() -> None:
    room = Room()
    room.store.chosen = (MarginTerms(Regime.LEGACY_PDT), NOON - timedelta(days=90))
    asyncio.run(room.margin.load())
    for _ in range(4):
        room.trade(Side.BUY, 10)
        room.trade(Side.SELL, 10)
    assert room.standing.pattern
    later = Room(stored=list(room.fills.values()), at=room.now + timedelta(days=30))
    later.store.chosen = room.store.chosen
    asyncio.run(later.margin.load())
    assert (later.standing.day_trades, later.standing.pattern) == (0, True)


def test_what_another_desk_chose_or_noted_counts_here_without_a_restart() -> None:
    """A regime that an Admin tightens must bind whoever is signed in elsewhere on the account."""
    room = in_deficit()
    other = Room(MAY, at=room.now)
    other.margin._store = room.store
    asyncio.run(other.margin.load())
    asyncio.run(other.margin.settle(date(2026, 11, 16), "call of the 16th closed"))
    asyncio.run(other.margin.set_terms(MarginTerms(Regime.LEGACY_PDT)))
    assert (room.standing.regime, len(room.standing.unmet)) == (Regime.INTRADAY_MARGIN, 1)
    room.events.clear()
    room.margin._follow_at = 0.0  # half a minute later
    asyncio.run(room.margin.look())
    assert (room.standing.regime, room.standing.unmet) == (Regime.LEGACY_PDT, ())
    assert isinstance(room.events[-1], MarginChanged)
    room.events.clear()
    asyncio.run(room.margin.look())
    assert room.events == []


def test_what_is_chosen_here_meanwhile_is_not_undone_by_what_was_read_before() -> None:
    room = Room(MAY)
    asyncio.run(room.margin.load())
    room.store.chosen = (MarginTerms(Regime.CASH), NOON)
    old = room.store.terms

    async def slow(account: str) -> tuple[MarginTerms, datetime | None]:
        found = await old(account)
        await room.margin.set_terms(MarginTerms(Regime.LEGACY_PDT))
        return found

    room.store.terms = slow  # type: ignore[method-assign]
    room.margin._follow_at = 0.0
    asyncio.run(room.margin.look())
    assert room.standing.regime is Regime.LEGACY_PDT


def test_violations_of_a_cash_account_are_found_once_and_only_since_it_is_one() -> None:
    room = Room(MAY)
    room.store.chosen = (MarginTerms(Regime.CASH), NOON)
    room.account.balances = replace(room.account.balances, cash=Decimal(1_000))
    asyncio.run(room.margin.load())
    for side in (Side.BUY, Side.SELL, Side.BUY):
        room.trade(side, 10)
    room.told(cash="0")
    assert room.standing.violations == ()
    assert [lot.paid for lot in room.standing.purse.unpaid("AAPL")] == [date(2026, 11, 17)]  # type: ignore[union-attr]
    room.trade(Side.SELL, 10, order="early")
    room.told(cash="1000")
    room.told(cash="1000")
    asyncio.run(room.margin.flush())
    assert [(row.kind, row.key) for row in room.store.rows] == [("good-faith violation", "early")]
    since = Room(stored=list(room.fills.values()), at=room.now)
    since.store.chosen = (MarginTerms(Regime.CASH), room.now)
    since.account.balances = room.account.balances
    asyncio.run(since.margin.load())
    since.told(cash="1000")
    asyncio.run(since.margin.flush())
    assert since.store.rows == []


def a_cash_room(cash: int, stored: Sequence[Fill] = ()) -> Room:
    room = Room(MAY, stored=stored)
    room.store.chosen = (MarginTerms(Regime.CASH), NOON)
    room.account.balances = replace(room.account.balances, cash=Decimal(cash))
    asyncio.run(room.margin.load())
    return room


def test_cash_that_may_lack_the_newest_execution_or_count_it_twice_accuses_nobody() -> None:
    """The broker is asked a fifth of a second after an execution: what is written down then stays for a year."""
    room = a_cash_room(1_000)
    room.trade(Side.BUY, 10)
    room.told(0.2, cash="0")
    room.trade(Side.SELL, 10)
    room.told(0.2, cash="0")  # it does not know of the sale yet, so nothing seems to have paid for what was sold
    room.told(cash="1000")
    assert room.store.rows + room.margin._unwritten == []
    room = a_cash_room(10_000)
    room.trade(Side.BUY, 60)
    room.trade(Side.SELL, 60)
    room.trade(Side.BUY, 45, "MSFT")
    room.told(0.2, cash="5500")  # it knows, and what was spent just now is taken off for safety once more
    room.told(cash="5500")
    assert room.store.rows + room.margin._unwritten == []


def test_money_is_the_same_whether_the_brokers_figure_knows_of_a_purchase_or_a_sale_yet_or_not() -> None:
    room = a_cash_room(10_000)

    def money() -> tuple[Decimal, Decimal]:
        assert room.standing.purse is not None
        return room.standing.purse.settled, room.standing.purse.unsettled

    assert money() == (10_000, 0)
    room.trade(Side.BUY, 60, minutes=0.05)
    assert money() == (4_000, 0)
    for seconds, cash in ((0.1, "10000"), (0.1, "4000"), (2, "4000")):  # it lacks it, has it at once, and surely has it
        room.told(seconds, cash=cash)
        assert money() == (4_000, 0), (seconds, cash)
    room.trade(Side.SELL, 60, minutes=0.05)
    assert money() == (4_000, 6_000)
    for seconds, cash in ((0.1, "4000"), (0.1, "10000"), (2, "10000")):
        room.told(seconds, cash=cash)
        assert money() == (4_000, 6_000), (seconds, cash)
    room.trade(Side.BUY, 10, minutes=0.05)
    room.trade(Side.SELL, 10, "MSFT", minutes=0)  # several within one answer
    for seconds, cash in ((0.1, "10000"), (0.1, "9000"), (2, "10000")):
        room.told(seconds, cash=cash)
        assert money() == (3_000, 7_000), (seconds, cash)
    room.told(cash="15000")  # a deposit
    assert money() == (8_000, 7_000)


def test_our_own_reckoning_of_money_stands_for_no_longer_than_half_a_minute() -> None:
    """What left the account meanwhile is known to the broker alone."""
    room = a_cash_room(10_000)
    assert room.standing.purse is not None
    for _ in range(4):
        room.trade(Side.BUY, 5, minutes=0.2)  # the figures never know of the newest
        room.told(0.1, cash="2000")
    purse = room.standing.purse
    assert purse is not None
    assert purse.settled + purse.unsettled <= 2_000


def test_shares_from_long_before_are_sold_first() -> None:
    old = NOON - timedelta(days=60)
    room = a_cash_room(
        0,
        [
            Fill(f"old-{name}", f"old-{name}", name, Side.BUY, Decimal(10), Decimal(100), old)
            for name in ("AAPL", "MSFT")
        ],
    )
    room.trade(Side.SELL, 10, "MSFT")
    room.trade(Side.BUY, 10)
    room.trade(Side.SELL, 10)
    room.told(cash="1000")
    assert room.standing.violations == ()
    room.trade(Side.SELL, 10, order="early")
    room.told(cash="2000")
    assert [one.order for one in room.standing.violations] == ["early"]


def test_money_that_was_just_spent_is_not_spent_twice() -> None:
    room = Room()
    room.store.chosen = (MarginTerms(Regime.CASH), NOON)
    room.account.balances = replace(room.account.balances, cash=Decimal(1_500))
    asyncio.run(room.margin.load())
    room.trade(Side.BUY, 10)
    assert room.standing.headroom == Decimal(500)
    room.told(cash="500")
    assert room.standing.headroom == Decimal(500)


def test_another_accounts_figures_are_not_taken() -> None:
    room = Room()
    asyncio.run(room.margin.load())
    before = len(room.events)
    room.margin.account_changed(AccountChanged(replace(room.account.balances, id="other", equity=Decimal(1))))
    assert len(room.events) == before
