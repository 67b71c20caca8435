"""Panels of one colour show one symbol."""

from qv_desktop.ui.links import GROUPS, Links


def linked(*members: str) -> tuple[Links, list[tuple[str, str, str]]]:
    links, heard = Links(), []
    for member in members:
        links.join(member, "blue")
    links.followed.connect(lambda panel, symbol, frame: heard.append((panel, symbol, frame)))
    return links, heard


def test_the_others_of_the_group_follow_and_the_chooser_does_not() -> None:
    links, heard = linked("watchlist", "chart", "ticket")
    links.join("ticket", "green")
    links.choose("watchlist", "AAPL", "5m")
    assert heard == [("chart", "AAPL", "5m")]
    assert links.symbol("blue") == "AAPL"


def test_a_choice_without_a_timeframe_keeps_the_groups() -> None:
    links, heard = linked("watchlist", "chart")
    links.choose("chart", "AAPL", "1D")
    links.choose("watchlist", "MSFT")
    assert heard[-1] == ("chart", "MSFT", "1D")


def test_a_panel_that_joins_is_told_at_once_and_one_without_a_group_tells_nobody() -> None:
    links, heard = linked("watchlist", "chart")
    links.choose("watchlist", "AAPL")
    links.join("tape", "blue")
    assert heard[-1] == ("tape", "AAPL", "")
    links.join("tape", "")
    links.choose("tape", "XOM")
    assert links.symbol("blue") == "AAPL"


def test_stepping_through_the_colours_comes_round() -> None:
    links, _ = linked("chart")
    assert [links.next_group("chart") for _ in GROUPS][-1] == "blue"
