"""The limits editor: a trader reads, an Admin tightens at once and proposes the rest, and a second person approves or declines."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import DatabaseDown, NotPermitted, QvError
from qv_desktop.domain.limit_changes import LimitBook, Proposal, Restriction
from qv_desktop.domain.limits import Scope
from qv_desktop.ui.panels.limits import RESTRICTED, VERSIONS, WAITING, LimitsPanel
from qv_desktop.ui.reason_dialog import ReasonDialog
from qv_desktop.ui.step_up_dialog import StepUpDialog
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring.limits import AGAIN, LimitsWiring
from tests.app.test_guarding import until
from tests.builders import NOW, a_limit, a_session
from tests.services.limit_desk import FIRM
from tests.wiring.safety_room import SafetyRoom

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

FROM_BOB = Proposal(
    1, Scope.FIRM, "", {**FIRM.values, "order_value": Decimal(500_000)}, 1, None, "more clients", "bob", NOW, NOW + timedelta(days=3)
)  # fmt: skip


def told(
    qtbot: QtBot, role: Role, story: Callable[[SafetyRoom, LimitsPanel, LimitsWiring], Coroutine[Any, Any, None]]
) -> None:
    room = SafetyRoom(qtbot, role)

    async def life() -> None:
        errors: list[BaseException] = []
        tasks = Tasks(errors.append)
        desk = SimpleNamespace(window=room.window, panels=room.panels, services=room.services, tasks=tasks)
        wiring = LimitsWiring(cast(Any, desk))
        await room.limits.load()
        why = "" if role is Role.ADMIN else "Your role lacks “risk: change”; ask an Admin."
        room.panels.limits.forbid({"change": why} if why else {})
        room.window.command.emit("risk.limits")
        await story(room, room.panels.limits, wiring)
        await tasks.close()
        assert errors == []

    asyncio.run(life())


def dialog[D](kind: type[D]) -> D | None:
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()), None)


async def password(words: str = "right") -> None:
    await until(lambda: dialog(StepUpDialog))
    step = cast(StepUpDialog, dialog(StepUpDialog))
    step.password.setText(words)
    step.go.click()


def typed(panel: LimitsPanel, name: str, text: str) -> None:
    """Into the table's own field, as hands do."""
    table = panel.page.table
    place = table.limits.place(name)
    assert place is not None
    index = table.limits.index(place, table.column)
    table.setCurrentIndex(index)
    table.edit(index)
    field = table.indexWidget(index)
    assert isinstance(field, QLineEdit)
    field.setText(text)
    table.commitData(field)
    table.closeEditor(field, table.itemDelegate().EndEditHint.NoHint)


def shown(panel: LimitsPanel, name: str, column: str) -> str:
    model = panel.page.table.limits
    place = model.place(name)
    assert place is not None
    number = next(
        n for n in range(model.columnCount()) if str(model.headerData(n, Qt.Orientation.Horizontal)).startswith(column)
    )
    return str(model.index(place, number).data())


def test_a_tighter_limit_is_typed_in_place_and_counts_at_once(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, panel: LimitsPanel, wiring: LimitsWiring) -> None:
        assert panel.isVisible()
        typed(panel, "order_value", "$5,000")
        assert not panel.page.save.isEnabled()
        assert "reason" in panel.page.save.toolTip()
        panel.page.reason.setText("a calm week")
        panel.page.save.click()
        await until(lambda: room.risk.limits.order_value == Decimal(5_000))
        await until(lambda: "counts from now on" in panel.page.said.text())
        assert dialog(StepUpDialog) is None
        assert (shown(panel, "order_value", "Firm"), shown(panel, "order_value", "In force")) == ("$5,000", "$5,000")
        assert shown(panel, "order_value", "Set by") == "firm · anna"
        verdict = room.risk.judge(a_limit("100.00", 60), {})
        (check,) = (check for check in verdict.refusals if check.code == "ORDER_VALUE")
        assert "That is" not in check.message
        await room.limits.change(Scope.USER, "Anna", {"order_value": Decimal(1_000)}, "new here")
        (check,) = (
            check for check in room.risk.judge(a_limit("100.00", 60), {}).refusals if check.code == "ORDER_VALUE"
        )
        assert check.message.endswith(" That is your own limit, set by anna.")

    told(qtbot, Role.ADMIN, story)


def test_a_wider_one_takes_the_password_and_waits_for_a_second_person(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, panel: LimitsPanel, wiring: LimitsWiring) -> None:
        typed(panel, "order_value", "500,000")
        panel.page.reason.setText("more clients")
        assert panel.page.save.text() == "Propose…"
        panel.page.save.click()
        await until(lambda: dialog(StepUpDialog))
        cast(StepUpDialog, dialog(StepUpDialog)).reject()
        await until(lambda: dialog(StepUpDialog) is None)
        assert room.shelf.rows == []
        panel.page.save.click()
        await password()
        await until(lambda: "second person" in panel.page.said.text())
        assert room.risk.limits.order_value == Decimal(100_000)
        assert panel.tabs.tabText(WAITING) == "Waiting · 1"
        panel.tabs.setCurrentIndex(WAITING)
        assert not panel.proposals.buttons["approve"].isEnabled()
        assert "second person" in panel.proposals.buttons["approve"].toolTip()
        panel.proposals.buttons["withdraw"].click()
        await until(lambda: panel.tabs.tabText(WAITING) == "Waiting")

    told(qtbot, Role.ADMIN, story)


def test_somebody_elses_proposal_is_told_of_and_approved_with_the_password(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, panel: LimitsPanel, wiring: LimitsWiring) -> None:
        room.shelf.book_ = replace(room.shelf.book_, proposals=(FROM_BOB,))  # at another desk
        for _ in range(AGAIN):
            wiring.tick()
        await until(lambda: [notice.title for notice in room.told()] == ["Limits wait for approval"])
        assert "Value of an order: $100,000 → $500,000" in room.told()[0].text
        panel.tabs.setCurrentIndex(WAITING)
        panel.proposals.buttons["approve"].click()
        await password("wrong")
        step = cast(StepUpDialog, dialog(StepUpDialog))
        await until(lambda: step.message() == "That is not right.")
        await password()
        await until(lambda: room.risk.limits.order_value == Decimal(500_000))
        panel.tabs.setCurrentIndex(VERSIONS)
        await until(lambda: len(panel.versions.model.rows()) == 2)
        newest = panel.versions.model.rows()[0]
        assert (newest.one.set_by, newest.one.approved_by, newest.changes) == (
            "bob",
            "anna",
            ("Value of an order: $100,000 → $500,000",),
        )

    told(qtbot, Role.ADMIN, story)


def test_declining_takes_words(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, panel: LimitsPanel, wiring: LimitsWiring) -> None:
        room.shelf.book_ = replace(room.shelf.book_, proposals=(FROM_BOB,))
        await room.limits.refresh()
        panel.tabs.setCurrentIndex(WAITING)
        panel.proposals.buttons["decline"].click()
        asked = cast(ReasonDialog, dialog(ReasonDialog))
        assert not asked.go.isEnabled()
        asked.reason.setText("too much")
        asked.go.click()
        await until(lambda: panel.proposals.said.text() == "Declined.")
        assert room.shelf.book_.proposals[0].because == "too much"
        assert room.risk.limits.order_value == Decimal(100_000)

    told(qtbot, Role.ADMIN, story)


def test_a_symbol_that_is_restricted_is_told_so_and_two_lift_it(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, panel: LimitsPanel, wiring: LimitsWiring) -> None:
        panel.tabs.setCurrentIndex(RESTRICTED)
        page = panel.restricted
        page.symbol.setText("aapl")
        page.reason.setText("merger talks")
        page.until.setText("tomorrow")
        page.add.click()
        assert "2026-12-31" in page.said.text()
        page.until.clear()
        page.add.click()
        await until(lambda: "may trade AAPL" in page.said.text())
        assert room.limits.restriction_for("anna", "AAPL") == "Nobody may trade AAPL: merger talks (anna)."
        page.table.select_key(1)
        page.lift.click()
        asked = cast(ReasonDialog, dialog(ReasonDialog))
        asked.reason.setText("it is through")
        asked.go.click()
        await password()
        await until(lambda: panel.tabs.tabText(WAITING) == "Waiting · 1")
        assert room.limits.restriction_for("anna", "AAPL")
        assert not page.lift.isEnabled()

    told(qtbot, Role.ADMIN, story)


def test_a_trader_reads_and_is_told_why_nothing_can_be_changed(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, panel: LimitsPanel, wiring: LimitsWiring) -> None:
        room.shelf.book_ = replace(
            room.shelf.book_, proposals=(FROM_BOB,), restrictions=(Restriction(1, "", "KO", "merger", "bob", NOW),
                                                                  Restriction(2, "tom", "GE", "brother", "bob", NOW)),
        )  # fmt: skip
        await room.limits.refresh()
        table, pages = panel.page.table, panel.proposals
        assert not table.edit_chosen()
        assert shown(panel, "order_value", "In force") == "$100,000"
        for control in (
            panel.page.save,
            panel.page.reason,
            panel.scopes.add,
            *pages.buttons.values(),
            panel.restricted.add,
            panel.restricted.lift,
        ):
            assert not control.isEnabled()
            assert "risk: change" in control.toolTip()
        assert [one.symbol for one in panel.restricted.model.rows()] == ["KO"]
        assert room.told() == []

    told(qtbot, Role.TRADER, story)


def test_a_bad_value_is_told_in_a_sentence_and_what_was_typed_before_stays(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, panel: LimitsPanel, wiring: LimitsWiring) -> None:
        typed(panel, "collar", "5")
        typed(panel, "orders_per_minute", "1.5")
        assert panel.page.said.text() == "Orders in a minute: type a whole number (orders)."
        typed(panel, "daily_loss", "")
        assert "the firm sets every limit" in panel.page.said.text()
        assert panel.page.after["collar"] == Decimal("0.05")
        panel.page.discard()
        assert panel.page.after == dict(FIRM.values)

    told(qtbot, Role.ADMIN, story)


def test_another_scope_is_added_and_what_another_desk_set_does_not_drop_what_is_typed(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, panel: LimitsPanel, wiring: LimitsWiring) -> None:
        panel.scopes.kind.setCurrentIndex(panel.scopes.kind.findData(Scope.SYMBOL))
        panel.scopes.field.setText("gme!")
        panel.scopes.add.click()
        assert "symbol" in panel.page.said.text()
        panel.scopes.field.setText("gme")
        panel.scopes.add.click()
        assert panel.scopes.current() == (Scope.SYMBOL, "GME")
        typed(panel, "order_quantity", "100")
        room.shelf.book_ = replace(
            room.shelf.book_,
            versions=(replace(FIRM, version=2, values={**FIRM.values, "order_quantity": Decimal(50)}),),
        )
        await room.limits.refresh()
        assert shown(panel, "order_quantity", "GME") == "100"
        assert "stays 50" in str(panel.page.table.limits.get("order_quantity").told)  # type: ignore[union-attr]
        panel.page.reason.setText("it moves")
        panel.page.save.click()
        await until(lambda: room.limits.set_for(Scope.SYMBOL, "GME") == {"order_quantity": Decimal(100)})
        assert shown(panel, "order_quantity", "In force") == "50"
        assert "the firm" in str(
            panel.page.table.limits.index(1, panel.page.table.limits.columnCount() - 1).data(
                Qt.ItemDataRole.ToolTipRole
            )
        )

    told(qtbot, Role.ADMIN, story)


def test_who_there_is_is_offered_to_an_admin_and_typing_goes_into_the_marked_column(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, panel: LimitsPanel, wiring: LimitsWiring) -> None:
        wiring.tick()
        await until(lambda: "tom" in [panel.restricted.who.itemText(n) for n in range(panel.restricted.who.count())])
        panel.scopes.choose(Scope.USER, "tom")
        table = panel.page.table
        table.select_key("order_value")
        qtbot.keyClicks(table, "7")
        place = table.limits.place("order_value")
        field = table.indexWidget(table.limits.index(cast(int, place), table.column))
        assert isinstance(field, QLineEdit)
        assert field.text() == "7"

    told(qtbot, Role.ADMIN, story)


def test_what_a_role_may_no_more_change_is_shown_without_what_concerns_others(qtbot: QtBot) -> None:
    async def story(room: SafetyRoom, panel: LimitsPanel, wiring: LimitsWiring) -> None:
        room.shelf.book_ = replace(room.shelf.book_, restrictions=(Restriction(2, "tom", "GE", "brother", "bob", NOW),))
        await room.limits.refresh()
        assert [one.symbol for one in panel.restricted.model.rows()] == ["GE"]
        room.login.session = a_session(Role.TRADER, "anna")
        wiring.tick()
        assert panel.restricted.model.rows() == []

    told(qtbot, Role.ADMIN, story)


@pytest.mark.parametrize(
    "error", [DatabaseDown("The database is away."), NotPermitted("The database does not let the login do this.")]
)
def test_limits_that_cannot_be_read_again_stay_and_nobody_is_told_every_three_seconds(
    qtbot: QtBot, error: QvError
) -> None:
    async def story(room: SafetyRoom, panel: LimitsPanel, wiring: LimitsWiring) -> None:
        asked = list[int]()

        async def refused() -> LimitBook:
            asked.append(1)
            raise error

        room.shelf.book = refused  # type: ignore[method-assign]
        for _ in range(AGAIN):
            wiring.tick()
        await until(lambda: asked)
        await asyncio.sleep(0)
        assert room.risk.limits.order_value == Decimal(100_000)
        assert shown(panel, "order_value", "In force") == "$100,000"

    told(qtbot, Role.ADMIN, story)
