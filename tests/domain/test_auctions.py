"""When on-open and on-close orders are taken: the edges to the second, half days and days without a session."""

from datetime import UTC, date, datetime, timedelta

import pytest

from qv_desktop.domain.auctions import auction_refusal
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import TimeInForce
from qv_desktop.domain.sessions import MarketSession

OPG, CLS = TimeInForce.OPG, TimeInForce.CLS
DAY = date(2026, 11, 20)


def at(clock: str, day: date = DAY) -> datetime:
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=NEW_YORK).astimezone(UTC)


def session(close: str = "16:00", day: date = DAY) -> MarketSession:
    return MarketSession(day, at("04:00", day), at("09:30", day), at(close, day), at("20:00", day))


@pytest.mark.parametrize(
    ("life", "clock", "taken"),
    [
        (OPG, "00:01:00", True), (OPG, "09:27:59", True), (OPG, "09:28:00", False), (OPG, "18:59:59", False), (OPG, "19:00:00", True),
        (CLS, "09:30:00", True), (CLS, "15:49:59", True), (CLS, "15:50:00", False), (CLS, "18:59:59", False), (CLS, "19:00:00", True),
        (TimeInForce.DAY, "09:28:00", True), (TimeInForce.GTC, "15:55:00", True),
    ],
)  # fmt: skip
def test_each_auction_closes_its_book_and_opens_it_in_the_evening(life: TimeInForce, clock: str, taken: bool) -> None:
    assert (auction_refusal(life, session(), at(clock)) == "") is taken


def test_a_half_day_closes_its_book_earlier_and_the_sentence_says_when() -> None:
    assert auction_refusal(CLS, session("13:00"), at("12:50:00")) == (
        "On-close (MOC, LOC) orders are taken until 12:50 ET and again from 19:00 ET."
    )


def test_without_a_session_orders_queue_for_the_next_one() -> None:
    assert auction_refusal(OPG, None, at("12:00:00")) == ""
    assert auction_refusal(OPG, session(), at("12:00:00") + timedelta(days=1)) == ""
