"""The real program under a small load that its own simulator makes: it says what it heard, and nothing of it is lost."""

from pathlib import Path

import pytest

from tests.stories.program import is_one_sentence, ran, summary


def test_under_load_every_trade_is_stored_and_the_figures_are_written_down(home: Path) -> None:
    out = home / "out"
    done = ran(home, "demo", "--load", "5000", "--for", "4", "--out", str(out))
    figures = summary(out)
    assert (done.returncode, done.stderr) == (0, "")
    assert figures["sent_trades"] == figures["trades_stored"] == pytest.approx(4000, rel=0.1)
    assert figures["trades_lost"] == 0
    assert figures["trades_received"] >= figures["sent_trades"]
    assert figures["sustained_events_per_s"] == pytest.approx(5000, rel=0.1)
    assert len(figures["panels_visible"]) >= 8
    assert all(figures[key] is not None for key in ("receive_to_model_p99_ms", "gui_lag_p99_ms", "gui_lag_max_ms"))


@pytest.mark.parametrize("words", [("--load", "0"), ("--load", "fast"), ("--load", "-1"), ("--load", "1e9")])
def test_a_load_that_makes_no_sense_is_one_sentence_and_exit_code_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = ran(tmp_path, "demo", *words)
    assert done.returncode == 2
    assert is_one_sentence(done.stderr)
