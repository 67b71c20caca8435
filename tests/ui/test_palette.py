"""The palette: symbols, commands, and orders in words."""

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import Role, allowed
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.orders import OrderType, Side, TimeInForce
from qv_desktop.ui.actions import Actions
from qv_desktop.ui.palette import OrderWords, Palette, matching, order_words

LISTED = [Instrument("AAPL", "Apple Inc.", "NASDAQ"), Instrument("A", "Agilent Technologies", "NYSE"),
          Instrument("AA", "Alcoa", "NYSE"), Instrument("APLE", "Apple Hospitality", "NYSE"),
          Instrument("KO", "Coca-Cola", "NYSE")]  # fmt: skip


@pytest.fixture
def palette(qtbot: QtBot) -> Palette:
    window = QWidget()
    window.resize(1000, 700)
    qtbot.addWidget(window)
    found = Palette(Actions(window), window)
    found.show_instruments(LISTED)
    window.show()
    window.activateWindow()
    return found


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("buy 100 aapl 231.4 day", OrderWords(Side.BUY, Decimal(100), "AAPL", Decimal("231.4"), None, TimeInForce.DAY)),
        ("sell 50 msft", OrderWords(Side.SELL, Decimal(50), "MSFT", None, None, TimeInForce.DAY)),
        (
            "b 1.5k brk.b @410 gtc",
            OrderWords(Side.BUY, Decimal("1500.0"), "BRK.B", Decimal(410), None, TimeInForce.GTC),
        ),
        (
            "s 2,000 tsla stop 200.5",
            OrderWords(Side.SELL, Decimal(2000), "TSLA", None, Decimal("200.5"), TimeInForce.DAY),
        ),
    ],
)
def test_an_order_in_words_is_understood(text: str, order: OrderWords) -> None:
    assert order_words(text) == order


@pytest.mark.parametrize("text", ["", "buy", "buy 100", "buy aapl 100", "buy 0 aapl", "buy -5 aapl", "aapl", "buy 100 aapl 231.4 soon",
                                  "hold 5 x"])  # fmt: skip
def test_half_an_order_is_none(text: str) -> None:
    assert order_words(text) is None


def test_the_prices_given_make_the_type() -> None:
    types = [
        order.type
        for text in ("buy 1 a", "buy 1 a 5", "buy 1 a stop 5", "buy 1 a 5 stop 4")
        if (order := order_words(text))
    ]
    assert types == [OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT]


def test_symbols_come_exact_first_then_by_beginning_then_by_name() -> None:
    assert [i.symbol for i in matching("a", LISTED)] == ["A", "AA", "AAPL", "APLE"]
    assert [i.symbol for i in matching("apple", LISTED)] == ["AAPL", "APLE"]


def test_typing_a_symbol_and_enter_chooses_it(palette: Palette, qtbot: QtBot) -> None:
    palette.open()
    with qtbot.waitSignal(palette.symbol_chosen) as chosen:
        qtbot.keyClicks(palette.field, "aa")
        qtbot.keyClick(palette.field, Qt.Key.Key_Down)
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert chosen.args == ["AAPL"]
    assert palette.isHidden()


def test_an_order_only_fills_the_ticket(palette: Palette, qtbot: QtBot) -> None:
    palette.open("buy 100 aapl 231.4")
    assert [(row.kind, row.title) for row in palette.rows()] == [("order", "BUY 100 AAPL at 231.4, DAY")]
    with qtbot.waitSignal(palette.order_drafted) as drafted:
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert drafted.args[0].symbol == "AAPL"


def test_an_order_half_typed_is_helped_and_enter_does_nothing(palette: Palette, qtbot: QtBot) -> None:
    palette.open("buy 100 ")
    assert [row.kind for row in palette.rows()] == ["hint"]
    with qtbot.assertNotEmitted(palette.order_drafted):
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_a_command_outside_the_role_is_shown_with_the_reason_and_cannot_be_chosen(
    palette: Palette, qtbot: QtBot
) -> None:
    palette._actions.allow(lambda permission: allowed(Role.VIEWER, permission))
    palette.open("halt")
    row = palette.rows()[0]
    assert (row.enabled, row.hint) == (False, "Needs the permission “risk: run”; ask an Admin.")
    with qtbot.assertNotEmitted(palette.command_chosen):
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)


def test_escape_closes_it(palette: Palette, qtbot: QtBot) -> None:
    palette.open("x")
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert palette.isHidden()
