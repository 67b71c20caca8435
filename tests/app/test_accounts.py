"""Which address and which keys belong to which account, and that no trace shows them."""

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import keyring
import pytest

from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.alpaca.hosts import held_to
from qv_desktop.adapters.connections import ConnectionFile
from qv_desktop.adapters.secrets import Secrets
from qv_desktop.app.accounts import NO_SECRETS, Accounts, addressed
from qv_desktop.app.backend import Keys
from qv_desktop.app.vault import KeyVault
from qv_desktop.config import Settings
from qv_desktop.domain.connections import Connection, Kind, Known, Traded
from qv_desktop.domain.errors import BadInput
from qv_desktop.services.login import Login
from qv_desktop.ui.models.connection_form import ConnectionDraft
from tests.adapters.test_secrets import MemoryKeyring
from tests.builders import NOW
from tests.fakes import Trail, Users

PAPER, LIVE = "https://paper-api.alpaca.markets", "https://api.alpaca.markets"


@pytest.mark.parametrize(
    ("written", "environment", "wanted"),
    [(PAPER, "PAPER", PAPER), (PAPER, "LIVE", LIVE), (LIVE, "LIVE", LIVE), (LIVE, "PAPER", PAPER),
     ("http://127.0.0.1:9", "PAPER", "http://127.0.0.1:9"), ("http://127.0.0.1:9", "LIVE", LIVE)],
)  # fmt: skip
def test_an_account_s_orders_go_to_its_environment_whatever_was_written(
    written: str, environment: Traded, wanted: str, tmp_path: Path
) -> None:
    found = addressed(Settings(home=tmp_path, alpaca_url=written), environment)
    assert (found.environment, found.alpaca_url) == (environment, wanted)
    AlpacaBroker(
        "k", "s", found.alpaca_url, lambda: NOW, environment
    ).close()  # which would refuse what contradicts itself


@pytest.mark.parametrize("environment", ["LIVE", "PAPER"])
@pytest.mark.parametrize("written", [PAPER, LIVE])
@pytest.mark.parametrize("stream", ["paper-api.alpaca.markets", "api.alpaca.markets"])
def test_the_stream_of_orders_is_of_the_same_environment(
    written: str, stream: str, environment: Traded, tmp_path: Path
) -> None:
    told = Settings(home=tmp_path, alpaca_url=written, alpaca_stream_url=f"wss://{stream}/stream")
    found = addressed(told, environment)
    assert held_to(found.alpaca_url, environment)
    assert held_to(found.alpaca_stream_url, environment)


@pytest.mark.parametrize(
    "address", [LIVE, "http://paper-api.alpaca.markets", "https://api.alpaca.markets\\@127.0.0.1/.."]
)
def test_what_is_not_the_paper_host_is_not_traded_at_as_paper(address: str) -> None:
    with pytest.raises(BadInput):
        AlpacaBroker("k", "s", address, lambda: NOW, "PAPER")


def test_keys_never_show_in_a_trace() -> None:
    keys = Keys("PKCANARY", "canary-1", "canary-2", "canary-3")
    drafted = ConnectionDraft(None, {"secret": "canary-4"}, {"secret": "canary-5"})  # type: ignore[arg-type]
    assert "anary" not in repr(keys).replace("CANARY", "anary")
    assert "canary" not in repr(drafted)


def test_a_token_trades_and_the_pair_beside_it_is_for_prices_alone() -> None:
    keys = Keys("PK1", "s1", "", "token")
    assert keys.account == ("", "", "token")
    assert replace(keys, token="").account == ("PK1", "s1", "")
    assert replace(keys, trading=False).account == ("", "", "")


@pytest.mark.parametrize("kind", ["keys", "oauth"])
def test_an_account_whose_keys_are_not_where_keys_are_kept_says_so_by_its_name(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were typed when this system had no keyring, or on a session that had another one: the broker would only say “no account”."""
    ring = MemoryKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    ConnectionFile(tmp_path).write(Known((Connection("one", "Alpaca one", "PAPER", kind),), "one"))
    login = Login(Users(), Trail(), lambda: NOW, "host")
    door = SimpleNamespace(login=login, trail=login)

    async def opened() -> list[str]:
        accounts = Accounts(Settings(home=tmp_path), KeyVault(Secrets(tmp_path, lambda: None, {})), cast(Any, door))
        await accounts.opened(cast(Any, None))
        return accounts.said

    assert asyncio.run(opened()) == [NO_SECRETS.format("Alpaca one")]
    for part in ("key", "secret", "token"):
        ring.set_password("QuantVision Desktop", f"connection.one.{part}", "x")
    assert asyncio.run(opened()) == []
