"""Staying signed in: in the keyring and nowhere else, under this installation's name, and said when it cannot be."""

import asyncio
import time
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import PasswordSetError

from qv_desktop.adapters.secrets import Secret, Secrets
from qv_desktop.app import staying as app
from qv_desktop.app.staying import NO_KEYRING, NO_LONGER, Staying
from qv_desktop.domain.errors import BadInput
from tests.adapters.test_secrets import MemoryKeyring

PHRASE = Secret("a phrase for the locked file")


class FullKeyring(MemoryKeyring):
    """A keyring that takes nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError("full")


class MuteKeyring(MemoryKeyring):
    """A keyring that waits for its owner."""

    def set_password(self, service: str, username: str, password: str) -> None:
        time.sleep(0.3)


def staying(folder: Path, install: str = "0123abcd") -> tuple[Staying, list[str]]:
    said: list[str] = []
    return Staying(Secrets(folder, lambda: PHRASE, {}), install, said.append), said


def test_two_installations_on_one_keyring_keep_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = MemoryKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    (one, _), (two, _) = staying(tmp_path, "11111111"), staying(tmp_path, "22222222")

    async def story() -> None:
        await one.begin("first")
        await two.begin("other")
        await one.keep("first second")
        assert (await one.read(), await two.read()) == ("first second", "other")
        await one.keep("")
        assert (await one.read(), await two.read()) == ("", "other")

    asyncio.run(story())
    assert not list(tmp_path.iterdir())


def test_without_a_keyring_nothing_is_kept_not_even_in_the_locked_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    kept, _ = staying(tmp_path)

    async def story() -> None:
        with pytest.raises(BadInput) as no:
            await kept.begin("token")
        assert str(no.value) == NO_KEYRING
        assert await kept.read() == ""

    asyncio.run(story())
    assert not list(tmp_path.iterdir())


def test_a_keyring_that_refuses_a_renewal_is_told_of_and_throws_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "get_keyring", FullKeyring)
    kept, said = staying(tmp_path)
    asyncio.run(kept.keep("token"))
    assert said == [NO_LONGER]


def test_a_keyring_that_waits_for_its_owner_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", MuteKeyring)
    monkeypatch.setattr(app, "PATIENCE", 0.02)
    kept, said = staying(tmp_path)

    async def story() -> None:
        await kept.keep("token")
        assert said == [NO_LONGER]

    asyncio.run(story())
