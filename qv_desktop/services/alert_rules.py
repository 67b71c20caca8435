"""Alert rules at work: what the desk's and a person's own rules raise, how it is told once, snoozed, escalated, cleared and kept."""

import math
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.alert_rules import REPEATS, Level, Reading, Rule, Standing, checked, moved, reached
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desk_alert_rules import RULES, notice_key, told_by
from qv_desktop.domain.desk_alerts import Alert, Deed, Done, Past, anew, checked_snooze, due
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import AlertRulesChanged, AlertsChanged, Noticed
from qv_desktop.domain.own_alert_rules import OwnRule
from qv_desktop.services.alert_keeping import AlertKeeping, Settings, Store
from qv_desktop.services.alert_ports import Measures, OwnMeasures, Readings
from qv_desktop.services.alert_trying import tried, tried_own
from qv_desktop.services.alert_words import figures_of, told_of
from qv_desktop.services.login import Login
from qv_desktop.services.notices import Notices
from qv_desktop.services.noting import Note
from qv_desktop.services.own_alerts import OwnAlerts
from qv_desktop.services.ports.callbacks import Publish

log = structlog.get_logger(__name__)

CHANGE = Permission(Resource.RISK, Action.CHANGE)
VIEW = Permission(Resource.RISK, Action.VIEW)
OWN = Permission(Resource.MARKET, Action.CHANGE)
ESCALATED = "escalated "  # begins the key of a notice about an alert at another terminal

type Key = tuple[str, str]  # rule, subject


class AlertRules:
    """The rules, and the alerts of this terminal. ``now`` is the wall's time, ``monotonic`` the seconds that a person waits.

    Nothing is told twice: what a notice tells already is joined. A rule that is off, or an alert that sleeps, hushes that notice too.
    """

    def __init__(
        self, store: Store, login: Login, notices: Notices, publish: Publish, now: Callable[[], datetime], account: Callable[[], str],
        measures: Measures, own: OwnMeasures, note: Note, monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store, self._login, self._notices, self._publish = store, login, notices, publish
        self._now, self._account, self._measures, self._monotonic = now, account, measures, monotonic
        self._own_measures, self._own = own, OwnAlerts(own)
        self._note = note
        self.desk: dict[str, Rule] = dict(RULES)  # code -> as it is set
        self._standing: dict[Key, Standing] = {}  # of what is not idle
        self._active: dict[Key, Alert] = {}  # in the order in which they were raised
        self._over: dict[Key, tuple[Alert, float]] = {}  # those that may come back as the same, with when they ended
        self._left: tuple[Alert, ...] = ()  # of an earlier sitting, while the broker has not said whose account this is
        self._changed, self._begun = False, False
        self.keeping = AlertKeeping(
            store, now, self._others_acknowledged, self._escalated_elsewhere, self._take_settings
        )
        notices.muffled = self.hushes

    @property
    def active(self) -> tuple[Alert, ...]:
        """What is not over, oldest first."""
        return tuple(self._active.values())

    @property
    def own(self) -> dict[str, OwnRule]:
        """The person's own rules by id."""
        return self._own.rules

    # ---- over a restart

    async def load(self) -> None:
        """Take the settings, the person's rules, and what an earlier sitting left. Raises DatabaseDown."""
        session, self._begun = self._login.session, True
        if session is None or self.keeping.loaded:
            return
        user = session.user.id
        set_, own = await self._store.settings(), await self._store.own(user)
        found = await self._store.active(user, self._now())
        self._take_settings(set_)
        self._own.take(own)
        self._left = tuple(found)
        self._restore_left()
        self.keeping.begin(user)
        self._rules_changed()
        self._tell()

    def _restore_left(self) -> None:
        """Those of this account; they wait until it is known, those of none do not."""
        account, found = self._account(), self._left
        self._left = () if account else tuple(alert for alert in found if alert.account)
        for alert in found:
            if alert.account in ("", account):
                self._restore(alert)

    def _take_settings(self, known: Mapping[str, Settings]) -> None:
        """The desk's rules as somebody has set them, here or at another terminal."""
        before = dict(self.desk)
        for code, (severity, on, near, breached, hold, escalate) in known.items():
            if code in self.desk:
                self.desk[code] = replace(self.desk[code], severity=severity, on=on, near=near, breached=breached, hold=hold,
                                          escalate=escalate)  # fmt: skip
        if self.desk != before:
            self._rules_changed()

    async def run(self) -> None:
        """Write what changes and hear of what others did, until cancelled."""
        await self.keeping.run(self._load_again)

    async def _load_again(self) -> None:
        if self._begun:
            await self.load()

    def _restore(self, alert: Alert) -> None:
        """One of an earlier sitting goes on; what this sitting raised of the same before it could read is the same alert."""
        if alert.cleared is not None:
            self._over[alert.key] = (alert, self._monotonic())
            return
        now = self._active.pop(alert.key, None)
        if now is not None:
            self.keeping.forget(now.id)
            alert = replace(alert, level=now.level, severity=now.severity, value=now.value, words=now.words)
        else:
            self._standing[alert.key] = Standing(alert.level)
        self._active[alert.key] = alert
        self._changed = True
        if self._rule(alert.rule) is None:
            self._clear(alert, "Its rule is there no more.")

    # ---- looking

    def tick(self) -> None:
        """Once a second: read every measure, and do what time has brought."""
        at = self._monotonic()
        if self._left and self._account():
            self._restore_left()
        self._look(self._measures.readings(), at)
        self._look(self._own.readings(), at)
        self._pass_time()
        self._tell()

    def look(self) -> None:
        """At once, for something happened that a rule is about."""
        self._look(self._measures.at_once(), self._monotonic())
        self._tell()

    def _rule(self, code: str) -> Rule | None:
        if code in self.desk:
            return self.desk[code]
        own = self.own.get(code.partition(":")[2])
        return own.rule if own is not None else None

    def _look(self, readings: Readings, at: float) -> None:
        for code, found in readings.items():
            rule = self._rule(code)
            if rule is None or not rule.on:
                self._end(code, "The rule was switched off.")
            elif found is None:
                for key in self._of(code):
                    self._standing[key] = moved(rule, self._standing[key], None, at)
            else:
                self._read(rule, {reading.subject: reading for reading in found}, at)

    def _read(self, rule: Rule, found: Mapping[str, Reading], at: float) -> None:
        for reading in found.values():
            self._take(rule, reading, at)
        nothing = math.inf if rule.below else -math.inf  # a subject that is there no more has come back for good
        for _, subject in [key for key in self._of(rule.code) if key[1] not in found]:
            self._take(rule, Reading(subject, nothing), at)

    def _of(self, code: str) -> list[Key]:
        return [key for key in self._standing if key[0] == code]

    def _take(self, rule: Rule, reading: Reading, at: float) -> None:
        key, value = (rule.code, reading.subject), reading.value
        before = self._standing.get(key)
        if before is None:
            if value is None or reached(rule, value, Level.CLEAR) is Level.CLEAR:
                return
            before = Standing()
        after = self._standing[key] = moved(rule, before, value, at)
        if after.level is not before.level:
            self._move(rule, reading, before.level, after.level)
        elif key in self._active and value is not None and math.isfinite(value):
            self._show(rule, reading)
        if after.level is Level.CLEAR and after.near is None and after.breached is None:
            del self._standing[key]

    def _show(self, rule: Rule, reading: Reading) -> None:
        """The present figures, for whoever looks; history keeps those of the moments when something happened."""
        alert = self._active[rule.code, reading.subject]
        figures = figures_of(rule, reading, alert.level)
        if alert.value != figures["value"]:
            self._active[alert.key] = replace(alert, value=figures["value"], words=figures["words"])
            self._changed = True

    # ---- what becomes of an alert

    def _move(self, rule: Rule, reading: Reading, before: Level, after: Level) -> None:
        key = (rule.code, reading.subject)
        alert = self._active.get(key)
        if after is Level.CLEAR:
            if alert is not None:
                self._clear(alert)
        elif alert is None:
            self._raise(rule, reading, after)
        else:
            grew = after > before
            alert = replace(alert, **figures_of(rule, reading, after))
            if grew:
                alert = anew(alert, before, self._now())
            self._keep(alert, "worse" if grew else "eased")
            if grew:
                self._notice(alert, rule)

    def _raise(self, rule: Rule, reading: Reading, level: Level) -> None:
        session, now = self._login.session, self._now()
        key, figures = (rule.code, reading.subject), figures_of(rule, reading, level)
        past, ended = self._over.pop(key, (None, 0.0))
        if past is not None and (past.sleeps(now) or self._monotonic() - ended <= REPEATS):
            self._come_back(rule, past, replace(past, cleared=None, times=past.times + 1, **figures))
            return
        alert = Alert(
            secrets.token_hex(8), session.user.id if session else "", self._account(), rule.code, reading.subject, unit=rule.unit,
            raised=now, panel=rule.panel, about=reading.about, **figures,
        )  # fmt: skip
        self._keep(alert, "raised")
        self._notice(alert, rule)

    def _come_back(self, rule: Rule, past: Alert, alert: Alert) -> None:
        """The same goes on; graver than it ended it is told."""
        self._keep(alert, "again")
        if alert.level > past.level:
            self._keep(grown := anew(alert, past.level, self._now()), "worse")
            self._notice(grown, rule)

    def _clear(self, alert: Alert, why: str = "") -> None:
        self._keep(replace(alert, cleared=self._now()), "cleared", why)

    def _end(self, code: str, why: str) -> None:
        for key in [key for key in self._active if key[0] == code]:
            self._clear(self._active[key], why)
        for key in self._of(code):
            del self._standing[key]

    def _keep(self, alert: Alert, what: Deed, words: str = "", actor: str = "") -> None:
        self._active.pop(alert.key, None) if alert.cleared is not None else None
        if alert.cleared is None:
            self._active[alert.key] = alert
        else:
            self._over[alert.key] = (alert, self._monotonic())
        self._changed = True
        self.keeping.take(alert, Done(alert.id, self._now(), actor or self._login.actor.name, what, alert.value, alert.threshold,
                                      words or alert.words))  # fmt: skip

    def _notice(self, alert: Alert, rule: Rule) -> None:
        """Tell a person, unless a notice about the very thing waits already or the alert sleeps."""
        if alert.sleeps(self._now()) or self._notices.waits_for(lambda key: told_by(key) == alert.key):
            return
        self._notices.tell(alert.severity, alert.title, alert.words, notice_key(*alert.key), kind=rule.kind, panel=alert.panel,
                           about=alert.about)  # fmt: skip

    def _pass_time(self) -> None:
        """Wake what slept, tell the others of what nobody acknowledges, and forget what ended."""
        now, at = self._now(), self._monotonic()
        for alert in self.active:
            rule = self._rule(alert.rule)
            if alert.snoozed_until is not None and not alert.sleeps(now):
                alert = replace(alert, snoozed_until=None, snoozed_by="", slept_at=None, since=now)  # as it now stands
                self._keep(alert, "woken", "It still holds.")
                if alert.waits and rule is not None:
                    self._again(alert, rule, f"Snoozed, and still so: {alert.words}")
            if rule is not None and due(alert, rule, now):
                words = f"Nobody has acknowledged it for {rule.escalate:g} minutes: {alert.words}"
                self._keep(replace(alert, escalated=now), "escalated", words)
                self._again(alert, rule, words)
        for key in [key for key, (past, ended) in self._over.items() if at - ended > REPEATS and not past.sleeps(now)]:
            del self._over[key]

    def _again(self, alert: Alert, rule: Rule, words: str) -> None:
        self._notices.tell(alert.severity, alert.title, words, notice_key(*alert.key), kind=rule.kind, panel=alert.panel,
                           about=alert.about)  # fmt: skip

    def _tell(self) -> None:
        if self._changed:
            self._changed = False
            self._publish(AlertsChanged(self.active))

    # ---- notices

    def hushes(self, key: str) -> bool:
        """Whether a notice with this key is to be listed without being told: its rule is off, or its alert sleeps."""
        found = told_by(key)
        if found is None:
            return False
        rule = self._rule(found[0])
        if rule is not None and not rule.on:
            return True
        alert = self._active.get(found) or self._over.get(found, (None, 0.0))[0]
        return alert is not None and alert.sleeps(self._now())

    def hear(self, event: Noticed) -> None:
        """A notice was acknowledged: so is the alert that it tells of."""
        notice = event.notice
        if notice.acknowledged_at is None:
            return
        if notice.key.startswith(ESCALATED):
            self.keeping.acknowledge_elsewhere(notice.key.removeprefix(ESCALATED), notice.acknowledged_by)
            return
        joined = told_by(notice.key)
        for alert in self.active:
            if alert.waits and (alert.key == joined or notice_key(*alert.key) == notice.key):
                self._acknowledged(alert, notice.acknowledged_by)
        self._tell()

    def notices_of(self, ids: Collection[str]) -> list[str]:
        """Ids of the waiting notices that tell of these alerts."""
        keys = [alert.key for alert in self.active if alert.id in ids]
        return self._notices.waits_for(lambda key: told_by(key) in keys or any(notice_key(*one) == key for one in keys))

    async def acknowledge(self, ids: Collection[str]) -> None:
        """The signed-in person has seen these. Raises DatabaseDown when a row could not even be spooled."""
        seen = [alert for alert in self.active if alert.id in ids and alert.waits]
        for alert in seen:
            self._acknowledged(alert, self._login.actor.name)
        self._tell()
        await self._record("alert.acknowledge", seen)

    async def _record(self, action: str, alerts: Iterable[Alert], words: str = "") -> None:
        """What a person does about a critical alert stands in the audit trail too."""
        for alert in alerts:
            if alert.severity == "critical":
                reason = " ".join(part for part in (f"{alert.title}: {alert.words}", words) if part)
                await self._note(
                    Draft(self._login.actor, action, "alert", alert.id, reason=reason, correlation=alert.about)
                )

    def _acknowledged(self, alert: Alert, by: str) -> None:
        self._keep(replace(alert, acknowledged_by=by, acknowledged_at=self._now()), "acknowledged", actor=by)

    def _others_acknowledged(self, id_: str, by: str, at: datetime) -> None:
        """Somebody did so at another terminal, where it is written down."""
        for alert in self.active:
            if alert.id == id_ and alert.waits:
                self._active[alert.key] = replace(alert, acknowledged_by=by, acknowledged_at=at)
                self._changed = True
                self._notices.acknowledge(self.notices_of([id_]), by)
        self._tell()

    def _escalated_elsewhere(self, whose: str, alert: Alert) -> None:
        self._notices.tell("critical", f"At {whose}'s terminal: {alert.title}", f"Nobody has acknowledged it. {alert.words}",
                           f"{ESCALATED}{alert.id}", kind="risk", panel="alerts")  # fmt: skip

    async def snooze(self, ids: Collection[str], minutes: float) -> None:
        """Keep quiet about these for so long, over a restart too. Raises BadInput, and DatabaseDown as ``acknowledge`` does."""
        until = self._now() + timedelta(minutes=checked_snooze(minutes))
        asleep = [alert for alert in self.active if alert.id in ids]
        for alert in asleep:
            by = self._login.actor.name
            self._keep(
                replace(alert, snoozed_until=until, snoozed_by=by, slept_at=alert.level),
                "snoozed",
                f"For {minutes:g} minutes.",
            )
        self._tell()
        await self._record("alert.snooze", asleep, f"Snoozed for {minutes:g} minutes.")

    # ---- the rules

    async def set_rule(self, rule: Rule) -> Rule:
        """Set a desk rule for everybody. Raises NotPermitted, BadInput, DatabaseDown."""
        await self._login.require(CHANGE)
        before = self.desk.get(rule.code)
        if before is None:
            raise BadInput("The desk has no such rule.")
        if before.fixed:
            rule = replace(rule, near=None, breached=before.breached)
        rule = checked(replace(before, severity=rule.severity, on=rule.on, near=rule.near, breached=rule.breached, hold=rule.hold,
                               escalate=rule.escalate))  # fmt: skip
        draft = Draft(
            self._login.actor, "alerts.rule", "alert rule", rule.code, before=told_of(before), after=told_of(rule)
        )
        await self._store.set(rule, draft)
        self.desk[rule.code] = rule
        self._rules_changed()
        return rule

    async def save_own(self, rule: OwnRule) -> OwnRule:
        """Keep a rule of the person's own. Raises NotPermitted, BadInput, DatabaseDown."""
        user = (await self._login.require(OWN)).user.id
        rule = self._own.checked(rule)
        await self._store.save_own(user, rule)
        self._end(rule.code, "The rule was changed.")
        self._own.put(rule)
        self._rules_changed()
        self._tell()
        return rule

    async def remove_own(self, id_: str) -> None:
        """Forget one. Raises NotPermitted, BadInput, DatabaseDown."""
        user = (await self._login.require(OWN)).user.id
        rule = self.own.get(id_)
        if rule is None:
            raise BadInput("This rule is gone already.")
        await self._store.delete_own(user, id_)
        self._end(rule.code, "The rule was removed.")
        self._own.drop(id_)
        self._rules_changed()
        self._tell()

    def _rules_changed(self) -> None:
        self._publish(AlertRulesChanged(tuple(self.desk.values()), tuple(self.own.values())))

    # ---- asked

    def tested(self, rule: Rule) -> str:
        """What a desk rule with these numbers says of the present values. Raises BadInput."""
        return tried(self._measures, rule)

    async def tested_own(self, condition: str) -> str:
        """What a condition says of the present values. Raises BadInput."""
        return await tried_own(self._own_measures, condition, self._now())

    async def history(self, start: datetime, end: datetime) -> list[Past]:
        """What was done about alerts from ``start`` up to ``end``, newest first. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        await self.keeping.flush()
        return await self._store.history(start, end)
