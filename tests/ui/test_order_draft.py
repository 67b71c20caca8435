"""From typed text to an order, the ids, and what the preview counts: pure parts of the ticket."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderType, Side, TimeInForce
from qv_desktop.domain.risk import Check
from qv_desktop.domain.sizing import Sizing
from qv_desktop.ui.models.order_draft import Facts, Typed, drafted, number
from qv_desktop.ui.models.order_ids import OrderIds, minted
from qv_desktop.ui.models.order_kinds import KINDS
from qv_desktop.ui.models.order_preview import mark, previewed, sentence
from tests.ui.trading_values import AAPL, ACCOUNT, MARKET

D = Decimal
texts = (
    st.text(max_size=12)
    | st.decimals(allow_nan=True).map(str)
    | st.sampled_from(
        ["", "1e9", "NaN", "Infinity", "1,000", "2k", "٣", "2%", "-2%", "2R", "+1.50", "-1", "%", "1e-30", "1e12"]
    )
)


@given(
    texts,
    texts,
    texts,
    texts,
    st.sampled_from(list(KINDS.values())),
    st.sampled_from(list(TimeInForce)),
    st.sampled_from(list(Side)),
    st.sampled_from([None, *OrderClass]),
    st.sampled_from(list(Sizing)),
    st.sampled_from([None, AAPL]),
    st.sampled_from([None, D("231.43"), D("0.0001")]),
    st.integers(-5, 5),
    st.booleans(),
)
def test_whatever_is_typed_makes_an_order_or_a_sentence_and_never_an_error(
    quantity: str, price: str, other: str, symbol: str, kind: object, life: TimeInForce, side: Side,
    class_: OrderClass | None, sizing: Sizing, instrument: Instrument | None, market: Decimal | None, held: int, extended: bool,
) -> None:  # fmt: skip
    typed = Typed(
        symbol, side, quantity, kind, price, other, other, life, extended, price, other, other, class_, sizing
    )  # type: ignore[arg-type]
    draft = drafted(typed, instrument, Facts(market, D(100_000), D(held)))
    assert (draft.request is None) == bool(draft.complaints)
    if draft.request is not None:
        assert draft.request.quantity > 0
        assert instrument is None or draft.request.limit is None or draft.request.limit % D("0.0001") == 0
        for price in (draft.request.limit, draft.request.stop, draft.request.take_profit, draft.request.stop_loss):
            assert price is None or price > 0
        if draft.request.order_class is OrderClass.OCO:
            assert draft.request.limit is not None
            assert draft.request.stop_loss is not None
            assert held * side.sign < 0
        if draft.request.quantity % 1:
            assert (draft.request.time_in_force, draft.request.order_class) == (TimeInForce.DAY, OrderClass.SIMPLE)


@pytest.mark.parametrize(
    ("text", "value"), [("1,234.5", "1234.5"), ("$12", "12"), ("2k", "2000"), (" 1.5M ", "1500000"), ("-3", "-3")]
)
def test_numbers_are_read_as_people_write_them(text: str, value: str) -> None:
    assert number(text) == D(value)


@pytest.mark.parametrize("text", ["", "x", "NaN", "Infinity", "1e400", "--1"])
def test_what_is_no_number_gets_a_sentence(text: str) -> None:
    with pytest.raises(BadInput, match=r"type (digits|a smaller number)"):
        number(text)


@pytest.mark.parametrize(
    ("kind", "life", "field", "sentence_"),
    [
        ("Stop", TimeInForce.IOC, "tif", "Stop orders take Day or GTC."),
        ("Trailing %", TimeInForce.FOK, "tif", "Trailing % orders take Day or GTC."),
    ],
)
def test_stops_live_by_day_or_until_cancelled(kind: str, life: TimeInForce, field: str, sentence_: str) -> None:
    draft = drafted(Typed("AAPL", Side.BUY, "1", KINDS[kind], "", "231", "1", life), AAPL, Facts())
    assert draft.complaints[field] == sentence_  # type: ignore[index]


def test_fractions_need_a_share_that_can_be_split_and_the_day() -> None:
    whole = Instrument("BRK.A", "Berkshire", "NYSE", fractionable=False)
    typed = Typed("BRK.A", Side.BUY, "0.5", KINDS["Market"])
    assert drafted(typed, whole, Facts()).complaints == {"quantity": "BRK.A trades in whole shares only."}
    later = Typed("AAPL", Side.BUY, "0.5", KINDS["Market"], time_in_force=TimeInForce.GTC)
    assert drafted(later, AAPL, Facts()).complaints == {"quantity": "Fractions of a share need Day."}


@given(st.lists(st.integers(min_value=0, max_value=3), max_size=40))
def test_ids_are_unique_and_sort_in_the_order_of_their_making_even_within_a_millisecond(steps: list[int]) -> None:
    moments = iter([sum(steps[: i + 1]) * 1_000_000 for i in range(len(steps))])
    ids = OrderIds("0123456789abcdef", clock=lambda: next(moments))
    made = [ids.next() for _ in steps]
    assert made == sorted(set(made))
    assert all(len(text) == len("qv-01234567-") + 26 for text in made)


def test_a_clock_that_runs_back_does_not_break_the_order() -> None:
    moments = iter([5_000_000_000, 1_000_000_000])
    ids = OrderIds("x", clock=lambda: next(moments))
    assert ids.next() < ids.next()


def test_an_id_tells_its_time_and_installation() -> None:
    assert minted("abcdefghij", 1, 2) == "qv-abcdefgh-0000000001" + "0000000000000002"


def test_closing_shares_costs_no_buying_power_and_a_short_costs_three_percent_over_the_ask() -> None:
    sale = OrderRequest("", "AAPL", Side.SELL, D(100), OrderType.LIMIT, D("231.42"))
    assert previewed(sale, MARKET, ACCOUNT, D(100)).power_after == ACCOUNT.buying_power
    short = previewed(sale, MARKET, ACCOUNT, D(0))
    assert short.power_after == (ACCOUNT.buying_power or D(0)) - 100 * D("231.44") * D("1.03")
    assert short.shares_after == -100


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (OrderRequest("", "KO", Side.BUY, D(1000)), "BUY 1,000 KO market Day"),
        (
            OrderRequest("", "KO", Side.BUY, D(1), OrderType.STOP, stop=D("62.5"), time_in_force=TimeInForce.GTC),
            "BUY 1 KO stop 62.5 GTC",
        ),
        (
            OrderRequest("", "KO", Side.BUY, D(1), OrderType.TRAILING_STOP, trail_percent=D("1.5")),
            "BUY 1 KO trailing 1.5 % Day",
        ),
        (
            OrderRequest("", "KO", Side.BUY, D(1), OrderType.LIMIT, D("62"), extended_hours=True),
            "BUY 1 KO @ 62 Day ext. hours",
        ),
    ],
)
def test_the_review_sentence_says_every_term(request_: OrderRequest, words: str) -> None:
    assert sentence(request_, "BUY") == words


@pytest.mark.parametrize(
    ("check", "sign"),
    [
        (Check("GROSS", "Gross", True, "37%", "200%"), "✓"),
        (Check("GROSS", "Gross", True, "161%", "200%"), "!"),
        (Check("GROSS", "Gross", False, "201%", "200%"), "✗"),
        (Check("DAILY_LOSS", "Daily loss headroom", True, "$3,284", "$2,000"), "✓"),
        (Check("DAILY_LOSS", "Daily loss headroom", True, "$300", "$2,000"), "!"),
        (Check("WASH", "Own resting orders", True, "0", "0"), "✓"),
        (Check("REVERSAL", "Crosses through flat", True, "200", "200"), "✓"),
        (Check("ORDER_CLASS", "OCO exits", False, "201", "200"), "✗"),
    ],
)
def test_a_rule_near_its_limit_is_marked_before_it_refuses(check: Check, sign: str) -> None:
    assert mark(check) == sign
