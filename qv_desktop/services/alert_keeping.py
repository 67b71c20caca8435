"""Keeping alerts: what changed is written in order while the terminal goes on, and what others of the desk did is heard of."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from qv_desktop.domain.alert_rules import Rule, Severity
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desk_alerts import Alert, Done, Past
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted, QvError
from qv_desktop.domain.own_alert_rules import OwnRule

log = structlog.get_logger(__name__)

EVERY, AROUND, ANEW = (
    0.5,
    6,
    60,
)  # seconds between writes; every so many of them the others' deeds, and the settings, are read
LATER = 2.0  # seconds after a failure
MOST = 10_000  # deeds that wait for the database; the oldest give way
STILL = timedelta(hours=12)  # for which an alert that was escalated elsewhere is told to whoever signs in

type Settings = tuple[Severity, bool, float | None, float, float, float]


class Store(Protocol):
    """Where alerts and rules are kept. All raise DatabaseDown: then nothing was written."""

    async def active(self, user: str, now: datetime) -> list[Alert]:
        """Those of the person at this terminal that are not over, and those that are but snoozed, oldest first."""

    async def keep(self, changed: Sequence[Alert], done: Sequence[Done]) -> None:
        """Commit alerts as they now stand, and what was done, oldest first."""

    async def acknowledged(self, ids: Collection[str]) -> dict[str, tuple[str, datetime]]:
        """Which of these somebody has acknowledged: id -> who and when."""

    async def escalated(self, user: str, since: datetime) -> list[tuple[str, Alert]]:
        """Alerts at other terminals that were escalated since and wait, with the name of whose they are."""

    async def history(self, start: datetime, end: datetime) -> list[Past]:
        """What was done between, newest first."""

    async def settings(self) -> dict[str, Settings]:
        """Severity, on, near, breached, hold and escalate of each rule that was ever set."""

    async def set(self, rule: Rule, draft: Draft) -> None:
        """Commit another version of a desk rule."""

    async def own(self, user: str) -> list[OwnRule]:
        """The person's rules."""

    async def save_own(self, user: str, rule: OwnRule) -> None:
        """Keep a rule."""

    async def delete_own(self, user: str, id_: str) -> None:
        """Forget a rule."""


class AlertKeeping:
    """The queue to the database. ``acknowledged`` is told of what others acknowledged of ours, ``escalated`` of what waits at theirs.

    Nothing is written before ``begin``: what an earlier sitting left must be read first.
    """

    def __init__(
        self, store: Store, now: Callable[[], datetime], acknowledged: Callable[[str, str, datetime], None],
        escalated: Callable[[str, Alert], None], set_elsewhere: Callable[[dict[str, Settings]], None],
    ) -> None:  # fmt: skip
        self._store, self._now = store, now
        self._acknowledged, self._escalated, self._set_elsewhere = acknowledged, escalated, set_elsewhere
        self._changed: dict[str, Alert] = {}  # id -> as it is to be written
        self._done: list[Done] = []
        self._waits: set[str] = set()  # ids of ours that somebody has yet to acknowledge
        self._told: set[tuple[str, datetime | None]] = (
            set()
        )  # ids of others' that were told here, and when they were escalated
        self._theirs: set[str] = set()  # those of them that nobody has acknowledged here
        self._user, self.loaded = "", False
        self._one_at_a_time = asyncio.Lock()

    def begin(self, user: str) -> None:
        """What was kept is read."""
        self._user, self.loaded = user, True

    def take(self, alert: Alert, done: Done) -> None:
        """An alert changed."""
        self._changed[alert.id] = alert
        self._done = [*self._done[-MOST:], done]
        (self._waits.add if alert.waits else self._waits.discard)(alert.id)

    def forget(self, id_: str) -> None:
        """An alert that was not written yet is another one, which is known."""
        self._changed.pop(id_, None)
        self._done = [done for done in self._done if done.alert != id_]
        self._waits.discard(id_)

    def acknowledge_elsewhere(self, id_: str, by: str) -> None:
        """The signed-in person has seen what waited at another terminal; once, for a notice is heard of again after a restart."""
        if id_ not in self._theirs:
            return
        self._theirs.discard(id_)
        self._done.append(Done(id_, self._now(), by, "acknowledged"))

    async def flush(self) -> None:
        """Write what waits. Raises DatabaseDown; what was not written waits on."""
        async with self._one_at_a_time:
            if not self.loaded or not (self._changed or self._done):
                return
            changed, done = dict(self._changed), list(self._done)
            try:
                await self._kept(changed, done)
            except (NotPermitted, BadInput):
                await self._one_by_one(changed, done)

    async def _kept(self, changed: Mapping[str, Alert], done: Sequence[Done]) -> None:
        await self._store.keep(list(changed.values()), done)
        self._finished(changed, done)

    def _finished(self, changed: Mapping[str, Alert], done: Sequence[Done]) -> None:
        for id_, alert in changed.items():
            if self._changed.get(id_) is alert:
                del self._changed[id_]
        these = {id(one) for one in done}
        self._done = [one for one in self._done if id(one) not in these]

    async def _one_by_one(self, changed: Mapping[str, Alert], done: Sequence[Done]) -> None:
        """A row that is never taken keeps no other from it, and is given up. Raises NotPermitted or BadInput where none is taken."""
        every = list(dict.fromkeys([*changed, *(one.alert for one in done)]))
        parts = [
            ({id_: changed[id_]} if id_ in changed else {}, [one for one in done if one.alert == id_]) for id_ in every
        ]
        refused = list[tuple[Mapping[str, Alert], Sequence[Done], QvError]]()
        for part in parts:
            try:
                await self._kept(*part)
            except (NotPermitted, BadInput) as error:
                refused.append((*part, error))
        if len(refused) == len(parts):
            raise refused[0][2]
        for alerts, deeds, why in refused:
            log.error("alert_not_kept", alerts=list(alerts), reason=str(why))
            self._finished(alerts, deeds)

    async def look_around(self) -> None:
        """What others did about our alerts, and what waits at their terminals. Raises DatabaseDown."""
        if not self.loaded:
            return
        for id_, (by, at) in (await self._store.acknowledged(list(self._waits))).items():
            self._waits.discard(id_)
            self._acknowledged(id_, by, at)
        for whose, alert in await self._store.escalated(self._user, self._now() - STILL):
            if (told := (alert.id, alert.escalated)) not in self._told:
                self._told.add(told)
                self._theirs.add(alert.id)
                self._escalated(whose, alert)

    async def run(self, load: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled; ``load`` reads what is kept, where that has not succeeded yet."""
        count = 0
        while True:
            count += 1
            try:
                if not self.loaded:
                    await load()
                await self.flush()
                if count % AROUND == 0:
                    await self.look_around()
                if count % ANEW == 0:
                    self._set_elsewhere(await self._store.settings())
                await asyncio.sleep(EVERY)
            except (DatabaseDown, NotPermitted, BadInput) as error:
                log.info("alerts_wait", reason=str(error), waiting=len(self._done))
                await asyncio.sleep(LATER)
