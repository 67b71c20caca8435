"""Authoring: strategies that people write. Every save is a version that never changes; what is typed and not saved is kept as a draft."""

import asyncio
import json
import uuid
from datetime import datetime
from pathlib import Path

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.strategies import LONGEST_NOTE, SourceDraft, Strategy, digest, tidy_name
from qv_desktop.domain.strategy_diff import DiffRow, compared
from qv_desktop.domain.strategy_source import LONGEST, Problem, checked
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.strategies import StrategyDrafts, StrategyStore
from qv_desktop.services.strategies import VIEW, Strategies
from qv_desktop.services.strategy_lint import problems

log = structlog.get_logger(__name__)

CREATE = Permission(Resource.STRATEGIES, Action.CREATE)
CHANGE = Permission(Resource.STRATEGIES, Action.CHANGE)
EXPORT = Permission(Resource.STRATEGIES, Action.EXPORT)
ARCHIVE = Permission(Resource.STRATEGIES, Action.DELETE)


class Authoring:
    """Writes strategies for whoever is signed in; ``strategies`` is read anew after each change."""

    def __init__(
        self,
        store: StrategyStore,
        drafts: StrategyDrafts,
        strategies: Strategies,
        login: Login,
        trail: Trail,
        now: Now,
        terminal: str = "",
    ) -> None:
        """``terminal`` tells this program from the person's others: its machine's name, and after a space what else does."""
        self._terminal = terminal
        self._store, self._drafts, self._strategies, self._now = store, drafts, strategies, now
        self._login, self._trail = login, trail
        self._waiting: dict[
            tuple[str, str], SourceDraft | None
        ] = {}  # user, strategy's id -> its draft, None when it is to go
        self._one_at_a_time = asyncio.Lock()

    # ---- versions

    async def create(self, name: str, source: str, note: str = "") -> Strategy:
        """A new strategy with its first version. Raises NotPermitted, BadInput, DatabaseDown."""
        session = await self._login.require(CREATE)
        fresh = self._version(uuid.uuid4().hex, tidy_name(name), source, session.user.name, note)
        made = await self._store.create(fresh, self._row("strategy.create", fresh, None, 1))
        await self._strategies.refresh()
        return made

    async def save(self, before: Strategy, source: str, note: str = "", base: int | None = None) -> Strategy:
        """The next version of a strategy. The same source as the newest is no new version: that one is returned.

        ``base`` is the version that the text goes on from, that of ``before`` unless named. Raises NotPermitted, BadInput (Superseded
        when somebody else saved meanwhile), DatabaseDown.
        """
        session = await self._login.require(CHANGE)
        if before.built_in:
            raise BadInput(f"“{before.name}” ships with the program and stays as it is; clone it and change the clone.")
        base = before.version if base is None else base
        fresh = self._version(before.id, before.name, source, session.user.name, note)
        kept = await self._store.save(fresh, base, self._row("strategy.save", fresh, before, base + 1))
        await self.drop_draft(before.id)
        await self._strategies.refresh()
        return kept

    async def clone(self, of: Strategy, name: str) -> Strategy:
        """A strategy of its own with the source of another. Raises NotPermitted, BadInput, DatabaseDown."""
        await self._login.require(CREATE)
        return await self.create(name, of.source, f"Clone of {of.name} v{of.version}")

    async def archive(self, strategy: Strategy) -> None:
        """Put a strategy out of sight; it is kept with all its versions. Raises NotPermitted, BadInput while it is deployed."""
        await self._archived(strategy, True)

    async def unarchive(self, strategy: Strategy) -> None:
        """Bring it back. Raises NotPermitted, DatabaseDown."""
        await self._archived(strategy, False)

    async def _archived(self, strategy: Strategy, archived: bool) -> None:
        await self._login.require(ARCHIVE)
        words = [json.dumps({"archived": each}) for each in (not archived, archived)]
        action = "strategy.archive" if archived else "strategy.unarchive"
        draft = Draft(self._login.actor, action, "strategy", strategy.name, before=words[0], after=words[1])
        await self._store.archive(strategy, archived, draft)
        await self._strategies.refresh()

    async def versions(self, strategy: Strategy) -> list[Strategy]:
        """Every version, newest first. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        return await self._store.versions(strategy.id)

    def _version(self, id: str, name: str, source: str, author: str, note: str) -> Strategy:
        text = _with_plain_ends(source)
        read = checked(text)
        words = " ".join(note.split())[:LONGEST_NOTE]
        return Strategy(id, name, read.title, 0, read.parameters, text, digest(text), author, self._now(), words)

    def _row(self, action: str, fresh: Strategy, before: Strategy | None, version: int) -> Draft:
        after = {
            "version": version,
            "code": fresh.code_hash,
            "title": fresh.title,
            "author": fresh.author,
            "note": fresh.note,
        }
        was = "" if before is None else json.dumps(
            {"version": before.version, "code": before.code_hash, "title": before.title, "author": before.author})  # fmt: skip
        return Draft(self._login.actor, action, "strategy", fresh.name, before=was, after=json.dumps(after))

    # ---- reading, of which nothing is stored

    async def problems(self, source: str) -> tuple[Problem, ...]:
        """What is to be said about a text, found on a thread."""
        return await asyncio.to_thread(problems, source)

    async def compared(self, old: str, new: str) -> tuple[DiffRow, ...]:
        """What differs, found on a thread."""
        return await asyncio.to_thread(compared, old, new)

    async def from_file(self, file: Path) -> str:
        """The text of a Python file. Raises BadInput when it is none or too long."""
        return await asyncio.to_thread(_read, file)

    async def to_file(self, file: Path, name: str, source: str) -> Path:
        """Write a source to a file, recorded with its hash. Raises NotPermitted, BadInput when the disk does not take it, DatabaseDown."""
        await self._login.require(EXPORT)
        after = json.dumps({"file": file.name, "code": digest(source)})
        await self._trail.append(Draft(self._login.actor, "export.strategy", "strategy", name, after=after))
        try:
            await asyncio.to_thread(file.write_text, source, "utf-8", newline="\n")
        except OSError as error:
            raise BadInput(f"{file.name} could not be written: {error.strerror or error}.") from error
        return file

    # ---- drafts

    async def drafts(self) -> list[SourceDraft]:
        """What the signed-in person has not saved: here, or else last at another terminal. Raises DatabaseDown."""
        user = self._user()
        stored = dict[str, SourceDraft]()
        for each in sorted(await self._drafts.of(user) if self._login.may(VIEW) else [], key=self._nearness):
            stored[each.strategy] = each
        for (whose, strategy), draft in self._waiting.items():
            if whose == user and draft is not None:
                stored[strategy] = draft
        return list(stored.values())

    def _nearness(self, draft: SourceDraft) -> tuple[bool, datetime]:
        return draft.terminal == self._terminal, draft.saved

    async def typed_elsewhere(self) -> list[SourceDraft]:
        """Other text of the person's own, typed at another terminal since the strategy was saved. Raises DatabaseDown."""
        if not self._login.may(VIEW):
            return []
        here = {draft.strategy: draft for draft in await self.drafts()}
        newest = {strategy.id: strategy for strategy in self._strategies.every()}
        return [
            each
            for each in await self._drafts.of(self._user())
            if each.strategy in newest
            and each.terminal not in (self._terminal, here[each.strategy].terminal)
            and each.source not in (here[each.strategy].source, newest[each.strategy].source)
            and each.saved > newest[each.strategy].created
        ]

    def keep_draft(self, strategy: str, base: int, source: str) -> None:
        """Remember what is typed of the strategy with this id; ``flush`` stores it."""
        if (user := self._user()) and len(source) <= 4 * LONGEST:  # what nobody typed is not stored with each key
            self._waiting[user, strategy] = SourceDraft(strategy, base, source, self._now(), self._terminal)

    async def drop_draft(self, strategy: str) -> None:
        """Forget it: it was saved, or given up. Raises DatabaseDown, and is then done later."""
        if user := self._user():
            self._waiting[user, strategy] = None
            await self.flush()

    @property
    def waiting(self) -> int:
        """Drafts that are not stored yet."""
        return len(self._waiting)

    async def flush(self) -> None:
        """Store what waits. Raises DatabaseDown and keeps it; what the person may not store any more is left out."""
        async with self._one_at_a_time:
            for (user, strategy), draft in tuple(self._waiting.items()):
                try:
                    await self._store_draft(user, strategy, draft)
                except NotPermitted as why:
                    log.info("draft_left_out", reason=str(why))
                if self._waiting.get((user, strategy)) is draft:  # else more was typed meanwhile
                    self._waiting.pop((user, strategy), None)

    async def _store_draft(self, user: str, strategy: str, draft: SourceDraft | None) -> None:
        if user == self._user():
            await self._login.require(CHANGE)
        if draft is None:
            await self._drafts.drop(user, strategy, self._terminal)
        else:
            await self._drafts.keep(user, draft)

    def _user(self) -> str:
        return self._login.session.user.id if self._login.session is not None else ""


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > 4 * LONGEST:
            raise BadInput(f"{file.name} is too long for a strategy; {LONGEST:,} characters are the most.")
        return _with_plain_ends(file.read_text("utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{file.name} could not be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{file.name} is no text in UTF-8; save it as such and open it again.") from error


def _with_plain_ends(source: str) -> str:
    """The text with the line ends that every machine has, and one at its end: else the same code has two hashes."""
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.endswith("\n") or not text else f"{text}\n"
