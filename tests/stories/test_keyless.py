"""A machine without a keyring, lived through in the real program; and no secret anywhere but in the locked file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import canaries
from tests.simulator.process import LOOPBACK, Simulator, running
from tests.stories import program

KEY = "PKCANARY"
SECRETS = {"password": canaries.PASSWORD, "passphrase": canaries.planted("passphrase", "horse battery "), "secret": canaries.ALPACA_SECRET,
           "wrong_passphrase": canaries.planted("wrong_passphrase", "not the "), "client_secret": canaries.CLIENT_SECRET + "?"}  # fmt: skip


@pytest.fixture(scope="module")
def broker() -> Iterator[Simulator]:
    with running("--seed", "6", "--symbols", "6", SIMULATED_ALPACA_KEY=KEY) as started:
        yield started


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with program.a_home() as folder:
        yield folder


def lived(step: str, home: Path, broker: Simulator) -> tuple[dict[str, Any], str]:
    """What the person saw in one sitting, and all that the program said."""
    surroundings = {
        "QT_QPA_PLATFORM": "offscreen", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "NO_PROXY": LOOPBACK,
        "QV_ALPACA_URL": broker.url, "QV_ALPACA_STREAM_URL": f"{broker.ws}/stream", "QV_ALPACA_DATA_URL": broker.url,
        "QV_ALPACA_PRICES_URL": f"{broker.ws}/v2/iex", "QV_OAUTH_AUTHORIZE_URL": f"{broker.url}/oauth/authorize",
        "QV_OAUTH_TOKEN_URL": f"{broker.url}/oauth/token", "QV_OAUTH_PORT": "0", "QV_LOG_LEVEL": "DEBUG",
        "SECRETS_OF_THE_TEST": json.dumps({**SECRETS, "key": KEY}),
    }  # fmt: skip
    with program.running(home, step, module=("tests.stories.keyless",), **surroundings) as process:
        said, complaints = process.communicate(timeout=program.PATIENCE)
    assert process.returncode == 0, complaints
    return json.loads(said.splitlines()[-1]), said + complaints


@pytest.fixture(scope="module")
def sittings(home: Path, broker: Simulator) -> dict[str, tuple[dict[str, Any], str]]:
    return {step: lived(step, home, broker) for step in ("first", "again", "declined")}


def test_an_account_is_added_under_a_new_passphrase_and_traded(sittings: dict[str, tuple[dict[str, Any], str]]) -> None:
    seen, _ = sittings["first"]
    assert "no account" in seen["before"]
    assert "does not know this client id and secret" in seen["browser"]
    assert seen["pill"].startswith("PAPER · Paper one ••••")


def test_the_next_start_asks_for_it_once_and_trades(sittings: dict[str, tuple[dict[str, Any], str]]) -> None:
    seen, _ = sittings["again"]
    assert seen["pill"].startswith("PAPER · Paper one ••••")


def test_who_keeps_the_keys_locked_sees_that_nothing_is_traded(sittings: dict[str, tuple[dict[str, Any], str]]) -> None:
    seen, _ = sittings["declined"]
    assert seen["pill"].startswith("PAPER · Paper one · prices only")
    assert any("Your keys stay locked" in notice for notice in seen["notices"])


def test_no_secret_lies_or_is_said_anywhere(sittings: dict[str, tuple[dict[str, Any], str]], home: Path) -> None:
    texts = [text.encode() for text in SECRETS.values()]
    for _, said in sittings.values():
        assert not any(text in said.encode() for text in texts)
    files = [file for file in home.rglob("*") if file.is_file()]
    assert {"keys.locked", "connections.json", "terminal.jsonl"} <= {file.name for file in files}
    guilty = [(file, text) for file in files for text in texts if text in file.read_bytes()]
    assert guilty == []
    assert any(KEY.encode() in file.read_bytes() for file in files) is False
