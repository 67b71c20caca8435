"""The margin card and its dialog: what they show, say and let a person choose."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from pytestqt.qtbot import QtBot

from qv_desktop.domain.cash_settlement import GOOD_FAITH, Violation
from qv_desktop.domain.margin import FIGURES, MarginStanding, MarginTerms, Regime
from qv_desktop.ui import theme
from qv_desktop.ui.margin_dialog import REFUSE, WARN, MarginDialog
from qv_desktop.ui.models.margin_card import MarginCard
from qv_desktop.ui.panels.account import AccountPanel
from qv_desktop.ui.panels.balances import MARGIN, BalancesPanel
from tests.builders import NOW, an_account
from tests.domain.test_day_trades import DAYS, MONDAY, fills
from tests.domain.test_margin_rules import a_deficit, cash, standing

TODAY = date(2026, 11, 24)
WINDOW = tuple(zip(DAYS.last(TODAY, 5), (0, 1, 0, 2, 0), strict=True))
USUAL = replace(standing(), day=TODAY, window=WINDOW, day_trades=3, trades=31, equity=Decimal(10_000), level=Decimal("6500.5"),
                requirement=Decimal("3499.5"), headroom=Decimal(26_002))  # fmt: skip


@pytest.fixture
def card(qtbot: QtBot) -> MarginCard:
    made = MarginCard()
    qtbot.addWidget(made)
    made.resize(760, 260)
    made.show()
    return made


def test_before_anything_is_known_all_is_a_dash_and_nothing_can_be_changed(card: MarginCard) -> None:
    assert card.regime.text() == "Not counted yet"
    assert {"Headroom —", "Margin level —"} <= set(card.figures.texts())
    assert not card.change.isEnabled()
    assert card.met.isHidden()


def test_level_headroom_and_day_trades_are_exact(card: MarginCard) -> None:
    card.show_standing(USUAL, 3)
    assert {"Headroom $26,002.00", "Margin level +$6,500.50", "In use 35.0%", "Within five business days 3", "Of orders that traded 31",
            "Your own limit 3 of 3", "The oldest leaves on Fri 27 Nov"} <= set(card.figures.texts())  # fmt: skip
    assert (
        card.cells.accessibleDescription()
        == "Wed 18 Nov: 0, Thu 19 Nov: 1, Fri 20 Nov: 0, Mon 23 Nov: 2, Tue 24 Nov: 0"
    )
    assert card.figures.used.accessibleDescription() == "35.0%"
    assert card.told == ""


@pytest.mark.parametrize(("limit", "token"), [(None, "ACCENT"), (4, "ACCENT"), (3, "WARN"), (2, "BAD")])
def test_the_cells_warn_at_the_limit_and_beyond(card: MarginCard, limit: int | None, token: str) -> None:
    card.show_standing(USUAL, limit)
    picture = card.cells.grab().toImage()
    ratio = picture.devicePixelRatio()
    assert picture.pixelColor(int((34 + 3 + 5) * ratio), int(15 * ratio)) == theme.color(token)


def test_deficits_are_shown_with_their_deadlines_and_can_be_noted_as_met(card: MarginCard, qtbot: QtBot) -> None:
    open_, met = a_deficit(date(2026, 11, 23)), replace(a_deficit(MONDAY), met=NOW)
    card.show_standing(replace(USUAL, deficits=(open_, met)))
    assert {"23 Nov $1,000.00 ▲ by Tue 01 Dec", "16 Nov $1,000.00 met"} <= set(card.figures.texts())
    assert card.told == "$1,000.00 of intraday margin deficits to be met, the first by Tue 01 Dec."
    with qtbot.waitSignal(card.met_asked):
        card.met.click()
    card.show_standing(replace(USUAL, deficits=(met,)))
    assert card.met.isHidden()
    late = a_deficit(MONDAY)
    card.show_standing(replace(USUAL, deficits=(late,)))
    assert "16 Nov $1,000.00 ▲ not met in time" in card.figures.texts()
    assert "the first was due on Mon 23 Nov" in card.told


def test_a_restriction_is_said_first(card: MarginCard) -> None:
    card.show_standing(
        replace(USUAL, deficits=(a_deficit(MONDAY),), restricted_until=date(2027, 2, 21), restriction="2 deficits")
    )
    assert card.told == "Restricted until Sun 21 Feb 2027: 2 deficits. No short position and no debit may grow."


def test_a_pattern_day_trader_sees_what_is_lacking(card: MarginCard) -> None:
    card.show_standing(replace(USUAL, terms=MarginTerms(Regime.LEGACY_PDT), pattern=True, prior_equity=Decimal(19_000),
                               power=Decimal(43_000)))  # fmt: skip
    assert {"Within five business days 3 of 3", "Pattern day trader ▲ yes", "Equity, last close $19,000.00",
            "Day-trading power $43,000.00"} <= set(card.figures.texts())  # fmt: skip
    assert card.told == "A pattern day trader below $25,000.00: day trades are refused."


def test_a_cash_account_sees_what_is_settled_and_what_broke_good_faith(card: MarginCard) -> None:
    found = cash(500, fills("S20", symbol="XYZ"))
    broken = (Violation("o", "AAPL", GOOD_FAITH, NOW, MONDAY, Decimal(300)),)
    card.show_standing(replace(found, violations=broken, headroom=Decimal(500)))
    assert {"Settled to spend $500.00", "Settled $500.00", "Not settled $2,000.00", "Settles Tue 17 Nov $2,000.00",
            "Good-faith violations 1 of 3", "16 Nov AAPL good-faith violation"} <= set(card.figures.texts())  # fmt: skip


def test_who_may_not_change_the_regime_reads_why(card: MarginCard, qtbot: QtBot) -> None:
    card.show_standing(USUAL)
    with qtbot.waitSignal(card.change_asked):
        card.change.click()
    card.forbid("Your role lacks it.")
    card.show_standing(USUAL)
    assert (card.change.isEnabled(), card.change.toolTip()) == (False, "Your role lacks it.")


@pytest.mark.parametrize(("width", "beside"), [(760, True), (500, True), (360, False), (260, False)])
def test_the_cells_are_in_view_whatever_the_width(card: MarginCard, width: int, beside: bool) -> None:
    card.show_standing(replace(USUAL, deficits=(a_deficit(date(2026, 11, 23)),)), 3)
    card.resize(width, 400)
    assert (card.cells.isVisible(), card.below.isVisible()) == (beside, not beside)
    cells = card.cells if beside else card.below
    assert card.rect().contains(
        cells.geometry().translated(cells.parentWidget().mapTo(card, cells.parentWidget().rect().topLeft()))
    )


def test_it_is_a_page_of_the_account_panel(qtbot: QtBot) -> None:
    panel = BalancesPanel()
    qtbot.addWidget(panel)
    panel.resize(760, 300)
    panel.show()
    panel.show_page(MARGIN)
    assert panel.page == MARGIN
    assert panel.margin.isVisible()


@pytest.mark.parametrize(
    ("found", "title", "text"),
    [
        (USUAL, "Intraday room", "$26,002.00"),
        (replace(USUAL, terms=MarginTerms(Regime.CASH), headroom=Decimal(500)), "Settled cash", "$500.00"),
        (replace(USUAL, headroom=None), "Intraday room", "—"),
    ],
)
def test_the_strip_shows_the_headroom_of_the_regime(qtbot: QtBot, found: MarginStanding, title: str, text: str) -> None:
    strip = AccountPanel()
    qtbot.addWidget(strip)
    strip.show_margin(found)
    strip.show_account(an_account("100000"))
    assert (strip.headroom.title, strip.headroom.text) == (title.upper(), text)


# ---- the dialog


@pytest.fixture
def dialog(qtbot: QtBot) -> Callable[..., MarginDialog]:
    def made(terms: MarginTerms | None = None, reason: str = "") -> MarginDialog:
        shown = MarginDialog(terms or MarginTerms(), reason)
        qtbot.addWidget(shown)
        shown.show()
        return shown

    return made


@pytest.mark.parametrize("regime", Regime)
def test_each_regime_shows_its_own_figures(dialog: Callable[..., MarginDialog], regime: Regime) -> None:
    shown = dialog(MarginTerms(regime))
    assert shown.regime is regime
    assert {name for name, field in shown.fields.items() if field.isVisible()} == {
        name for name, (_, _, regimes) in FIGURES.items() if regime in regimes
    }


def test_what_is_typed_is_said_in_its_own_units(dialog: Callable[..., MarginDialog], qtbot: QtBot) -> None:
    shown = dialog()
    shown.fields["long_rate"].setText("35")
    shown.fields["small_dollars"].setText("1,000")
    shown.manner.segment(WARN).click()
    with qtbot.waitSignal(shown.saved) as said:
        shown.save.click()
    assert said.args == [MarginTerms(blocks=False, long_rate=Decimal("0.35"), small_dollars=Decimal(1_000))]


def test_another_regime_keeps_the_figures_of_the_others(dialog: Callable[..., MarginDialog], qtbot: QtBot) -> None:
    shown = dialog(MarginTerms(practice=4))
    shown.regimes.segment("Cash").click()
    with qtbot.waitSignal(shown.saved) as said:
        shown.save.click()
    assert said.args == [MarginTerms(Regime.CASH, practice=4)]
    assert shown.manner.choice() == REFUSE


@pytest.mark.parametrize(
    ("name", "text"), [("long_rate", "much"), ("practice", "1.5"), ("deadline_days", "-1"), ("small_dollars", "")]
)
def test_nonsense_is_named_and_not_said(
    dialog: Callable[..., MarginDialog], qtbot: QtBot, name: str, text: str
) -> None:
    shown = dialog()
    shown.fields[name].setText(text)
    with qtbot.assertNotEmitted(shown.saved):
        shown.save.click()
    assert shown.message().startswith(FIGURES[name][0])


def test_who_may_only_look_reads_why(dialog: Callable[..., MarginDialog]) -> None:
    shown = dialog(reason="Your role lacks it.")
    assert not shown.save.isEnabled()
    assert not shown.regimes.isEnabled()
