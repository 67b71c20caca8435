"""What a person hears of deployments: silence that lasts, positions that stand, approvals, and what was paused by itself."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.domain.deployments import Deployment, Stage, State
from qv_desktop.domain.orders import Side
from qv_desktop.domain.signals import MISSED_AUCTION, STOOD_STILL, TAKEN_BACK, Fate, Kind, Signal
from qv_desktop.wiring.deployment_notices import LASTS, DeploymentNotices
from tests.builders import NOW
from tests.services.test_deployments import TERMS

ONE = Deployment("d", TERMS, "account", "PAPER", "ann", NOW)
EXIT = Signal("d", "AAPL", 60, Side.SELL, Kind.EXIT, Decimal(100), NOW, "cross v1")


@dataclass
class Told:
    """Hears notices."""

    all: list[tuple[str, str, str]] = field(default_factory=list)

    def tell(self, urgency: str, title: str, words: str, key: str, **_: Any) -> None:
        self.all.append((urgency, title, words))


def notices() -> tuple[DeploymentNotices, Told]:
    told = Told()
    return DeploymentNotices(told), told  # type: ignore[arg-type]


def test_silence_that_lasts_is_told_once_and_again_for_another_reason() -> None:
    hears, told = notices()
    tick = 0

    def seconds(count: int, why: str) -> None:
        nonlocal tick
        for _ in range(count):
            tick += 1
            hears.silent(ONE, why, tick)

    seconds(LASTS * 2, "")
    seconds(LASTS, "Bars of AAPL are missing.")
    assert told.all == []
    seconds(LASTS * 3, "Bars of AAPL are missing.")
    assert told.all == [("warning", "cross v1 makes no signals", "Bars of AAPL are missing.")]
    seconds(LASTS * 3, "The vendor is away.")
    assert len(told.all) == 2


@pytest.mark.parametrize(("signal", "urgency"), [
    (replace(EXIT, fate=Fate.BLOCKED), "warning"), (replace(EXIT, fate=Fate.LATE), "warning"),
    (replace(EXIT, kind=Kind.ENTRY, fate=Fate.BLOCKED), "info"), (replace(EXIT, fate=Fate.ORDER), "info"),
    (replace(EXIT, kind=Kind.ENTRY, fate=Fate.ORDER, reason=TAKEN_BACK), "warning"),
    (replace(EXIT, kind=Kind.TARGET, target=Decimal(0), fate=Fate.LATE), "warning"),
    (replace(EXIT, kind=Kind.TARGET, target=Decimal("0.5"), fate=Fate.LATE), "info"),
    (replace(EXIT, fate=Fate.FORESEEN), "info"),
])  # fmt: skip
def test_what_leaves_a_position_standing_is_a_warning(signal: Signal, urgency: str) -> None:
    hears, told = notices()
    hears.signalled(signal)
    assert [one for one, _, _ in told.all] == [urgency]


def test_a_target_that_waits_for_sales_is_no_news() -> None:
    hears, told = notices()
    hears.signalled(replace(EXIT, kind=Kind.TARGET, target=Decimal(1), fate=Fate.WAITS))
    assert told.all == []


def test_what_was_paused_by_itself_is_told_and_what_stood_before_is_not() -> None:
    hears, told = notices()
    hears.changed(replace(ONE, stage=Stage.PAPER, state=State.PAUSED, reason="old"), ())
    hears.changed(replace(ONE, stage=Stage.PAPER, state=State.RUNNING), ())
    hears.changed(replace(ONE, stage=Stage.PAPER, state=State.PAUSED, reason="The kill switch was pressed."), ())
    assert told.all == [("warning", "cross v1 is paused", "The kill switch was pressed.")]


def test_an_approval_tells_what_would_stay_on_paper() -> None:
    hears, told = notices()
    asked = replace(ONE, stage=Stage.ASKED, asked_by="ann")
    hears.changed(asked, ())
    hears.changed(replace(asked, stage=Stage.APPROVED, approved_by="bob"), (("AAPL", Decimal(10)),))
    ((urgency, title, words),) = told.all
    assert (urgency, title) == ("info", "cross v1 is approved")
    assert "bob approved it" in words
    assert "10 AAPL" in words


def test_an_order_that_missed_the_auction_and_a_symbol_that_did_not_trade_are_told_as_warnings() -> None:
    hears, told = notices()
    hears.signalled(replace(EXIT, fate=Fate.ORDER, reason=f"{MISSED_AUCTION}: its order was canceled."))
    target = replace(
        EXIT, kind=Kind.TARGET, target=Decimal("0.5"), reason=f"AAPL {STOOD_STILL} on 2026-11-19; the others go on."
    )
    hears.signalled(replace(target, fate=Fate.PENDING))
    hears.signalled(replace(target, fate=Fate.NOTHING, target=None))
    assert [(urgency, title) for urgency, title, _ in told.all] == [
        ("warning", "cross v1: exit AAPL goes after the open"),
        ("warning", "cross v1: AAPL did not trade"),
        ("warning", "cross v1: AAPL did not trade"),
    ]
