"""The kill switch halts first, cancels everything, and claims success only when the broker's own list is empty."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import pytest

from qv_desktop.domain.access import Role, User
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desks import Turn
from qv_desktop.domain.errors import NotPermitted
from qv_desktop.domain.events import Event, KillChanged
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.killing import Killing, outcome_words
from qv_desktop.domain.market import Batch, Trade, ns
from qv_desktop.domain.orders import Order, OrderStatus, Report, ReportKind
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.account import Account
from qv_desktop.services.clock import Clock
from qv_desktop.services.kill_switch import KillSwitch
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.noting import noting
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk import Risk
from tests.builders import NOW, a_limit, a_quote, a_session, an_order
from tests.fakes import Broker, Journal, RiskStore, Trail, Users


class Spool:
    """Rows that wait for the database."""

    def __init__(self) -> None:
        self.kept: list[Draft] = []

    def keep(self, draft: Draft) -> None:
        self.kept.append(draft)

    async def drain(self) -> None:
        """Nothing comes back here."""

    def held(self) -> list[Draft]:
        return list(self.kept)

    def set_aside(self, drafts: Collection[Draft], why: str) -> None:
        self.kept = [draft for draft in self.kept if draft not in drafts]


@dataclass
class Desk:
    """Everything around the switch; ``rests`` are the pauses it took, and ``at_rest`` is called in each."""

    kill: KillSwitch
    orders: Orders
    risk: Risk
    store: RiskStore
    broker: Broker
    journal: Journal
    trail: Trail
    spool: Spool
    users: Users
    events: list[Event]
    rests: list[float]
    at_rest: list[Callable[[], None]]

    def has(self, *orders: Order) -> None:
        """Orders that are open here and at the broker."""
        for order in orders:
            self.orders.book[order.id] = order
            self.broker.known[order.id] = order

    def stages(self) -> list[str]:
        return [event.killing.stage for event in self.events if isinstance(event, KillChanged)]

    def ended(self) -> Killing:
        assert self.kill.last is not None
        return self.kill.last


def on_a_desk(story: Callable[[Desk], Coroutine[Any, Any, None]], role: Role = Role.TRADER) -> None:
    async def told() -> None:
        steps: list[str] = []
        broker, journal, events, trail, spool = Broker(steps), Journal(steps), list[Event](), Trail(), Spool()
        users = Users(User("u1", "anna", role), a_session(role, "anna"))
        login = Login(users, trail, lambda: NOW, "host")
        await login.sign_in("anna", "right")
        login.spool = spool.keep
        market = MarketData(
            Clock(wall_ns=lambda: ns(NOW)), events.append, lambda trades: None, lambda frame, bars: None
        )
        market.hear(Batch([Trade("AAPL", ns(NOW), 100.0, 10, "1")], [a_quote()]))
        positions, account = Positions(events.append), Account(broker, journal, events.append)
        await account.refresh()
        store, seconds, rests, at_rest = RiskStore(), [0.0], list[float](), list[Callable[[], None]]()
        risk = Risk(store, market, positions, account, login, events.append, lambda: NOW, spool)
        risk.know([Instrument("AAPL", "Apple Inc", "NASDAQ")])
        orders = Orders(broker, journal, risk, positions, login, events.append, lambda: NOW, lambda: account.id,
                        lambda: seconds[0])  # fmt: skip

        async def pause(rest: float) -> None:
            rests.append(rest)
            seconds[0] += rest
            for act in at_rest:
                act()
            await asyncio.sleep(0)

        kill = KillSwitch(risk, orders, broker, login, noting(trail, spool), lambda: account.id, events.append, lambda: NOW,
                          lambda: seconds[0], pause)  # fmt: skip
        await story(Desk(kill, orders, risk, store, broker, journal, trail, spool, users, events, rests, at_rest))

    asyncio.run(asyncio.wait_for(told(), 10))


def live(id: str, quantity: int = 100) -> Order:
    return an_order(a_limit("90", quantity, id=id), broker_id=f"b-{id}")


def actions(desk: Desk) -> list[tuple[str, str]]:
    return [(row.draft.action, row.draft.outcome) for row in desk.trail.rows]


def test_it_halts_cancels_everything_and_says_so_once_the_brokers_list_is_empty() -> None:
    async def story(desk: Desk) -> None:
        desk.has(live("qv-1"), live("qv-2"))
        desk.broker.known["elsewhere"] = replace(live("elsewhere"), user="broker")
        assert "Cancels 2 open orders, halts trading" in desk.kill.intent()
        ended = await desk.kill.kill("button")
        assert ended is not None
        assert (ended.stage, ended.cancelled, ended.left, ended.halted, ended.by) == ("done", 3, (), True, "anna")
        assert desk.risk.state is TradingState.HALTED
        assert {o.status for o in desk.orders.book.values()} == {OrderStatus.CANCELED}
        assert actions(desk) == [("kill.press", "ok"), ("kill.switch", "ok")]
        assert '"cancelled": 3' in desk.trail.rows[-1].draft.after
        assert outcome_words(ended) == "3 cancelled, 0 left"

    on_a_desk(story)


def test_nothing_can_be_submitted_from_the_moment_it_is_pressed() -> None:
    async def story(desk: Desk) -> None:
        killing = asyncio.ensure_future(desk.kill.kill("key"))
        await asyncio.sleep(0)
        assert desk.risk.state is TradingState.HALTED
        order = await desk.orders.submit(a_limit("90", id="late"))
        assert order.status is OrderStatus.REFUSED
        await killing
        assert "post late" not in desk.broker.steps

    on_a_desk(story)


def test_an_order_between_the_journal_and_the_broker_is_never_sent() -> None:
    async def story(desk: Desk) -> None:
        written = asyncio.Event()
        intend = desk.journal.intend

        async def slowly(order: Order, draft: Draft, turn: Turn | None = None) -> None:
            await written.wait()
            await intend(order, draft, turn)

        desk.journal.intend = slowly  # type: ignore[method-assign]
        sending = asyncio.ensure_future(desk.orders.submit(a_limit("90", id="qv-9")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert "qv-9" in desk.orders.sending
        desk.at_rest.append(written.set)
        ended = await desk.kill.kill("key")
        assert ended is not None
        assert (await sending).status is OrderStatus.CANCELED
        assert "post qv-9" not in desk.broker.steps
        assert (ended.stage, ended.cancelled) == ("done", 1)

    on_a_desk(story)


def test_it_works_with_the_database_down_and_its_rows_wait() -> None:
    async def story(desk: Desk) -> None:
        desk.has(live("qv-1"))
        desk.trail.down = desk.users.down = desk.store.down = True
        await desk.kill.kill("button")
        assert desk.ended().stage == "done"
        assert [draft.action for draft in desk.spool.kept] == ["kill.press", "risk.halted", "kill.switch"]

    on_a_desk(story)


def test_it_goes_on_while_the_broker_does_not_answer_and_never_claims_success_without_proof() -> None:
    async def story(desk: Desk) -> None:
        desk.has(live("qv-1"))
        desk.broker.down = True

        def mend() -> None:
            if len(desk.rests) == 9:
                desk.broker.down = False

        desk.at_rest.append(mend)
        await desk.kill.kill("button")
        stages = desk.stages()
        assert stages[0] == "cancelling"
        assert "unproven" in stages  # it was said loudly
        assert (stages[-1], desk.ended().cancelled) == ("done", 1)
        assert ("kill.switch", "unresolved") in actions(desk)
        assert actions(desk)[-1] == ("kill.switch", "ok")
        assert max(desk.rests) <= 3.0

    on_a_desk(story)


def test_an_order_that_the_broker_will_not_cancel_is_named_and_asked_for_again() -> None:
    async def story(desk: Desk) -> None:
        desk.has(live("qv-1"), live("qv-2"))
        desk.broker.stubborn.add("qv-2")
        seen: list[tuple[str, ...] | None] = []

        def yield_() -> None:
            seen.append(desk.ended().left)
            if len(desk.rests) == 3:
                desk.broker.stubborn.clear()

        desk.at_rest.append(yield_)
        await desk.kill.kill("button")
        assert seen[0] == ("BUY 100 AAPL",)
        assert "cancel qv-2" in desk.broker.steps  # by itself, besides the sweep
        assert (desk.ended().stage, desk.ended().cancelled) == ("done", 2)

    on_a_desk(story)


def test_an_order_in_flight_is_followed_until_it_turns_out_to_live_and_then_cancelled() -> None:
    async def story(desk: Desk) -> None:
        flying = an_order(a_limit("90", id="qv-1"), OrderStatus.UNRESOLVED)
        desk.orders.book["qv-1"] = flying

        def arrive() -> None:
            if len(desk.rests) == 2:
                assert desk.ended().stage == "following"
                desk.broker.known["qv-1"] = live("qv-1")

        desk.at_rest.append(arrive)
        await desk.kill.kill("button")
        assert (desk.ended().stage, desk.ended().cancelled, desk.ended().left) == ("done", 1, ())
        assert desk.broker.steps.count("cancel everything") >= 2

    on_a_desk(story)


def test_what_comes_to_life_after_the_kill_is_cancelled_while_trading_stays_halted() -> None:
    async def story(desk: Desk) -> None:
        desk.has(live("qv-1"))
        await desk.kill.kill("button")
        desk.orders.book["qv-1"] = live("qv-1")
        assert await desk.kill.follow_up() == 1
        assert desk.broker.steps[-1] == "cancel qv-1"
        assert await desk.kill.follow_up() == 0

    on_a_desk(story)


def test_an_order_that_nobody_knew_of_at_the_kill_is_cancelled_when_it_appears_and_none_after_a_resume() -> None:
    async def story(desk: Desk) -> None:
        await desk.kill.kill("button")
        desk.orders.book["qv-late"] = live("qv-late")
        assert await desk.kill.follow_up() == 1
        assert desk.broker.steps[-1] == "cancel qv-late"
        desk.risk.state = TradingState.ACTIVE
        desk.orders.book["qv-new"] = live("qv-new")
        assert await desk.kill.follow_up() == 0
        desk.risk.state = TradingState.HALTED  # by somebody else, later
        assert await desk.kill.follow_up() == 0

    on_a_desk(story)


def test_a_database_that_hangs_holds_up_neither_what_follows_nor_a_second_press() -> None:
    async def story(desk: Desk) -> None:
        async def never(*_: object) -> None:
            await asyncio.Event().wait()

        desk.trail.append = never  # type: ignore[method-assign,assignment]
        desk.store.save_state = never  # type: ignore[method-assign,assignment]
        desk.has(live("qv-1"))
        first = asyncio.ensure_future(desk.kill.kill("button"))
        while desk.kill.running or desk.kill.last is None:  # noqa: ASYNC110 - the switch tells by events
            await asyncio.sleep(0)
        assert desk.ended().stage == "done"
        desk.orders.book["qv-late"] = live("qv-late")
        assert await desk.kill.follow_up() == 1
        second = asyncio.ensure_future(desk.kill.kill("key"))
        for _ in range(50):
            await asyncio.sleep(0)
        assert desk.broker.steps.count("cancel everything") == 2
        first.cancel()
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)

    on_a_desk(story)


def test_a_role_that_was_taken_away_ends_it_as_failed_and_trading_stays_halted() -> None:
    async def story(desk: Desk) -> None:
        desk.has(live("qv-1"))

        async def refuse(*_: object, **__: object) -> None:
            raise NotPermitted("Your session has ended; sign in again.")

        desk.kill._login.require = refuse  # type: ignore[method-assign,assignment]
        await desk.kill.kill("button")
        assert (desk.ended().stage, desk.ended().detail) == ("failed", "Your session has ended; sign in again.")
        assert desk.risk.state is TradingState.HALTED

    on_a_desk(story)


def test_a_fill_that_was_faster_is_not_called_cancelled() -> None:
    async def story(desk: Desk) -> None:
        desk.has(live("qv-1"), live("qv-2"))
        filled = replace(live("qv-2"), status=OrderStatus.FILLED)

        def fill() -> None:
            desk.broker.known["qv-2"] = filled
            desk.orders.hear(Report("qv-2", ReportKind.FILL, NOW, "b-qv-2", "x1", *_shares(filled)))

        desk.broker.stubborn.add("qv-2")
        desk.at_rest.append(fill)
        await desk.kill.kill("button")
        assert (desk.ended().cancelled, desk.ended().filled, desk.ended().left) == (1, 1, ())

    on_a_desk(story)


def _shares(order: Order) -> tuple[Any, Any]:
    return order.request.quantity, order.request.limit


def test_pressed_twice_it_is_pressed_once() -> None:
    async def story(desk: Desk) -> None:
        desk.has(live("qv-1"))
        await asyncio.gather(desk.kill.kill("button"), desk.kill.kill("key"))
        assert [action for action, _ in actions(desk)].count("kill.press") == 1

    on_a_desk(story)


def test_resuming_ends_the_sweeping_so_that_new_orders_live() -> None:
    async def story(desk: Desk) -> None:
        desk.has(live("qv-1"))
        desk.broker.stubborn.add("qv-1")
        desk.at_rest.append(lambda: setattr(desk.risk, "state", TradingState.ACTIVE))
        await desk.kill.kill("button")
        assert (desk.ended().stage, desk.ended().left) == ("resumed", ("BUY 100 AAPL",))
        assert actions(desk)[-1] == ("kill.switch", "failed")

    on_a_desk(story)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
def test_who_may_neither_halt_nor_cancel_is_told_so_and_it_is_recorded(role: Role) -> None:
    async def story(desk: Desk) -> None:
        desk.has(live("qv-1"))
        assert f"Your role, {role}, lacks" in desk.kill.lacking()
        with pytest.raises(NotPermitted):
            await desk.kill.kill("key")
        assert desk.risk.state is TradingState.ACTIVE
        assert desk.broker.steps == []
        assert actions(desk) == [("permission.refuse", "refused")]

    on_a_desk(story, role)
