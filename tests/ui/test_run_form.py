"""The form of a backtest: every field is read or refused in one sentence at its place, and what stood there comes back."""

from datetime import UTC, date, datetime, time

import pytest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.domain.backtests import Sizing, Stops, TradingHours
from qv_desktop.domain.errors import BadInput
from qv_desktop.strategies.built_in import built_in
from qv_desktop.ui.models.run_form import RunForm


@pytest.fixture
def form(qtbot: QtBot) -> RunForm:
    form = RunForm(date(2020, 1, 2), date(2020, 12, 31))
    qtbot.addWidget(form)
    form.show_strategies(built_in(datetime(2025, 1, 1, tzinfo=UTC)))
    form.strategy.setCurrentText("sma_cross")
    form.show_watchlists({"Watchlist": ("SPY", "QQQ"), "Empty": ()})
    return form


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("spy", ("SPY",)),
        ("spy, qqq;brk.b  SPY", ("SPY", "QQQ", "BRK.B")),
        ("watchlist", ("SPY", "QQQ")),
    ],
)
def test_symbols_are_typed_or_taken_from_a_watchlist(form: RunForm, text: str, symbols: tuple[str, ...]) -> None:
    form.symbol.setText(text)
    assert form.spec().symbols == symbols


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Type a symbol, several with commas between them, or the name of a watchlist."),
        ("Empty", "The list “Empty” is empty; put symbols into it."),
        ("SPY, =1+1", "“=1+1” is neither a symbol nor a watchlist; type symbols with commas, or a watchlist's name."),
        (
            "<script>",
            "“<SCRIPT>” is neither a symbol nor a watchlist; type symbols with commas, or a watchlist's name.",
        ),
        (", ".join(f"A{i}" for i in range(201)), "A backtest takes at most 200 symbols, not 201; choose fewer."),
    ],
)
def test_what_is_no_symbol_is_said_at_the_field(form: RunForm, text: str, sentence: str) -> None:
    form.symbol.setText(text)
    with pytest.raises(BadInput) as refused:
        form.spec()
    assert str(refused.value) == sentence
    assert form.symbol.toolTip() == sentence
    assert form.symbol.property("bad")
    form.symbol.setText("SPY")
    form.spec()
    assert not form.symbol.property("bad")
    assert form.symbol.toolTip().startswith("One symbol")


def test_a_watchlist_is_taken_from_the_menu_by_its_name(form: RunForm) -> None:
    menu = QMenu()
    form._offer_lists(menu)
    texts = [action.text() for action in menu.actions()]
    assert texts == ["Watchlist  (2)", "Empty  (0)"]
    assert not menu.actions()[1].isEnabled()
    menu.actions()[0].trigger()
    assert form.symbol.text() == "Watchlist"


@pytest.mark.parametrize(
    ("kind", "amount", "sizing", "caption"),
    [
        ("% of equity", "50", Sizing("percent", 0.5), "SIZE, %"),
        ("$ a trade", "$5,000", Sizing("dollars", 5000.0), "SIZE, $"),
        ("Shares", "100", Sizing("shares", 100.0), "SIZE, SHARES"),
        ("Equal parts", "90", Sizing("equal", 0.9), "SIZE, %"),
    ],
)
def test_a_size_is_in_the_unit_that_its_caption_says(
    form: RunForm, kind: str, amount: str, sizing: Sizing, caption: str
) -> None:
    form.sizing.setCurrentText(kind)
    form.amount.setText(amount)
    assert form._size_caption.text() == caption
    assert form.spec().sizing == sizing


def test_risk_takes_a_stop_to_be_measured_by(form: RunForm) -> None:
    form.sizing.setCurrentText("% at risk")
    form.amount.setText("1")
    with pytest.raises(BadInput, match="type a stop loss or a trailing stop"):
        form.spec()
    form.exits["Stop loss, %"].setText("8")
    assert form.spec().sizing == Sizing("risk", 0.01)
    assert form.spec().stops == Stops(loss=0.08)


def test_a_loss_and_a_trailing_stop_exclude_each_other(form: RunForm) -> None:
    form.exits["Stop loss, %"].setText("8")
    form.exits["Trailing, %"].setText("5")
    with pytest.raises(BadInput, match="not both"):
        form.spec()
    assert "not both" in form.exits["Trailing, %"].toolTip()


def test_hours_can_be_typed_only_for_a_window_and_must_be_times_in_order(form: RunForm) -> None:
    assert not form.opens.isEnabled()
    form.session.setCurrentText("Window")
    assert form.opens.isEnabled()
    form.opens.setText("9:45")
    form.closes.setText("15:55")
    assert form.spec().hours == TradingHours("window", time(9, 45), time(15, 55))
    form.closes.setText("09:45")
    with pytest.raises(BadInput, match="must end after it begins"):
        form.spec()
    form.closes.setText("25:00")
    with pytest.raises(BadInput, match="“25:00” is no time of day"):
        form.spec()
    form.session.setCurrentText("Extended")
    assert form.spec().hours == TradingHours("extended")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400", "", "abc", "１0x"])
def test_what_is_no_number_is_refused_and_never_guessed(form: RunForm, text: str) -> None:
    form.costs["Fees, bps"].setText(text)
    with pytest.raises(BadInput, match=r"Fees must be a number from 0 to 1,000\."):
        form.spec()


def test_a_benchmark_is_one_symbol_or_none(form: RunForm) -> None:
    form.benchmark.setText("iwm")
    assert form.spec().benchmark == "IWM"
    form.benchmark.setText("IWM, QQQ")
    with pytest.raises(BadInput, match="The benchmark must be one symbol"):
        form.spec()


def test_what_stood_in_the_form_comes_back_even_to_another_strategy(form: RunForm, qtbot: QtBot) -> None:
    form.strategy.setCurrentText("rsi_reversion")
    form.knobs["period"].setText("9")
    form.symbol.setText("Watchlist")
    form.exits["Target, %"].setText("12")
    kept, spec = form.saved(), form.spec()
    fresh = RunForm(date(2000, 1, 1), date(2001, 1, 1))
    qtbot.addWidget(fresh)
    fresh.show_strategies(built_in(datetime(2025, 1, 1, tzinfo=UTC)))
    fresh.show_watchlists({"Watchlist": ("SPY", "QQQ")})
    fresh.restore(kept)
    assert fresh.spec() == spec


@pytest.mark.parametrize(
    "kept", [{}, {"strategy": "gone", "sizing": "nonsense", "size": 7, "unknown": "x"}, {"parameter none": "1"}]
)
def test_what_is_not_known_any_more_is_passed_over(form: RunForm, kept: dict[str, object]) -> None:
    before = form.spec()
    form.restore(kept)
    assert form.spec() == before


def test_parameters_that_were_typed_stay_when_the_list_of_strategies_is_read_again(form: RunForm) -> None:
    form.knobs["fast"].setText("7")
    form.show_strategies(built_in(datetime(2025, 1, 1, tzinfo=UTC)))
    assert form.knobs["fast"].text() == "7"
