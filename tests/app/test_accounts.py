"""Which address and which keys belong to which account, and that no trace shows them."""

from dataclasses import replace
from pathlib import Path

import pytest

from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.alpaca.hosts import held_to
from qv_desktop.app.accounts import addressed
from qv_desktop.app.backend import Keys
from qv_desktop.config import Settings
from qv_desktop.domain.connections import Traded
from qv_desktop.domain.errors import BadInput
from qv_desktop.ui.models.connection_form import ConnectionDraft
from tests.builders import NOW

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
