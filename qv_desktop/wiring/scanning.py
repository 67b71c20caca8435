"""The scanner's panel: a person's scans, the rule as it is typed, and what matches."""

from collections.abc import Callable, Coroutine
from typing import Any

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import ScanMatched, SessionsKnown
from qv_desktop.domain.scans import RuleError, Scan, parse
from qv_desktop.wiring import Desk

CHOSEN = "scan.chosen"  # setting: the scan that was shown last


class ScanningWiring:
    """Runs the scan that the panel shows; ``pick`` hears of a symbol that was chosen in it."""

    def __init__(self, desk: Desk, pick: Callable[[str, str], None]) -> None:
        self._desk, self._pick = desk, pick
        self._panel, self._scanner, self._saved = desk.panels.scanner, desk.services.scanner, desk.services.scans
        self._connect()

    def _connect(self) -> None:
        panel, bus = self._panel, self._desk.services.bus
        panel.symbol_chosen.connect(lambda symbol: self._pick("scanner", symbol))
        panel.scan_chosen.connect(self._choose)
        panel.scan_changed.connect(self._run)
        panel.rule_edited.connect(self._judge)
        panel.save_asked.connect(lambda scan: self._spawn(self._save(scan)))
        panel.delete_asked.connect(lambda name: self._spawn(self._delete(name)))
        bus.subscribe(ScanMatched, self._matched)
        bus.subscribe(SessionsKnown, self._scanner.sessions_known)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    async def start(self) -> None:
        """Load the person's scans and run the one that was shown last."""
        await self._saved.load()
        session = self._desk.services.login.session
        last = await self._desk.services.preferences.setting(session.user.id, CHOSEN) if session else None
        names = [scan.name for scan in self._saved.all]
        self._show(last if last in names else names[0])

    def _show(self, name: str) -> None:
        self._panel.show_scans(self._saved.all, name)
        self._run(self._saved.named(name))

    async def list_renamed(self, name: str, new: str) -> None:
        """Scans over the list follow it."""
        shown = self._panel.draft().name
        await self._saved.follow(name, new)
        self._panel.show_scans(self._saved.all, shown)
        self._panel.show_universes(self._desk.services.watchlists.names)
        self._run(self._panel.draft())

    def lists_changed(self) -> None:
        """A scan whose list is gone says so instead of finding nothing; one whose list is back runs again."""
        lists, shown = self._desk.services.watchlists, self._scanner.shown
        if shown is None or (shown.universe and not lists.has(shown.universe)):
            self._run(self._panel.draft())
        for scan in self._saved.alerting:
            if scan.universe and not lists.has(scan.universe):
                self._desk.services.notices.tell(
                    "warning", f"The scan “{scan.name}” looks through no symbols",
                    f"Its watchlist “{scan.universe}” is gone; choose another for it, or delete the scan.",
                    f"scan without list {scan.name} {scan.universe}",
                )  # fmt: skip

    def _choose(self, name: str) -> None:
        self._run(self._saved.named(name))
        self._spawn(self._remember(name))

    async def _remember(self, name: str) -> None:
        session = self._desk.services.login.session
        if session is not None:
            await self._desk.services.preferences.save_setting(session.user.id, CHOSEN, name)

    def _judge(self, text: str) -> None:
        try:
            parse(text)
        except RuleError as error:
            self._panel.show_rule_error(str(error), error.column)
        else:
            self._panel.show_rule_error("")

    def _run(self, scan: Scan) -> None:
        try:
            self._scanner.show(scan)
        except RuleError as error:
            self._panel.show_rule_error(str(error), error.column)
            self._nothing()
        except BadInput as error:
            self._panel.show_rule_error(str(error))
            self._nothing()
        else:
            self._panel.show_rule_error("")

    def _nothing(self) -> None:
        """What another scan found must not stand under this one's name."""
        self._scanner.show(None)
        self._panel.show_nothing()

    async def _save(self, scan: Scan) -> None:
        kept = await self._saved.save(scan)
        self._show(kept.name)

    async def _delete(self, name: str) -> None:
        await self._saved.delete(name)
        self._show(self._saved.all[0].name)

    def _matched(self, event: ScanMatched) -> None:
        shown = self._scanner.shown
        if shown is not None and event.scan == shown.name:
            self._panel.show_matches(event.matches, event.entered, event.looked_at, self._desk.services.clock.market())
