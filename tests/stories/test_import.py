"""The commands ``import`` and ``export`` as a person uses them, on every recorded file of the market, twice."""

import re
from pathlib import Path

import pytest

from tests.stories.program import SHARED, is_one_sentence, ran

MARKET = SHARED / "market"
STORED = re.compile(r"stored: ([\d,]+) new bars, ([\d,]+) replaced, ([\d,]+) there already")


def recorded() -> list[str]:
    files = sorted(str(file) for file in MARKET.glob("*.csv.gz"))
    if not files:
        pytest.skip("the recorded market is not beside this checkout")
    return files


def counted(text: str) -> list[tuple[int, int, int]]:
    """New, replaced and known bars of each file."""
    return [tuple(int(number.replace(",", "")) for number in found.groups()) for found in STORED.finditer(text)]  # type: ignore[misc]


def test_every_recorded_file_is_understood_and_stored_once(home: Path, tmp_path: Path) -> None:
    files = recorded()
    first = ran(home, "import", "--yes", *files)
    assert first.returncode == 0, first.stderr
    assert len(counted(first.stdout)) == len(files)
    assert sum(new for new, _, _ in counted(first.stdout)) == 3 * 754 + 8_111 + 1_564 + 5_241
    assert "split 7:1 of 2014-06-09" in first.stdout
    assert "taken as New York time" in first.stdout
    again = ran(home, "import", "--yes", *files)
    assert again.returncode == 0, again.stderr
    assert [(new, replaced) for new, replaced, _ in counted(again.stdout)] == [(0, 0)] * len(files)
    the_export_comes_back(home, tmp_path)
    assert ran(home, "audit", "verify").stdout.startswith("The audit trail is whole: ")


def the_export_comes_back(home: Path, folder: Path) -> None:
    for name in ("out.csv", "out.parquet"):
        words = [
            "export",
            "SPY",
            "--timeframe",
            "1m",
            "--from",
            "2020-12-16",
            "--to",
            "2020-12-17",
            "--out",
            str(folder / name),
        ]
        done = ran(home, *words)
        assert done.returncode == 0, done.stderr
        assert "782 bars of SPY 1m, prices as traded" in done.stdout
        refused = ran(home, *words)
        assert refused.returncode == 2
        assert "exists already" in refused.stderr
        assert is_one_sentence(refused.stderr)
        assert ran(home, *words, "--force").returncode == 0
        back = ran(home, "import", "--yes", str(folder / name))
        assert counted(back.stdout) == [(0, 0, 782)], back.stdout + back.stderr
    adjusted = ran(
        home, "export", "AAPL", "--adjusted", "split", "--to", "2012-01-03", "--out", str(folder / "adjusted.csv")
    )
    assert "1 bars of AAPL 1D, prices adjusted" in adjusted.stdout, adjusted.stderr
    close = float((folder / "adjusted.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[7])
    assert close == pytest.approx(58.747143)  # as the file had it, divided by the split to come
