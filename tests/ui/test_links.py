"""Panels of one colour show what they share."""

import json

import pytest

from qv_desktop.ui.links import GROUPS, Links


def linked(*members: str) -> tuple[Links, list[tuple[str, str, str]]]:
    links, heard = Links(), []
    for member in members:
        links.join(member, "blue")
    links.followed.connect(lambda panel, symbol, frame: heard.append((panel, symbol, frame)))
    return links, heard


def pointed(links: Links) -> list[tuple[str, int | None]]:
    heard: list[tuple[str, int | None]] = []
    links.pointed.connect(lambda panel, at: heard.append((panel, at)))
    return heard


def test_the_others_of_the_group_follow_and_the_chooser_does_not() -> None:
    links, heard = linked("watchlist", "chart", "ticket")
    links.join("ticket", "green")
    links.choose("watchlist", "AAPL", "5m")
    assert heard == [("chart", "AAPL", "")]
    assert links.symbol("blue") == "AAPL"


def test_a_timeframe_goes_only_from_and_to_panels_that_share_it() -> None:
    links, heard = linked("chart", "chart-2", "chart-3")
    links.choose("chart", "AAPL", "1D")  # it does not share its own
    links.share("chart", "timeframe", True)
    links.share("chart-2", "timeframe", True)
    heard.clear()
    links.choose("chart", "AAPL", "1h")
    assert heard == [("chart-2", "AAPL", "1h"), ("chart-3", "AAPL", "")]


def test_a_choice_without_a_timeframe_keeps_the_groups() -> None:
    links, heard = linked("watchlist", "chart")
    for panel in ("watchlist", "chart"):
        links.share(panel, "timeframe", True)
    links.choose("chart", "AAPL", "1D")
    links.choose("watchlist", "MSFT")
    assert heard[-1] == ("chart", "MSFT", "1D")


def test_a_chart_that_keeps_its_symbol_takes_the_timeframe_alone() -> None:
    links, heard = linked("chart", "chart-2")
    links.share("chart", "timeframe", True)
    links.share("chart-2", "symbol", False)
    links.share("chart-2", "timeframe", True)
    links.choose("chart", "AAPL", "1h")
    assert heard == [("chart-2", "", "1h")]
    links.choose("chart-2", "XOM", "5m")
    assert links.symbol("blue") == "AAPL"
    assert heard[-1] == ("chart", "AAPL", "5m")


def test_what_is_shared_anew_is_taken_at_once() -> None:
    links, heard = linked("chart", "chart-2")
    links.share("chart", "timeframe", True)
    links.choose("chart", "AAPL", "1h")
    links.share("chart-2", "timeframe", True)
    assert heard[-1] == ("chart-2", "AAPL", "1h")


def test_a_panel_that_joins_is_told_at_once_and_one_without_a_group_tells_nobody() -> None:
    links, heard = linked("watchlist", "chart")
    links.choose("watchlist", "AAPL")
    links.join("tape", "blue")
    assert heard[-1] == ("tape", "AAPL", "")
    links.join("tape", "")
    links.choose("tape", "XOM")
    assert links.symbol("blue") == "AAPL"


def test_crosshairs_go_together_where_both_want_it() -> None:
    links, _ = linked("chart", "chart-2", "chart-3", "chart-4")
    links.share("chart-3", "crosshair", False)
    links.join("chart-4", "green")
    heard = pointed(links)
    links.point("chart", 17)
    links.point("chart", None)
    assert heard == [("chart-2", 17), ("chart-2", None)]
    links.point("chart-3", 18)
    assert len(heard) == 2


def test_stepping_through_the_colours_comes_round() -> None:
    links, _ = linked("chart")
    assert [links.next_group("chart") for _ in GROUPS][-1] == "blue"


def test_links_come_back_as_they_were_kept() -> None:
    links, _ = linked("chart", "chart-2", "tape")
    links.join("chart-2", "green")
    links.share("chart-2", "timeframe", True)
    links.share("chart", "crosshair", False)
    kept = json.loads(json.dumps(links.saved()))
    other, _ = linked("chart", "chart-2", "tape")
    other.restore(kept)
    assert other.saved() == links.saved()
    assert other.group("chart-2") == "green"
    assert not other.shares("chart", "crosshair")


@pytest.mark.parametrize(
    "saved", [None, [], {"chart": "green"}, {"chart": []}, {"chart": ["pink", "symbol"]}, {"gone": ["green"]}]
)
def test_links_that_cannot_be_used_change_nothing(saved: object) -> None:
    links, _ = linked("chart")
    before = links.saved()
    links.restore(saved)
    assert links.saved() == before


def test_a_panel_that_is_gone_is_told_nothing() -> None:
    links, heard = linked("chart", "chart-2")
    links.leave("chart-2")
    links.choose("chart", "AAPL")
    assert heard == []
