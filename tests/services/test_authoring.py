"""People's strategies over a real database: versions, the guard against lost updates, drafts, archive and consent."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.backtests import BacktestStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.strategies import StrategyStore
from qv_desktop.adapters.db.strategy_notes import StrategyConsents, StrategyDrafts
from qv_desktop.adapters.db.validations import LookAheadStore
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import Entry
from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.errors import BadInput, ConsentNeeded, DatabaseDown, NotPermitted, Superseded
from qv_desktop.domain.events import StrategiesChanged
from qv_desktop.domain.strategies import Strategy, digest
from qv_desktop.domain.strategy_template import template
from qv_desktop.services.authoring import Authoring
from qv_desktop.services.backtests import Backtests
from qv_desktop.services.login import Login
from qv_desktop.services.look_ahead import LookAheads
from qv_desktop.services.strategies import Strategies
from qv_desktop.strategies.built_in import built_in
from tests import fakes
from tests.a_run import a_run
from tests.builders import NOW, a_session


@dataclass
class Desk:
    """One terminal with a person before it."""

    database: Database
    person: str = "maria"
    role: Role = Role.ADMIN
    terminal: str = "kitchen 1"
    now: list[datetime] = field(default_factory=lambda: [NOW])
    rows: list[Entry] = field(default_factory=list)
    events: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trail = AuditTrail(self.database, f"chain-{uuid4().hex[:8]}", "1", lambda: NOW, self.rows.append)
        session = a_session(self.role, self.person)
        session = replace(session, user=replace(session.user, id=f"id-{self.person}"))
        self.login = Login(fakes.Users(session.user, session), self.trail, lambda: NOW, "host")
        self.login.session = session
        store = StrategyStore(self.database, self.trail)
        self.consents = StrategyConsents(self.database, self.trail)

        async def note(draft: Any) -> None:
            await self.trail.append(draft)

        self.strategies = Strategies(store, self.login, self.consents, self.events.append, note, lambda: NOW)
        self.authoring = Authoring(
            store,
            StrategyDrafts(self.database),
            self.strategies,
            self.login,
            self.trail,
            lambda: self.now[0],
            self.terminal,
        )

    def actions(self) -> list[tuple[str, str, str]]:
        return [(row.draft.action, row.draft.object_id, row.draft.outcome) for row in self.rows]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def name() -> str:
    return f"s_{uuid4().hex[:8]}"


def run[T](work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def test_a_save_is_a_version_of_whoever_saved_it_and_the_same_source_is_none(desk: Desk, name: str) -> None:
    async def story() -> list[Strategy]:
        first = await desk.authoring.create(name, template().replace("\n", "\r\n"))
        second = await desk.authoring.save(first, template() + "# more", "  said\n why ")
        same = await desk.authoring.save(second, template() + "# more\n")
        assert (same.version, same.code_hash) == (2, second.code_hash)
        back = await desk.authoring.save(second, template(), "as it was")
        assert back.version == 3
        return await desk.authoring.versions(back)

    versions = run(story())
    assert [(v.version, v.author, v.note, v.source == template()) for v in versions] == [
        (3, "maria", "as it was", True), (2, "maria", "said why", False), (1, "maria", "", True)]  # fmt: skip
    assert versions[0].code_hash == versions[2].code_hash == digest(template())
    assert desk.actions() == [
        ("strategy.create", name, "ok"),
        ("strategy.save", name, "ok"),
        ("strategy.save", name, "ok"),
    ]
    assert desk.strategies.named(name).version == 3


def test_whoever_saves_second_overwrites_nothing_and_hears_of_whom(desk: Desk, name: str, database: Database) -> None:
    other = Desk(database, "tom", Role.TRADER)

    async def story() -> None:
        first = await desk.authoring.create(name, template())
        other.authoring.keep_draft(first.id, 1, "what tom typed")
        await other.authoring.flush()
        await desk.authoring.save(first, template() + "# maria's\n")
        with pytest.raises(Superseded, match="maria saved version 2") as refused:
            await other.authoring.save(first, template() + "# tom's\n")
        newest = refused.value.newest
        assert isinstance(newest, Strategy)
        assert newest.source.endswith("# maria's\n")
        assert [draft.source for draft in await other.authoring.drafts()] == ["what tom typed"]
        kept = await other.authoring.save(newest, template() + "# tom's\n")
        assert (kept.version, kept.author) == (3, "tom")
        assert await other.authoring.drafts() == []

    run(story())
    assert [row for row in other.actions() if row[2] == "ok"] == [("strategy.save", name, "ok")]


def test_two_saves_at_once_make_one_version(desk: Desk, name: str, database: Database) -> None:
    other = Desk(database, "tom")

    async def story() -> list[Any]:
        first = await desk.authoring.create(name, template())
        saves = (each.authoring.save(first, f"{template()}# {each.person}\n") for each in (desk, other))
        return await asyncio.gather(*saves, return_exceptions=True)

    found = run(story())
    assert sorted(type(each).__name__ for each in found) == ["Strategy", "Superseded"]


def test_a_faulty_source_is_no_version_and_says_where(desk: Desk, name: str) -> None:
    with pytest.raises(BadInput, match=r"Line 1: This is no Python"):
        run(desk.authoring.create(name, "def ("))
    with pytest.raises(BadInput, match="cannot be a strategy's name"):
        run(desk.authoring.create("My Strategy", template()))
    assert desk.actions() == []


def test_names_are_taken_once_and_built_in_ones_stay_as_they_are(desk: Desk, name: str) -> None:
    async def story() -> None:
        await desk.strategies.load(built_in(NOW))
        with pytest.raises(BadInput, match="exists already"):
            await desk.authoring.create("sma_cross", template())
        shipped = desk.strategies.named("macd")
        with pytest.raises(BadInput, match="clone it"):
            await desk.authoring.save(shipped, template())
        cloned = await desk.authoring.clone(shipped, name)
        assert (cloned.source, cloned.built_in, cloned.version) == (shipped.source, False, 1)
        assert cloned.note == f"Clone of macd v{shipped.version}"

    run(story())


def test_what_ships_is_kept_as_the_next_version_when_a_new_program_changes_it(desk: Desk, database: Database) -> None:
    shipped = built_in(NOW)
    changed = replace(
        shipped[1], source=shipped[1].source + "# newer\n", code_hash=digest(shipped[1].source + "# newer\n")
    )

    async def story() -> tuple[Strategy, Strategy]:
        await desk.strategies.load(shipped)
        newer = Desk(database)
        await newer.strategies.load([shipped[0], changed, *shipped[2:]])
        await desk.strategies.load(shipped)  # the older program again: it runs what it came with
        return desk.strategies.named(shipped[1].name), newer.strategies.named(shipped[1].name)

    older, newer = run(story())
    assert (newer.version, newer.id) == (older.version + 1, older.id)
    assert older.source == shipped[1].source


def test_a_built_in_whose_name_somebody_took_is_left_out_and_the_rest_is_loaded(desk: Desk, name: str) -> None:
    async def story() -> None:
        mine = await desk.authoring.create(name, template())
        await desk.strategies.load([replace(built_in(NOW)[0], name=name, id="built-in-x"), *built_in(NOW)])
        assert desk.strategies.named(name).id == mine.id
        assert [name in sentence for sentence in desk.strategies.clashes] == [True]
        assert "sma_cross" in {strategy.name for strategy in desk.strategies.all()}

    run(story())


def test_what_is_archived_is_kept_out_of_sight_and_comes_back(desk: Desk, name: str) -> None:
    async def story() -> None:
        made = await desk.authoring.create(name, template())
        await desk.authoring.archive(made)
        assert name not in {strategy.name for strategy in desk.strategies.all()}
        assert desk.strategies.named(name).archived
        await desk.authoring.archive(made)  # twice is once
        await desk.authoring.unarchive(made)
        assert not desk.strategies.named(name).archived

    run(story())
    assert [row[0] for row in desk.actions()] == ["strategy.create", "strategy.archive", "strategy.unarchive"]


def test_what_is_deployed_is_not_archived(desk: Desk, name: str, database: Database) -> None:
    async def story() -> None:
        made = await desk.authoring.create(name, template())
        for statement in (
            "INSERT INTO deployments SELECT %(name)s, %(id)s, 1, 'a', 'PAPER', '{KO}', '1m', '{}', encode(sha256('{}'), 'hex'), 'draft', "
            "'not started', '', 'u', now(), '', NULL, '', NULL, '', NULL, 0, 0, 1",
            "UPDATE deployments SET stage = 'paper', state = 'running', started_by = 'u', started = now(), revision = 2 "
            "WHERE id = %(name)s",
        ):
            values = {"name": name, "id": made.id}
            await database.write(
                lambda connection, each=statement, values=values: connection.exec_driver_sql(each, values)
            )
        with pytest.raises(BadInput, match="is deployed"):
            await desk.authoring.archive(made)

    run(story())
    assert not desk.strategies.named(name).archived


def test_the_list_is_published_when_another_terminal_changed_it_and_only_then(
    desk: Desk, name: str, database: Database
) -> None:
    other = Desk(database, "tom")

    async def story() -> None:
        await desk.strategies.refresh()
        desk.events.clear()
        await desk.strategies.refresh()
        assert desk.events == []
        await other.authoring.create(name, template())
        await desk.strategies.refresh()

    run(story())
    (event,) = desk.events
    assert isinstance(event, StrategiesChanged)
    assert name in {strategy.name for strategy in event.strategies}


# ---- consent


def test_code_of_ones_own_asks_once_and_changed_code_asks_again(desk: Desk, name: str, database: Database) -> None:
    other = Desk(database, "tom", Role.ANALYST)

    async def story() -> None:
        made = await desk.authoring.create(name, template() + f"# {name}\n")
        with pytest.raises(ConsentNeeded) as asked:
            await desk.strategies.require_consent(made)
        assert asked.value.strategy == made
        await desk.strategies.decline(made)
        with pytest.raises(ConsentNeeded):
            await desk.strategies.require_consent(made)
        await desk.strategies.consent(made)
        await desk.strategies.consent(made)
        await desk.strategies.require_consent(made)
        with pytest.raises(ConsentNeeded):  # each person answers for themselves
            await other.strategies.require_consent(made)
        changed = await desk.authoring.save(made, made.source + "# changed\n")
        with pytest.raises(ConsentNeeded):
            await desk.strategies.require_consent(changed)

    run(story())
    assert [row for row in desk.actions() if row[0] == "strategy.allow"] == [
        ("strategy.allow", name, "refused"), ("strategy.allow", name, "ok")]  # fmt: skip


def test_what_ships_runs_unasked_and_a_clone_with_the_same_text_too(desk: Desk, name: str) -> None:
    async def story() -> None:
        await desk.strategies.load(built_in(NOW))
        for shipped in desk.strategies.all():
            if shipped.built_in:
                await desk.strategies.require_consent(shipped)
        await desk.strategies.require_consent(await desk.authoring.clone(desk.strategies.named("macd"), name))

    run(story())


def test_a_text_that_does_not_fit_its_hash_never_runs_whatever_is_said_of_it(desk: Desk) -> None:
    async def story() -> None:
        await desk.strategies.load(built_in(NOW))
        forged = replace(desk.strategies.named("macd"), source="import os\n")
        with pytest.raises(BadInput, match="changed outside the program"):
            await desk.strategies.require_consent(forged)
        with pytest.raises(BadInput):
            await desk.strategies.consent(forged)
        said = replace(forged, code_hash=digest("import os\n"))  # author and built_in are claims, too
        with pytest.raises(ConsentNeeded):
            await desk.strategies.require_consent(said)

    run(story())


def test_a_backtest_asks_before_anything_is_done(desk: Desk, name: str, database: Database) -> None:
    async def story() -> None:
        await desk.authoring.create(name, template() + f"# {name}\n")
        backtests = Backtests(None, BacktestStore(database, desk.trail), desk.strategies, None, desk.login,  # type: ignore[arg-type]
                              desk.events.append, None, lambda: NOW)  # type: ignore[arg-type]  # fmt: skip
        desk.events.clear()
        spec = BacktestSpec(name, 1, ("KO",), "1D", NOW.date() - timedelta(9), NOW.date(), ())
        with pytest.raises(ConsentNeeded):
            await backtests.run(spec)
        assert (desk.events, backtests.running) == ([], set())

    run(story())
    assert [row[0] for row in desk.actions()] == ["strategy.create"]


@pytest.mark.parametrize(("role", "lacking"), [(Role.VIEWER, "create save archive consent"), (Role.ANALYST, "archive"),
                                               (Role.TRADER, "archive"), (Role.ADMIN, "")])  # fmt: skip
def test_each_role_does_what_the_table_says(role: Role, lacking: str, name: str, database: Database) -> None:
    maker, desk = Desk(database), Desk(database, "vera", role)
    made = run(maker.authoring.create(name, template()))
    deeds = {
        "create": lambda: desk.authoring.create(f"{name}_2", template()),
        "save": lambda: desk.authoring.save(made, template() + "# 2\n"),
        "consent": lambda: desk.strategies.consent(made),
        "archive": lambda: desk.authoring.archive(made),
    }
    refused = []
    for deed, work in deeds.items():
        try:
            run(work())
        except NotPermitted:
            refused.append(deed)
    assert sorted(refused) == sorted(lacking.split())


# ---- drafts


def test_a_draft_is_each_persons_own_and_gone_once_it_is_saved(desk: Desk, name: str, database: Database) -> None:
    other = Desk(database, "tom")

    async def story() -> None:
        made = await desk.authoring.create(name, template())
        desk.authoring.keep_draft(made.id, 1, "first")
        desk.authoring.keep_draft(made.id, 1, "second")
        await desk.authoring.flush()
        again = Desk(database)  # as after a crash: nothing but the database is left
        assert [(d.strategy, d.base, d.source) for d in await again.authoring.drafts()] == [(made.id, 1, "second")]
        assert await other.authoring.drafts() == []
        await again.authoring.save(made, template() + "# third\n")
        assert await again.authoring.drafts() == []

    run(story())


def test_what_one_person_types_at_two_terminals_does_not_overwrite_each_other(
    desk: Desk, name: str, database: Database
) -> None:
    other = Desk(database, terminal="attic 2", now=[NOW + timedelta(minutes=2)])
    desk.now[0] += timedelta(minutes=1)

    async def story() -> None:
        made = await desk.authoring.create(name, template())
        desk.now[0] += timedelta(minutes=1)
        await other.strategies.refresh()
        desk.authoring.keep_draft(made.id, 1, "in the kitchen")
        await desk.authoring.flush()
        other.authoring.keep_draft(made.id, 1, "in the attic")
        await other.authoring.flush()
        assert [draft.source for draft in await desk.authoring.drafts()] == ["in the kitchen"]
        assert [draft.source for draft in await other.authoring.drafts()] == ["in the attic"]
        assert [(draft.host, draft.source) for draft in await desk.authoring.typed_elsewhere()] == [
            ("attic", "in the attic")
        ]
        third = Desk(database, terminal="hall 3")
        assert [draft.source for draft in await third.authoring.drafts()] == ["in the attic"]  # the newest
        other.now[0] += timedelta(hours=1)
        await other.authoring.save(made, template() + "# attic\n")
        assert [draft.source for draft in await desk.authoring.drafts()] == ["in the kitchen"]
        await desk.strategies.refresh()
        assert await desk.authoring.typed_elsewhere() == []
        await desk.authoring.drop_draft(made.id)

    run(story())


def test_a_text_that_another_terminal_took_up_and_saved_is_no_draft_anywhere(
    desk: Desk, name: str, database: Database
) -> None:
    other = Desk(database, terminal="attic 2")

    async def story() -> None:
        made = await desk.authoring.create(name, template())
        text = template() + "# both\n"
        desk.authoring.keep_draft(made.id, 1, text)
        await desk.authoring.flush()
        (taken,) = await other.authoring.drafts()
        other.authoring.keep_draft(made.id, taken.base, taken.source)
        await other.authoring.flush()
        await other.authoring.save(made, text)
        assert await desk.authoring.drafts() == []

    run(story())


def test_a_draft_waits_while_the_database_is_away(
    desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    made = run(desk.authoring.create(name, template()))

    async def down(*_: object) -> None:
        raise DatabaseDown("away")

    desk.authoring.keep_draft(made.id, 1, "typed")
    with monkeypatch.context() as patched:
        patched.setattr(desk.authoring._drafts, "keep", down)
        with pytest.raises(DatabaseDown):
            run(desk.authoring.flush())
    assert desk.authoring.waiting == 1
    assert [draft.source for draft in run(desk.authoring.drafts())] == ["typed"]
    run(desk.authoring.flush())
    assert desk.authoring.waiting == 0
    assert [draft.source for draft in run(Desk(database).authoring.drafts())] == ["typed"]


def test_a_text_put_into_the_database_beside_what_ships_neither_takes_its_place_nor_runs_unasked(
    desk: Desk, name: str, database: Database
) -> None:
    evil = template() + f"# {name}\n"
    forged = (
        "INSERT INTO strategy_versions SELECT strategy, max(version) + 1, 'MACD', '[]', %(evil)s, %(hash)s, 'QuantVision', now() "
        "FROM strategy_versions WHERE strategy = %(id)s GROUP BY strategy"
    )

    async def story() -> None:
        await desk.strategies.load(built_in(NOW))
        shipped = desk.strategies.named("macd")
        values = {"evil": evil, "hash": shipped.code_hash, "id": shipped.id}
        await database.write(lambda connection: connection.exec_driver_sql(forged, values))
        victim = Desk(database, "tom")
        await victim.strategies.load(built_in(NOW))
        assert victim.strategies.named("macd").source == shipped.source
        await victim.strategies.require_consent(victim.strategies.named("macd"))
        with pytest.raises(ConsentNeeded):
            await victim.strategies.require_consent(await desk.authoring.create(name, evil))

    run(story())


def test_a_look_ahead_check_asks_as_a_run_does(desk: Desk, name: str, database: Database) -> None:
    asked: list[str] = []

    class Engine:
        async def check(self, job: str, *_: object) -> None:
            asked.append(job)
            raise BadInput("It was asked.")

    async def bars(spec: BacktestSpec) -> tuple[dict[str, list[Any]], tuple[str, ...]]:
        return {}, ()

    async def story() -> None:
        made = await desk.authoring.create(name, template() + f"# {name}\n")
        checks = LookAheads(Engine(), LookAheadStore(database, desk.trail), desk.strategies.at,  # type: ignore[arg-type]
                            desk.strategies.require_consent, bars, desk.login, desk.events.append, lambda: NOW)  # fmt: skip
        spec = BacktestSpec(name, 1, ("KO",), "1D", NOW.date() - timedelta(9), NOW.date(), ())
        somebodys = a_run(spec=spec, code_hash=made.code_hash)
        with pytest.raises(ConsentNeeded):
            await checks.after(somebodys)
        assert not asked
        await desk.strategies.consent(made)
        await checks.after(somebodys)
        assert len(asked) == 1

    run(story())
