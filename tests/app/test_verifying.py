"""The command line verifies a trail that somebody forged whole, checkpoints and public key included."""

import asyncio
import shutil
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from sqlalchemy import Connection, text

from qv_desktop import cli
from qv_desktop.adapters import secrets as room
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.secrets import Secret, Secrets
from qv_desktop.app import tools
from qv_desktop.app.identity import install_id
from tests.adapters.test_secrets import MemoryKeyring
from tests.app.test_sealing import Desk

PASSPHRASE = "correct horse"


class House:
    """An installation whose trail lies in a database that others administer."""

    def __init__(self, url: str, home: Path, thief: Path) -> None:
        self.home, self.thief, self.chain = home, thief, install_id(home)
        self.database = Database(url)
        there = self.database.url
        self.place = f"{there.host}:{there.port}/{there.database}"
        self.key = ""

    def signs(self, *, passphrase: str = "", forger: bool = False) -> None:
        """Three rows and their checkpoint, by the installation's key, or by that of somebody who can write its files."""
        desk = Desk(self.database, self.home, self.chain, self.place)
        if forger:
            elsewhere = Secrets(self.thief, lambda: None)
            desk.seals.secret._kept._secrets = elsewhere  # type: ignore[attr-defined]
            elsewhere.choose(Secret("mine"))
        elif passphrase:
            desk.secrets.choose(Secret(passphrase))

        async def story() -> None:
            await desk.works(3)
            await desk.checkpoints.sign()

        asyncio.run(story())
        self.key = self.key or desk.book.key

    def forged(self) -> None:
        """All of it is written anew, and signed with another key."""
        asyncio.run(self.database.write(self._emptied))
        shutil.rmtree(self.home / "audit-checkpoints")
        self.signs(forger=True)

    def _emptied(self, connection: Connection) -> None:
        connection.execute(text("RESET ROLE"))
        for table in ("audit_log", "audit_checkpoints"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER append_only"))
            connection.execute(text(f"DELETE FROM {table} WHERE chain = :chain"), {"chain": self.chain})  # noqa: S608
            connection.execute(text(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only"))
        connection.execute(text("SET ROLE qv_app"))


@pytest.fixture
def house(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("QV_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("QV_DATABASE_URL", postgres_url)
    monkeypatch.setattr(room, "MEMORY", 1024)  # KiB
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    house = House(postgres_url, tmp_path / "home", tmp_path / "thief")
    yield house
    house.database.close()


def verified(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = cli.command(["audit", "verify", *words])
    return code, capsys.readouterr().out


def test_a_trail_forged_whole_is_never_called_whole_while_the_secrets_are_locked(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.signs(passphrase=PASSPHRASE)
    house.forged()
    code, said = verified(capsys)
    assert code == 2
    assert "is whole" not in said
    assert "not compared with this installation's key, because the secrets could not be opened" in said
    assert verified(capsys, "--since-checkpoint")[0] == 2
    assert verified(capsys, "--key", house.key)[0] == 1


def test_the_passphrase_is_asked_for_at_a_terminal_and_shows_the_forgery(
    house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.signs(passphrase=PASSPHRASE)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(tools, "getpass", lambda prompt: PASSPHRASE)
    assert verified(capsys)[0] == 0
    house.forged()
    code, said = verified(capsys)
    assert (code, "broken" in said) == (1, True)


def test_a_wrong_passphrase_proves_nothing(
    house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.signs(passphrase=PASSPHRASE)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(tools, "getpass", lambda prompt: "wrong")
    assert verified(capsys)[0] == 2


def test_a_keyring_that_cannot_be_reached_from_here_proves_nothing(
    house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = MemoryKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    house.signs()
    assert verified(capsys)[0] == 0
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    code, said = verified(capsys)
    assert (code, "run it where your keyring is" in said) == (2, True)
    assert verified(capsys, "--key", house.key)[0] == 0


def test_where_nothing_was_ever_signed_that_is_said_and_a_key_that_signed_nothing_proves_nothing(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(house.database, house.home, house.chain, house.place)
    asyncio.run(desk.works(2))
    code, said = verified(capsys)
    assert (code, "is whole" in said, "nothing signed vouches for it" in said) == (0, True, True)
    code, said = verified(capsys, "--key", "ab" * 32)
    assert (code, "no checkpoint signs it" in said) == (2, True)
