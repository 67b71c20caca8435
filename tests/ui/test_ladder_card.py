"""The loss ladder's card: what it says of each rung, and what may be asked for."""

from datetime import timedelta
from decimal import Decimal

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from qv_desktop.domain.limits import Limits
from qv_desktop.domain.loss_ladder import Ladder, Losses, Stand, by_hand, climbed, resumed
from qv_desktop.domain.risk import TradingState
from qv_desktop.ui import theme
from qv_desktop.ui.models.ladder_card import LadderCard
from qv_desktop.ui.panels.risk import RiskPanel
from tests.builders import NOW

LIMITS = Limits()


def losing(dollars: str | None, drawdown: str = "0.01") -> Losses:
    return Losses(None if dollars is None else -Decimal(dollars), Decimal(drawdown))


def a_ladder(stand: Stand, dollars: str | None, drawdown: str = "0.01", **more: object) -> Ladder:
    return Ladder(NOW, stand, losing(dollars, drawdown), LIMITS, 3, 12, **more)  # type: ignore[arg-type]


NEAR = climbed(Stand(), losing("1712"), LIMITS, NOW - timedelta(minutes=3))
HALT = climbed(NEAR, losing("2140"), LIMITS, NOW - timedelta(minutes=1))
FELL = climbed(Stand(), losing("0", "0.21"), LIMITS, NOW - timedelta(days=2))


@pytest.fixture
def card(qtbot: QtBot) -> LadderCard:
    made = LadderCard()
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show()
    return made


def test_before_anything_is_known_it_says_what_it_waits_for(card: LadderCard) -> None:
    assert card.words.text() == "The loss ladder begins to count as soon as the broker has told the account."
    assert card.picture.isHidden()


@pytest.mark.parametrize(
    ("ladder", "words"),
    [
        (a_ladder(Stand(), "420"), ["−$420.00 today", "Drawdown 1.0% of 20% · 3 of 20 losses in a row · 12 of 1,000 round trips today"]),
        (a_ladder(NEAR, "1690"), ["REDUCING: The day's loss of $1,712 is near its limit", "Since 10:27:00 ET.",
                                  "Whoever may halt (“risk: run”, a Trader) resumes it"]),
        (a_ladder(HALT, "2140"), ["HALTED: The day's loss of $2,140 has reached the limit of $2,000. Since 10:29:00 ET.",
                                  "Nobody can resume while it is past the limit. Raise the daily loss limit first"]),
        (a_ladder(HALT, "1100"), ["Whoever may change limits (“risk: change”, an Admin) resumes it, or the next trading day lifts it."]),
        (a_ladder(FELL, "0", "0.21"), ["HALTED: The equity is 21.0% below its highest; the limit is 20.0%. Since 18 Nov 10:30:00 ET."]),
        (a_ladder(by_hand(Stand(), TradingState.HALTED, "anna", "news.", NOW), "0"), ["HALTED: By anna: news. Since 10:30:00 ET."]),
        (a_ladder(resumed(NEAR, losing("1690"), LIMITS, NOW), "1690"), ["Resumed with a loss: the next rung is HALTED at $2,000."]),
        (a_ladder(Stand(), "0", cooling_until=NOW + timedelta(seconds=431)), ["Cooldown: 3 losing round trips in a row; only what "
                                                                             "reduces is taken for 7 min 11 s, until 10:37:11 ET."]),
        (a_ladder(Stand(), "0", blind="Nobody tells."), ["Nobody tells."]),
        (a_ladder(Stand(), None), ["day's profit or loss —"]),
    ],
)  # fmt: skip
def test_it_says_which_rung_why_since_when_and_who_lifts_it(card: LadderCard, ladder: Ladder, words: list[str]) -> None:
    card.show_ladder(ladder)
    told = card.accessibleDescription()
    assert [each for each in words if each not in told] == []
    assert card.anew.isVisible() == (ladder.stand is FELL)


def test_the_bar_is_as_long_as_the_loss_and_marks_both_rungs(card: LadderCard) -> None:
    def colors(ladder: Ladder) -> set[str]:
        card.show_ladder(ladder)
        picture = card.picture.grab().toImage()
        row = card.picture.height() - 4 - 18 - 4  # the middle of the bar
        return {QColor(picture.pixel(x, row)).name() for x in range(picture.width())}

    def has(found: set[str], token: str) -> bool:
        return theme.color(token).name() in found

    free, full = colors(a_ladder(Stand(), "0")), colors(a_ladder(HALT, "2140"))
    assert has(free, "WARN")
    assert has(free, "BAD")
    assert has(free, "BG3")
    assert has(full, "BAD")
    some = colors(a_ladder(Stand(), "420"))
    assert has(some, "ACCENT")


def test_the_drawdown_is_counted_anew_by_whoever_may_only(card: LadderCard, qtbot: QtBot) -> None:
    card.show_ladder(a_ladder(FELL, "0", "0.21"))
    with qtbot.waitSignal(card.count_anew_asked):
        card.anew.click()
    card.forbid("Your role, Trader, lacks “risk: change”; ask an Admin.")
    assert not card.anew.isEnabled()
    assert "lacks “risk: change”" in card.anew.toolTip()


def test_the_panel_greys_the_way_back_with_the_reason_and_gives_it_back(qtbot: QtBot) -> None:
    panel = RiskPanel()
    qtbot.addWidget(panel)
    panel.show_state(TradingState.HALTED, "QuantVision", "loss")
    panel.forbid_resume("Your role lacks it.")
    panel.show_permitted(("halt", "reduce", "resume"))
    assert not panel._resume.isEnabled()
    assert panel._resume.toolTip() == "Your role lacks it."
    panel.forbid_resume("")
    assert panel._resume.isEnabled()
    panel.show_permitted((), "No.")
    panel.forbid_resume("")
    assert not panel._resume.isEnabled()


def test_a_long_reason_does_not_widen_the_panel(qtbot: QtBot) -> None:
    panel = RiskPanel()
    qtbot.addWidget(panel)
    before = panel.minimumSizeHint().width()
    panel.show_state(TradingState.HALTED, "QuantVision", HALT.held[1].words * 3)
    panel.ladder.show_ladder(a_ladder(HALT, "2140"))
    assert panel.minimumSizeHint().width() <= max(before, 290)
