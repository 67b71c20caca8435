"""The loss ladder over a real database: it brakes within a look, is lifted by who may, and nothing makes it forget."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.server import Server
from qv_desktop.domain.access import Role
from qv_desktop.domain.counters import ACCOUNT
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.limits import Scope
from qv_desktop.domain.orders import OrderType, Side
from qv_desktop.domain.risk import TradingState
from tests.builders import NOW, a_limit, a_request
from tests.services.laddering import LIMITS, Room, a_room

ACTIVE, REDUCING, HALTED = TradingState
type Story = Callable[[Room], Coroutine[Any, Any, None]]


def in_a_room(database: Database, folder: Path, *stories: Story, account: str = "", **terms: Any) -> None:
    """Each story is one start of the program, on the same account."""
    name = account or f"a{uuid4().hex[:8]}"

    async def lived() -> None:
        for story in stories:
            async with a_room(database, name, folder, **terms) as room:
                await story(room)

    asyncio.run(lived())


async def holding(room: Room, shares: int = 100) -> None:
    """Bought at 100, and the broker has told it since."""
    await room.trades(shares, "100", f"open{uuid4().hex[:6]}")
    room.broker_tells("100000")


def test_prices_alone_step_on_the_rungs_between_two_answers_of_the_broker(database: Database, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await holding(room)
        room.price(84.01)
        room.ladder.look()
        assert room.risk.state is ACTIVE
        room.price(84)
        room.ladder.look()
        assert room.risk.state is REDUCING
        assert room.judged(a_limit("84"))["TRADING_STATE"] == "Only orders that reduce a position are taken now."
        room.price(80)
        room.ladder.look()
        assert (room.risk.state, room.risk.stand.way_out) == (HALTED, True)
        await room.written()
        rows = [
            (e.draft.actor.name, e.draft.action, e.draft.reason)
            for e in room.recorded
            if e.draft.action.startswith("risk.")
        ]
        assert rows == [
            (
                "system",
                "risk.reducing",
                "The day's loss of $1,600 is near its limit: only what reduces is taken from $1,600.",
            ),
            ("system", "risk.halted", "The day's loss of $2,000 has reached the limit of $2,000."),
        ]

    in_a_room(database, tmp_path, story)


def test_of_the_brokers_figure_and_live_prices_the_worse_counts(database: Database, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await holding(room)
        room.broker_tells("98300")  # the broker sees more of it than prices do
        assert room.risk.state is REDUCING
        room.price(105)
        room.ladder.look()
        assert room.shown.losses.profit == Decimal(-1_700)
        assert room.shown.losses.counted == Decimal(-1_200)

    in_a_room(database, tmp_path, story)


def test_one_print_far_off_a_young_quote_halts_nobody(database: Database, tmp_path: Path) -> None:
    from qv_desktop.domain.market import Batch, Quote, Trade, ns

    async def story(room: Room) -> None:
        await holding(room)
        at = ns(room.moment[0])
        room.market.hear(Batch([Trade("AAPL", at, 1.0, 10, "odd")], [Quote("AAPL", at, 99.9, 100, 100.1, 100)]))
        room.ladder.look()
        assert room.risk.state is ACTIVE
        assert room.shown.losses.counted == Decimal(-10)  # at the bid

    in_a_room(database, tmp_path, story)


def test_executions_since_the_brokers_answer_are_in_the_figure(database: Database, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.broker_tells("100000")
        await room.trades(100, "120", "dear")
        room.ladder.look()
        assert room.shown.losses.counted == Decimal(-2_000)
        assert room.risk.state is HALTED

    in_a_room(database, tmp_path, story)


def test_a_trader_resumes_from_reducing_once_and_the_halt_is_the_next_rung(database: Database, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await holding(room)
        room.broker_tells("98300")
        await room.risk.resume("seen")
        room.ladder.look()
        assert room.risk.state is ACTIVE
        await room.written()
        said = next(e.draft.reason for e in room.recorded if e.draft.action == "risk.active")
        assert (
            said
            == "seen Resumed at a loss of $1,700 today; it is halted at $2,000, and not reduced before that again today."
        )
        room.broker_tells("97999")
        assert room.risk.state is HALTED

    async def next_start(room: Room) -> None:
        assert room.risk.state is HALTED
        room.broker_tells("98100")
        assert room.risk.state is HALTED

    in_a_room(database, tmp_path, story, next_start)


def test_a_resume_from_reducing_holds_over_a_restart_of_the_same_day(database: Database, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.broker_tells("98300")
        await room.risk.resume("seen")

    async def next_start(room: Room) -> None:
        room.broker_tells("98300")
        assert room.risk.state is ACTIVE

    in_a_room(database, tmp_path, story, next_start)


def test_a_halt_of_the_ladder_is_lifted_by_who_may_change_limits_and_not_while_the_loss_is_past_it(
    database: Database, tmp_path: Path
) -> None:
    async def story(room: Room) -> None:
        room.broker_tells("97860")
        assert room.risk.state is HALTED
        with pytest.raises(NotPermitted, match="risk: change"):
            await room.risk.resume("please")
        with pytest.raises(BadInput, match="stays halted"):
            await room.risk.reduce("then this")
        await room.risk.halt("by hand, over it")
        with pytest.raises(NotPermitted, match="risk: change"):
            await room.risk.resume("my own halt")
        room.becomes(Role.ADMIN)
        with pytest.raises(
            BadInput, match=r"The day's loss of \$2,140 has reached the limit of \$2,000.*raise the daily loss"
        ):
            await room.risk.resume("never mind")
        assert room.risk.state is HALTED
        room.broker_tells("98500")
        await room.risk.resume("recovered")
        room.ladder.look()
        assert room.risk.state is ACTIVE

    in_a_room(database, tmp_path, story)


def test_a_new_trading_day_lifts_the_rungs_and_not_a_hand(database: Database, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.broker_tells("97000")
        room.later(16 * 3_600)
        room.ladder.look()
        await room.written()
        assert room.risk.state is HALTED  # the broker still tells yesterday's loss
        told = replace(room.account.balances, last_equity=room.account.balances.equity)  # type: ignore[type-var,union-attr]
        room.ladder.told(told)
        await room.written()
        assert room.risk.state is ACTIVE
        await room.risk.halt("by hand")
        room.later(86_400)
        room.ladder.told(told)
        await room.written()
        assert room.risk.state is HALTED

    async def next_start(room: Room) -> None:
        assert (room.risk.state, room.risk.stand.halted_by_ladder) == (HALTED, False)

    in_a_room(database, tmp_path, story, next_start)


def test_drawdown_halts_over_days_until_it_is_counted_anew(database: Database, tmp_path: Path) -> None:
    shallow = replace(LIMITS, drawdown_fraction=Decimal("0.05"), daily_loss=Decimal(50_000))

    async def story(room: Room) -> None:
        room.broker_tells("104000")
        await room.written()

    async def next_start(room: Room) -> None:
        assert room.risk.state is ACTIVE
        room.broker_tells("98800")
        assert (room.risk.state, room.shown.losses.drawdown) == (HALTED, Decimal("0.05"))
        with pytest.raises(NotPermitted):
            await room.ladder.count_anew("please")
        room.becomes(Role.ADMIN)
        with pytest.raises(BadInput, match="count the drawdown anew"):
            await room.risk.resume("go on")
        await room.ladder.count_anew("a new quarter")
        assert room.risk.state is HALTED
        await room.risk.resume("go on")
        room.ladder.look()
        assert room.risk.state is ACTIVE
        assert [e.draft.reason for e in room.recorded if e.draft.action == "risk.peak"] == ["a new quarter"]

    in_a_room(database, tmp_path, story, next_start, limits=shallow)


def test_losing_round_trips_in_a_row_pause_what_opens_over_a_restart(database: Database, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.broker_tells("100000")
        for number in range(2):
            await room.trades(10, "100", f"in{number}")
            room.later(1)
            await room.trades(-10, "99", f"out{number}")
            room.later(1)
        room.price(100)
        assert "until 10:45:03 ET, 14 min 59 s from now" in room.judged(a_limit("100"))["COOLDOWN"]
        room.ladder.look()
        await room.written()
        assert [what[:2] for what in room.told] == [("warning", "Cooldown")]
        assert [e.draft.action for e in room.recorded if "cooldown" in e.draft.action] == ["risk.cooldown"]

    async def next_start(room: Room) -> None:
        room.later(600)
        room.price(100)
        assert "COOLDOWN" in room.judged(a_limit("100"))
        room.ladder.look()
        assert room.told == []  # it was told when it began
        assert room.shown.cooling_until == NOW + timedelta(seconds=903)
        room.later(310)
        room.price(100)
        assert room.judged(a_limit("100")) == {}

    in_a_room(database, tmp_path, story, next_start)


def test_a_users_and_a_strategys_loss_bind_only_them(database: Database, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.scoped[Scope.USER, "demo"] = {"daily_loss": Decimal(500)}
        room.scoped[Scope.STRATEGY, "sma"] = {"daily_loss": Decimal(100)}
        room.broker_tells("100000")
        await room.trades(10, "100", "in", source="sma")
        room.price(89)
        room.ladder.look()
        assert room.risk.state is ACTIVE
        assert "DAILY_LOSS" in room.judged(replace(a_limit("89"), source="sma"))
        assert "DAILY_LOSS" not in room.judged(a_limit("89"))
        assert "for strategy sma" in room.told[0][2]
        assert room.judged(a_request(10, Side.SELL, type=OrderType.MARKET, source="sma")) == {}
        await room.trades(40, "100", "more")
        room.ladder.look()
        assert "for demo" in room.judged(a_limit("89"))["DAILY_LOSS"]
        room.scoped[Scope.USER, "demo"] = {}
        assert "DAILY_LOSS" not in room.judged(a_limit("89"))

    in_a_room(database, tmp_path, story)


def test_what_the_program_did_not_live_to_hear_is_counted_at_the_next_start(database: Database, tmp_path: Path) -> None:
    account = f"a{uuid4().hex[:8]}"

    async def dies(room: Room) -> None:
        await room.trades(10, "100", "1")
        room.later(1)
        await room.trades(-10, "99", "2", heard=False)
        assert room.book[ACCOUNT].counters.consecutive_losses == 0

    async def next_start(room: Room) -> None:
        counted = room.book[ACCOUNT]
        assert (counted.counters.consecutive_losses, counted.counters.trades_today) == (1, 1)
        assert room.book[Scope.USER, "demo"].counters == room.book[Scope.SYMBOL, "AAPL"].counters == counted.counters

    in_a_room(database, tmp_path, dies, next_start, account=account)


def test_an_execution_that_is_in_the_book_and_not_in_the_journal_yet_is_counted_once(
    database: Database, tmp_path: Path
) -> None:
    async def story(room: Room) -> None:
        kept = await room.trades(10, "100", "1", heard=False)
        fresh = replace(
            kept, execution_id="not-written-yet", side=Side.SELL, price=Decimal(99), at=NOW + timedelta(seconds=1)
        )
        for fill in (kept, fresh):
            room.fills[fill.execution_id] = fill
        await room.ladder.start()
        room.ladder.filled(fresh)
        counted = room.book[ACCOUNT]
        assert (counted.counters.consecutive_losses, counted.counters.trades_today, counted.held("AAPL")) == (1, 1, 0)

    in_a_room(database, tmp_path, story, begin=False)


def test_restarts_at_every_step_count_as_a_program_that_ran_on(database: Database, tmp_path: Path) -> None:
    """Over three days, with a position that is held overnight and executions that come late."""
    steps = [(10, "100", 0), (-10, "99", 60), (20, "99", 3_600), (-10, "98", 86_400), (-20, "97", 86_460), (10, "99", 90_000),
             (5, "90", 172_900), (-5, "89", 173_000)]  # fmt: skip
    whole, parts = f"w{uuid4().hex[:8]}", f"p{uuid4().hex[:8]}"

    async def act(room: Room, number: int) -> None:
        shares, price, after = steps[number]
        room.moment[0] = NOW + timedelta(seconds=after)
        await room.book.turn(room.account_id)
        await room.trades(shares, price, f"{number}")

    async def ran_on() -> dict[Any, Any]:
        async with a_room(database, whole, tmp_path) as room:
            for number in range(len(steps)):
                await act(room, number)
            return {key: tally for key, tally in room.book.all().items() if key[0] is not Scope.ACCOUNT} | {
                ACCOUNT: room.book[ACCOUNT]
            }

    async def restarted() -> dict[Any, Any]:
        held: dict[str, Any] = {}
        for number in range(len(steps)):
            before = tuple(held.values())
            at = NOW + timedelta(seconds=steps[max(number - 1, 0)][2])
            async with a_room(database, parts, tmp_path, at=at, positions=before) as room:
                await act(room, number)
                held = room.positions.all()
                found = dict(room.book.all())
        async with a_room(
            database, parts, tmp_path, at=NOW + timedelta(seconds=steps[-1][2]), positions=tuple(held.values())
        ) as room:
            assert dict(room.book.all()) == found
            return dict(room.book.all())

    assert asyncio.run(restarted()) == asyncio.run(ran_on())


def test_late_executions_are_put_where_they_belong(database: Database, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        first = await room.trades(10, "100", "1", heard=False)
        room.later(10)
        second = await room.trades(-10, "99", "2", heard=False)
        room.later(10)
        third = await room.trades(10, "100", "3", heard=False)
        for fill in (third, second, first, second):
            room.ladder.filled(fill)
        counted = room.book[ACCOUNT]
        assert (counted.counters.consecutive_losses, counted.counters.trades_today, counted.held("AAPL")) == (1, 2, 10)

    in_a_room(database, tmp_path, story)


def test_a_halt_by_the_ladder_of_another_desk_is_not_lifted_by_one_that_did_not_see_it(
    database: Database, tmp_path: Path
) -> None:
    async def story() -> None:
        account = f"a{uuid4().hex[:8]}"
        async with a_room(database, account, tmp_path) as here, a_room(database, account, tmp_path / "there") as there:
            await here.risk.halt("by hand")
            there.broker_tells("97000")
            await there.written()
            there.broker_tells("99000")
            here.broker_tells("99000")
            with pytest.raises(NotPermitted, match="risk: change"):
                await here.risk.resume("over")
            assert (here.risk.state, here.risk.stand.halted_by_ladder) == (HALTED, True)
            here.becomes(Role.ADMIN)
            await here.risk.resume("looked into")
            assert here.risk.state is ACTIVE

    (tmp_path / "there").mkdir()
    asyncio.run(story())


def test_a_hand_and_the_ladder_in_one_moment_are_both_known_at_the_next_start(
    database: Database, tmp_path: Path
) -> None:
    async def story(room: Room) -> None:
        room.broker_tells("97000")
        await room.risk.halt("by hand")
        await room.written()

    async def next_start(room: Room) -> None:
        stand = room.risk.stand
        assert (stand.hand.state, stand.hand.reason, stand.halted_by_ladder) == (HALTED, "by hand", True)

    in_a_room(database, tmp_path, story, next_start)


def test_a_viewers_desk_brakes_itself_and_writes_nothing_down(database: Database, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.broker_tells("97000")
        await room.written()
        assert room.risk.state is HALTED
        assert await room.store.state(room.account_id) is ACTIVE
        assert room.spool.waiting == 0

    in_a_room(database, tmp_path, story, role=Role.VIEWER)


def test_silence_of_broker_and_feed_over_a_position_is_said(database: Database, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await holding(room)
        assert room.shown.blind == "" or room.account.age is None
        room.later(20)
        room.ladder.look()
        room.ladder.look()
        assert room.shown.blind.startswith("Neither the broker nor the feed tells")
        assert [what[1] for what in room.told] == ["The loss cannot be seen"]
        room.broker_tells("97000")  # the figure alone is enough
        assert room.risk.state is HALTED

    in_a_room(database, tmp_path, story)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_the_ladder_halts_with_its_database_killed_and_the_feed_mute_and_the_next_start_knows(
    open_folder: Path, tmp_path: Path
) -> None:
    server = Server(open_folder / "pg")
    database = Database(server.start())
    database.migrate()
    account = f"a{uuid4().hex[:8]}"

    async def story(room: Room) -> None:
        await holding(room)
        await room.written()
        os.kill(int((open_folder / "pg" / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        room.later(30)  # no price since
        room.broker_tells("97900")
        assert room.risk.state is HALTED
        await room.written()
        assert room.spool.waiting == 1
        assert "TRADING_STATE" in room.judged(a_limit("100"))

    async def next_start(room: Room) -> None:
        assert (room.risk.state, room.risk.stand.halted_by_ladder) == (HALTED, True)
        with pytest.raises(NotPermitted, match="risk: change"):
            await room.risk.resume("please")
        await room.spool.drain()
        assert room.spool.waiting == 0
        assert (await room.store.stand(account)).halted_by_ladder

    try:
        in_a_room(database, tmp_path, story, account=account)
        database.close()
        database = Database(server.start())
        in_a_room(database, tmp_path, next_start, account=account)
    finally:
        database.close()
        server.stop()
