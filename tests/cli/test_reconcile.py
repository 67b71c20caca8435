"""A reconciliation for a scheduler: exit code and one sentence for what was found, a stored run, and reports where asked."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import MarketOrderRequest
from openpyxl import load_workbook

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.domain.market import NEW_YORK
from tests.simulator.process import Simulator, running
from tests.stories.program import is_one_sentence, ran


def here(simulator: Simulator, url: str) -> dict[str, str]:
    return {"QV_DATABASE_URL": url, "QV_ENVIRONMENT": "SIMULATION", "QV_ALPACA_URL": simulator.url,
            "QV_ALPACA_KEY": simulator.key, "QV_ALPACA_SECRET": simulator.secret}  # fmt: skip


def test_it_passes_finds_what_differs_and_says_when_it_cannot_compare(open_folder: Path, postgres_url: str) -> None:
    home, out = open_folder / "home", open_folder / "reports"
    with running("--seed", "2") as simulator:
        settings = here(simulator, postgres_url)
        account = str(TradingClient(simulator.key, simulator.secret, url_override=simulator.url).get_account().id)  # type: ignore[union-attr]
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
        assert sorted(file.suffix for file in out.iterdir()) == [".csv", ".html", ".json", ".xlsx"]
        report = json.loads(next(out.glob("*.json")).read_text())
        assert [(b["section"], b["key"], b["kind"]) for b in report["breaks"] if b["section"] != "fills"] == [
            ("positions", "AAPL", "missing here")
        ]
        assert report["uncompared"] == []  # the executions, the fee and the dividend account for all cash
    done = ran(home, "reconcile", **settings)
    assert done.returncode == 2
    assert is_one_sentence(done.stderr)
    _report_over_days(home, settings)
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM reconciliation_runs").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM audit_log WHERE action = 'reconciliation.run'").fetchone() == (
            2,
        )
        for column, table in (
            ("account_id", "reconciliation_runs"),
            ("account", "breaks"),
            ("account", "reconciliation_days"),
        ):
            whose = connection.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall()  # noqa: S608 - names from here
            assert whose == [(account,)]  # as a terminal names it, whose queue shows what was found here
    _a_terminal_goes_on_from_its_own(account, postgres_url)


def _a_terminal_goes_on_from_its_own(account: str, url: str) -> None:
    """What traded before a comparison that books nothing is still to be booked by the terminal's next start."""
    database = Database(url)
    try:
        trail = AuditTrail(database, "t", "0", lambda: datetime.now(UTC), lambda entry: None)
        journal = OrderJournal(database, trail)
        assert asyncio.run(journal.compared_at(account)) is None
        assert asyncio.run(journal.agreed(account, looked=False)) is None
        assert asyncio.run(journal.agreed(account, looked=True)) is not None
    finally:
        database.close()


def _report_over_days(home: Path, settings: dict[str, str]) -> None:
    """What was stored is reported without a broker, by range and by account, or it is said that nothing is there."""
    out, day = home / "days", datetime.now(NEW_YORK).date()
    span = ("--from", str(day - timedelta(days=1)), "--to", str(day + timedelta(days=1)))
    done = ran(home, "reconcile", *span, "--out", str(out), "--format", "xlsx", "--format", "json", **settings)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("2 comparisons of every account, ")
    report = json.loads(next(out.glob("*.json")).read_text())
    assert {item["key"] for item in report["items"]} >= {"AAPL"}
    book = load_workbook(next(out.glob("*.xlsx")))
    assert book["Totals"]["A2"].value == "Open"
    assert book["Days"]["B2"].value == 2
    shown = report["runs"][0]["account"]
    done = ran(
        home, "reconcile", *span, "--out", str(out), "--account", shown.lstrip("•"), "--format", "csv", **settings
    )
    assert done.stdout.startswith(f"2 comparisons of account {shown}, ")
    for words, said in (
        (
            ("--from", "2020-01-02", "--out", str(out)),
            "No comparison was made and no break was there on 2020-01-02 in any account",
        ),
        (
            ("--from", "2020-01-03", "--to", "2020-01-02", "--out", str(out)),
            "The report would begin on 2020-01-03 and end before that",
        ),
        (("--from", "2020-01-03"), "A report over days takes --from DAY and --out DIR"),
        ((*span, "--out", str(out), "--account", "nobody"), "No comparison of “nobody” is stored; choose one of: "),
    ):
        done = ran(home, "reconcile", *words, **settings)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(said)
        assert is_one_sentence(done.stderr)


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "There are no keys of a broker's account"), (("--account", "x"), "There are no keys of a broker's account")],
)
def test_without_keys_it_says_what_to_do(open_folder: Path, words: tuple[str, ...], said: str) -> None:
    done = ran(open_folder / "home", "reconcile", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert not (open_folder / "home").exists()
