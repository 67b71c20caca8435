"""The account panel: asked for what is in view, once a minute and after fills; what fails is said and leaves the old in view."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from qv_desktop.domain.account_history import Period, Wanted
from qv_desktop.domain.account_standing import Fact, attention
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import AccountChanged, Filled
from qv_desktop.services.account_history import Activities
from qv_desktop.ui.panels.balances import ACTIVITIES, BALANCES, EQUITY, MARGIN
from qv_desktop.wiring import Desk

EVERY = 60.0  # seconds after which what is in view is asked for again
AFTER_FILL = 3.0  # seconds that a burst of fills has to settle, at the broker too
LATE = 90.0  # seconds from which a curve is called stale
BEAT = 1.0  # seconds


class AccountWiring:
    """Nothing is asked for while nobody looks. ``elapsed`` gives seconds."""

    def __init__(self, desk: Desk, elapsed: Callable[[], float] | None = None) -> None:
        self._desk = desk
        self._elapsed = elapsed or (lambda: asyncio.get_running_loop().time())
        self._asked: dict[str, float] = {}  # page -> when it was asked for last
        self._moved: float | None = None  # when a fill moved the account that no page knows of yet
        self._busy: set[str] = set()  # pages that are being asked for
        panel, bus = desk.panels.balances, desk.services.bus
        self._standing: tuple[Fact, ...] = ()  # what of the account's standing was told last
        bus.subscribe(AccountChanged, self._account_changed)
        bus.subscribe(Filled, self._filled)
        panel.page_seen.connect(self._seen)
        panel.period_chosen.connect(self._period_chosen)
        panel.activities_asked.connect(lambda wanted: self._spawn(self._activities(wanted)))
        panel.older_asked.connect(lambda: self._spawn(self._older()))

    async def run(self) -> None:
        """Keep what is in view fresh until cancelled."""
        while True:
            await asyncio.sleep(BEAT)
            self.tick()

    def tick(self) -> None:
        """Once a second: ages, and what has become due."""
        panel, services = self._desk.panels.balances, self._desk.services
        if not panel.isVisible():
            return
        panel.show_age(services.account.age)
        age = services.account_history.curve_age(panel.curve.period)
        panel.curve.show_age(age, stale=age is not None and age > LATE)
        if self._due(panel.page):
            self._refresh(panel.page)

    def _due(self, page: str) -> bool:
        now, asked = self._elapsed(), self._asked.get(page)
        if asked is None or now - asked >= EVERY:
            return True
        return (
            page not in (BALANCES, MARGIN)
            and self._moved is not None
            and asked < self._moved
            and now - self._moved >= AFTER_FILL
        )

    def _account_changed(self, event: AccountChanged) -> None:
        """What wants attention is a notice too, once each time that it changes, for the panel may be out of view."""
        self._desk.panels.balances.show_account(event.account)
        told = attention(event.account)
        if told and told != self._standing:
            words = " ".join(f"{fact.title}: {fact.value}. {fact.meaning}" for fact in told)
            self._desk.services.notices.tell(
                "critical" if told[0].mood == "bad" else "warning",
                "Account",
                words,
                f"account {words}",
                kind="risk" if told[0].mood == "bad" else "other",
                panel="balances",
            )
        self._standing = told

    def _filled(self, _: Filled) -> None:
        """The last fill of a burst counts; the pages out of view learn of it when they are seen."""
        self._moved = self._elapsed()

    def _seen(self, page: str) -> None:
        asked = self._asked.get(page)
        if asked is None or self._due(page) or (self._moved is not None and asked < self._moved):
            self._refresh(page)

    def _refresh(self, page: str) -> None:
        """Ask for a page once at a time; a question that takes long is not put again meanwhile."""
        if page in self._busy:
            return
        self._busy.add(page)
        self._asked[page] = self._elapsed()
        panel = self._desk.panels.balances
        work = {BALANCES: self._settings, MARGIN: self._settings, EQUITY: lambda: self._curve(panel.curve.period, anew=True),
                ACTIVITIES: lambda: self._activities(panel.activities.wanted)}[page]  # fmt: skip
        self._spawn(self._freed(page, work))

    async def _freed(self, page: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        finally:
            self._busy.discard(page)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._desk.tasks.spawn(work)

    def _period_chosen(self, period: Period) -> None:
        """What was told before is shown at once; it is asked for again when it is old."""
        kept = self._desk.services.account_history.kept_curve(period)
        if kept is not None:
            self._desk.panels.balances.curve.show_curve(kept)
        self._spawn(self._curve(period, anew=False))

    async def _settings(self) -> None:
        """Settings that cannot be had stay unknown; the balances say for themselves how old they are."""
        try:
            found = await self._desk.services.account_history.configuration()
        except QvError:
            return
        self._desk.panels.balances.show_configuration(found)

    async def _curve(self, period: Period, anew: bool) -> None:
        page = self._desk.panels.balances.curve
        try:
            found = await self._desk.services.account_history.curve(period, anew)
        except QvError as error:
            if page.period is period:
                page.show_failure(str(error))
            return
        page.show_curve(found)

    async def _activities(self, wanted: Wanted) -> None:
        page = self._desk.panels.balances.activities
        try:
            self._show(await self._desk.services.account_history.activities(wanted))
        except QvError as error:
            if page.wanted == wanted:
                page.show_failure(str(error))

    async def _older(self) -> None:
        try:
            self._show(await self._desk.services.account_history.older())
        except QvError as error:
            self._desk.panels.balances.activities.show_failure(str(error))

    def _show(self, found: Activities) -> None:
        self._desk.panels.balances.activities.show_activities(
            found.wanted, found.activities, bool(found.token), found.unreadable
        )
