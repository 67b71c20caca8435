"""Trading keys on the real window: off until armed, off again by what makes them doubtful, and what each one does."""

import asyncio
import os
from dataclasses import replace
from decimal import Decimal

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.orders import Fill, Order, OrderStatus, Report, ReportKind, Side
from qv_desktop.domain.risk import TradingState, Verdict
from qv_desktop.wiring.hotkeys import OFF
from tests.builders import NOW, a_limit, an_order
from tests.wiring.safety_room import UPDATES, SafetyRoom

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def room(qtbot: QtBot) -> SafetyRoom:
    return SafetyRoom(qtbot)


def rests(room: SafetyRoom, *ids: str, symbol: str = "AAPL") -> list[Order]:
    """Orders that are open here and at the broker."""
    orders = [an_order(a_limit("90", id=id, symbol=symbol), broker_id=f"b-{id}") for id in ids]
    for order in orders:
        room.orders.book[order.id] = room.broker.known[order.id] = order
    return orders


def holds(room: SafetyRoom, quantity: int) -> None:
    side = Side.BUY if quantity > 0 else Side.SELL
    room.positions.fill(Fill("x0", "old", "AAPL", side, Decimal(abs(quantity)), Decimal(100), NOW))


def press(room: SafetyRoom, id_: str) -> None:
    room.acts(lambda: room.window.safety.watch.pressed.emit(id_))


def hold(room: SafetyRoom, id_: str) -> None:
    watch = room.window.safety.watch
    for share in (0.0, 0.5):
        watch.holding.emit(id_, share)
    room.acts(lambda: watch.held.emit(id_))


@pytest.mark.parametrize("id_", ["keys.cancel_symbol", "keys.cancel_all", "keys.buy"])
def test_disarmed_they_do_nothing_but_say_how_to_arm_them(room: SafetyRoom, id_: str) -> None:
    rests(room, "qv-1")
    press(room, id_)
    assert room.broker.steps == []
    assert room.told()[-1].text == OFF.format("Ctrl+Shift+A")
    assert room.window.safety.pill.isHidden()


def test_holding_flatten_while_disarmed_does_nothing_even_if_armed_meanwhile(room: SafetyRoom) -> None:
    holds(room, 100)
    room.window.safety.watch.holding.emit("keys.flatten", 0.0)
    room.hotkeys.arming.arm()
    room.acts(lambda: room.window.safety.watch.held.emit("keys.flatten"))
    assert room.broker.steps == []
    assert room.window.safety.hint.isHidden()


def test_the_command_arms_and_the_pill_says_for_which_symbol_and_how_long(room: SafetyRoom) -> None:
    room.window.commands.asked.emit("keys.arm")
    pill = room.window.safety.pill
    assert (pill.isVisible(), pill.text()) == (True, "KEYS ARMED · AAPL · 5:00")
    assert room.window.health.keys.text == "Keys armed"
    pill.click()
    assert pill.isHidden()
    assert room.told()[-1].text == "Disarmed by hand."


def test_cancel_takes_the_symbols_orders_alone_and_says_how_many(room: SafetyRoom) -> None:
    rests(room, "qv-1", "qv-2")
    rests(room, "qv-3", symbol="KO")
    room.hotkeys.turn()
    press(room, "keys.cancel_symbol")
    assert sorted(room.broker.steps) == ["cancel qv-1", "cancel qv-2"]
    assert room.told()[-1].text == "Asked to cancel 2 orders in AAPL."
    room.symbol = "SPY"
    press(room, "keys.cancel_symbol")
    assert room.told()[-1].text == "No working orders in SPY."


def test_cancel_all_takes_all(room: SafetyRoom) -> None:
    rests(room, "qv-1")
    rests(room, "qv-3", symbol="KO")
    room.hotkeys.turn()
    press(room, "keys.cancel_all")
    assert sorted(room.broker.steps) == ["cancel qv-1", "cancel qv-3"]
    assert room.told()[-1].text == "Asked to cancel 2 orders."


def test_held_flatten_cancels_first_and_closes_what_is_held_then(room: SafetyRoom) -> None:
    (order,) = rests(room, "qv-1")
    holds(room, 100)
    cancel, submit = room.broker.cancel, room.broker.submit

    async def and_tell(wanted: Order) -> Report:
        report = await cancel(wanted)
        asyncio.get_running_loop().call_soon(room.orders.hear, replace(report, kind=ReportKind.CANCELED))
        return report

    async def and_fill(wanted: Order, verdict: Verdict) -> Report:
        report = await submit(wanted, verdict)
        fill = Report(wanted.id, ReportKind.FILL, NOW, report.broker_id, "e1", Decimal(100), Decimal("99.99"))
        asyncio.get_running_loop().call_soon(room.orders.hear, fill)
        return report

    room.broker.cancel = and_tell  # type: ignore[method-assign]
    room.broker.submit = and_fill  # type: ignore[method-assign]
    room.hotkeys.turn()
    hold(room, "keys.flatten")
    assert room.broker.steps[0] == "cancel qv-1"
    assert room.broker.steps[1].startswith("post ")
    sent = [o for o in room.orders.book.values() if o.id != order.id]
    assert [(o.request.side, o.request.quantity, o.request.source) for o in sent] == [(Side.SELL, 100, "Flatten")]
    assert room.told()[-1].text == "AAPL is flat: sell 100 at 99.99."


def test_the_hint_says_what_a_hold_will_do_and_goes_when_let_go(room: SafetyRoom) -> None:
    rests(room, "qv-1")
    holds(room, -30)
    room.hotkeys.turn()
    watch, hint = room.window.safety.watch, room.window.safety.hint
    watch.holding.emit("keys.flatten", 0.0)
    assert (hint.isVisible(), hint.words) == (True, "Hold to FLATTEN AAPL: cancels 1 working, closes −30 at market")
    watch.let_go.emit("keys.flatten")
    assert hint.isHidden()
    assert room.broker.steps == []


def test_nothing_is_closed_while_an_order_may_still_fill(room: SafetyRoom) -> None:
    rests(room, "qv-1")
    holds(room, 100)
    room.hotkeys.turn()
    with pytest.raises(BadInput, match="could not be cancelled within"):
        hold(room, "keys.flatten")
    assert room.broker.steps == ["cancel qv-1"]


def test_flattening_what_is_flat_cancels_its_orders_and_says_so(room: SafetyRoom) -> None:
    rests(room, "qv-1")
    room.hotkeys.turn()
    hold(room, "keys.flatten")
    assert room.broker.steps == ["cancel qv-1"]
    assert room.told()[-1].text == "AAPL is flat. Asked to cancel 1 order in AAPL."


@pytest.mark.parametrize(
    ("id_", "side", "price"), [("keys.buy", Side.BUY, "100.01"), ("keys.sell", Side.SELL, "99.99")]
)
def test_the_ticket_is_filled_at_the_touch_and_nothing_is_sent(
    room: SafetyRoom, id_: str, side: Side, price: str
) -> None:
    room.hotkeys.turn()
    press(room, id_)
    ticket = room.panels.ticket
    assert (ticket.fields.prices["limit"].text(), ticket.side) == (price, side)
    assert room.broker.steps == []


def test_letters_are_typed_where_one_types_and_keys_elsewhere(room: SafetyRoom, qtbot: QtBot) -> None:
    room.window.activateWindow()
    room.panels.watchlist.table.setFocus()
    qtbot.waitUntil(lambda: room.window.focused_panel() == "watchlist")
    assert room.hotkeys.wanted("keys.buy")
    room.panels.ticket.fields.quantity.setFocus()
    qtbot.waitUntil(lambda: room.window.focused_panel() == "ticket")
    assert not room.hotkeys.wanted("keys.buy")
    assert room.hotkeys.wanted("keys.cancel_all")
    assert room.hotkeys.wanted("kill.key")


@pytest.mark.parametrize("feed", ["Polygon", UPDATES])
def test_a_feed_that_falls_silent_disarms_and_says_why(room: SafetyRoom, feed: str) -> None:
    room.hotkeys.turn()
    room.feed(feed, "mute")
    room.hotkeys.tick()
    assert not room.hotkeys.arming.armed
    assert room.told()[-1].text == f"{feed} is mute."
    room.hotkeys.turn()
    assert room.told()[-1].text == f"They cannot be armed now: {feed} is mute."


@pytest.mark.parametrize("id_", ["keys.cancel_all", "keys.cancel_symbol", "keys.flatten"])
def test_a_key_between_the_silence_of_a_feed_and_the_next_beat_does_nothing(room: SafetyRoom, id_: str) -> None:
    rests(room, "qv-1")
    holds(room, 100)
    room.hotkeys.turn()
    if id_ == "keys.flatten":
        room.window.safety.watch.holding.emit(id_, 0.0)
    room.feed(UPDATES, "mute")
    if id_ == "keys.flatten":
        room.acts(lambda: room.window.safety.watch.held.emit(id_))
    else:
        press(room, id_)
    assert room.broker.steps == []
    assert not room.hotkeys.arming.armed


def test_locking_and_the_end_of_a_session_disarm(room: SafetyRoom) -> None:
    room.hotkeys.turn()
    room.window.hide()
    room.hotkeys.tick()
    assert room.hotkeys.arming.why == "the desk is locked"
    assert not room.hotkeys.wanted("keys.cancel_all")
    assert room.hotkeys.wanted("kill.key")  # stopping is always allowed
    room.window.show()
    room.hotkeys.turn()
    room.login.session = None
    room.hotkeys.tick()
    assert room.hotkeys.arming.why == "the session has ended"


def test_a_role_that_may_not_trade_cannot_arm(qtbot: QtBot) -> None:
    room = SafetyRoom(qtbot, Role.ANALYST)
    room.hotkeys.turn()
    assert not room.hotkeys.arming.armed
    assert "lacks “trading: create”" in room.told()[-1].text
    assert not room.window.safety.kill.isEnabled()
    assert room.window.safety.kill.toolTip().startswith("Your role, Analyst, lacks")


def test_the_kill_switch_disarms_halts_and_shows_what_it_did(room: SafetyRoom) -> None:
    rests(room, "qv-1")
    room.hotkeys.turn()
    hold(room, "kill.key")
    assert not room.hotkeys.arming.armed
    assert room.hotkeys.arming.why == "the kill switch was used"
    assert room.risk.state is TradingState.HALTED
    assert room.orders.book["qv-1"].status is OrderStatus.CANCELED
    strip = room.window.safety.strip
    assert "by anna: 1 cancelled, 0 left; trading is halted" in strip.text()
    assert [n.title for n in room.told() if n.title.startswith("Killed")] == ["Killed"]
    strip.resume.click()
    assert room.panels.risk.isVisible()


def test_from_the_palette_the_hand_goes_to_the_button_and_nothing_is_killed_yet(room: SafetyRoom, qtbot: QtBot) -> None:
    rests(room, "qv-1")
    room.window.activateWindow()
    room.acts(lambda: room.window.commands.asked.emit("kill"))
    qtbot.waitUntil(room.window.safety.kill.hasFocus)
    assert room.kill.last is None
    assert room.told()[-1].text.startswith("Hold Enter or Space for one second. Cancels 1 open order, halts trading")


def test_a_viewer_who_kills_is_told_that_the_role_may_not(qtbot: QtBot) -> None:
    room = SafetyRoom(qtbot, Role.VIEWER)
    hold(room, "kill.key")
    assert room.risk.state is TradingState.ACTIVE
    assert (room.told()[-1].urgency, room.told()[-1].title) == ("critical", "Kill switch")
    assert "may not do this" in room.told()[-1].text


def test_arming_and_disarming_are_recorded_with_who_and_why(room: SafetyRoom) -> None:
    room.acts(lambda: room.window.commands.asked.emit("keys.arm"))
    room.acts(lambda: room.hotkeys.arming.disarm("disarmed by hand"))
    rows = [(row.draft.action, row.draft.actor.name, row.draft.reason, row.draft.after) for row in room.trail.rows]
    assert rows == [
        ("keys.arm", "anna", "", '{"armed": true}'),
        ("keys.disarm", "anna", "disarmed by hand", '{"armed": false}'),
    ]


def test_keys_that_cannot_be_recorded_do_not_stay_armed(room: SafetyRoom) -> None:
    room.trail.down = True
    with pytest.raises(DatabaseDown):
        room.acts(lambda: room.window.commands.asked.emit("keys.arm"))
    assert not room.hotkeys.arming.armed
    assert room.hotkeys.arming.why == "that they are armed cannot be written down"
