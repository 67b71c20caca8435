"""Keys where there is no keyring: in a file that a passphrase locks, asked for in a dialog that never blocks."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.adapters import secrets as room
from qv_desktop.adapters.secrets import Secret, Secrets
from qv_desktop.app.vault import KeyVault
from qv_desktop.domain.errors import BadInput
from qv_desktop.ui.passphrase_dialog import PassphraseDialog, strength

PHRASE = "four plain words here"
CANARY = "canary-secret-8341"


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", NoKeyring)
    monkeypatch.setattr(room, "MEMORY", 1024)  # KiB; the real cost is paid in the adapter's tests


def vault(folder: Path) -> KeyVault:
    return KeyVault(Secrets(folder, lambda: None, {}))


async def dialog() -> PassphraseDialog:
    """The dialog once it is in view."""
    for _ in range(500):
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, PassphraseDialog) and widget.isVisible():
                return widget
        await asyncio.sleep(0.01)
    raise AssertionError("no passphrase was asked for")


async def said(shown: PassphraseDialog, press: Callable[[], object]) -> str:
    """What the dialog says after ``press``."""
    shown.show_message("")
    press()
    for _ in range(500):
        if shown.message() or not shown.isVisible():
            return shown.message()
        await asyncio.sleep(0.01)
    raise AssertionError("nothing was said")


def lived(qtbot: QtBot, story: Callable[[QWidget], Coroutine[Any, Any, None]]) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    asyncio.run(story(window))


def test_the_first_secret_asks_for_a_passphrase_twice_and_the_file_shows_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(window: QWidget) -> None:
        kept = vault(tmp_path)
        assert "you choose a passphrase" in await kept.place()
        keeping = asyncio.ensure_future(kept.keep({"alpaca_key": CANARY}, window))
        shown = await dialog()
        shown.phrase.setText("short")
        assert "at least 10 characters" in await said(shown, shown.go.click)
        shown.phrase.setText(PHRASE)
        shown.again.setText("another one here")
        assert "differ" in await said(shown, shown.go.click)
        shown.again.setText(PHRASE)
        shown.go.click()
        await keeping
        assert (await kept.texts(["alpaca_key"])) == {"alpaca_key": CANARY}
        assert (shown.phrase.text(), shown.again.text()) == ("", "")
        assert "your passphrase locks" in await kept.place()

    lived(qtbot, story)
    (file,) = tmp_path.iterdir()
    assert CANARY.encode() not in file.read_bytes()
    assert PHRASE.encode() not in file.read_bytes()


def made(folder: Path) -> None:
    kept = Secrets(folder, lambda: None, {})
    kept.choose(room.Secret(PHRASE))
    kept.write("alpaca_key", room.Secret(CANARY))


def test_a_sitting_asks_once_a_wrong_one_may_be_tried_again_and_the_loop_goes_on(qtbot: QtBot, tmp_path: Path) -> None:
    made(tmp_path)

    async def story(window: QWidget) -> None:
        kept, beats = vault(tmp_path), 0

        async def beat() -> None:
            nonlocal beats
            while True:
                await asyncio.sleep(0.005)
                beats += 1

        beating = asyncio.ensure_future(beat())
        opening = asyncio.ensure_future(kept.opened(window))
        shown = await dialog()
        shown.phrase.setText("wrong words altogether")
        before = beats
        assert "does not open the key file" in await said(shown, shown.go.click)
        assert beats > before
        assert shown.go.isEnabled()
        shown.phrase.setText(PHRASE)
        shown.go.click()
        assert await opening
        assert await kept.opened(window)  # not asked again
        assert await kept.has("alpaca_key")
        beating.cancel()

    lived(qtbot, story)


def test_who_declines_goes_on_without_keys_and_nothing_is_kept(qtbot: QtBot, tmp_path: Path) -> None:
    made(tmp_path)
    before = (tmp_path / "keys.locked").read_bytes()

    async def story(window: QWidget) -> None:
        kept = vault(tmp_path)
        opening = asyncio.ensure_future(kept.opened(window))
        (await dialog()).back.click()
        assert not await opening
        keeping = asyncio.ensure_future(kept.keep({"x": "y"}, window))
        await asyncio.sleep(0.05)
        (await dialog()).reject()
        with pytest.raises(BadInput, match="Nothing was kept"):
            await keeping
        assert await kept.stored(["alpaca_key"]) == set()

    lived(qtbot, story)
    assert (tmp_path / "keys.locked").read_bytes() == before


def test_who_declines_to_choose_keeps_nothing_in_the_open(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(window: QWidget) -> None:
        keeping = asyncio.ensure_future(vault(tmp_path).keep({"alpaca_key": CANARY}, window))
        (await dialog()).back.click()
        with pytest.raises(BadInput, match="Nothing was kept") as told:
            await keeping
        assert CANARY not in str(told.value)

    lived(qtbot, story)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_not_made_anew(tmp_path: Path) -> None:
    made(tmp_path)
    with pytest.raises(BadInput, match="There is a key file already"):
        Secrets(tmp_path, lambda: None, {}).choose(room.Secret("another passphrase"))


@pytest.mark.parametrize(
    ("phrase", "words"), [("", "At least 10"), ("short", "Too short: 5"), ("aaaaaaaaaaaaaaaaaaaa", "Weak"),
                          ("correct horse", "Fair"), ("correct horse battery staple", "Strong")]
)  # fmt: skip
def test_the_strength_is_told_while_it_is_typed(phrase: str, words: str) -> None:
    assert words in strength(phrase)


def test_a_pair_whose_second_half_finds_the_disk_full_leaves_the_old_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        kept = vault(tmp_path)
        kept.kept.choose(Secret(PHRASE))
        await kept.keep({"alpaca_key": "old key", "alpaca_secret": "old secret"})
        sync, syncs = room.os.fsync, list[int]()

        def full(handle: int) -> None:
            syncs.append(handle)
            if len(syncs) == 2:
                raise OSError(28, "No space left on device")
            sync(handle)

        monkeypatch.setattr(room.os, "fsync", full)
        with pytest.raises(BadInput, match="cannot be written"):
            await kept.keep({"alpaca_key": "new key", "alpaca_secret": "new secret"})
        assert await kept.texts(["alpaca_key", "alpaca_secret"]) == {
            "alpaca_key": "old key",
            "alpaca_secret": "old secret",
        }

    asyncio.run(story())
