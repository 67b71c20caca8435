"""Alerts, what was done about them, a person's own rules and the desk's settings, in Postgres."""

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import alert_deeds, alert_rules, alert_settings, alerts
from qv_desktop.domain.alert_rules import Level, Rule, Severity
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desk_alerts import Alert, Done, Past
from qv_desktop.domain.own_alert_rules import OwnRule

_a, _d, _o, _s = alerts.c, alert_deeds.c, alert_rules.c, alert_settings.c
PLAIN = ("id", "user", "account", "rule", "subject", "title", "severity", "value", "threshold", "unit", "words", "raised", "times",
         "escalated", "snoozed_until", "cleared", "panel", "about")  # fmt: skip
CHANGING = (
    "title",
    "severity",
    "level",
    "value",
    "threshold",
    "words",
    "times",
    "escalated",
    "snoozed_until",
    "cleared",
)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('alert_settings'), hashtext(:rule))")


class AlertStore:
    """``services.alert_keeping.Store`` on Postgres, of the terminal whose trail it is. All raise DatabaseDown: then nothing was written."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail
        self._here = trail.chain

    # ---- alerts

    async def active(self, user: str, now: datetime) -> list[Alert]:
        """Those of the person at this terminal that are not over, and those that are but snoozed, oldest first, with who acknowledged
        them; and those of before terminals were told apart. At another of theirs they go on as they stand there."""
        query = (
            select(alerts)
            .where(
                _a.user == user, _a.terminal.in_(["", self._here]), or_(_a.cleared.is_(None), _a.snoozed_until > now)
            )
            .order_by(_a.raised, _a.id)
        )
        return await self._database.read(lambda c: _with_deeds(c, [_alert(row) for row in c.execute(query).mappings()]))

    async def keep(self, changed: Sequence[Alert], done: Sequence[Done]) -> None:
        """Commit alerts as they now stand, and what was done, oldest first."""

        def work(connection: Connection) -> None:
            for alert in changed:
                row = {name: getattr(alert, name) for name in PLAIN} | {
                    "level": int(alert.level),
                    "terminal": self._here,
                }
                once = upsert(alerts).values(row)
                connection.execute(
                    once.on_conflict_do_update(index_elements=["id"], set_={name: row[name] for name in CHANGING})
                )
            if done:
                connection.execute(insert(alert_deeds), [_deed(one) for one in done])

        await self._database.write(work)

    async def acknowledged(self, ids: Collection[str]) -> dict[str, tuple[str, datetime]]:
        """Which of these somebody has acknowledged since they were raised last: id -> who and when."""
        if not ids:
            return {}
        return await self._database.read(lambda c: _acknowledged(c, ids))

    async def escalated(self, user: str, since: datetime) -> list[tuple[str, Alert]]:
        """Alerts at other terminals that were escalated from ``since`` on, are not over and wait; with the name of whose they are."""
        told = (
            select(alerts, _d.actor)
            .join(alert_deeds, and_(_d.alert == _a.id, _d.what == "escalated"))
            .where(_a.user != user, _a.escalated >= since, _a.cleared.is_(None))
            .order_by(_d.id)
        )

        def work(connection: Connection) -> list[tuple[str, Alert]]:
            rows = connection.execute(told).mappings().all()
            found = {row["id"]: (str(row["actor"]), _alert(row)) for row in rows}
            seen = _acknowledged(connection, found) if found else {}
            return [one for id_, one in found.items() if id_ not in seen]

        return await self._database.read(work)

    async def history(self, start: datetime, end: datetime, limit: int = 5_000) -> list[Past]:
        """What was done about alerts from ``start`` up to ``end``, newest first."""
        query = (
            select(alerts, *(column.label(f"deed_{column.name}") for column in alert_deeds.c))
            .join(alert_deeds, _d.alert == _a.id)
            .where(_d.at >= start, _d.at < end)
            .order_by(_d.id.desc())
            .limit(limit)
        )
        return await self._database.read(lambda c: [_past(row) for row in c.execute(query).mappings()])

    # ---- rules

    async def settings(self) -> dict[str, tuple[Severity, bool, float | None, float, float, float]]:
        """The newest version of each rule that was set: severity, on, near, breached, hold, escalate."""
        query = select(alert_settings).ext(distinct_on(_s.rule)).order_by(_s.rule, _s.version.desc())
        return await self._database.read(lambda c: {
            row["rule"]: (row["severity"], row["enabled"], row["near"], row["breached"], row["hold"], row["escalate"])
            for row in c.execute(query).mappings()
        })  # fmt: skip

    async def set(self, rule: Rule, draft: Draft) -> None:
        """Commit another version of a desk rule."""

        def work(connection: Connection) -> None:
            connection.execute(_ONE_AT_A_TIME, {"rule": rule.code})
            last = select(func.coalesce(func.max(_s.version), 0)).where(_s.rule == rule.code)
            version = connection.execute(last).scalar_one() + 1
            connection.execute(insert(alert_settings).values(
                rule=rule.code, version=version, set_at=func.now(), set_by=draft.actor.name, severity=rule.severity,
                enabled=rule.on, near=rule.near, breached=rule.breached, hold=rule.hold, escalate=rule.escalate))  # fmt: skip

        await self._trail.write(work, draft)

    async def own(self, user: str) -> list[OwnRule]:
        """The person's rules, in the order of their making."""
        query = select(_o.id, _o.name, _o.condition, _o.severity, _o.enabled, _o.made).where(_o.user == user)
        return await self._database.read(lambda c: [OwnRule(*row) for row in c.execute(query.order_by(_o.made, _o.id))])

    async def save_own(self, user: str, rule: OwnRule) -> None:
        """Keep a rule, new or known by its id."""
        values: dict[str, object] = {"id": rule.id, "name": rule.name, "condition": rule.condition, "severity": rule.severity,
                                     "enabled": rule.on, "made": rule.made}  # fmt: skip
        once = upsert(alert_rules).values(user=user, **values)
        once = once.on_conflict_do_update(index_elements=["user", "id"], set_=values)
        await self._database.write(lambda connection: connection.execute(once))

    async def delete_own(self, user: str, id_: str) -> None:
        """Forget a rule."""
        gone = delete(alert_rules).where(_o.user == user, _o.id == id_)
        await self._database.write(lambda connection: connection.execute(gone))

    # ---- what the rules look at

    async def ping(self) -> float:
        """Milliseconds that the database takes to answer a question of nothing, the way there included."""
        began = time.perf_counter()
        await self._database.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
        return (time.perf_counter() - began) * 1000


def _alert(row: RowMapping) -> Alert:
    return Alert(**{name: row[name] for name in PLAIN}, level=Level(row["level"]))


def _deed(done: Done) -> dict[str, object]:
    return {"alert": done.alert, "at": done.at, "actor": done.actor, "what": done.what, "value": done.value,
            "threshold": done.threshold, "words": done.words}  # fmt: skip


def _past(row: RowMapping) -> Past:
    deed = Done(row["deed_alert"], row["deed_at"], row["deed_actor"], row["deed_what"], row["deed_value"], row["deed_threshold"],
                row["deed_words"])  # fmt: skip
    return Past(deed, _alert(row))


def _newest(connection: Connection, ids: Collection[str], *what: str) -> dict[str, RowMapping]:
    """The newest of these deeds of each alert."""
    query = select(alert_deeds).ext(distinct_on(_d.alert)).where(_d.alert.in_(ids), _d.what.in_(what))
    return {row["alert"]: row for row in connection.execute(query.order_by(_d.alert, _d.id.desc())).mappings()}


def _acknowledged(connection: Connection, ids: Collection[str]) -> dict[str, tuple[str, datetime]]:
    """An alert that grew graver waits anew."""
    newest = _newest(connection, ids, "acknowledged", "worse")
    return {id_: (row["actor"], row["at"]) for id_, row in newest.items() if row["what"] == "acknowledged"}


def _with_deeds(connection: Connection, found: list[Alert]) -> list[Alert]:
    ids = [alert.id for alert in found]
    if not ids:
        return []
    seen, slept, grown = (
        _acknowledged(connection, ids),
        _newest(connection, ids, "snoozed"),
        _newest(connection, ids, "worse", "woken"),
    )
    return [replace(alert, acknowledged_by=seen.get(alert.id, ("", None))[0], acknowledged_at=seen.get(alert.id, ("", None))[1],
                    snoozed_by=slept[alert.id]["actor"] if alert.id in slept and alert.snoozed_until else "",
                    since=grown[alert.id]["at"] if alert.id in grown else None)
            for alert in found]  # fmt: skip
