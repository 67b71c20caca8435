"""Whoever has every right in the database changes history in each way there is: it is found, and found where it was done."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, NullPool, create_engine, text

from qv_desktop.adapters.audit_signatures import Signer
from qv_desktop.adapters.checkpoint_file import CheckpointFile, line
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.audit_verifying import Watch
from qv_desktop.adapters.db.checkpoints import CheckpointBook
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import audit_log
from qv_desktop.domain.audit import SYSTEM, Draft, Entry, Mark, Verification, sealed
from qv_desktop.domain.checkpoints import Checkpoint, digest, drafted, signed_text
from qv_desktop.domain.errors import BadInput, BrokenTrail
from tests.adapters.db.conftest import Clock

ROWS = 25  # checkpoints after rows 10 and 20, five rows under none
GUARDED = ("audit_log", "audit_checkpoints")


@dataclass
class Scene:
    """A trail with its checkpoints, as an intruder finds it."""

    trail: AuditTrail
    book: CheckpointBook
    file: CheckpointFile
    signer: Signer
    chain: str
    rows: list[Entry]
    owner: Engine
    mark: Mark | None = None

    def verify(self, *, since_checkpoint: bool = False) -> Verification:
        return asyncio.run(self.trail.verify(since_checkpoint=since_checkpoint))

    def told(self, *statements: str, **values: object) -> None:
        """Guards off, statements, guards on again; constraints that stand in the way are dropped by the statements themselves."""
        with self.owner.begin() as connection:
            for table in GUARDED:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER append_only"))
            for statement in statements:
                connection.execute(text(statement), {"chain": self.chain, **values})
            for table in GUARDED:
                connection.execute(text(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only"))

    def rewritten(self, first: int, rows: list[Entry]) -> None:
        """The chain from ``first`` on is ``rows`` instead."""
        self.told("DELETE FROM audit_log WHERE chain = :chain AND sequence >= :first", first=first)
        with self.owner.begin() as connection:
            for row in rows:
                put(connection, row)

    def points(self) -> list[Checkpoint]:
        return self.file.read()

    def refiled(self, points: list[Checkpoint]) -> None:
        self.file.path.write_bytes(b"".join(map(line, points)))

    def restored(self, points: list[Checkpoint]) -> None:
        """The table of checkpoints is ``points`` instead."""
        self.told("DELETE FROM audit_checkpoints WHERE chain = :chain")
        for point in points:
            self.told("INSERT INTO audit_checkpoints VALUES (:chain, :number, :sequence, :hash, :at, :previous, :key, :successor, "
                      ":signature)", number=point.number, sequence=point.sequence, hash=point.hash, at=point.at,
                      previous=point.previous, key=point.key, successor=point.successor, signature=point.signature)  # fmt: skip


def put(connection: Connection, row: Entry) -> None:
    actor, draft = row.draft.actor, row.draft
    values = dict(zip((column.name for column in audit_log.c), (
        row.chain, row.sequence, row.at, actor.name, actor.type, actor.role, actor.session, actor.host, draft.action,
        draft.object_type, draft.object_id, draft.outcome, draft.reason, draft.before, draft.after, draft.correlation,
        draft.causation, row.app_version, row.previous, row.hash), strict=True))  # fmt: skip
    connection.execute(audit_log.insert().values(values))


def a_signer() -> Signer:
    return Signer(Ed25519PrivateKey.generate())


def a_draft(number: int, reason: str = "") -> Draft:
    return Draft(SYSTEM, "order.submit", "order", f"qv-{number}", reason=reason)


@pytest.fixture
def scene(database: Database, postgres_url: str, clock: Clock, tmp_path: Path) -> Iterator[Scene]:
    chain, file = f"chain-{uuid4().hex[:8]}", CheckpointFile(tmp_path / "kept", "embedded")
    owner, signer = create_engine(postgres_url, poolclass=NullPool), a_signer()
    scene: Scene
    book = CheckpointBook(database, chain, file, lambda: scene.mark)
    book.key = signer.public
    trail = AuditTrail(database, chain, "1.0", clock, lambda _: None, lambda: scene.mark, book)
    scene = Scene(trail, book, file, signer, chain, [], owner)

    async def story() -> None:
        await trail.append(Draft(SYSTEM, "audit.key", "key", signer.public))
        for number in range(2, ROWS + 1):
            await trail.append(a_draft(number))
            clock.advance(seconds=1)
            if number % 10 == 0:
                await book.sign(signer, clock())
        scene.rows = (await trail.page())[::-1]

    asyncio.run(story())
    scene.mark = Mark(ROWS, scene.rows[-1].hash)
    newest = scene.points()[-1]
    book.remembered = newest.number, digest(newest)
    yield scene
    owner.dispose()


def rehashed(scene: Scene, first: int, *, count: int = ROWS) -> list[Entry]:
    """Rows from ``first`` on with another reason in the first, each with a hash that fits."""
    made: list[Entry] = []
    previous = scene.rows[first - 2].hash
    for row in scene.rows[first - 1 : count]:
        draft = row.draft if made else replace(row.draft, reason="never happened")
        made.append(sealed(scene.chain, row.sequence, row.at, draft, row.app_version, previous))
        previous = made[-1].hash
    return made


def test_what_nobody_touched_is_whole_and_says_what_no_checkpoint_covers(scene: Scene) -> None:
    found = scene.verify()
    assert (found.whole, found.rows, found.head, found.covered, found.uncovered) == (True, ROWS, ROWS, 20, 5)
    assert found.notes == ()
    assert "rows up to #20; 5 rows since 2026-03-02 14:30:19 UTC not yet." in found.coverage
    asyncio.run(scene.book.sign(scene.signer, scene.rows[-1].at))
    assert scene.verify().coverage.endswith("covers every row.")


def test_only_what_came_since_the_last_checkpoint_is_read_when_that_is_asked_for(scene: Scene) -> None:
    assert scene.verify(since_checkpoint=True).rows == 6  # the row under the checkpoint with them
    scene.told("UPDATE audit_log SET reason = 'x' WHERE chain = :chain AND sequence = 23")
    assert scene.verify(since_checkpoint=True).broken_at == 23
    scene.told("UPDATE audit_log SET reason = 'x' WHERE chain = :chain AND sequence = 3")
    assert scene.verify(since_checkpoint=True).broken_at == 3  # what is broken is looked at as a whole


def edit(scene: Scene) -> None:
    scene.told("UPDATE audit_log SET reason = 'other' WHERE chain = :chain AND sequence = 14")


def edit_a_time_that_no_clock_shows(scene: Scene) -> None:
    scene.told("UPDATE audit_log SET at = 'infinity' WHERE chain = :chain AND sequence = 14")


def edit_into_nothing(scene: Scene) -> None:
    scene.told("ALTER TABLE audit_log ALTER reason DROP NOT NULL",
               "UPDATE audit_log SET reason = NULL WHERE chain = :chain AND sequence = 14")  # fmt: skip


def delete(scene: Scene) -> None:
    scene.told("DELETE FROM audit_log WHERE chain = :chain AND sequence = 14")


def delete_and_close_the_gap(scene: Scene) -> None:
    made: list[Entry] = []
    previous = scene.rows[12].hash
    for number, row in enumerate(scene.rows[14:], 14):
        made.append(sealed(scene.chain, number, row.at, row.draft, row.app_version, previous))
        previous = made[-1].hash
    scene.rewritten(14, made)


def insert(scene: Scene) -> None:
    """One more row between 13 and 14, whose own hash fits; those after it move on by one and keep their hashes."""
    before, rest = scene.rows[12], scene.rows[13:]
    forged = sealed(scene.chain, 14, before.at, a_draft(99), "1.0", before.hash)
    scene.rewritten(14, [forged, replace(rest[0], sequence=15, previous=forged.hash),
                         *(replace(row, sequence=row.sequence + 1) for row in rest[1:])])  # fmt: skip


def swap(scene: Scene) -> None:
    first, second = scene.rows[13], scene.rows[14]
    scene.rewritten(14, [replace(first, draft=second.draft, at=second.at), replace(second, draft=first.draft, at=first.at),
                         *scene.rows[15:]])  # fmt: skip


def truncate(scene: Scene) -> None:
    scene.told("DELETE FROM audit_log WHERE chain = :chain AND sequence >= 14")


def truncate_what_no_checkpoint_covers(scene: Scene) -> None:
    scene.told("DELETE FROM audit_log WHERE chain = :chain AND sequence >= 23")


def rehash(scene: Scene) -> None:
    scene.rewritten(14, rehashed(scene, 14))


def rehash_and_cut(scene: Scene) -> None:
    scene.rewritten(14, rehashed(scene, 14, count=16))


def restore_an_older_backup(scene: Scene) -> None:
    """The database is that of some time ago: rows and checkpoints alike."""
    scene.told("DELETE FROM audit_log WHERE chain = :chain AND sequence >= 14",
               "DELETE FROM audit_checkpoints WHERE chain = :chain AND sequence >= 14")  # fmt: skip


def restore_an_older_backup_and_work_on(scene: Scene) -> None:
    restore_an_older_backup(scene)

    async def story() -> None:
        for number in range(14, 40):
            await scene.trail.append(a_draft(number, "after the restore"))

    asyncio.run(story())


def fork(scene: Scene) -> None:
    """A second row 14, in a table that lets it in."""
    forged = sealed(scene.chain, 14, scene.rows[13].at, a_draft(99), "1.0", scene.rows[12].hash)
    scene.told(
        "ALTER TABLE audit_log DROP CONSTRAINT audit_log_no_fork",
        "ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey",
    )
    with scene.owner.begin() as connection:
        put(connection, forged)


def fork_that_lives_on(scene: Scene) -> None:
    """The chain from row 14 on has another branch, which is the one that is shown."""
    rehash(scene)


@pytest.mark.parametrize(("attack", "first", "last", "reason"), [
    (edit, 14, 14, "was changed after it was written"),
    (edit_a_time_that_no_clock_shows, 14, 14, "was changed after it was written"),
    (edit_into_nothing, 14, 14, "was changed after it was written"),
    (delete, 14, 14, "row 14 is missing; row 15 follows"),
    (delete_and_close_the_gap, 11, 20, "not the one that checkpoint 2 of 2026-03-02"),
    (insert, 14, 15, "was changed after it was written"),
    (swap, 14, 14, "was changed after it was written"),
    (truncate, 14, 14, "rows 14 to 25 are missing at the end"),
    (truncate_what_no_checkpoint_covers, 23, 23, "this installation remembers to have recorded row 25"),
    (rehash, 11, 20, "the change lies among rows 11 to 20"),
    (rehash_and_cut, 17, 17, "rows 17 to 25 are missing at the end"),
    (restore_an_older_backup, 14, 14, "rows 14 to 25 are missing at the end"),
    (restore_an_older_backup_and_work_on, 11, 20, "not the one that checkpoint 2 of 2026-03-02"),
    (fork, 14, 15, ""),
    (fork_that_lives_on, 11, 20, "the change lies among rows 11 to 20"),
])  # fmt: skip
def test_each_attack_is_found_where_it_was_made(
    scene: Scene, postgres_template: str, attack: Callable[[Scene], None], first: int, last: int, reason: str
) -> None:
    assert scene.verify().whole
    try:
        attack(scene)
        found = scene.verify()
        assert not found.whole
        assert found.broken_at is not None
        assert first <= (found.suspect_from or found.broken_at) <= found.broken_at <= last, found
        assert reason in found.reason
        assert not signed_over(scene).whole
    finally:
        scene.told("DELETE FROM audit_log WHERE chain = :chain")
        mended(scene)


def signed_over(scene: Scene) -> Verification:
    """What is found when the program goes on signing: a new checkpoint covers up nothing, where it is signed at all."""
    with suppress(BrokenTrail):
        asyncio.run(scene.book.sign(scene.signer, scene.rows[-1].at))
    return scene.verify()


def mended(scene: Scene) -> None:
    """The table's constraints, for the next test."""
    scene.told("ALTER TABLE audit_log DROP CONSTRAINT IF EXISTS audit_log_pkey",
               "ALTER TABLE audit_log DROP CONSTRAINT IF EXISTS audit_log_no_fork",
               "ALTER TABLE audit_log ADD PRIMARY KEY (chain, sequence)",
               "ALTER TABLE audit_log ADD CONSTRAINT audit_log_no_fork UNIQUE (chain, previous)",
               "ALTER TABLE audit_log ALTER reason SET NOT NULL")  # fmt: skip


def resigned(scene: Scene, number: int, signer: Signer) -> list[Checkpoint]:
    """All checkpoints, with one and those after it signed anew by somebody else, over the rows as they are now."""
    made = scene.points()[: number - 1]
    rows = {row.sequence: row for row in asyncio.run(scene.trail.page())}
    for point in scene.points()[number - 1 :]:
        draft = drafted(
            made[-1] if made else None,
            scene.chain,
            Mark(point.sequence, rows[point.sequence].hash),
            point.at,
            signer.public,
        )
        made.append(replace(draft, signature=signer.sign(signed_text(draft))))
    return made


def forge_a_checkpoint_under_our_name(scene: Scene) -> None:
    rehash(scene)
    made = [replace(point, key=scene.signer.public) for point in resigned(scene, 2, a_signer())]
    scene.refiled(made)
    scene.restored(made)


def forge_a_checkpoint_with_a_key_of_their_own(scene: Scene) -> None:
    rehash(scene)
    made = resigned(scene, 2, a_signer())
    scene.refiled(made)
    scene.restored(made)


def forge_every_checkpoint_and_record_the_key(scene: Scene) -> None:
    """All of it made anew, file and table, by whoever has both: only the key that this installation holds tells."""
    thief, rows = a_signer(), scene.rows
    forged = [
        sealed(scene.chain, 1, rows[0].at, replace(rows[0].draft, object_id=thief.public), "1.0", rows[0].previous)
    ]
    for row in rows[1:]:
        forged.append(sealed(scene.chain, row.sequence, row.at, row.draft, "1.0", forged[-1].hash))
    scene.rewritten(1, forged)
    made = resigned(scene, 1, thief)
    scene.refiled(made)
    scene.restored(made)
    scene.mark = None


def forge_one_in_the_table(scene: Scene) -> None:
    first, second = scene.points()
    scene.restored([first, replace(second, at=second.at + timedelta(seconds=1))])


def remove_one_from_the_table(scene: Scene) -> None:
    scene.told("DELETE FROM audit_checkpoints WHERE chain = :chain AND number = 1")


def remove_one_from_both(scene: Scene) -> None:
    remove_one_from_the_table(scene)
    scene.refiled(scene.points()[1:])


def cut_the_file(scene: Scene) -> None:
    scene.refiled(scene.points()[:1])


def cut_the_file_in_the_middle_of_a_line(scene: Scene) -> None:
    scene.file.path.write_bytes(scene.file.path.read_bytes()[:-20])


def remove_the_file(scene: Scene) -> None:
    scene.file.path.unlink()


def restore_all_of_it(scene: Scene) -> None:
    """Database, checkpoint file and mark are those of some time ago."""
    scene.told("DELETE FROM audit_log WHERE chain = :chain AND sequence >= 14",
               "DELETE FROM audit_checkpoints WHERE chain = :chain AND sequence >= 14")  # fmt: skip
    scene.refiled(scene.points()[:1])
    scene.mark = Mark(13, scene.rows[12].hash)


@pytest.mark.parametrize(("attack", "first", "last", "reason"), [
    (forge_a_checkpoint_under_our_name, 11, 25, "checkpoint 2 is forged"),
    (forge_a_checkpoint_with_a_key_of_their_own, 11, 25, "a key that the one before it does not name"),
    (forge_every_checkpoint_and_record_the_key, 11, 11, "checkpoint 2 is not the one that is remembered beside the key"),
    (restore_all_of_it, 11, 11, "checkpoint 2, which is remembered beside the key, is missing"),
    (forge_one_in_the_table, 20, 20, "checkpoint 2 is not the same in the database"),
    (remove_one_from_the_table, 10, 10, "checkpoint 1 was removed from the database"),
    (remove_one_from_both, 1, 1, "checkpoint 1 is missing; checkpoint 2 follows"),
    (cut_the_file, 20, 20, "checkpoint 2, which the database has, is missing from the file"),
    (cut_the_file_in_the_middle_of_a_line, 20, 20, "checkpoint 2, which the database has, is missing from the file"),
    (remove_the_file, 10, 10, "checkpoint 1, which the database has, is missing from the file"),
])  # fmt: skip
def test_checkpoints_that_were_forged_removed_or_cut_show(
    scene: Scene, attack: Callable[[Scene], None], first: int, last: int, reason: str
) -> None:
    attack(scene)
    found = scene.verify()
    assert not found.whole
    assert found.broken_at is not None
    assert first <= found.broken_at <= last, found
    assert reason in " ".join((found.reason, *found.notes)).lower() or reason in found.reason
    assert not signed_over(scene).whole


def test_a_series_of_another_key_is_told_even_where_nothing_is_remembered_beside_ours(scene: Scene) -> None:
    forge_every_checkpoint_and_record_the_key(scene)
    scene.book.remembered = None
    assert "signed by another key than this installation's" in scene.verify().reason


def test_a_file_of_nonsense_cannot_be_taken_for_no_checkpoints(scene: Scene) -> None:
    scene.file.path.write_bytes(b"{}\n")
    with pytest.raises(BadInput, match=r"Line 1 of the checkpoint file .* is no checkpoint"):
        scene.verify()


def test_a_crash_between_the_two_places_is_no_attack_and_heals(scene: Scene) -> None:
    scene.told("DELETE FROM audit_checkpoints WHERE chain = :chain AND number = 2")
    found = scene.verify()
    assert (found.whole, found.covered) == (True, 20)
    assert found.notes == ("Checkpoint 2 is in the file and not yet in the database.",)
    asyncio.run(scene.book.sign(scene.signer, scene.rows[-1].at))
    assert (scene.verify().whole, scene.verify().notes) == (True, ())


def test_half_a_line_that_a_crash_left_is_written_over(scene: Scene) -> None:
    with scene.file.path.open("ab") as file:
        file.write(b'{"chain": "ch')
    assert scene.verify().whole
    asyncio.run(scene.book.sign(scene.signer, scene.rows[-1].at))
    assert (scene.verify().whole, scene.verify().covered) == (True, ROWS)


def test_whoever_stops_waiting_stops_the_reading() -> None:
    async def story() -> None:
        watch = Watch(None)
        watch(250, 1_000)
        waiting = asyncio.ensure_future(watch.over(asyncio.sleep(60)))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        with pytest.raises(BadInput):
            watch(500, 1_000)

    asyncio.run(story())


def test_a_checkpoint_that_is_signed_while_the_trail_is_looked_at_is_no_attack(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, looks = CheckpointFile.read, list[int]()

    def meanwhile(file: CheckpointFile) -> list[Checkpoint]:
        """After the first look at the file, and before the one at the table, two rows and a checkpoint come."""
        found = read(file)
        looks.append(len(found))
        if len(looks) == 1:
            for number in (26, 27):
                asyncio.run(scene.trail.append(a_draft(number)))
            point = asyncio.run(scene.book.sign(scene.signer, scene.rows[-1].at))
            assert point is not None
            scene.book.remembered = point.number, digest(point)
        return found

    monkeypatch.setattr(CheckpointFile, "read", meanwhile)
    found = scene.verify()
    assert (found.whole, found.covered, looks) == (True, 27, [2, 3]), found


def test_nothing_new_is_not_signed_again(scene: Scene) -> None:
    assert asyncio.run(scene.book.sign(scene.signer, scene.rows[-1].at)) is not None
    assert asyncio.run(scene.book.sign(scene.signer, scene.rows[-1].at)) is None
    assert [point.sequence for point in scene.points()] == [10, 20, ROWS]


def test_a_full_disk_leaves_no_checkpoint_in_either_place(scene: Scene) -> None:
    folder = scene.file.path.parent
    scene.file.path.rename(folder / "away")
    scene.file.path.mkdir()  # a folder cannot be written to, whoever asks
    with pytest.raises(BadInput, match="cannot be"):
        asyncio.run(scene.book.sign(scene.signer, scene.rows[-1].at))
    scene.file.path.rmdir()
    (folder / "away").rename(scene.file.path)
    assert (scene.verify().whole, scene.verify().covered) == (True, 20)


def test_progress_is_told_on_the_loop_and_ends_with_all_rows(scene: Scene) -> None:
    told: list[tuple[int, int]] = []

    async def story() -> None:
        await scene.trail.verify(progress=lambda done, total: told.append((done, total)))
        await asyncio.sleep(0)

    asyncio.run(story())
    assert told[-1] == (ROWS, ROWS)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_checkpoints SET number = 9", "DELETE FROM audit_checkpoints", "TRUNCATE audit_checkpoints"],
)
def test_even_the_owner_is_stopped_by_the_table_of_checkpoints(scene: Scene, statement: str) -> None:
    with pytest.raises(Exception, match="append-only"), scene.owner.begin() as connection:
        connection.execute(text(statement))
