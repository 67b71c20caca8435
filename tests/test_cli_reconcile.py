"""A reconciliation for a scheduler: exit code and one sentence for what was found, a stored run, and reports where asked."""

import json
from pathlib import Path

import psycopg
import pytest
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import MarketOrderRequest

from tests.simulator.process import Simulator, running
from tests.stories.program import is_one_sentence, ran


def here(simulator: Simulator, url: str) -> dict[str, str]:
    return {"QV_DATABASE_URL": url, "QV_ENVIRONMENT": "SIMULATION", "QV_ALPACA_URL": simulator.url,
            "QV_ALPACA_KEY": simulator.key, "QV_ALPACA_SECRET": simulator.secret}  # fmt: skip


def test_it_passes_finds_what_differs_and_says_when_it_cannot_compare(open_folder: Path, postgres_url: str) -> None:
    home, out = open_folder / "home", open_folder / "reports"
    with running("--seed", "2") as simulator:
        settings = here(simulator, postgres_url)
        done = ran(home, "reconcile", **settings)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Passed: ")
        assert "cash not compared (no earlier comparison" in done.stdout
        client = TradingClient(simulator.key, simulator.secret, url_override=simulator.url)
        client.submit_order(MarketOrderRequest(symbol="AAPL", qty=7, side=OrderSide.BUY, time_in_force=TimeInForce.DAY))
        simulator.control("POST", "/sim/activity", {"type": "FEE", "amount": -1.25})
        simulator.control("POST", "/sim/activity", {"type": "DIV", "amount": 3, "symbol": "AAPL"})
        done = ran(home, "reconcile", "--out", str(out), **settings)
        assert done.returncode == 1, done.stderr
        assert is_one_sentence(done.stdout.partition(" Reports: ")[0])
        assert sorted(file.suffix for file in out.iterdir()) == [".csv", ".html", ".json"]
        report = json.loads(next(out.glob("*.json")).read_text())
        assert [(b["section"], b["key"], b["kind"]) for b in report["breaks"] if b["section"] != "fills"] == [
            ("positions", "AAPL", "missing here")
        ]
        assert report["uncompared"] == []  # the executions, the fee and the dividend account for all cash
    done = ran(home, "reconcile", **settings)
    assert done.returncode == 2
    assert is_one_sentence(done.stderr)
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM reconciliation_runs").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM audit_log WHERE action = 'reconciliation.run'").fetchone() == (
            2,
        )


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "There are no keys of a broker's account"), (("--account", "x"), "There are no keys of a broker's account")],
)
def test_without_keys_it_says_what_to_do(open_folder: Path, words: tuple[str, ...], said: str) -> None:
    done = ran(open_folder / "home", "reconcile", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert not (open_folder / "home").exists()
