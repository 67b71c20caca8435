"""The command line: what it answers without a window, and how it ends."""

import json
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from qv_desktop import __version__
from qv_desktop.adapters.db.server import Server
from tests.stories.program import is_one_sentence, ran

SECRETS = {
    "QV_ALPACA_KEY": "AKVERYSECRET", "QV_ALPACA_SECRET": "alpaca-very-secret", "QV_POLYGON_KEY": "polygon-very-secret",
    "QV_DATABASE_URL": "postgresql://trader:database-very-secret@127.0.0.1:1/qv",
}  # fmt: skip


def test_the_version_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    done = ran(tmp_path / "home", "--version")
    assert (done.returncode, done.stdout.strip()) == (0, f"QuantVision Desktop {__version__}")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("words", [["--help"], ["demo", "--help"]])
def test_help_names_what_can_be_asked_for(tmp_path: Path, words: list[str]) -> None:
    done = ran(tmp_path, *words)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: qv-desktop")
    assert done.stderr == ""


def test_the_simulator_and_the_worker_are_the_same_program(tmp_path: Path) -> None:
    done = ran(tmp_path, "simulate", "--help")
    assert done.returncode == 0
    assert "--replay" in done.stdout


def test_the_doctor_says_what_is_set_and_no_secret(tmp_path: Path) -> None:
    done = ran(tmp_path, "doctor", **SECRETS)
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert told["version"] == __version__
    assert told["home"] == str(tmp_path)
    assert told["database"] == "remote"
    for secret in SECRETS.values():
        assert secret not in done.stdout + done.stderr
    assert "very-secret" not in done.stdout + done.stderr


def test_the_doctor_works_before_anything_was_started(tmp_path: Path) -> None:
    home = tmp_path / "never" / "made"
    told = json.loads(ran(home, "doctor").stdout)
    assert told["home_exists"] is False
    assert told["database"] == "embedded"
    assert not home.exists()


def test_the_database_is_made_checked_and_its_trail_verified_without_a_window(open_folder: Path) -> None:
    for step in ("migrate", "check"):
        done = ran(open_folder, "db", step)
        assert done.returncode == 0, done.stderr
        assert "ready" in done.stdout
        assert "***" in done.stdout  # the password's place
    verified = ran(open_folder, "audit", "verify")
    assert verified.returncode == 0, verified.stderr
    assert "whole" in verified.stdout


def test_a_forged_trail_is_exit_code_1_and_the_row_is_named(open_folder: Path) -> None:
    assert ran(open_folder, "audit", "verify").returncode == 0
    forge_a_row(open_folder)
    done = ran(open_folder, "audit", "verify")
    assert done.returncode == 1
    assert "broken at row 1" in done.stdout


def test_a_trail_that_lost_what_this_installation_remembers_is_exit_code_1(open_folder: Path) -> None:
    assert ran(open_folder, "audit", "verify").returncode == 0
    (open_folder / "audit-mark.json").write_text(json.dumps({"embedded": [7, "a" * 64]}), encoding="utf-8")
    done = ran(open_folder, "audit", "verify")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "The audit trail is broken at row 1: rows 1 to 7 are missing at the end; "
        "this installation remembers to have recorded row 7.",
        "No signed checkpoint covers it yet: nothing signed vouches for it, 0 rows stand only by the chain and this installation's mark.",
    ]


def test_nothing_is_signed_where_the_key_would_lie_open(open_folder: Path) -> None:
    done = ran(open_folder, "audit", "sign", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no keyring" in done.stderr


def test_what_is_no_key_and_what_is_no_bundle_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("{}\n", encoding="utf-8")
    for words in (
        ["--key", "abc"],
        ["--bundle", str(tmp_path / "x.jsonl")],
        ["--bundle", str(tmp_path / "none.jsonl")],
    ):
        done = ran(tmp_path, "audit", "verify", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert is_one_sentence(done.stderr), done.stderr


def forge_a_row(home: Path) -> None:
    """Write an audit row whose hash is not that of its content."""
    texts = ("actor", "role", "session", "host", "object_type", "object_id", "reason", "before", "after", "correlation",
             "causation", "app_version")  # fmt: skip
    chain = (home / "install").read_text(encoding="utf-8")
    server = Server(home / "postgres")
    with psycopg.connect(server.start().replace("+psycopg", "", 1)) as connection:
        names = ("chain", "sequence", "at", "actor_type", "action", "outcome", "previous", "hash", *texts)
        values = (chain, 1, datetime.now(UTC), "human", "order.submit", "ok", "0" * 64, "a" * 64, *("" for _ in texts))
        places = ", ".join(["%s"] * len(values))
        connection.execute(f"INSERT INTO audit_log ({', '.join(names)}) VALUES ({places})".encode(), values)  # noqa: S608
    server.stop()


@pytest.mark.parametrize(
    "words", [["nonsense"], ["audit", "nonsense"], ["db"], ["--nonsense"], ["demo", "--seed", "x"]]
)
def test_a_command_line_that_cannot_be_read_is_one_sentence_and_exit_code_2(tmp_path: Path, words: list[str]) -> None:
    done = ran(tmp_path, *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert is_one_sentence(done.stderr), done.stderr
    assert "--help" in done.stderr


def a_market_file(folder: Path, name: str, rows: str) -> str:
    (folder / name).write_text("date,open,high,low,close,volume\n" + rows, encoding="utf-8")
    return str(folder / name)


def test_a_dry_run_shows_what_was_understood_and_stores_nothing(tmp_path: Path) -> None:
    file = a_market_file(tmp_path, "AAPL.csv", "2020-01-02,1,2,1,2,5\n2020-01-03,1,2,1,2,5\n")
    done = ran(tmp_path / "home", "import", "--dry-run", file)
    assert done.returncode == 0, done.stderr
    assert "symbol AAPL, from the file's name" in done.stdout
    assert "stored" not in done.stdout
    assert not (tmp_path / "home" / "postgres").exists()


def test_nothing_is_stored_when_nobody_can_be_asked(tmp_path: Path) -> None:
    file = a_market_file(tmp_path, "AAPL.csv", "2020-01-02,1,2,1,2,5\n2020-01-03,1,2,1,2,5\n")
    done = ran(tmp_path / "home", "import", file)
    assert done.returncode == 2
    assert is_one_sentence(done.stderr)
    assert "--yes" in done.stderr


def test_a_refused_file_is_one_sentence_with_its_line_and_keeps_no_other_back(tmp_path: Path) -> None:
    bad = a_market_file(tmp_path, "MSFT.csv", "03/04/2020,1,2,1,2,5\n03/05/2020,1,2,1,2,5\n")
    good = a_market_file(tmp_path, "AAPL.csv", "2020-01-02,1,2,1,2,5\n2020-01-03,1,2,1,2,5\n")
    done = ran(tmp_path / "home", "import", "--dry-run", bad, good)
    assert done.returncode == 2
    assert is_one_sentence(done.stderr), done.stderr
    assert "MSFT.csv, line 2: “03/04/2020,1,2,1,2,5”" in done.stderr
    assert "symbol AAPL" in done.stdout


@pytest.mark.parametrize("words", [
    ["import"], ["import", "--dates", "ydm", "x.csv"], ["import", "--yes", "--dry-run", "x.csv"], ["export", "AAPL", "--from", "soon"],
])  # fmt: skip
def test_import_and_export_say_what_is_missing(tmp_path: Path, words: list[str]) -> None:
    done = ran(tmp_path, *words)
    assert done.returncode == 2
    assert is_one_sentence(done.stderr), done.stderr


@pytest.mark.parametrize(
    "words", [["import", "--yes", "--timeframe", "soon", "x.csv"], ["export", "AAPL", "--out", "x.txt"]]
)
def test_a_timeframe_or_form_that_does_not_exist_is_one_sentence(tmp_path: Path, words: list[str]) -> None:
    done = ran(tmp_path, *words)
    assert done.returncode == 2
    assert is_one_sentence(done.stderr), done.stderr
