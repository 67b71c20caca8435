"""A desk that opens leaves a row: whose, which account, under which settings."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from qv_desktop.app.opening import fingerprint, opened
from qv_desktop.config import Settings
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.connections import Connection

SETTINGS = Settings(home=Path("here"), database_url="postgresql://ada:canary-88@host/desk")


def test_the_row_tells_account_and_settings_and_no_secret() -> None:
    drafts: list[Draft] = []

    async def note(draft: Draft) -> None:
        drafts.append(draft)

    login = SimpleNamespace(actor=Actor("ada", "human", "Trader", "s1", "WS-14"))
    desk = SimpleNamespace(services=SimpleNamespace(kill=SimpleNamespace(note=note), login=login))
    asyncio.run(opened(cast(Any, desk), SETTINGS, Connection("c1", "Paper one")))
    (draft,) = drafts
    assert (draft.action, draft.object_type, draft.object_id, draft.actor.session) == (
        "desk.open",
        "desk",
        "paper",
        "s1",
    )
    told = json.loads(draft.after)
    assert (told["environment"], told["account"]["name"], told["settings"]) == (
        "PAPER",
        "Paper one",
        fingerprint(SETTINGS),
    )
    assert "canary-88" not in draft.after


def test_other_settings_have_another_fingerprint_and_another_folder_has_not() -> None:
    assert fingerprint(msgspec.structs.replace(SETTINGS, home=Path("there"), database_url="")) == fingerprint(SETTINGS)
    assert fingerprint(msgspec.structs.replace(SETTINGS, keep_trades_days=31)) != fingerprint(SETTINGS)
