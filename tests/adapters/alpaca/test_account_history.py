"""Settings, equity curves and activities of the simulated account, through the broker's own adapter."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from qv_desktop.adapters.alpaca import account_history, account_messages
from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.alpaca.fields import Unreadable
from qv_desktop.domain.account_history import Kind, Period, Wanted, gain, moved, profit
from qv_desktop.domain.errors import BrokerDown, Incomplete
from tests.adapters.alpaca.test_broker import an_intent, asked, closed, passed, settled
from tests.simulator.process import Simulator

AT = datetime(2026, 7, 7, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh(simulator: Simulator) -> None:
    simulator.control("DELETE", "/sim/faults")
    simulator.control("POST", "/sim/reset")


def move(simulator: Simulator, code: str, amount: float | None = None, **fields: object) -> dict:
    return simulator.control("POST", "/sim/activity", {"type": code, "amount": amount, **fields})


def alter(simulator: Simulator, what: str, count: int = 1, **params: object) -> None:
    simulator.control(
        "POST", "/sim/faults", {"kind": f"alter_{what}", "target": "trading", "count": count, "params": params}
    )


def test_the_settings_are_read_and_what_is_not_told_stays_unknown(simulator: Simulator) -> None:
    found = asked(simulator, lambda broker: broker.history.configuration())
    assert (found.suspended, found.margin_multiplier, found.confirmations) == (False, "4", "all")
    assert found.options_level is None
    alter(
        simulator,
        "settings",
        fields={"suspend_trade": "perhaps", "max_options_trading_level": "2"},
        gone=["no_shorting"],
    )
    odd = asked(simulator, lambda broker: broker.history.configuration())
    assert (odd.suspended, odd.no_shorting, odd.options_level) == (None, None, 2)


@pytest.mark.parametrize("period", list(Period))
def test_every_period_has_a_curve_that_ends_at_the_present_equity(simulator: Simulator, period: Period) -> None:
    async def ask(broker: AlpacaBroker) -> None:
        account = await broker.account()
        curve = await broker.history.curve(period, account.created)
        assert curve.last == account.equity == 100_000
        assert (profit(curve), gain(curve), curve.unreadable) == (0, 0, 0)
        assert (curve.timeframe != "1D") == period.intraday
        assert len(curve.points) > 1

    asked(simulator, ask)


def test_a_deposit_is_a_mark_on_the_curve_and_no_profit_while_a_dividend_is_one(simulator: Simulator) -> None:
    move(simulator, "CSD", 5000)
    move(simulator, "DIV", 12.5, symbol="AAPL", qty=50, per_share_amount=0.25)
    move(simulator, "CSW", -1500)

    async def ask(broker: AlpacaBroker) -> None:
        curve = await broker.history.curve(Period.DAY, None)
        assert moved(curve) == 3500
        assert {code: dollars for flows in curve.flows.values() for code, dollars in flows} == {
            "CSD": 5000,
            "CSW": -1500,
            "DIV": Decimal("12.5"),
        }
        assert (await broker.account()).cash == Decimal("103512.5")
        assert (await broker.account()).adjustments == Decimal("3512.5")

    asked(simulator, ask)


def test_the_time_before_the_account_held_money_is_a_hole_and_no_loss(simulator: Simulator) -> None:
    curve = asked(simulator, lambda broker: broker.history.curve(Period.QUARTER, None))
    holes = [point.equity is None for point in curve.points]
    assert 0 < holes.index(False) < len(holes)
    assert holes == sorted(holes, reverse=True)
    assert (curve.base, curve.baseline, profit(curve)) == (0, 100_000, 0)


def test_holes_in_what_alpaca_tells_stay_holes(simulator: Simulator) -> None:
    alter(simulator, "portfolio", fields={"timestamp": [1775606400, 1775692800, 1775779200, None, 1775865600], "base_value": None,
                                          "equity": [100.5, None, "garbage", 7, 101], "cashflow": {"CSD": [0, 0, 1, 2]}})  # fmt: skip
    curve = asked(simulator, lambda broker: broker.history.curve(Period.MONTH, None))
    assert [point.equity for point in curve.points] == [Decimal("100.5"), None, None, 101]
    assert (curve.baseline, curve.base, curve.unreadable) == (Decimal("100.5"), None, 2)
    assert [point.flow for point in curve.points] == [0, 0, 1, 2]  # what belongs to no time goes to the next one


def test_a_history_without_times_is_a_sentence(simulator: Simulator) -> None:
    alter(simulator, "portfolio", gone=["timestamp"])
    with pytest.raises(BrokerDown, match=r"could not be read .The equity history has no times"):
        asked(simulator, lambda broker: broker.history.curve(Period.MONTH, None))


def test_activities_come_page_by_page_and_none_twice(simulator: Simulator) -> None:
    for number in range(230):
        move(simulator, "FEE", -0.01, description=f"fee {number}")

    async def ask(broker: AlpacaBroker) -> None:
        pages = [await broker.history.activities(Wanted())]
        while pages[-1].token:
            pages.append(await broker.history.activities(Wanted(), pages[-1].token))
        assert [len(page.activities) for page in pages] == [100, 100, 31]
        told = [one for page in pages for one in page.activities]
        assert len({one.id for one in told}) == 231
        assert [one.description for one in told[:2]] == ["fee 229", "fee 228"]
        assert (told[-1].code, told[-1].words, told[-1].net) == ("JNLC", "Journal entry, cash", 100_000)

    asked(simulator, ask)


def test_kinds_are_told_apart_and_an_unknown_one_keeps_its_code(simulator: Simulator) -> None:
    for code, amount in (
        ("DIV", 12.5),
        ("DIVNRA", -1.25),
        ("INT", 0.4),
        ("CSW", -200.0),
        ("SPLIT", None),
        ("VOF", None),
    ):
        move(simulator, code, amount, symbol="MSFT", qty=50)
    order = an_intent(quantity=3)

    async def ask(broker: AlpacaBroker) -> None:
        await broker.submit(order, passed(order.request))
        await settled(broker, order.id, closed)
        found = {kind: await broker.history.activities(Wanted(kind)) for kind in Kind}
        assert {kind: [one.code for one in page.activities] for kind, page in found.items()} == {
            Kind.FILL: ["FILL"] * len(found[Kind.FILL].activities), Kind.DIVIDEND: ["DIVNRA", "DIV"], Kind.FEE: ["INT"],
            Kind.TRANSFER: ["CSW", "JNLC"], Kind.OTHER: ["VOF", "SPLIT"],
        }  # fmt: skip
        fill = found[Kind.FILL].activities[0]
        assert (fill.symbol, fill.side, fill.reckoned) == ("AAPL", "buy", True)
        assert fill.net == -(fill.quantity or 0) * (fill.price or 0) < 0
        odd = found[Kind.OTHER].activities[0]
        assert (odd.words, odd.quantity, odd.net) == ("UNKNOWN (VOF)", 50, None)

    asked(simulator, ask)


def test_what_is_rare_is_found_beneath_pages_of_other_things(simulator: Simulator) -> None:
    move(simulator, "VOF", symbol="XYZ")
    for number in range(230):
        move(simulator, "FEE", -0.01, description=f"fee {number}")
    page = asked(simulator, lambda broker: broker.history.activities(Wanted(Kind.OTHER)))
    assert ([one.code for one in page.activities], page.token) == (["VOF"], "")


def test_days_are_new_yorks_and_both_are_included(simulator: Simulator) -> None:
    made = move(simulator, "CSD", 5)
    today = datetime.fromisoformat(str(made["date"])).date()

    async def ask(broker: AlpacaBroker) -> None:
        assert [one.code for one in (await broker.history.activities(Wanted(None, today, today))).activities] == ["CSD"]
        before = await broker.history.activities(Wanted(None, None, today - timedelta(days=1)))
        assert [one.code for one in before.activities] == ["JNLC"]

    asked(simulator, ask)


def test_a_spoiled_activity_keeps_what_can_be_read_and_its_page(simulator: Simulator) -> None:
    move(simulator, "DIV", 12.5, symbol="KO")
    alter(
        simulator,
        "activity",
        fields={"net_amount": "a lot", "symbol": None, "date": 7},
        gone=["id", "activity_type", "created_at"],
    )
    page = asked(simulator, lambda broker: broker.history.activities(Wanted()))
    odd, opening = page.activities
    assert (odd.words, odd.net, odd.symbol, odd.at, odd.day, odd.kind) == ("UNKNOWN", None, "", None, None, Kind.OTHER)
    assert odd.id.startswith("?")
    assert opening.code == "JNLC"


def test_a_full_page_without_a_last_id_says_that_older_ones_are_out_of_reach() -> None:
    told = list[str]()
    history = account_history.AccountHistory(None, lambda: AT, told.append)  # type: ignore[arg-type]
    page = history._page([{"activity_type": "FEE", "id": "" if n == 99 else str(n)} for n in range(100)], Wanted())
    assert (len(page.activities), page.token, told) == (100, "", [account_history.CUT_OFF])


@pytest.mark.parametrize("fault", ["html_502", "rate_limit"])
def test_a_failure_is_a_sentence_and_never_an_empty_history(simulator: Simulator, fault: str) -> None:
    simulator.control("POST", "/sim/faults", {"kind": fault, "target": "trading", "count": 50})
    for ask in (
        lambda broker: broker.history.activities(Wanted()),
        lambda broker: broker.history.curve(Period.DAY, None),
    ):
        with pytest.raises(BrokerDown, match=r"HTTP 502|too many requests"):
            asked(simulator, ask)


def test_older_answers_in_milliseconds_are_the_same_curve() -> None:
    seconds = {"timestamp": [1580826600, 1580827500], "equity": [27423.73, 27408.19], "base_value": 27411.93}
    told = [
        account_messages.curve({**seconds, "timestamp": [t * scale for t in seconds["timestamp"]]}, Period.WEEK)
        for scale in (1, 1000)
    ]
    assert told[0] == told[1]
    assert told[0].points[0].at == datetime(2020, 2, 4, 14, 30, tzinfo=UTC)
    with pytest.raises(Unreadable):
        account_messages.activity({})


# ---- lists that must be whole


async def bought(broker: AlpacaBroker) -> None:
    order = an_intent(quantity=3)
    await broker.submit(order, passed(order.request))
    await settled(broker, order.id, closed)


@pytest.mark.parametrize(("field", "value"), [("qty", None), ("qty", "0"), ("symbol", None), ("qty", [])])
def test_an_unreadable_position_is_never_read_as_flat(simulator: Simulator, field: str, value: object) -> None:
    async def ask(broker: AlpacaBroker) -> None:
        await bought(broker)
        simulator.control(
            "POST",
            "/sim/faults",
            {"kind": "unknown_enums", "target": "trading", "params": {"field": field, "value": value}},
        )
        with pytest.raises(Incomplete, match="not taken as complete"):
            await broker.positions()
        assert (await broker.positions())["AAPL"].quantity == 3

    asked(simulator, ask)


def test_a_position_in_words_of_another_year_is_still_the_position(simulator: Simulator) -> None:
    async def ask(broker: AlpacaBroker) -> None:
        await bought(broker)
        for field, value in (
            ("side", "longish"),
            ("side", None),
            ("avg_entry_price", "dear"),
            ("asset_class", "ipo"),
            ("exchange", 7),
        ):
            simulator.control(
                "POST",
                "/sim/faults",
                {"kind": "unknown_enums", "target": "trading", "params": {"field": field, "value": value}},
            )
            position = (await broker.positions())["AAPL"]
            assert position.quantity == 3
            assert position.average > 100

    asked(simulator, ask)


def test_an_unreadable_open_order_makes_the_answer_incomplete_and_keeps_the_others(simulator: Simulator) -> None:
    from qv_desktop.domain.orders import OrderType

    orders = [an_intent(type=OrderType.LIMIT, limit=Decimal("150.00")) for _ in range(2)]

    async def ask(broker: AlpacaBroker) -> None:
        for order in orders:
            await broker.submit(order, passed(order.request))
        await broker.account()
        simulator.control(
            "POST",
            "/sim/faults",
            {"kind": "unknown_enums", "target": "trading", "params": {"field": "side", "value": "both"}},
        )
        with pytest.raises(Incomplete, match="1 of 2 open orders") as raised:
            await broker.open_orders()
        assert [found.id for found in raised.value.readable] == [orders[1].id]  # type: ignore[attr-defined]
        assert len(await broker.open_orders()) == 2

    asked(simulator, ask)


def test_movements_whose_full_page_ends_nameless_are_not_taken_for_all() -> None:
    """The next page cannot be asked for: a deposit on it would look like a profit, a withdrawal like a loss."""
    page = [{"activity_type": "FEE", "id": str(n), "net_amount": "-0.01", "date": "2026-07-06"} for n in range(99)]

    async def ask(path: str, data: dict[str, object] | None = None) -> object:
        return [*page, {"activity_type": "FEE", "net_amount": "-0.01"}]

    history = account_history.AccountHistory(ask, lambda: AT, lambda sentence: None)
    with pytest.raises(Incomplete, match="has no id"):
        asyncio.run(history.movements(AT.date()))
