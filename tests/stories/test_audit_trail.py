"""The audit trail of the whole program: signed to its end, and what somebody changed is told at the next start."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.domain.errors import NotPermitted
from tests.adapters.test_secrets import MemoryKeyring
from tests.simulator.process import running
from tests.stories.driver import sitting
from tests.stories.remote_server import DATABASE, Remote, remote


@pytest.fixture(scope="module")
def server() -> Iterator[Remote]:
    with remote() as started:
        yield started


def told(server: Remote, statement: str) -> str:
    """What the server's superuser, whom no guard stops, is answered."""
    done = server.asks(statement, DATABASE)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_sitting_is_signed_to_its_end_and_the_next_start_tells_of_a_change(
    qapp: QApplication, server: Remote, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = MemoryKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    with running("--seed", "6", "--speed", "5") as simulator:
        with sitting(qapp, simulator, home, server.url()) as person:

            async def first() -> None:
                audit = person.desk.services.audit
                await person.sees(lambda: audit.verified)
                assert audit.verified is not None
                assert audit.verified.whole
                point = await audit.checkpoint()
                assert point is not None
                found = await audit.verify(since_checkpoint=True)
                assert (found.whole, found.covered) == (True, point.sequence)
                person.starting._measure_health()
                assert "Signed checkpoint" in person.desk.window.health.audit.toolTip()
                with pytest.raises(NotPermitted, match="audit: export"):
                    await audit.bundle()

            person.do(first())
        newest = told(server, "SELECT max(sequence) FROM audit_log")
        assert told(server, "SELECT max(sequence) FROM audit_checkpoints") == newest
        assert told(server, f"SELECT action FROM audit_log WHERE sequence = {newest}") == "session.end"  # noqa: S608 - a number
        for statement in ("ALTER TABLE audit_log DISABLE TRIGGER append_only",
                          f"DELETE FROM audit_log WHERE sequence = {newest}",  # noqa: S608 - a number
                          "ALTER TABLE audit_log ENABLE ALWAYS TRIGGER append_only"):  # fmt: skip
            told(server, statement)
        with sitting(qapp, simulator, home, server.url()) as person:

            async def second() -> None:
                await person.sees(lambda: "Audit trail broken" in person.notices())
                assert f"broken at row {newest}" in person.notices()
                assert "BROKEN" in person.desk.window.health.audit.text

            person.do(second())
        assert told(server, "SELECT max(sequence) FROM audit_checkpoints") == newest  # nothing was signed over it
