"""Every verdict with its numbers, the nearest allowed value as a click, warnings, and reasons why something is off."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderRequest, Side, TimeInForce
from qv_desktop.domain.risk import Check
from qv_desktop.domain.rules import judged
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.ui import theme
from qv_desktop.ui.models.field_reasons import Chosen, field_reasons, kind_reasons, life_reasons
from qv_desktop.ui.models.order_kinds import KINDS, TIMES
from qv_desktop.ui.panels.ticket import TicketPanel
from tests.builders import a_limit, a_position, a_quote, a_view
from tests.ui.a_ticket import a_ticket, complaints, press, sent_by
from tests.ui.trading_values import AAPL, ACCOUNT, MARKET, position

D = Decimal
SESSION = MarketSession(date(2026, 11, 20), *(datetime(2026, 11, 20, h, m, tzinfo=UTC) for h, m in ((9, 0), (14, 30), (21, 0))),
                        datetime(2026, 11, 21, 1, 0, tzinfo=UTC))  # fmt: skip


@pytest.fixture
def ticket(qtbot: QtBot) -> TicketPanel:
    """A ticket whose drafts the real rules judge."""
    panel = a_ticket(qtbot)

    def judge(request: OrderRequest | None) -> None:
        if request is None:
            return
        positions = {"AAPL": a_position(int(panel._beside.held))} if panel._beside.held else {}
        view = a_view(quote=a_quote(231.42, 231.44), account=ACCOUNT, positions=positions, prices={"AAPL": D("231.43")})
        panel.show_preview(judged(request, view, Limits()).checks)

    panel.draft_changed.connect(judge)
    return panel


def refusals(ticket: TicketPanel) -> list[str]:
    return [text for text in ticket.rules.texts() if text.startswith("✗")]


def click_offer(qtbot: QtBot, ticket: TicketPanel, key: str) -> None:
    place = next(i for i, line in enumerate(ticket.rules._lines) if line.key == key and line.offer)
    spot = QPoint(ticket.rules.width() - 10, place * 18 + 9)
    qtbot.mouseClick(ticket.rules, Qt.MouseButton.LeftButton, pos=spot)


def test_a_click_on_the_nearest_quantity_fills_it_in_and_the_rule_passes(qtbot: QtBot, ticket: TicketPanel) -> None:
    ticket.fields.quantity.setText("900")
    assert any(text.startswith("✗ Single-name exposure") and text.endswith("→ 112") for text in refusals(ticket))
    click_offer(qtbot, ticket, "SINGLE_NAME")
    assert ticket.fields.quantity.text() == "112"
    assert refusals(ticket) == []


def test_a_click_on_the_nearest_price_fills_the_limit_inside_the_collar(qtbot: QtBot, ticket: TicketPanel) -> None:
    ticket.fields.quantity.setText("10")
    ticket.fields.prices["limit"].setText("300")
    click_offer(qtbot, ticket, "COLLAR")
    assert ticket.fields.prices["limit"].text() == "254.58"  # 231.44 and a tenth, rounded down to a cent
    assert refusals(ticket) == []


@pytest.mark.parametrize("side", list(Side))
def test_the_nearest_price_of_the_collar_passes_for_either_side_at_any_tick(side: Side) -> None:
    for ask in (0.1357, 1.003, 3.337, 231.44, 99_999.99):
        view = a_view(quote=a_quote(ask - 0.0007, ask), positions={"AAPL": a_position(10 * -side.sign)}, quote_age=0.1)
        far = D(str(ask)) * 2 if side is Side.BUY else D(str(ask)) / 2
        request = replace(a_limit("1.00", 1, side), limit=far.quantize(D("0.01")))
        found = next(c for c in judged(request, view, Limits()).refusals if c.code == "COLLAR").nearest
        again = judged(replace(request, limit=D(found)), view, Limits())
        assert not {"COLLAR", "TICK"} & {check.code for check in again.refusals}


def test_the_keyboard_takes_an_offer_with_space_and_enter_does_not(qtbot: QtBot, ticket: TicketPanel) -> None:
    ticket.fields.quantity.setText("900")
    ticket.activateWindow()
    qtbot.waitUntil(ticket.isActiveWindow)
    ticket.rules.setFocus()
    keys = [line.key for line in ticket.rules.offers()]
    assert len(keys) >= 2, "value and exposure both refuse"
    qtbot.keyClick(ticket.rules, Qt.Key.Key_Return)
    assert ticket.fields.quantity.text() == "900"
    qtbot.keyClick(ticket.rules, Qt.Key.Key_Down)
    qtbot.keyClick(ticket.rules, Qt.Key.Key_Space)
    assert ticket.fields.quantity.text() == next(c.nearest for c in ticket_checks_of(900) if c.code == keys[1]).replace(
        ",", ""
    )


def ticket_checks_of(shares: int) -> tuple[Check, ...]:
    view = a_view(quote=a_quote(231.42, 231.44), account=ACCOUNT, prices={"AAPL": D("231.43")})
    return judged(a_limit("231.44", shares), view, Limits()).checks


def test_the_review_names_the_rules_that_would_refuse_it(qtbot: QtBot, ticket: TicketPanel) -> None:
    ticket.fields.quantity.setText("900")
    press(qtbot, ticket)
    assert ticket.message.text().startswith(
        "Send BUY 900 AAPL @ 231.44 Day? The rules would refuse it: order value, single-name"
    )


def test_nothing_is_offered_where_nothing_would_pass(ticket: TicketPanel) -> None:
    ticket.show_preview((Check("SHORT", "Shortable", False, "no", "yes", "0", "none can be sold"),))
    assert ticket.rules.texts() == ["✗ Shortable no, needs yes"]
    assert ticket.rules.focusPolicy() == Qt.FocusPolicy.NoFocus


def test_an_unusual_size_and_a_large_value_are_warned_of_and_not_refused(ticket: TicketPanel) -> None:
    ticket.fill_for("AAPL", None, D(10))
    ticket.fields.quantity.setText("70")
    assert "! Size vs usual 7.0× of 5×" in ticket.rules.texts()
    ticket.fields.quantity.setText("440")
    assert any(text.startswith("! Large order $101,834 of $100,000") for text in ticket.rules.texts())
    ticket.fields.quantity.setText("20")
    assert "✓ Size vs usual 2.0× of 5×" in ticket.rules.texts()


def test_the_preview_counts_exposure_volume_and_the_room_to_lose(ticket: TicketPanel) -> None:
    ticket.show_around(D(20_000), D(2_000), 1_000_000.0)
    texts = ticket.preview.texts()
    assert texts[4:6] == ["Gross after 41.3%", "of ADV 0.01%"]
    assert texts[7] == "Loss room $3,284"
    ticket.show_position(position(quantity="-100"))
    assert ticket.preview.texts()[4] == "Gross after 0.0%", "covering takes exposure away, and never below nothing"


def test_a_volume_that_is_no_number_is_unknown(ticket: TicketPanel) -> None:
    for volume in (None, 0.0, float("nan"), float("inf")):
        ticket.show_around(None, None, volume)
        assert ticket.preview.texts()[5] == "of ADV —"


# ---- off, and why


@pytest.mark.parametrize(
    ("hour", "minute", "moo", "moc"),
    [(14, 27, True, True), (14, 28, False, True), (20, 49, False, True), (20, 50, False, False), (0, 30, True, True)],
)
def test_auctions_are_off_outside_their_hours_and_say_why_to_eye_and_ear(
    ticket: TicketPanel, hour: int, minute: int, moo: bool, moc: bool
) -> None:
    ticket.show_session(SESSION, datetime(2026, 11, 21 if hour == 0 else 20, hour, minute, tzinfo=UTC))
    kind, tif = ticket.fields.kind, ticket.fields.tif
    model = kind.model()
    for titles, life, taken in ((("MOO", "LOO"), "OPG", moo), (("MOC", "LOC"), "CLS", moc)):
        for title in titles:
            assert (kind.reason(title) == "") is taken
            assert bool(model.flags(model.index(kind.findText(title), 0)) & Qt.ItemFlag.ItemIsEnabled) is taken
        assert (tif.reason(life) == "") is taken
    if not moo:
        assert kind.itemData(kind.findText("MOO"), Qt.ItemDataRole.ToolTipRole) == (
            "On-open (MOO, LOO) orders are taken until 09:28 ET and again from 19:00 ET."
        )
        assert "MOO cannot be chosen: On-open (MOO, LOO)" in kind.accessibleDescription()


def test_an_auction_that_closes_while_its_order_is_filled_in_stops_it(qtbot: QtBot, ticket: TicketPanel) -> None:
    sent = sent_by(ticket)
    ticket.show_session(SESSION, datetime(2026, 11, 20, 14, 27, tzinfo=UTC))
    ticket.fields.kind.setCurrentText("MOO")
    assert ticket.draft is not None
    ticket.show_session(SESSION, datetime(2026, 11, 20, 14, 28, tzinfo=UTC))
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert sent == []
    assert complaints(ticket) == ["On-open (MOO, LOO) orders are taken until 09:28 ET and again from 19:00 ET."]


def test_an_auction_that_closes_between_review_and_send_stops_it_too(qtbot: QtBot, ticket: TicketPanel) -> None:
    sent = sent_by(ticket)
    ticket.show_session(SESSION, datetime(2026, 11, 20, 14, 27, tzinfo=UTC))
    ticket.fields.kind.setCurrentText("MOO")
    press(qtbot, ticket)
    ticket.show_session(SESSION, datetime(2026, 11, 20, 14, 28, tzinfo=UTC))
    press(qtbot, ticket)
    assert sent == []


def test_every_type_names_the_reason_for_each_field_that_it_does_not_take() -> None:
    for kind in KINDS.values():
        reasons = field_reasons(Chosen(kind))
        assert (reasons["limit"] == "") is kind.limit
        assert (reasons["stop"] == "") is kind.stop
        assert (reasons["stop_loss"] == "") is kind.brackets
        assert (reasons["extended"] == "") is (kind.title == "Limit")
        lives = life_reasons(Chosen(kind))
        assert all(not lives[title] for title in ("Day", "GTC"))
        staying = kind.title.startswith(("Stop", "Trailing"))
        assert (lives["IOC"] == f"{kind.title} orders take Day or GTC.") is staying
    assert set(kind_reasons(Chosen(KINDS["Limit"])).values()) == {""}
    assert set(life_reasons(Chosen(KINDS["Limit"]))) == set(TIMES)


def test_a_closed_auction_is_off_only_where_it_would_be_used() -> None:
    closed = {TimeInForce.OPG: "too late"}
    reasons = kind_reasons(Chosen(KINDS["Limit"], closed=closed))
    assert {title for title, why in reasons.items() if why} == {"MOO", "LOO"}


def test_a_share_that_is_not_lent_cannot_be_shorted_and_what_is_held_can_be_sold(
    qtbot: QtBot, ticket: TicketPanel
) -> None:
    ticket.show_instrument(replace(AAPL, shortable=False, easy_to_borrow=False))
    assert not ticket._sell.isEnabled()
    assert ticket._sell.toolTip() == "AAPL cannot be sold short at the broker, and none is held."
    assert ticket._sell.accessibleDescription() == ticket._sell.toolTip()
    qtbot.keyClick(ticket, Qt.Key.Key_S)
    assert (ticket.side, ticket.message.text()) == (Side.BUY, ticket._sell.toolTip())
    assert ticket.head.listing.text().endswith("NASDAQ · no short")
    ticket.show_position(position(quantity="5"))
    assert ticket._sell.isEnabled()
    assert ticket._sell.toolTip() == ""


def test_hard_to_borrow_is_marked_and_not_forbidden(ticket: TicketPanel) -> None:
    ticket.show_instrument(replace(AAPL, easy_to_borrow=False))
    assert ticket.head.listing.text().endswith("NASDAQ · HTB")
    assert ticket._sell.isEnabled()


def test_a_halted_symbol_takes_no_order_and_says_so(qtbot: QtBot, ticket: TicketPanel) -> None:
    sent = sent_by(ticket)
    press(qtbot, ticket)
    ticket.show_snapshot(replace(MARKET, halted=True), 0.2)
    assert (ticket.send.text(), ticket.send.isEnabled()) == ("AAPL is halted", False)
    assert ticket.send.accessibleDescription() == "AAPL is halted; orders are taken again once it trades."
    ticket._press()
    assert ticket.message.text() == "AAPL is halted; wait until it trades again."
    ticket.show_snapshot(MARKET, 0.2)
    assert ticket.send.isEnabled()
    assert sent == []


def test_an_old_quote_says_that_it_is_old(ticket: TicketPanel) -> None:
    ticket.show_snapshot(MARKET, 2.5)
    assert ticket.head.age.text() == "old quote 2.5s"
    ticket.show_snapshot(replace(MARKET, quote=None), None)
    assert ticket.head.age.text() == "no quote"


def test_the_ground_leans_blue_for_buying_and_red_for_selling_and_the_words_say_it(
    qtbot: QtBot, ticket: TicketPanel
) -> None:
    def ground() -> QColor:
        return QColor(ticket.grab().toImage().pixel(3, 3))

    blue = ground()
    assert blue.blue() > blue.red()
    ticket._choose(Side.SELL)
    red = ground()
    assert red.red() - red.blue() > blue.red() - blue.blue()
    assert ticket.send.text().startswith("Review SHORT")
    assert red != QColor(theme.BG1)
