"""What could double, lose or misdirect a deployment's order, or keep silent about it: races, others in the same symbol, late ends."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.deployments import Deployment, Stage, State, asked
from qv_desktop.domain.errors import BadInput, DatabaseDown, FeedDown
from qv_desktop.domain.events import KillChanged
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.killing import Killing
from qv_desktop.domain.market import NEW_YORK, Action, Batch, Trade, ns
from qv_desktop.domain.orders import Report, ReportKind, Side
from qv_desktop.domain.signals import TAKEN_BACK, Fate, Kind, Raised, Signal
from qv_desktop.services import deployment_runs
from qv_desktop.services.deployments import LIVE
from tests.builders import NOW, a_position, a_quote
from tests.services.test_deployments import TERMS, Desk, Store, at_a_desk

STANDS = "The position stands"


async def holding(desk: Desk, **bounds: Any) -> Deployment:
    """A deployment that holds ten shares."""
    one = await desk.running(**bounds)
    await desk.says(Kind.ENTRY)
    desk.fills()
    return one


def slow_journal(desk: Desk) -> None:
    """Every intent takes a moment to be written down, and so does the question who is signed in."""
    intend, vouch = desk.journal.intend, desk.users.vouch

    async def intended(*of: Any) -> None:
        await asyncio.sleep(0.01)
        await intend(*of)

    async def vouched(*of: Any) -> Any:
        await asyncio.sleep(0.01)
        return await vouch(*of)

    desk.journal.intend, desk.users.vouch = intended, vouched  # type: ignore[assignment,method-assign]
    desk.login._asked = None


# ---- doubled and lost


def test_an_exit_while_its_entry_has_not_traded_yet_waits_and_closes_what_comes() -> None:
    async def story(desk: Desk) -> None:
        await desk.running()
        await desk.says(Kind.ENTRY)
        await desk.says(Kind.EXIT, bar=1)
        await desk.runs.look()
        assert desk.fates() == [Fate.ORDER, Fate.WAITS]
        desk.fills()
        await desk.runs.look()
        assert [(order.request.side, order.request.quantity) for order in desk.sent()] == [
            (Side.BUY, Decimal(10)),
            (Side.SELL, Decimal(10)),
        ]

    async def never_traded(desk: Desk) -> None:
        await desk.running()
        await desk.says(Kind.ENTRY)
        await desk.says(Kind.EXIT, bar=1)
        (entry,) = desk.sent()
        desk.orders.apply(Report(entry.id, ReportKind.CANCELED, desk.moment[0]))
        await desk.runs.look()
        assert len(desk.sent()) == 1
        assert desk.fates()[-1] is Fate.NOTHING

    at_a_desk(story)
    at_a_desk(never_traded)


def test_an_execution_that_the_journal_does_not_have_yet_is_not_forgotten_by_a_new_start() -> None:
    async def story(desk: Desk) -> None:
        one = await holding(desk)
        paused = await desk.service.pause(desk.service.get(one.id))
        again = await desk.service.start(paused)
        assert desk.service.figures(again).held == (("AAPL", Decimal(10)),)
        await desk.says(Kind.ENTRY, bar=1)
        assert len(desk.sent()) == 1

    at_a_desk(story)


def test_an_entry_that_waits_for_a_quote_is_not_sent_after_a_pause_or_beyond_its_time() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        desk.moment[0] += timedelta(minutes=5)  # the quote is too old by now
        saying = asyncio.ensure_future(desk.says(Kind.ENTRY))
        await asyncio.sleep(0.02)
        await desk.service.pause(desk.service.get(one.id))
        desk.quotes()
        await saying
        assert desk.sent() == []
        assert desk.fates() == [Fate.BLOCKED]

    async def too_late(desk: Desk) -> None:
        await desk.running(ends=(NOW + timedelta(minutes=6)).astimezone(NEW_YORK).time())
        desk.moment[0] += timedelta(minutes=5)
        saying = asyncio.ensure_future(desk.says(Kind.ENTRY))
        await asyncio.sleep(0.02)
        desk.moment[0] += timedelta(minutes=2)
        desk.quotes()
        await saying
        assert desk.sent() == []

    at_a_desk(story)
    at_a_desk(too_late)


def test_a_pause_does_not_tear_off_the_answer_of_an_order_on_its_way() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        answers, submit = asyncio.Event(), desk.broker.submit

        async def slow(*of: Any) -> Report:
            await answers.wait()
            return await submit(*of)

        desk.broker.submit = slow  # type: ignore[assignment,method-assign]
        saying = asyncio.ensure_future(desk.says(Kind.ENTRY))
        await asyncio.sleep(0.02)
        await desk.service.pause(desk.service.get(one.id))
        saying.cancel()
        answers.set()
        await asyncio.sleep(0.02)
        (order,) = desk.sent()
        assert order.broker_id is not None
        assert desk.fates() == [Fate.ORDER]

    at_a_desk(story)


def test_an_order_with_executions_still_to_be_told_keeps_the_next_entry_back() -> None:
    async def story(desk: Desk) -> None:
        await desk.running()
        await desk.says(Kind.ENTRY)
        (entry,) = desk.sent()
        desk.orders.apply(Report(entry.id, ReportKind.CANCELED, desk.moment[0], f"b-{entry.id}", cumulative=Decimal(4)))
        await desk.says(Kind.ENTRY, bar=1)
        assert len(desk.sent()) == 1
        assert desk.fates()[-1] is Fate.BLOCKED

    at_a_desk(story)


# ---- others in the same symbol


def test_stopping_flat_never_sells_more_than_the_books_hold() -> None:
    async def story(desk: Desk) -> None:
        one = await holding(desk)
        desk.positions.adopt({"AAPL": a_position(4)})  # somebody sold six of them by hand
        assert desk.service.closing(one).held == (("AAPL", Decimal(4)),)
        stopping = asyncio.ensure_future(desk.service.stop(desk.service.get(one.id), flatten=True))
        for _ in range(500):
            if len(desk.sent()) == 2:
                break
            await asyncio.sleep(0.01)
        desk.fills()
        with pytest.raises(BadInput, match="by its fills it holds 10, and the books have 4"):
            await stopping
        assert [order.request.quantity for order in desk.sent()] == [Decimal(10), Decimal(4)]

    async def all_gone(desk: Desk) -> None:
        one = await holding(desk)
        desk.positions.adopt({})
        with pytest.raises(BadInput, match="the books have 0"):
            await desk.service.stop(desk.service.get(one.id), flatten=True)
        assert len(desk.sent()) == 1

    at_a_desk(story)
    at_a_desk(all_gone)


@pytest.mark.parametrize(("held", "kind"), [(-50, Kind.ENTRY), (50, Kind.SHORT)])
def test_an_entry_does_not_close_what_somebody_else_holds_on_the_other_side(held: int, kind: Kind) -> None:
    async def story(desk: Desk) -> None:
        await desk.running(shorts=True)
        desk.positions.adopt({"AAPL": a_position(held)})
        await desk.says(kind)
        assert desk.sent() == []
        assert "on the other side" in desk.reasons()

    at_a_desk(story)


def test_two_symbols_at_once_do_not_share_the_last_order_of_the_day() -> None:
    async def story(desk: Desk) -> None:
        desk.orders._risk.know([Instrument("AAPL", "Apple", "NASDAQ"), Instrument("MSFT", "Microsoft", "NASDAQ")])
        quote = replace(a_quote(), symbol="MSFT")
        desk.market.hear(Batch([Trade("MSFT", ns(NOW), 100.0, 10, "1")], [quote]))
        one = await desk.service.create(
            replace(TERMS, symbols=("AAPL", "MSFT"), bounds=replace(TERMS.bounds, orders=1))
        )
        await desk.service.start(one)
        entry = frozenset({Kind.ENTRY})
        slow_journal(desk)
        said = [Raised(one.id, symbol, 0, entry, entry, 100.0, NOW) for symbol in ("AAPL", "MSFT")]
        await asyncio.gather(*(desk.runs._raised(each) for each in said))
        assert len(desk.sent()) == 1
        assert sorted(desk.fates()) == [Fate.BLOCKED, Fate.ORDER]

    at_a_desk(story)


def test_a_day_of_which_the_loss_is_unknown_makes_no_entry() -> None:
    async def story(desk: Desk) -> None:
        desk.orders._risk.know([Instrument("AAPL", "Apple", "NASDAQ"), Instrument("TSLA", "Tesla", "NASDAQ")])
        one = await desk.service.start(await desk.service.create(replace(TERMS, symbols=("AAPL", "TSLA"))))
        ledger = desk.runs.books[one]
        await desk.says(Kind.ENTRY)
        desk.fills()
        (fill,) = desk.orders.fills.values()
        ledger.take(replace(fill, execution_id="other", symbol="TSLA"))
        await desk.says(Kind.EXIT, bar=1)
        desk.fills()
        await desk.says(Kind.ENTRY, bar=2)
        assert "a price of what it holds is missing" in desk.reasons()
        assert len(desk.sent()) == 2

    at_a_desk(story)


# ---- loud where a position stands


@pytest.mark.parametrize("end", [ReportKind.REJECTED, ReportKind.EXPIRED, ReportKind.CANCELED])
def test_an_exit_that_the_broker_took_and_let_go_is_told(end: ReportKind) -> None:
    async def story(desk: Desk) -> None:
        await holding(desk)
        await desk.says(Kind.EXIT, bar=1)
        assert desk.fates()[-1] is Fate.ORDER
        desk.orders.apply(
            Report(desk.sent()[-1].id, end, desk.moment[0], f"b-{desk.sent()[-1].id}", reason="no borrow")
        )
        await asyncio.sleep(0.01)
        assert desk.service.signals()[-1].fate is Fate.REFUSED
        assert STANDS in desk.service.signals()[-1].reason

    at_a_desk(story)


def test_an_exit_that_waits_when_it_is_paused_is_told_and_written_down() -> None:
    async def story(desk: Desk) -> None:
        one = await holding(desk)
        desk.open[0] = False
        await desk.says(Kind.EXIT, bar=1)
        await desk.service.pause(desk.service.get(one.id))
        await desk.runs.look()
        (kept,) = [signal for signal in desk.store.raised.values() if signal.kind is Kind.EXIT]
        assert (kept.fate, kept) == (Fate.BLOCKED, desk.service.signals()[-1])
        assert STANDS in kept.reason

    at_a_desk(story)


def test_a_row_that_is_never_taken_keeps_no_exit_waiting() -> None:
    async def story(desk: Desk) -> None:
        await holding(desk)
        raise_ = desk.store.raise_

        async def picky(signal: Signal, *rest: Any) -> bool:
            if signal.bar == ns(NOW):
                raise RuntimeError("the deployment of this row is gone")
            return await raise_(signal, *rest)

        desk.store.raise_ = picky  # type: ignore[assignment,method-assign]
        desk.runs._orders._keeping._unsaved.append(replace(desk.service.signals()[0], bar=ns(NOW)))
        desk.open[0] = False
        await desk.says(Kind.EXIT, bar=1)
        desk.open[0] = True
        await desk.runs.look()
        assert len(desk.sent()) == 2

    at_a_desk(story)


@pytest.mark.parametrize("over_a_restart", [False, True])
def test_a_split_overnight_pauses_what_holds_old_shares_instead_of_leaving_half_of_the_new(
    over_a_restart: bool,
) -> None:
    store = Store(actions=[Action("AAPL", (NOW + timedelta(days=1)).date(), "split", 2.0)])

    async def before(desk: Desk) -> None:
        one = await holding(desk)
        store.done = list(desk.orders.fills.values())
        if over_a_restart:
            return
        await desk.runs.look()
        desk.moment[0] += timedelta(days=1)
        await desk.runs.look()
        await asyncio.sleep(0.01)
        await desk.service.flush()
        assert store.kept[one.id].state is State.PAUSED
        assert "AAPL was split 2:1" in store.kept[one.id].reason

    async def after(desk: Desk) -> None:
        desk.moment[0] += timedelta(days=1)
        desk.positions.adopt({"AAPL": a_position(20)})
        await desk.service.load()
        (one,) = desk.service.all()
        assert (one.state, desk.runs.running) == (State.PAUSED, ())
        with pytest.raises(BadInput, match="was split 2:1"):
            await desk.service.start(one)

    at_a_desk(before, store=store)
    if over_a_restart:
        at_a_desk(after, store=store)


def test_an_exit_that_fails_for_an_unforeseen_reason_is_told_and_its_deployment_fails_when_nobody_knows_what_was_done() -> (
    None
):
    async def story(desk: Desk) -> None:
        await holding(desk)

        async def torn(*_: Any) -> None:
            raise RuntimeError("duplicate key")

        desk.journal.intend = torn  # type: ignore[assignment,method-assign]
        await desk.says(Kind.EXIT, bar=1)
        assert desk.fates()[-1] is Fate.BLOCKED
        assert STANDS in desk.reasons()

    async def unknown(desk: Desk) -> None:
        one = await holding(desk)

        async def torn(*_: Any) -> bool:
            raise RuntimeError("no such column")

        desk.store.raise_ = torn  # type: ignore[assignment,method-assign]
        await desk.says(Kind.EXIT, bar=1)
        await desk.service.flush()
        assert desk.store.kept[one.id].state is State.FAILED

    at_a_desk(story)
    at_a_desk(unknown)


@pytest.mark.parametrize("step", ["pause", "stop"])
def test_what_a_person_ended_without_the_database_does_not_go_on_at_the_next_log_in(step: str) -> None:
    store = Store()

    async def before(desk: Desk) -> None:
        one = await desk.running()
        change = store.change

        async def away(*_: Any) -> None:
            raise DatabaseDown("The database is away; nothing was written.")

        store.change = away  # type: ignore[assignment,method-assign]
        with pytest.raises(DatabaseDown):
            await getattr(desk.service, step)(desk.service.get(one.id))
        assert desk.runs.running == ()
        store.change = change  # type: ignore[method-assign]
        await desk.service.flush()
        assert store.kept[one.id].state is State.PAUSED
        assert "while the database was away" in store.kept[one.id].reason

    at_a_desk(before, store=store)


def test_the_first_look_of_a_day_does_not_forget_the_orders_of_that_day() -> None:
    store = Store()

    async def story(desk: Desk) -> None:
        one = await desk.running(orders=1)
        await desk.runs.look()
        paused = await desk.service.pause(desk.service.get(one.id))
        desk.moment[0] += timedelta(days=1)
        desk.quotes()
        await desk.service.start(paused)
        await desk.says(Kind.ENTRY)
        await desk.runs.look()
        assert desk.service.figures(desk.service.get(one.id)).orders == 1

    at_a_desk(story, store=store)


def test_a_split_that_a_slow_vendor_tells_of_after_the_start_pauses_it_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deployment_runs, "SPLITS", 0.01)
    store = Store(actions=[Action("AAPL", (NOW + timedelta(days=1)).date(), "split", 2.0)])

    async def story(desk: Desk) -> None:
        one = await holding(desk)
        paused = await desk.service.pause(desk.service.get(one.id))
        desk.moment[0] += timedelta(days=1)
        desk.positions.adopt({"AAPL": a_position(20)})
        tell = store.splits

        async def slow(symbol: str) -> list[Action]:
            await asyncio.sleep(0.05)
            return await tell(symbol)

        desk.runs.books._actions = slow
        await desk.service.start(paused)
        assert desk.runs.running == (one.id,)
        await asyncio.sleep(0.1)
        await desk.service.flush()
        assert (desk.runs.running, store.kept[one.id].state) == ((), State.PAUSED)

    at_a_desk(story, store=store)


def test_splits_that_a_vendor_could_not_tell_of_are_asked_for_until_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment_runs, "SPLITS_AGAIN", 0.0)
    store = Store(actions=[Action("AAPL", (NOW + timedelta(days=1)).date(), "split", 2.0)])

    async def story(desk: Desk) -> None:
        one = await holding(desk)
        tell = store.splits

        async def away(symbol: str) -> list[Action]:
            raise FeedDown("Alpaca cannot be reached.")

        desk.runs.books._actions = away
        await desk.runs.look()
        desk.moment[0] += timedelta(days=1)
        for _ in range(3):
            await desk.runs.look()
            await asyncio.sleep(0.01)
        assert desk.runs.running == (one.id,)
        desk.runs.books._actions = tell
        await desk.runs.look()
        await asyncio.sleep(0.01)
        assert desk.runs.running == ()

    at_a_desk(story, store=store)


# ---- other desks, and other accounts


def test_a_start_while_the_list_is_read_anew_is_not_undone_by_the_older_answer() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.service.create(TERMS)
        all_ = desk.store.all

        async def slow(account: str) -> list[Deployment]:
            found = await all_(account)
            await asyncio.sleep(0.05)
            return found

        desk.store.all = slow  # type: ignore[method-assign]
        reading = asyncio.ensure_future(desk.service.refresh())
        await asyncio.sleep(0.01)
        await desk.service.start(one)
        other = await desk.service.create(TERMS)
        await reading
        assert desk.runs.running == (one.id,)
        assert desk.service.get(other.id) == other

    at_a_desk(story)


def test_what_another_desk_started_anew_does_not_run_here_with_the_terms_of_before() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        now = desk.store.kept[one.id]
        desk.store.kept[one.id] = replace(
            now, terms=replace(TERMS, amount=Decimal(1)), started=NOW + timedelta(minutes=1), revision=9
        )
        await desk.service.refresh()
        assert desk.runs.running == ()

    at_a_desk(story)


def test_the_kill_switch_pauses_also_what_somebody_else_just_asked_approval_for() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        desk.store.kept[one.id] = asked(desk.store.kept[one.id], "bob", NOW)  # at another desk, not read here yet
        desk.runs.hear(KillChanged(Killing(NOW, "ann", "cancelling", True)))
        await desk.service.flush()
        assert desk.store.kept[one.id].state is State.PAUSED
        assert desk.store.kept[one.id].stage is Stage.ASKED

    at_a_desk(story)


def test_what_it_did_on_paper_is_not_counted_on_the_live_account() -> None:
    store = Store()

    async def paper(desk: Desk) -> None:
        one = await holding(desk)
        store.done = list(desk.orders.fills.values())
        stopped = await desk.service.stop(desk.service.get(one.id))
        store.kept[one.id] = replace(
            stopped, stage=Stage.APPROVED, asked_by="ann", approved_by="bob", account="paper account"
        )

    async def real(desk: Desk) -> None:
        await desk.service.load()
        (one,) = desk.service.all()
        assert desk.service.figures(one).held == ()
        await desk.login.confirm("right", LIVE)
        live = await desk.service.go_live(one)
        store.done = []
        await desk.service.start(live)
        assert desk.runs.running == (one.id,)

    at_a_desk(paper, Role.ADMIN, "PAPER", store)
    at_a_desk(real, Role.ADMIN, "LIVE", store)


def test_what_cannot_begin_is_paused_and_what_cannot_go_on_is_tried_again() -> None:
    store = Store()

    async def before(desk: Desk) -> None:
        one = await desk.service.create(TERMS)
        fills = store.fills

        async def away(*_: Any) -> Any:
            raise DatabaseDown("The database is away; nothing was written.")

        store.fills = away  # type: ignore[method-assign]
        with pytest.raises(DatabaseDown):
            await desk.service.start(one)
        await desk.service.flush()
        assert store.kept[one.id].state is State.PAUSED
        store.fills = fills  # type: ignore[method-assign]
        await desk.service.start(desk.service.get(one.id))

    async def after(desk: Desk) -> None:
        sent, asked_ = store.sent, [0]

        async def away_once(*of: Any) -> Any:
            asked_[0] += 1
            if asked_[0] == 2:
                raise DatabaseDown("The database is away; nothing was written.")
            return await sent(*of)

        store.sent = away_once  # type: ignore[method-assign]
        with pytest.raises(DatabaseDown):
            await desk.service.load()
        assert desk.runs.running == ()
        await desk.service.refresh()
        assert len(desk.runs.running) == 1

    at_a_desk(before, store=store)
    at_a_desk(after, store=store)


def test_a_signal_that_a_correction_takes_back_says_so_and_stays_what_it_became() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        await desk.says(Kind.ENTRY)
        for _ in range(2):
            await desk.runs._taken_back(one.id, "AAPL", 0, Kind.ENTRY)
        (kept,) = desk.store.raised.values()
        assert (kept.fate, kept.reason) == (Fate.ORDER, TAKEN_BACK)
        assert desk.service.signals() == [kept]

    at_a_desk(story)
