"""The seals of an installation over a real database: where the key is kept, what its loss shows, how it is changed, and bundles."""

import asyncio
import getpass
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from sqlalchemy import Connection, NullPool, create_engine, text

from qv_desktop import cli
from qv_desktop.adapters import secrets as room
from qv_desktop.adapters.audit_signatures import AuditKey
from qv_desktop.adapters.checkpoint_file import CheckpointFile
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.checkpoints import CheckpointBook
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.reports import audit_bundle
from qv_desktop.adapters.secrets import Secret, Secrets
from qv_desktop.app import tools
from qv_desktop.app.bundling import Bundles
from qv_desktop.app.identity import install_id
from qv_desktop.app.sealing import KeptTexts, Sealing, recall
from qv_desktop.domain.audit import SYSTEM, Draft, link
from qv_desktop.domain.errors import BadInput, BrokenTrail
from qv_desktop.services.checkpoints import Checkpoints
from tests.adapters.test_secrets import MemoryKeyring

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    found = MemoryKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: found)
    return found


@pytest.fixture
def no_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    monkeypatch.setattr(room, "MEMORY", 1024)  # KiB


class Desk:
    """One sitting of an installation: what it keeps lies in ``home``."""

    def __init__(self, database: Database, home: Path, chain: str, place: str = "embedded") -> None:
        self.time = NOON
        self.secrets = Secrets(home, lambda: None)
        self.folder, self.chain, self.home, self.database = home / "audit-checkpoints", chain, home, database
        file = CheckpointFile(self.folder, place)
        self.book = CheckpointBook(database, chain, file)
        self.seals = Sealing(self.book, AuditKey(KeptTexts(self.secrets), chain, place), file.public, self.now)
        self.trail = AuditTrail(database, chain, "1", self.now, lambda _: None, lambda: None, self.book)
        self.checkpoints = Checkpoints(self.seals, self.trail, self.now)
        self.bundles = Bundles(database, chain, self.book, self.seals, home / "exports", self.now)

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    async def works(self, rows: int) -> None:
        for number in range(rows):
            await self.trail.append(Draft(SYSTEM, "order.submit", "order", f"qv-{number}", reason='“Ünï” \\ "\x7f\t\n'))

    async def bundle(self, first: int | None = None, last: int | None = None, start: datetime | None = None) -> Path:
        return await self.bundles.write(first, last, start, None, "ada", lambda done, total: None)


@pytest.fixture
def desks(database: Database, tmp_path: Path) -> Callable[[], Desk]:
    chain = f"chain-{uuid4().hex[:8]}"
    return lambda: Desk(database, tmp_path, chain)


def told(story: Callable[[], Awaitable[None]]) -> None:
    async def wrapped() -> None:
        await story()

    asyncio.run(wrapped())


def test_the_private_key_is_in_the_keyring_alone_and_the_public_one_beside_the_checkpoints(
    desks: Callable[[], Desk], ring: MemoryKeyring
) -> None:
    async def story() -> None:
        desk = desks()
        await desk.works(3)
        point = await desk.checkpoints.sign()
        assert point is not None
        assert (point.number, point.sequence) == (1, 4)  # the key's own row is under it
        public = (desk.folder / "embedded.pub").read_text().strip()
        assert public == point.key
        private = next(text for (_, name), text in ring.kept.items() if name == f"audit_key_{desk.chain}_embedded")
        kept = b"".join(file.read_bytes() for file in desk.home.rglob("*") if file.is_file())
        assert private.encode() not in kept
        found = await desk.trail.verify()
        assert (found.whole, found.uncovered, found.notes) == (True, 0, ())

    told(story)


def test_the_next_sitting_goes_on_with_the_same_key(desks: Callable[[], Desk], ring: MemoryKeyring) -> None:
    async def story() -> None:
        for rows in (2, 3):
            desk = desks()
            await desk.works(rows)
            await desk.checkpoints.sign()
        points = desk.book._file.read()
        assert [point.number for point in points] == [1, 2]
        assert len({point.key for point in points}) == 1
        assert await desk.seals.newest() == (points[-1], 0)

    told(story)


def test_two_databases_of_one_installation_have_a_key_and_a_series_each(
    desks: Callable[[], Desk], ring: MemoryKeyring, postgres_template: str
) -> None:
    name = f"t_{uuid4().hex[:12]}"
    execute(postgres_template, f"CREATE DATABASE {name} TEMPLATE qv_template")
    server = Database(postgres_template.replace("/quantvision", f"/{name}", 1))

    async def story() -> None:
        here = desks()
        there = Desk(server, here.home, here.chain, "db.example.com:5432/qv")
        for rows in (3, 1):
            await here.works(rows)
            await here.checkpoints.sign()
        await there.works(1)
        await there.checkpoints.sign()
        assert here.book.key != there.book.key
        for desk, count in ((here, 2), (there, 1)):
            await asyncio.to_thread(recall, desk.seals)
            found = await desk.trail.verify()
            assert (found.whole, found.uncovered, found.notes) == (True, 0, ())
            assert len(desk.book._file.read()) == count

    try:
        told(story)
    finally:
        server.close()
        execute(postgres_template, f"DROP DATABASE {name} WITH (FORCE)")


def execute(url: str, statement: str) -> None:
    with create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(statement))


def test_without_a_place_for_the_key_nothing_is_signed_and_a_passphrase_makes_one(
    desks: Callable[[], Desk], no_ring: None
) -> None:
    async def story() -> None:
        desk = desks()
        await desk.works(1)
        with pytest.raises(BadInput, match="no keyring"):
            await desk.checkpoints.sign()
        assert not desk.folder.exists() or not list(desk.folder.glob("*.jsonl"))
        assert (await desk.trail.verify()).covered_at is None
        desk.secrets.choose(Secret("correct horse"))
        assert await desk.checkpoints.sign() is not None
        assert (await desk.trail.verify()).uncovered == 0
        locked = desks()
        assert "secrets are not open" in (await locked.trail.verify()).unproven
        with pytest.raises(BadInput):
            await locked.checkpoints.sign()
        locked.secrets.unlock(Secret("correct horse"))
        await locked.works(1)
        assert (await locked.checkpoints.sign()).number == 2  # type: ignore[union-attr]
        assert (await locked.trail.verify()).unproven == ""

    told(story)


def test_a_lost_key_is_followed_by_another_whose_first_use_the_chain_records_and_the_verification_says_so(
    desks: Callable[[], Desk], ring: MemoryKeyring
) -> None:
    async def story() -> None:
        first = desks()
        await first.works(2)
        await first.checkpoints.sign()
        ring.kept.clear()
        desk = desks()
        await desk.works(2)
        await desk.checkpoints.sign()
        found = await desk.trail.verify()
        assert found.whole
        assert [note[:38] for note in found.notes] == ["From checkpoint 2 on another key signs"]
        assert [row.draft.object_id for row in await desk.trail.page(action="audit.key")][::-1] == [
            first.book.key, desk.book.key]  # fmt: skip

    told(story)


def test_a_changed_key_was_named_by_the_old_one_and_nothing_is_odd(
    desks: Callable[[], Desk], ring: MemoryKeyring
) -> None:
    async def story() -> None:
        desk = desks()
        await desk.works(2)
        await desk.checkpoints.renew()
        old, handing, fresh = desk.book._file.read()
        assert old.key == handing.key != fresh.key == handing.successor
        await desk.works(1)
        await desk.checkpoints.sign()
        found = await desk.trail.verify()
        assert (found.whole, found.notes, found.uncovered) == (True, (), 0)

    told(story)


def test_keys_that_the_command_line_makes_are_recorded_under_the_systems_account_and_machine(
    ring: MemoryKeyring, database: Database, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QV_HOME", str(tmp_path))
    monkeypatch.setenv("QV_DATABASE_URL", postgres_url)
    asyncio.run(tools.signed(demo=False, renew=True))
    trail = AuditTrail(database, install_id(tmp_path), "1", lambda: NOON, lambda _: None)
    rows = [entry.draft for entry in asyncio.run(trail.page(action="audit.key"))]
    assert len({row.object_id for row in rows}) == len(rows) == 2
    who = f"{getpass.getuser()} (command line)"
    assert {(row.actor.name, row.actor.type, row.actor.host) for row in rows} == {(who, "human", socket.gethostname())}


def test_a_program_that_runs_while_its_key_is_changed_goes_on_with_the_new_one(
    desks: Callable[[], Desk], ring: MemoryKeyring
) -> None:
    async def story() -> None:
        desk, other = desks(), desks()
        await desk.works(2)
        await desk.checkpoints.sign()
        await other.checkpoints.renew()
        await desk.works(1)
        point = await desk.checkpoints.sign()
        assert point is not None
        assert point.key == other.book.key
        assert ((await desk.trail.verify()).whole, (await desk.trail.verify()).notes) == (True, ())

    told(story)


def test_a_change_of_keys_that_a_crash_interrupted_is_finished_at_the_next_start(
    desks: Callable[[], Desk], ring: MemoryKeyring
) -> None:
    async def story() -> None:
        desk = desks()
        await desk.works(2)
        await desk.checkpoints.sign()
        fresh = desk.seals.secret.renewed()
        await desk.book.sign(await desk.seals.signer(), desk.now(), fresh.public)
        again = desks()
        await again.works(1)
        point = await again.checkpoints.sign()
        assert point is not None
        assert point.key == fresh.public
        assert (await again.trail.verify()).notes == ()

    told(story)


def test_file_and_database_put_back_together_are_known_by_what_lies_beside_the_key(
    desks: Callable[[], Desk], ring: MemoryKeyring, postgres_url: str
) -> None:
    async def story() -> None:
        desk = desks()
        for rows in (2, 2):
            await desk.works(rows)
            await desk.checkpoints.sign()
        file = desk.book._file.path
        file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
        owner = Database(postgres_url)
        await owner.write(lambda connection: _cut(connection, desk.chain))
        owner.close()
        later = desks()
        await asyncio.to_thread(recall, later.seals)
        found = await later.trail.verify()
        assert (found.broken_at, found.covered) == (4, 3)
        assert "checkpoint 2, which is remembered beside the key, is missing" in found.reason
        with pytest.raises(BrokenTrail):
            await later.checkpoints.sign()

    told(story)


def _cut(connection: Connection, chain: str) -> None:
    connection.execute(text("RESET ROLE"))
    for table in ("audit_log", "audit_checkpoints"):
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER append_only"))
        connection.execute(text(f"DELETE FROM {table} WHERE chain = :chain AND sequence > 3"), {"chain": chain})  # noqa: S608
        connection.execute(text(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only"))


# ---- bundles


def bundled(desks: Callable[[], Desk], first: int | None = None, last: int | None = None) -> Path:
    async def story() -> Path:
        desk = desks()
        for rows in (4, 5, 6):
            await desk.works(rows)
            await desk.checkpoints.sign()
        return await desk.bundle(first, last)

    return asyncio.run(story())


def test_a_bundle_proves_itself_and_names_what_it_holds(desks: Callable[[], Desk], ring: MemoryKeyring) -> None:
    path = bundled(desks)
    head, found = audit_bundle.verified(path)
    assert (head.first, head.last, head.by) == (1, 16, "ada")
    assert (found.whole, found.rows, found.uncovered, found.notes) == (True, 16, 0, ())
    assert not list(path.parent.glob(".*"))


def test_a_part_of_the_trail_runs_on_to_the_next_checkpoint(desks: Callable[[], Desk], ring: MemoryKeyring) -> None:
    head, found = audit_bundle.verified(bundled(desks, 3, 7))
    assert (head.first, head.last, found.rows, found.whole) == (3, 10, 8, True)


def test_no_rows_are_no_bundle(desks: Callable[[], Desk], ring: MemoryKeyring) -> None:
    async def story() -> None:
        desk = desks()
        await desk.works(1)
        await desk.checkpoints.sign()
        with pytest.raises(BadInput, match="no audit rows"):
            await desk.bundle(start=NOON + timedelta(days=1))

    told(story)


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(("change", "at", "reason"), [
    (lambda lines: [line.replace(b"qv-1", b"qv-9") for line in lines], 3, "was changed"),
    (lambda lines: lines[:8] + lines[9:], 5, "is missing"),
    (lambda lines: [*lines[:8], lines[9], lines[8], *lines[10:]], 5, "is missing"),
    (lambda lines: [*lines[:9], lines[8], *lines[9:]], 5, "twice"),
    (lambda lines: [*lines[:-3], lines[-1]], 15, "missing"),
    (lambda lines: [line.replace(b'"by": "ada"', b'"by": "eve"') for line in lines], 1, "forged"),
    (lambda lines: lines[:-1], 16, "missing"),
    (lambda lines: [*lines[:-1], lines[-1].replace(b'"signature": "', b'"signature": "00')], 1, "forged"),
    (lambda lines: [*lines[:2], *lines[3:]], 5, "checkpoint 2 is missing"),
    (lambda lines: [*lines[:2], lines[2].replace(b'"sequence": 10', b'"sequence": 11'), *lines[3:]], 11, "not the one that checkpoint 2"),
])  # fmt: skip
def test_a_bundle_that_was_changed_says_where(
    desks: Callable[[], Desk], ring: MemoryKeyring, change: Callable[[list[bytes]], list[bytes]], at: int, reason: str
) -> None:
    path = bundled(desks)
    path.write_bytes(b"".join(change(lines_of(path))))
    _, found = audit_bundle.verified(path)
    assert not found.whole
    assert reason in " ".join((found.reason, *found.notes))
    assert found.broken_at is not None
    assert abs(found.broken_at - at) <= 1, found


def test_the_command_line_verifies_a_bundle_without_a_database(
    desks: Callable[[], Desk], ring: MemoryKeyring, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bundled(desks)
    key = json.loads(lines_of(path)[0])["key"]
    assert cli.command(["audit", "verify", "--bundle", str(path), "--key", key]) == 0
    said = capsys.readouterr().out
    assert "Rows 1 to 16 of chain chain-" in said
    assert "The bundle is whole: 16 rows up to #16" in said
    assert cli.command(["audit", "verify", "--bundle", str(path), "--key", "ab" * 32]) == 1
    assert "not with the one that is known" in capsys.readouterr().out


def test_a_bundle_that_nobody_vouches_for_is_exit_code_2_and_one_of_this_installation_is_known_by_its_keys(
    desks: Callable[[], Desk], ring: MemoryKeyring, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    path = bundled(desks)
    chain = json.loads(lines_of(path)[0])["chain"]

    def asked(home: Path) -> tuple[int, str]:
        monkeypatch.setenv("QV_HOME", str(home))
        capsys.readouterr()
        return cli.command(["audit", "verify", "--bundle", str(path)]), capsys.readouterr().out

    code, said = asked(tmp_path / "nobody")
    assert (code, "is whole" in said, "nobody has said whose key this is" in said) == (2, False, True)
    code, said = asked(tmp_path)  # the desk's own folder
    assert (code, "Signed checkpoints cover all of its rows." in said) == (0, True)
    other = tmp_path / "other"
    (other / "audit-checkpoints").mkdir(parents=True)
    (other / "audit-checkpoints" / "embedded.pub").write_text("ab" * 32)
    assert asked(other)[0] == 2
    (other / "install").write_text(chain)
    code, said = asked(other)
    assert (code, "none of this installation's" in said) == (1, True)


def test_a_bundle_without_checkpoints_says_that_none_covers_its_rows(
    desks: Callable[[], Desk], ring: MemoryKeyring, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> tuple[Path, str]:
        desk = desks()
        await desk.works(4)
        await desk.checkpoints.sign()
        signer, rows = await desk.seals.signer(), await desk.trail.page()
        head = audit_bundle.Head(desk.chain, 1, len(rows), NOON, "ada", signer.public)
        links = [link(row) for row in reversed(rows)]
        return audit_bundle.write(desk.home / "exports", head, [], links, signer.sign), signer.public

    path, key = asyncio.run(story())
    assert cli.command(["audit", "verify", "--bundle", str(path), "--key", key]) == 0
    assert "No checkpoint covers its rows: the signature over the bundle alone" in capsys.readouterr().out


def test_a_change_of_keys_that_the_old_key_did_not_sign_makes_a_bundle_not_whole(
    desks: Callable[[], Desk], ring: MemoryKeyring
) -> None:
    async def story(*, lost: bool) -> Path:
        desk = desks()
        await desk.works(2)
        await desk.checkpoints.sign()
        if lost:
            ring.kept.clear()
            desk = desks()
        else:
            await desk.checkpoints.renew()
        await desk.works(2)
        await desk.checkpoints.sign()
        return await desk.bundle()

    _, found = audit_bundle.verified(asyncio.run(story(lost=False)))
    assert (found.whole, found.notes) == (True, ())
    _, found = audit_bundle.verified(asyncio.run(story(lost=True)))
    assert not found.whole
    assert "the old key did not sign that change" in found.reason
