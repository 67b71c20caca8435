"""Every theme under every choice of price colours can be read, and nothing keeps colours of another one."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from qv_desktop import paths
from qv_desktop.config import Settings
from qv_desktop.ui import colors, theme
from qv_desktop.ui.models.side_ground import leaning
from qv_desktop.ui.settings_dialog import PRICES, THEMES

UI = Path(theme.__file__).parent
SHEET = (paths.resources() / "themes" / "terminal.qss").read_text("utf-8")
HEX = re.compile(r"#[0-9a-fA-F]{6}\b")

INKS = ("TX0", "TX1", "UP", "DOWN", "PROFIT", "LOSS", "GOOD", "BAD", "ACCENT", "WARN", "VIOLET", "BUY_INK", "SELL_INK")
PAIRS = [  # (ink, ground, least contrast): what is written on what
    *((ink, ground, 4.5) for ink in INKS for ground in ("BG0", "BG1", "BG2", "ZEBRA", "SELECTION")),
    *((ink, "BG3", 4.5) for ink in ("TX0", "TX1")),
    *(("TX2", ground, 3.0) for ground in ("BG0", "BG1", "BG2", "BG3", "ZEBRA", "SELECTION")),
    *((ink, "BG1", 4.5) for ink in ("CODE_WORD", "CODE_NUMBER", "CODE_TEXT")),
    *((ink, "BG0", 4.5) for ink in ("GONE", "CAME")),
    *(("ON", ground, 4.5) for ground in ("BUY", "BUY_OVER", "SELL", "SELL_OVER", "HALT", "HALT_OVER", "HALT_HELD")),
    *(("ON_HINT", ground, 3.0) for ground in ("BUY", "BUY_OVER", "SELL", "SELL_OVER")),
    *((f"{place}_INK", place, 4.5) for place in ("PAPER", "LIVE", "REPLAY", "SIMULATION")),
    ("TX0", "POINTER", 4.5),
    ("ON", "TICKED", 3.0),
]
FLASH = 0x40 / 255  # of a hue over what lies under it
EVERY = [(name, prices) for name in colors.THEMES for prices in colors.PRICES]


def luminance(value: str) -> float:
    """Relative luminance of "#rrggbb" by WCAG 2.2."""
    shares = [int(value[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(ink: str, ground: str) -> float:
    """Contrast ratio by WCAG 2.2, 1 to 21."""
    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def over(hue: str, under: str, share: float) -> str:
    parts = [(int(hue[at : at + 2], 16), int(under[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in parts)


@pytest.fixture
def undressed(qapp: QApplication) -> Iterator[QApplication]:
    """The application, which wears what it wore before when the test is over."""
    yield qapp
    theme.apply(qapp)


@pytest.mark.parametrize(("name", "prices"), EVERY)
def test_what_is_written_stands_out_from_what_it_is_written_on(name: colors.Theme, prices: colors.Prices) -> None:
    """By WCAG 2.2: 4.5 for text, 3 for hints and signs."""
    values = colors.tokens(name, prices)
    weak = {(ink, ground): contrast(values[ink], values[ground]) for ink, ground, least in PAIRS
            if contrast(values[ink], values[ground]) < least}  # fmt: skip
    assert weak == {}
    chips = {chip: contrast(ink, ground) for chip, (ground, ink) in colors.chips(name).items()}
    assert {chip: found for chip, found in chips.items() if found < 4.5} == {}


@pytest.mark.parametrize(("name", "prices"), EVERY)
def test_a_figure_can_be_read_while_its_ground_flashes(name: colors.Theme, prices: colors.Prices) -> None:
    values = colors.tokens(name, prices)
    for hue in ("UP", "DOWN", "ACCENT"):
        for under in ("BG1", "ZEBRA", "SELECTION"):
            assert contrast(values["TX0"], over(values[hue], values[under], FLASH)) > 4.5


@pytest.mark.parametrize("name", colors.THEMES)
def test_a_theme_names_every_colour_that_the_others_name(name: colors.Theme) -> None:
    assert colors.tokens(name, "us").keys() == colors.tokens("dark", "us").keys()
    assert colors.chips(name).keys() == colors.chips("dark").keys()
    assert all(HEX.fullmatch(value) for value in colors.tokens(name, "us").values())


@pytest.mark.parametrize("name", colors.THEMES)
def test_price_colours_change_the_market_and_nothing_else(name: colors.Theme) -> None:
    us, asia, blue = (colors.tokens(name, prices) for prices in ("us", "east-asia", "colour-blind"))
    assert (asia["UP"], asia["DOWN"], asia["PROFIT"], asia["LOSS"]) == (us["DOWN"], us["UP"], us["LOSS"], us["PROFIT"])
    assert {token for token in us if us[token] != asia[token]} == {"UP", "DOWN", "PROFIT", "LOSS"}
    assert {token for token in us if us[token] != blue[token]} == {"UP", "DOWN", "PROFIT", "LOSS", "WARN"}
    assert (blue["PROFIT"], blue["LOSS"]) == (blue["UP"], blue["DOWN"])


@pytest.mark.parametrize("name", colors.THEMES)
def test_rise_and_fall_are_told_apart_without_red_and_green(name: colors.Theme) -> None:
    """What a person without red or green cones sees, roughly: blue and yellow stay, so one is bluish and the other is not."""
    values = colors.tokens(name, "colour-blind")
    for token, bluish in (("UP", True), ("DOWN", False), ("WARN", False)):
        red, blue = int(values[token][1:3], 16), int(values[token][5:7], 16)
        assert (blue > red) is bluish
    assert values["WARN"] != values["DOWN"]


@given(st.integers(0, 0xFFFFFF))
def test_the_ink_on_any_ground_can_be_read(number: int) -> None:
    ground = f"#{number:06x}"
    assert contrast(theme.ink_on(ground).name(), ground) >= 4.5


def test_another_theme_leaves_nothing_of_the_one_before(undressed: QApplication) -> None:
    for name, prices in EVERY:
        theme.apply(undressed, name, prices)
        values = colors.tokens(name, prices)
        assert all(theme.color(token).name() == value for token, value in values.items())
        assert all(getattr(theme, token) == value for token, value in values.items() if hasattr(theme, token))
        assert colors.chips(name) == theme.CHIPS
        assert set(HEX.findall(undressed.styleSheet())) <= set(values.values())
    assert colors.tokens("dark", "us")["BG1"] != theme.BG1


def test_colours_are_written_in_one_place() -> None:
    """The style sheet and the interface name them; the chart's own lie with the chart."""
    assert HEX.findall(SHEET) == []
    assert set(Template(SHEET).get_identifiers()) <= colors.tokens("dark", "us").keys() | {"FOLDER"}
    files = [file for file in UI.rglob("*.py") if file.name != "colors.py"]
    assert len(files) > 50
    strays = {file.name: HEX.findall(file.read_text("utf-8")) for file in files}
    assert {name: found for name, found in strays.items() if set(found) - {"#000000", "#ffffff"}} == {}


def test_the_settings_and_the_dialog_offer_what_there_is() -> None:
    kinds = get_type_hints(Settings)
    assert get_args(kinds["theme"]) == colors.THEMES == tuple(THEMES.values())
    assert get_args(kinds["price_colors"]) == colors.PRICES == tuple(PRICES.values())


@pytest.fixture(scope="module", params=["light", "high-contrast"])
def worn(request: pytest.FixtureRequest) -> tuple[colors.Theme, dict[str, Any]]:
    """A theme, and what a fresh interpreter saw that wears it: panel -> grounds and style sheets."""
    command = [sys.executable, "-m", "tests.ui.dressed", request.param]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return request.param, json.loads(done.stdout.splitlines()[-1])


def test_no_panel_shows_a_ground_of_the_dark_theme(worn: tuple[colors.Theme, dict[str, Any]]) -> None:
    name, told = worn
    mine, dark = colors.tokens(name, "us"), colors.tokens("dark", "us")
    foreign = {dark[token] for token in ("BG0", "BG1", "BG2", "BG3", "ZEBRA", "SELECTION")} - set(mine.values())
    assert len(told) == 34
    for panel, seen in told.items():
        most = max(seen["grounds"], key=lambda value: seen["grounds"][value])
        # the ticket's ground leans towards the side that it is on
        leans = {leaning(QColor(mine["BG1"]), QColor(mine["BUY"])).name()} if panel == "ticket" else set()
        assert most in {mine["BG0"], mine["BG1"]} | leans, (panel, seen["grounds"])
        assert {value: share for value, share in seen["grounds"].items() if value in foreign and share > 0.002} == {}, (
            panel
        )


def test_no_style_sheet_of_a_part_names_a_colour_of_another_theme(worn: tuple[colors.Theme, dict[str, Any]]) -> None:
    name, told = worn
    own = set(colors.tokens(name, "us").values()) | {value for pair in colors.chips(name).values() for value in pair}
    sheets = [(panel, sheet) for panel, seen in told.items() for sheet in seen["sheets"]]
    assert len(sheets) > 20
    assert [(panel, sheet) for panel, sheet in sheets if set(HEX.findall(sheet.lower())) - own] == []
