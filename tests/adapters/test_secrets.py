"""Keys: from the environment, a keyring or a locked file, and never in sight."""

import copy
import json
import pickle
import stat
import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringLocked, PasswordDeleteError

from qv_desktop.adapters import secrets as room
from qv_desktop.adapters.secrets import KeyFile, Secret, Secrets
from qv_desktop.domain.errors import BadInput

PHRASE = Secret("correct horse battery staple")


class MemoryKeyring(KeyringBackend):
    """A keyring as a desktop has one."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError
        del self.kept[service, username]


class LockedKeyring(MemoryKeyring):
    """A keyring whose owner is away."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("locked")


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MEMORY", 1024)  # KiB; the real cost is paid once, below


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    found = MemoryKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: found)
    return found


@pytest.fixture
def no_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)


def secrets(folder: Path, phrase: Secret | None = PHRASE, **environment: str) -> Secrets:
    return Secrets(folder, lambda: phrase, environment)


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret("hunter2")
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>20}",
        repr([secret]),
        repr({"key": secret}),
        "%s" % secret,  # noqa: UP031
    ]
    assert not any("hunter2" in text for text in shown)
    assert secret.reveal() == "hunter2"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.copy(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_secrets_are_equal_by_their_text_and_empty_ones_are_false() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert not Secret("")
    assert len({Secret("a"), Secret("a")}) == 1


def test_the_environment_comes_first(tmp_path: Path, ring: MemoryKeyring) -> None:
    kept = secrets(tmp_path, QV_ALPACA_KEY="from-env")
    kept.write("alpaca_key", Secret("from-ring"))
    assert kept.read("alpaca_key") == Secret("from-env")
    assert secrets(tmp_path).read("alpaca_key") == Secret("from-ring")


def test_a_keyring_keeps_and_forgets_and_leaves_no_file(tmp_path: Path, ring: MemoryKeyring) -> None:
    kept = secrets(tmp_path)
    assert kept.read("polygon_key") is None
    kept.write("polygon_key", Secret("one"))
    assert kept.read("polygon_key") == Secret("one")
    kept.forget("polygon_key")
    kept.forget("polygon_key")
    assert kept.read("polygon_key") is None
    assert list(tmp_path.iterdir()) == []


def test_a_locked_keyring_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", LockedKeyring)
    with pytest.raises(BadInput, match="unlock it and try again"):
        secrets(tmp_path).read("polygon_key")


@pytest.mark.usefixtures("no_ring")
def test_without_a_keyring_a_file_that_only_the_passphrase_opens_keeps_them(tmp_path: Path) -> None:
    secrets(tmp_path).write("alpaca_key", Secret("the-key"))
    secrets(tmp_path).write("alpaca_secret", Secret("the-secret"))
    again = secrets(tmp_path)
    assert (again.read("alpaca_key"), again.read("alpaca_secret")) == (Secret("the-key"), Secret("the-secret"))
    (file,) = tmp_path.iterdir()
    assert b"the-" not in file.read_bytes()
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again.forget("alpaca_key")
    assert secrets(tmp_path).read("alpaca_key") is None
    with pytest.raises(BadInput, match="does not open the key file"):
        secrets(tmp_path, Secret("wrong")).read("alpaca_secret")


@pytest.mark.usefixtures("no_ring")
def test_without_keyring_and_passphrase_nothing_is_kept(tmp_path: Path) -> None:
    kept = secrets(tmp_path, None)
    assert kept.read("alpaca_key") is None
    with pytest.raises(BadInput, match="QV_ALPACA_KEY"):
        kept.write("alpaca_key", Secret("key"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_ring")
def test_the_passphrase_is_asked_for_once(tmp_path: Path) -> None:
    asked: list[int] = []

    def ask() -> Secret:
        asked.append(1)
        return PHRASE

    kept = Secrets(tmp_path, ask, {})
    assert kept.read("alpaca_key") is None
    assert not asked
    kept.write("alpaca_key", Secret("key"))
    kept.read("alpaca_key")
    assert len(asked) == 1


def test_an_insecure_keyring_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(MemoryKeyring):
        priority = 0.5

    monkeypatch.setattr(keyring, "get_keyring", Plain)
    secrets(tmp_path).write("alpaca_key", Secret("key"))
    assert [file.name for file in tmp_path.iterdir()] == ["keys.locked"]


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[:40], lambda data: b"{}", lambda data: data.replace(b'"sealed": "', b'"sealed": "AA'),
     lambda data: data.replace(b'"passes": 3', b'"passes": 4'), lambda data: data.replace(b'"passes": 3', b'"passes": 9999')],
)  # fmt: skip
def test_a_changed_file_is_a_sentence_and_never_a_secret(tmp_path: Path, damage) -> None:
    file = KeyFile(tmp_path / "keys")
    file.write(PHRASE, {"alpaca_key": Secret("key")})
    path = tmp_path / "keys"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadInput, match="key file"):
        file.read(PHRASE)


def test_each_writing_has_its_own_salt_and_nonce_at_full_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MEMORY", 65_536)
    file = KeyFile(tmp_path / "keys")
    written = []
    for _ in range(2):
        file.write(PHRASE, {"alpaca_key": Secret("key")})
        written.append(json.loads((tmp_path / "keys").read_bytes()))
    assert written[0]["header"]["salt"] != written[1]["header"]["salt"]
    assert written[0]["nonce"] != written[1]["nonce"]
    assert written[0]["header"]["memory"] == 65_536
    assert file.read(PHRASE) == {"alpaca_key": Secret("key")}


class DamagedKeyring(MemoryKeyring):
    """A keyring whose backend raises what is not the library's: D-Bus gone, Windows' own errors, a file that cannot be read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error


@pytest.mark.parametrize("error", [ConnectionRefusedError("no bus"), OSError(5, "input/output"), RuntimeError("the-secret"),
                                   AttributeError("collection"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")], ids=repr)  # fmt: skip
def test_whatever_a_keyring_raises_is_a_sentence_that_holds_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    ring = DamagedKeyring(error)
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    kept = secrets(tmp_path)
    for act in (
        lambda: kept.read("alpaca_key"),
        lambda: kept.write("alpaca_key", Secret("the-secret")),
        lambda: kept.forget("alpaca_key"),
    ):
        with pytest.raises(BadInput, match="unlock it and try again") as told:
            act()
        assert "the-secret" not in str(told.value)
        assert told.value.__suppress_context__
    assert list(tmp_path.iterdir()) == []


def test_a_keyring_that_cannot_even_be_looked_for_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> KeyringBackend:
        raise OSError("no configuration")

    monkeypatch.setattr(keyring, "get_keyring", broken)
    assert secrets(tmp_path).place == "nowhere yet"
    assert secrets(tmp_path).read("alpaca_key") is None


@pytest.mark.parametrize(
    "header", [{"salt": "AA=="}, {"salt": ""}, {"lanes": 16, "memory": 128}, {"passes": True}, {"memory": 8.5}]
)
def test_a_header_that_asks_for_what_cannot_be_is_a_damaged_file(tmp_path: Path, header: dict) -> None:
    file, path = KeyFile(tmp_path / "keys"), tmp_path / "keys"
    file.write(PHRASE, {"alpaca_key": Secret("key")})
    outer = json.loads(path.read_bytes())
    path.write_text(json.dumps({**outer, "header": {**outer["header"], **header}}))
    with pytest.raises(BadInput, match="key file"):
        file.read(PHRASE)


@pytest.mark.usefixtures("no_ring")
def test_a_disk_that_is_full_is_a_sentence_and_what_was_kept_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = secrets(tmp_path)
    kept.write("alpaca_key", Secret("old"))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(room.os, "fsync", full)
    for act in (lambda: kept.write("alpaca_key", Secret("new")), lambda: kept.forget("alpaca_key")):
        with pytest.raises(BadInput, match=r"cannot be written .No space left on device."):
            act()
    assert [file.name for file in tmp_path.iterdir()] == ["keys.locked"]
    assert secrets(tmp_path).read("alpaca_key") == Secret("old")
