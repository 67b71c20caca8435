"""What a question about the audit trail holds of a row, and what it tells of itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from qv_desktop.domain.audit import GENESIS, Actor, Draft, sealed
from qv_desktop.domain.audit_query import AuditQuery

AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
ROW = sealed("c", 7, AT, Draft(Actor("Ada", "human", "Trader", "s1", "WS-14"), "order.submit", "order", "qv-1", "refused", "Too large",
                               "", '{"qty": 9}', "qv-1", "kill-3"), "1.0", GENESIS)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "held"),
    [
        (AuditQuery(), True),
        (AuditQuery(actor="Ada"), True), (AuditQuery(actor="ada"), False), (AuditQuery(actor_type="broker"), False),
        (AuditQuery(action="order.*"), True), (AuditQuery(action="order"), False), (AuditQuery(action="*"), True),
        (AuditQuery(object_type="order", object_id="qv-*"), True), (AuditQuery(object_id="qv"), False),
        (AuditQuery(outcome="ok"), False), (AuditQuery(text="tOO l"), True), (AuditQuery(text="ws-14"), True),
        (AuditQuery(text="Ada order"), False),  # in one field, not across two
        (AuditQuery(start=AT), True), (AuditQuery(end=AT), False), (AuditQuery(end=AT + timedelta(microseconds=1)), True),
        (AuditQuery(correlation="qv-1"), True), (AuditQuery(correlation="kill-3"), True), (AuditQuery(correlation="qv-2"), False),
        (AuditQuery(before=7), False), (AuditQuery(after=6), True), (AuditQuery(after=7), False),
    ],
)  # fmt: skip
def test_a_row_is_held_by_what_asks_for_it(query: AuditQuery, held: bool) -> None:
    assert query.holds(ROW) is held


def test_a_question_tells_only_what_narrows_it() -> None:
    query = AuditQuery("Ada", outcome="ok", start=AT, before=12)
    assert query.whole.told() == {"actor": "Ada", "outcome": "ok", "start": "2026-11-20T15:30:00+00:00"}
    assert not query.anything
    assert replace(AuditQuery(), before=9).anything
