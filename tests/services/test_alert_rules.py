"""Alert rules at work over measures that the test sets: told once, kept over a restart, snoozed, escalated, and set by who may."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from qv_desktop.domain.access import Role, Session, User
from qv_desktop.domain.alert_rules import Level, Reading, Rule, Severity
from qv_desktop.domain.alert_terms import Quantity
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desk_alerts import Alert, Done, Past
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.events import AlertsChanged, FeedChanged, Noticed
from qv_desktop.domain.own_alert_rules import OwnRule
from qv_desktop.services.alert_rules import AlertRules
from qv_desktop.services.bus import Bus
from qv_desktop.services.login import Login
from qv_desktop.services.notices import Notices
from tests.builders import NOW
from tests.fakes import Trail, Users

PRICE = Quantity("price", "AAPL")


@dataclass
class Store:
    """A database of all terminals; ``down`` fails like one."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    rules: dict[str, OwnRule] = field(default_factory=dict)
    set_: dict[str, tuple[Severity, bool, float | None, float, float, float]] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    down: bool = False

    def _reached(self) -> None:
        if self.down:
            raise DatabaseDown("The database is away; nothing was written.")

    async def active(self, user: str, now: datetime) -> list[Alert]:
        self._reached()
        seen = await self.acknowledged(list(self.alerts))
        mine = [one for one in self.alerts.values() if one.user == user and (one.cleared is None or one.sleeps(now))]
        return [replace(one, acknowledged_by=seen[one.id][0], acknowledged_at=seen[one.id][1]) if one.id in seen else
                replace(one, acknowledged_by="", acknowledged_at=None) for one in mine]  # fmt: skip

    async def keep(self, changed: Sequence[Alert], done: Sequence[Done]) -> None:
        self._reached()
        self.alerts |= {one.id: one for one in changed}
        self.done += done

    async def acknowledged(self, ids: Collection[str]) -> dict[str, tuple[str, datetime]]:
        self._reached()
        newest = {one.alert: one for one in self.done if one.alert in ids and one.what in ("acknowledged", "worse")}
        return {id_: (one.actor, one.at) for id_, one in newest.items() if one.what == "acknowledged"}

    async def escalated(self, user: str, since: datetime) -> list[tuple[str, Alert]]:
        self._reached()
        seen = await self.acknowledged(list(self.alerts))
        return [(one.actor, self.alerts[one.alert]) for one in self.done if one.what == "escalated" and one.alert not in seen
                and self.alerts[one.alert].user != user and self.alerts[one.alert].cleared is None]  # fmt: skip

    async def history(self, start: datetime, end: datetime) -> list[Past]:
        return [Past(one, self.alerts[one.alert]) for one in reversed(self.done)]

    async def settings(self) -> dict[str, tuple[Severity, bool, float | None, float, float, float]]:
        self._reached()
        return self.set_

    async def set(self, rule: Rule, draft: Draft) -> None:
        self._reached()
        self.set_[rule.code] = (rule.severity, rule.on, rule.near, rule.breached, rule.hold, rule.escalate)
        self.drafts.append(draft)

    async def own(self, user: str) -> list[OwnRule]:
        self._reached()
        return list(self.rules.values())

    async def save_own(self, user: str, rule: OwnRule) -> None:
        self._reached()
        self.rules[rule.id] = rule

    async def delete_own(self, user: str, id_: str) -> None:
        del self.rules[id_]


class Measured:
    """Measures and quantities that the test sets."""

    def __init__(self) -> None:
        self.desk: dict[str, list[Reading] | None] = {}
        self.values: dict[Quantity, float | None] = {}
        self.followed: Collection[Quantity] = ()

    def readings(self) -> Mapping[str, list[Reading] | None]:
        return self.desk

    def at_once(self) -> Mapping[str, list[Reading] | None]:
        return self.desk

    def follow(self, quantities: Collection[Quantity]) -> None:
        self.followed = quantities

    def checked(self, quantities: Collection[Quantity]) -> None:
        if any(one.of == "NONE" for one in quantities):
            raise BadInput("The broker does not list “NONE”; check the symbol.")

    def value(self, quantity: Quantity) -> float | None:
        return self.values.get(quantity)

    async def asked(self, quantities: Collection[Quantity]) -> Mapping[Quantity, float | None]:
        return {one: self.values.get(one) for one in quantities}


class Desk:
    """A terminal of ``name`` on a store, with a clock that the test turns."""

    def __init__(self, store: Store | None = None, role: Role = Role.ADMIN, name: str = "maria") -> None:
        self.store, self.measured, self.now, self.seconds = store or Store(), Measured(), NOW, 0.0
        self.account = "a"
        self.bus, self.told, self.changes, self.noted = Bus(), list[Notice](), list[AlertsChanged](), list[Draft]()
        self.bus.subscribe(Noticed, lambda event: self.told.append(event.notice) if event.fresh else None)
        self.bus.subscribe(AlertsChanged, self.changes.append)
        session = Session(f"s-{name}", User(f"id-{name}", name, role), "host", NOW, NOW)
        self.login = Login(Users(session.user, session), Trail(), lambda: self.now, "host")
        self.login.session = session
        self.notices = Notices(self.bus.publish, lambda: self.now)
        self.rules = AlertRules(self.store, self.login, self.notices, self.bus.publish, lambda: self.now,
                                lambda: self.account, self.measured, self.measured, self._note, lambda: self.seconds)  # fmt: skip
        self.bus.subscribe(Noticed, self.rules.hear)

    async def _note(self, draft: Draft) -> None:
        self.noted.append(draft)

    def reads(self, rule: str, value: float | None, subject: str = "", seconds: int = 1) -> None:
        """The measure stands at ``value`` for so long, read once a second; None is unknown."""
        for _ in range(seconds):
            self.seconds, self.now = self.seconds + 1, self.now + timedelta(seconds=1)
            self.measured.desk[rule] = None if value is None else [Reading(subject, value, "So it is.")]
            self.rules.tick()

    def passes(self, minutes: float) -> None:
        self.seconds, self.now = self.seconds + minutes * 60, self.now + timedelta(minutes=minutes)
        self.rules.tick()

    async def writes(self) -> None:
        await self.rules.keeping.flush()
        await self.rules.keeping.look_around()

    @property
    def titles(self) -> list[str]:
        return [notice.title for notice in self.told]


def through(story: Callable[[Desk], Awaitable[object]], desk: Desk | None = None) -> Desk:
    """The desk after the story, its rules loaded before."""
    there = desk or Desk()

    async def whole() -> None:
        await there.rules.load()
        await story(there)
        await there.rules.keeping.flush()

    asyncio.run(whole())
    assert there.bus.failures == 0
    return there


def deeds(desk: Desk) -> list[str]:
    return [one.what for one in desk.store.done]


def test_a_limit_is_told_when_near_and_again_when_breached_and_is_over_by_itself() -> None:
    async def story(desk: Desk) -> None:
        desk.reads("loss_limit", 85)
        desk.reads("loss_limit", 85, seconds=30)
        desk.reads("loss_limit", 100, seconds=30)
        desk.reads("loss_limit", 10, seconds=10)

    desk = through(story)
    assert desk.titles == ["Loss limit near", "Loss limit"]
    assert [notice.urgency for notice in desk.told] == ["warning", "critical"]
    assert deeds(desk) == ["raised", "worse", "cleared"]
    assert desk.rules.active == ()
    first, second, _ = desk.store.done
    assert [(first.value, first.threshold), (second.value, second.threshold)] == [(85, 80), (100, 100)]


def test_what_comes_back_within_a_minute_is_the_same_alert_and_is_not_told_again() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(5):
            desk.reads("loss_limit", 120, seconds=3)
            desk.reads("loss_limit", 0, seconds=10)
        desk.passes(2)
        desk.reads("loss_limit", 120)

    desk = through(story)
    assert desk.titles == ["Loss limit", "Loss limit"]
    assert (deeds(desk).count("raised"), deeds(desk).count("again")) == (2, 4)


def test_an_alert_joins_the_notice_that_tells_of_it_already_and_is_acknowledged_with_it() -> None:
    async def story(desk: Desk) -> None:
        desk.notices.feed_changed(FeedChanged("Polygon", "mute", "Polygon: nothing was heard.", NOW))
        desk.measured.desk["feed_mute"] = [Reading("Polygon", 1.0)]
        desk.rules.look()
        assert [notice.count for notice in desk.told] == [1]
        desk.notices.acknowledge(desk.notices.waiting(), "maria")

    desk = through(story)
    assert desk.titles == ["Polygon is mute"]
    assert [(one.acknowledged_by, one.waits) for one in desk.rules.active] == [("maria", False)]
    assert deeds(desk) == ["raised", "acknowledged"]


def test_what_is_unknown_keeps_an_alert_and_raises_none() -> None:
    async def story(desk: Desk) -> None:
        desk.reads("loss_limit", None, seconds=60)
        assert desk.rules.active == ()
        desk.reads("loss_limit", 120)
        desk.reads("loss_limit", None, seconds=60)

    assert [one.level for one in through(story).rules.active] == [Level.BREACHED]


def test_a_subject_that_is_gone_is_over_and_others_stay() -> None:
    async def story(desk: Desk) -> None:
        desk.measured.desk["position_limit"] = [Reading("AAPL", 120.0), Reading("KO", 110.0)]
        for _ in range(4):
            desk.seconds += 1
            desk.rules.tick()
        desk.reads("position_limit", 110, "KO", seconds=8)

    desk = through(story)
    assert [one.subject for one in desk.rules.active] == ["KO"]
    assert desk.titles == ["Position limit: AAPL", "Position limit: KO"]


def test_a_restart_goes_on_with_what_was_active_and_tells_nothing_twice() -> None:
    async def before(desk: Desk) -> None:
        desk.reads("loss_limit", 120)
        await desk.rules.acknowledge([one.id for one in desk.rules.active])

    store = through(before).store

    async def after(desk: Desk) -> None:
        assert [(one.acknowledged_by, one.level) for one in desk.rules.active] == [("maria", Level.BREACHED)]
        desk.reads("loss_limit", 130, seconds=5)
        desk.reads("loss_limit", 0, seconds=10)

    again = through(after, Desk(store))
    assert again.titles == []
    assert deeds(again) == ["raised", "acknowledged", "cleared"]


def test_what_was_active_goes_on_once_the_broker_has_said_whose_account_it_is() -> None:
    async def before(desk: Desk) -> None:
        desk.reads("loss_limit", 120)

    store = through(before).store
    for account, known in (("another", 0), ("a", 1)):

        async def after(desk: Desk, account: str = account) -> None:
            desk.passes(1)
            assert desk.rules.active == ()
            desk.account = account
            desk.passes(1)

        silent = Desk(store)
        silent.account = ""
        assert len(through(after, silent).rules.active) == known


def test_a_snooze_outlives_a_restart_and_hushes_what_comes_back_until_it_is_over() -> None:
    async def before(desk: Desk) -> None:
        desk.reads("loss_limit", 120)
        await desk.rules.snooze([one.id for one in desk.rules.active], 15)
        desk.reads("loss_limit", 0, seconds=10)

    store = through(before).store

    async def after(desk: Desk) -> None:
        desk.passes(2)
        desk.reads("loss_limit", 120, seconds=3)
        assert (desk.titles, [one.times for one in desk.rules.active]) == ([], [2])
        desk.passes(20)
        desk.reads("loss_limit", 120)

    desk = through(after, Desk(store))
    assert desk.titles == ["Loss limit"]
    assert deeds(desk)[:5] == ["raised", "snoozed", "cleared", "again", "woken"]


def test_a_snooze_hushes_the_notice_of_the_same_too() -> None:
    async def story(desk: Desk) -> None:
        for state in ("mute", "live"):
            desk.notices.feed_changed(FeedChanged("Polygon", state, "", NOW))
            desk.measured.desk["feed_mute"] = [Reading("Polygon", 1.0)]
            desk.rules.look()
        await desk.rules.snooze([one.id for one in desk.rules.active], 15)
        desk.passes(1)
        desk.notices.feed_changed(FeedChanged("Polygon", "mute", "Again.", NOW))

    desk = through(story)
    assert desk.titles == ["Polygon is mute", "Polygon is back"]
    assert desk.notices.told[-1].text == "Again."  # listed all the same


def test_what_is_hushed_after_it_was_acknowledged_is_listed_beside_it() -> None:
    async def story(desk: Desk) -> None:
        desk.notices.tell("critical", "Broker is down", "", "broker down", kind="broker")
        desk.reads("broker_silent", 9)
        await desk.rules.snooze([one.id for one in desk.rules.active], 600)
        desk.notices.acknowledge(desk.notices.waiting(), "maria")
        for _ in range(3):
            desk.notices.tell("critical", "Broker is down", "", "broker down", kind="broker")

    desk = through(story)
    assert [(one.urgency, one.count, one.acknowledged_by) for one in desk.notices.told] == [
        ("critical", 1, "maria"), ("info", 3, "")]  # fmt: skip


def test_a_critical_alert_that_nobody_acknowledges_is_told_again_and_at_the_other_terminal() -> None:
    async def story(desk: Desk) -> None:
        other = Desk(desk.store, Role.TRADER, "pete")
        await other.rules.load()
        desk.reads("loss_limit", 120)
        desk.passes(4)
        await desk.writes()
        await other.writes()
        assert other.told == []
        desk.passes(2)
        await desk.writes()
        await other.writes()
        await other.writes()
        assert other.titles == ["At maria's terminal: Loss limit"]
        other.notices.acknowledge(other.notices.waiting(), "pete")
        other.notices.restore(other.notices.saved())  # a restart hears of it again
        await other.writes()
        await desk.writes()
        assert [(one.acknowledged_by, one.waits) for one in desk.rules.active] == [("pete", False)]
        assert desk.notices.waiting() == []

    desk = through(story)
    assert desk.titles == ["Loss limit", "Loss limit"]
    assert "Nobody has acknowledged it for 5 minutes" in desk.told[-1].text
    assert [(one.what, one.actor) for one in desk.store.done] == [
        ("raised", "maria"), ("escalated", "maria"), ("acknowledged", "pete")]  # fmt: skip


def test_what_a_person_does_about_a_critical_alert_stands_in_the_audit_trail() -> None:
    async def story(desk: Desk) -> None:
        desk.reads("loss_limit", 120)
        ids = [one.id for one in desk.rules.active]
        await desk.rules.snooze(ids, 60)
        await desk.rules.acknowledge(ids)
        await desk.rules.acknowledge(ids)
        with pytest.raises(BadInput, match="1 minute to 7 days"):
            await desk.rules.snooze(ids, 0)

    desk = through(story)
    assert [draft.action for draft in desk.noted] == ["alert.snooze", "alert.acknowledge"]
    assert "Snoozed for 60 minutes." in desk.noted[0].reason


def test_a_rule_that_is_off_raises_nothing_hushes_its_notice_and_ends_what_it_raised() -> None:
    async def story(desk: Desk) -> None:
        desk.reads("broker_silent", 9)
        await desk.rules.set_rule(replace(desk.rules.desk["broker_silent"], on=False))
        desk.reads("broker_silent", 9, seconds=30)
        desk.notices.tell("critical", "Broker is down", "", "broker down", kind="broker")

    desk = through(story)
    assert (desk.titles, desk.rules.active, deeds(desk)) == (["Broker silent"], (), ["raised", "cleared"])


def test_thresholds_are_set_for_everybody_audited_and_read_by_the_next_terminal() -> None:
    async def story(desk: Desk) -> None:
        rule = desk.rules.desk["margin"]
        await desk.rules.set_rule(replace(rule, near=50.0, breached=60.0, severity="warning", escalate=0))
        with pytest.raises(BadInput, match="Near must lie below"):
            await desk.rules.set_rule(replace(rule, near=70.0, breached=60.0))

    desk = through(story)
    assert [(draft.action, draft.object_id) for draft in desk.store.drafts] == [("alerts.rule", "margin")]
    assert '"breached": 100' in desk.store.drafts[0].before
    assert '"breached": 60' in desk.store.drafts[0].after

    async def other(desk: Desk) -> None:
        desk.reads("margin", 55, seconds=4)

    assert through(other, Desk(desk.store)).titles == ["Margin near"]


def test_who_may_not_change_risk_changes_no_rule_of_the_desk() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(NotPermitted):
            await desk.rules.set_rule(replace(desk.rules.desk["margin"], on=False))

    assert through(story, Desk(role=Role.TRADER)).store.set_ == {}


def test_an_own_rule_is_raised_by_its_condition_with_the_figures_of_what_holds() -> None:
    async def story(desk: Desk) -> None:
        await desk.rules.save_own(
            OwnRule("r1", "  AAPL  high ", "aapl price above 230 or day profit < -100", "warning", True, NOW)
        )
        desk.rules.tick()
        assert desk.rules.active == ()  # nothing is known yet
        desk.measured.values = {PRICE: 231.5, Quantity("profit", scope="day"): None}
        desk.rules.tick()
        desk.measured.values[PRICE] = 229.0
        desk.rules.tick()

    desk = through(story, Desk(role=Role.TRADER))
    (alert,) = desk.rules.active
    assert (alert.title, alert.threshold, desk.titles) == ("AAPL high", 230, ["AAPL high"])
    assert desk.store.done[0].value == 231.5
    assert set(desk.measured.followed) == {PRICE, Quantity("profit", scope="day")}


def test_an_own_rule_is_tested_changed_switched_and_removed() -> None:
    async def story(desk: Desk) -> None:
        desk.measured.values = {PRICE: 231.5}
        assert (
            await desk.rules.tested_own("AAPL price > 230")
            == "Now AAPL price > 230: yes, it is 231.5: it would be raised."
        )
        rule = await desk.rules.save_own(OwnRule("r1", "high", "AAPL price > 230", "critical", True, NOW))
        desk.rules.tick()
        assert len(desk.rules.active) == 1
        await desk.rules.save_own(replace(rule, on=False))
        assert (desk.rules.active, list(desk.measured.followed)) == ((), [])
        await desk.rules.remove_own("r1")
        with pytest.raises(BadInput, match="gone already"):
            await desk.rules.remove_own("r1")
        with pytest.raises(BadInput, match="does not list"):
            await desk.rules.save_own(OwnRule("r2", "x", "NONE price > 1", "info", True, NOW))
        with pytest.raises(BadInput, match="name of 1 to 60"):
            await desk.rules.save_own(OwnRule("r2", " ", "AAPL price > 1", "info", True, NOW))

    assert through(story).store.rules == {}


def test_a_desk_rule_is_tested_on_the_present_values() -> None:
    async def story(desk: Desk) -> None:
        rule = desk.rules.desk["position_limit"]
        assert desk.rules.tested(rule) == "Its measure is not known at this moment."
        desk.measured.desk["position_limit"] = [Reading("AAPL", 85.0), Reading("KO", 20.0)]
        assert desk.rules.tested(rule) == "Now 85 % of the limit (AAPL): it would be near."
        assert desk.rules.tested(replace(rule, breached=85.0)) == "Now 85 % of the limit (AAPL): it would be breached."

    through(story)


def test_without_a_database_alerts_are_raised_and_written_once_it_is_back() -> None:
    async def story(desk: Desk) -> None:
        desk.store.down = True
        desk.reads("loss_limit", 120)
        with pytest.raises(DatabaseDown):
            await desk.rules.keeping.flush()
        desk.store.down = False

    desk = through(story)
    assert (desk.titles, deeds(desk)) == (["Loss limit"], ["raised"])


def test_what_was_raised_before_the_database_could_be_read_is_the_alert_of_the_last_sitting() -> None:
    async def before(desk: Desk) -> None:
        desk.reads("loss_limit", 120)

    first = through(before)
    late = Desk(first.store)
    late.reads("loss_limit", 130)

    async def story(desk: Desk) -> None:
        await desk.writes()

    again = through(story, late)
    assert [one.id for one in again.rules.active] == [one.id for one in first.rules.active]
    assert deeds(again) == ["raised"]


def test_what_comes_back_graver_than_it_ended_is_told_and_waits_anew() -> None:
    async def story(desk: Desk) -> None:
        desk.reads("loss_limit", 85)
        await desk.rules.acknowledge([one.id for one in desk.rules.active])
        desk.reads("loss_limit", 0, seconds=10)
        desk.reads("loss_limit", 120)
        assert [(one.times, one.severity, one.waits) for one in desk.rules.active] == [(2, "critical", True)]

    desk = through(story)
    assert desk.titles == ["Loss limit near", "Loss limit"]
    assert deeds(desk) == ["raised", "acknowledged", "cleared", "again", "worse"]


def test_a_snooze_of_what_was_near_ends_with_the_breach() -> None:
    async def story(desk: Desk) -> None:
        desk.reads("loss_limit", 85)
        await desk.rules.snooze([one.id for one in desk.rules.active], 1440)
        desk.reads("loss_limit", 120)
        assert [one.sleeps(desk.now) for one in desk.rules.active] == [False]
        await desk.rules.snooze([one.id for one in desk.rules.active], 1440)
        desk.reads("loss_limit", 85, seconds=10)
        desk.reads("loss_limit", 120, seconds=10)  # so grave it was when it was snoozed
        assert [one.sleeps(desk.now) for one in desk.rules.active] == [True]

    assert through(story).titles == ["Loss limit near", "Loss limit"]


def test_a_snooze_of_what_was_near_ends_with_a_breach_that_comes_after_it_was_over_and_after_a_restart() -> None:
    async def before(desk: Desk) -> None:
        desk.reads("loss_limit", 85)
        await desk.rules.snooze([one.id for one in desk.rules.active], 1440)
        desk.reads("loss_limit", 0, seconds=10)

    async def after(desk: Desk) -> None:
        desk.passes(5)
        desk.reads("loss_limit", 120)

    assert through(after, Desk(through(before).store)).titles == ["Loss limit"]


def test_others_are_told_only_once_a_breach_itself_has_waited_however_long_it_was_near() -> None:
    async def story(desk: Desk) -> None:
        desk.reads("loss_limit", 85)
        desk.passes(30)
        desk.reads("loss_limit", 120)
        desk.passes(4)
        assert deeds_so_far(desk) == ["raised", "worse"]
        desk.passes(2)

    assert deeds(through(story)) == ["raised", "worse", "escalated"]


def test_what_wakes_is_told_once_and_waits_its_time_before_others_are_told() -> None:
    async def story(desk: Desk) -> None:
        desk.reads("loss_limit", 120)
        await desk.rules.snooze([one.id for one in desk.rules.active], 15)
        desk.passes(16)
        desk.passes(4)
        assert deeds_so_far(desk) == ["raised", "snoozed", "woken"]
        desk.passes(2)

    assert deeds(through(story)) == ["raised", "snoozed", "woken", "escalated"]


def deeds_so_far(desk: Desk) -> list[str]:
    return [one.what for one in desk.rules.keeping._done]


def test_others_hear_of_it_again_when_it_was_acknowledged_and_then_grew_graver_and_waits() -> None:
    async def story(desk: Desk) -> None:
        other = Desk(desk.store, Role.TRADER, "pete")
        await other.rules.load()
        for _ in range(2):
            desk.reads("loss_limit", 120)
            desk.passes(6)
            other.passes(6)
            await desk.writes()
            await other.writes()
            other.notices.acknowledge(other.notices.waiting(), "pete")
            await other.writes()
            await desk.writes()
            assert not any(one.waits for one in desk.rules.active)
            desk.reads("loss_limit", 85, seconds=10)
        assert other.titles == ["At maria's terminal: Loss limit"] * 2

    through(story)


def test_an_alert_of_a_rule_of_ones_own_that_was_removed_elsewhere_is_over_at_the_next_start() -> None:
    async def before(desk: Desk) -> None:
        await desk.rules.save_own(OwnRule("x", "High", "AAPL price > 230", "warning", True, NOW))
        desk.measured.values[PRICE] = 240.0
        desk.reads("loss_limit", 0)

    store = through(before).store
    store.rules.clear()

    async def after(desk: Desk) -> None:
        assert desk.rules.active == ()

    assert deeds(through(after, Desk(store))) == ["raised", "cleared"]


def test_a_row_that_the_database_refuses_keeps_no_other_from_being_written() -> None:
    async def story(desk: Desk) -> None:
        keep = desk.store.keep

        async def picky(changed: Sequence[Alert], done: Sequence[Done]) -> None:
            if any(one.rule == "margin" for one in changed):
                raise NotPermitted("The database does not let the login maria do this; ask an Admin.")
            await keep(changed, done)

        desk.store.keep = picky  # type: ignore[method-assign]
        desk.reads("margin", 120, seconds=3)
        with pytest.raises(NotPermitted):
            await desk.rules.keeping.flush()  # nothing tells yet whether it is the row or the login
        desk.reads("loss_limit", 120)
        await desk.rules.keeping.flush()
        assert [one.rule for one in desk.store.alerts.values()] == ["loss_limit"]
        desk.reads("loss_limit", 0, seconds=10)
        await desk.rules.keeping.flush()

    assert deeds(through(story)) == ["raised", "cleared"]
