"""What every colour is called and which value it has: in each theme, and under each choice of price colours."""

from typing import Literal, get_args

type Theme = Literal["dark", "light", "high-contrast"]
type Prices = Literal["us", "east-asia", "colour-blind"]

THEMES: tuple[Theme, ...] = get_args(Theme.__value__)
PRICES: tuple[Prices, ...] = get_args(Prices.__value__)

# Grounds: BG0 window and field, BG1 panel, BG2 raised, BG3 pressed or selected control, DIALOG. LINE parts, RIM edges a button,
# FRAME a field that is pointed at, BOX a tick's box and TICKED fills it, THUMB is a scroll bar. Inks: TX0 value, TX1 label, TX2
# hint and unit.
# UP to LOSS are the market's and follow the price colours. GOOD and BAD are states, BUY and SELL grounds of sides and their INKs
# the words for them: these mean the same everywhere. …_OVER is under the pointer; ON is the ink on BUY, SELL and HALT, ON_HINT
# a quieter one. YELLOW to ORANGE are a chart's lines and HELD a position's tag. GRID, EDGE, CROSS and POINTER are the chart's
# rules, session borders, cross-hair and the cross-hair's boxes.
_DARK: dict[str, str] = {  # token -> "#rrggbb"
    "BG0": "#0b0e14", "BG1": "#11151d", "BG2": "#171c26", "BG3": "#1f2632", "SELECTION": "#16223b", "ZEBRA": "#141922",
    "LINE": "#242c3a", "FRAME": "#33405a", "BOX": "#3a4660", "THUMB": "#2b3547", "THUMB_OVER": "#3a4660",
    "DIALOG": "#0b0e14", "RIM": "#171c26", "RIM_OVER": "#1f2632", "TICKED": "#4c8dff",
    "TX0": "#e6eaf2", "TX1": "#aab4c5", "TX2": "#6f7b90",
    "UP": "#26a69a", "DOWN": "#ef5350", "PROFIT": "#12bb7b", "LOSS": "#ef5350",
    "GOOD": "#26a69a", "BAD": "#ef5350", "ACCENT": "#4c8dff", "WARN": "#f0a020", "VIOLET": "#a678f0",
    "BUY": "#2f6fe4", "BUY_OVER": "#255fd0", "BUY_INK": "#26a69a",
    "SELL": "#d4413d", "SELL_OVER": "#bf3834", "SELL_INK": "#ef5350",
    "HALT": "#7f2526", "HALT_OVER": "#9a2e2f", "HALT_HELD": "#cf3f3b", "ON": "#ffffff", "ON_HINT": "#d6e2fb",
    "GONE": "#f08a86", "CAME": "#5bd08a", "CODE_WORD": "#8db4ff", "CODE_NUMBER": "#e8a76a", "CODE_TEXT": "#9fd08a",
    "GRID": "#1a212d", "EDGE": "#313b4d", "CROSS": "#76839a", "POINTER": "#39445a", "HATCH": "#6b4d10",
    "YELLOW": "#f0c14b", "BLUE": "#7aa7ff", "PINK": "#e879a6", "CYAN": "#5cc6e6", "LIME": "#b6e05c", "ORANGE": "#ff9f5a", "HELD": "#596273",
    "PAPER": "#2f2308", "PAPER_EDGE": "#c07f1a", "PAPER_INK": "#ffd27a", "LIVE": "#d3201c", "LIVE_INK": "#ffffff",
    "REPLAY": "#251a3d", "REPLAY_EDGE": "#8a63d2", "REPLAY_INK": "#cbb2ff",
    "SIMULATION": "#251a3d", "SIMULATION_EDGE": "#8a63d2", "SIMULATION_INK": "#cbb2ff",
}  # fmt: skip

_LIGHT: dict[str, str] = {
    "BG0": "#f3f5f9", "BG1": "#ffffff", "BG2": "#edf0f5", "BG3": "#dde3ec", "SELECTION": "#e0ebff", "ZEBRA": "#f7f9fc",
    "LINE": "#d9dfe8", "FRAME": "#a9b6c9", "BOX": "#8a98ad", "THUMB": "#c5cedb", "THUMB_OVER": "#a4b0c2",
    "DIALOG": "#ffffff", "RIM": "#cdd5e0", "RIM_OVER": "#b4bfce", "TICKED": "#1f5fd6",
    "TX0": "#161b26", "TX1": "#414b5e", "TX2": "#667085",
    "UP": "#0b7569", "DOWN": "#c62a28", "PROFIT": "#087848", "LOSS": "#c62a28",
    "GOOD": "#0b7569", "BAD": "#c62a28", "ACCENT": "#1f5fd6", "WARN": "#8a5000", "VIOLET": "#7340c9",
    "BUY": "#2765da", "BUY_OVER": "#1d54bd", "BUY_INK": "#0b7569",
    "SELL": "#cf3a36", "SELL_OVER": "#b52f2c", "SELL_INK": "#c62a28",
    "HALT": "#a52a2b", "HALT_OVER": "#8e2324", "HALT_HELD": "#d4413d", "ON": "#ffffff", "ON_HINT": "#e3ecfd",
    "GONE": "#b3261e", "CAME": "#1a6b38", "CODE_WORD": "#1f4fb5", "CODE_NUMBER": "#9a4f00", "CODE_TEXT": "#2f6f1f",
    "GRID": "#eaeef4", "EDGE": "#c9d2de", "CROSS": "#7c889c", "POINTER": "#d3dae5", "HATCH": "#e9c46a",
    "YELLOW": "#946200", "BLUE": "#2a62c9", "PINK": "#b3306b", "CYAN": "#0a6f8f", "LIME": "#4b7300", "ORANGE": "#a84c00", "HELD": "#5d6880",
    "PAPER": "#fdf0d0", "PAPER_EDGE": "#dcae4c", "PAPER_INK": "#7a4a00", "LIVE": "#c8140f", "LIVE_INK": "#ffffff",
    "REPLAY": "#efe7fd", "REPLAY_EDGE": "#b79ae6", "REPLAY_INK": "#5b2fa8",
    "SIMULATION": "#efe7fd", "SIMULATION_EDGE": "#b79ae6", "SIMULATION_INK": "#5b2fa8",
}  # fmt: skip

_HIGH_CONTRAST: dict[str, str] = {
    "BG0": "#000000", "BG1": "#05070b", "BG2": "#12161e", "BG3": "#262e3c", "SELECTION": "#17376b", "ZEBRA": "#0d1118",
    "LINE": "#7a879e", "FRAME": "#b4c0d4", "BOX": "#b4c0d4", "THUMB": "#7a879e", "THUMB_OVER": "#b4c0d4",
    "DIALOG": "#000000", "RIM": "#7a879e", "RIM_OVER": "#b4c0d4", "TICKED": "#1f5fd6",
    "TX0": "#ffffff", "TX1": "#dde4f0", "TX2": "#a9b4c6",
    "UP": "#3ddbca", "DOWN": "#ff8080", "PROFIT": "#35dd9a", "LOSS": "#ff8080",
    "GOOD": "#3ddbca", "BAD": "#ff8080", "ACCENT": "#6ea6ff", "WARN": "#ffb938", "VIOLET": "#c3a1ff",
    "BUY": "#1f5fd6", "BUY_OVER": "#184fb8", "BUY_INK": "#3ddbca",
    "SELL": "#c02f2b", "SELL_OVER": "#a32724", "SELL_INK": "#ff8080",
    "HALT": "#8e2324", "HALT_OVER": "#a52a2b", "HALT_HELD": "#c93a36", "ON": "#ffffff", "ON_HINT": "#eef3ff",
    "GONE": "#ffa29e", "CAME": "#6fe39c", "CODE_WORD": "#a9c7ff", "CODE_NUMBER": "#ffc08a", "CODE_TEXT": "#b8e6a5",
    "GRID": "#2a3444", "EDGE": "#5d6a80", "CROSS": "#c9d4e6", "POINTER": "#4a5871", "HATCH": "#7d5a12",
    "YELLOW": "#ffd466", "BLUE": "#9cc0ff", "PINK": "#ff9cc4", "CYAN": "#7fdcf5", "LIME": "#cdf57a", "ORANGE": "#ffb98a", "HELD": "#6d7a92",
    "PAPER": "#2f2308", "PAPER_EDGE": "#ffb938", "PAPER_INK": "#ffe0a0", "LIVE": "#e3100a", "LIVE_INK": "#ffffff",
    "REPLAY": "#251a3d", "REPLAY_EDGE": "#c3a1ff", "REPLAY_INK": "#e2d3ff",
    "SIMULATION": "#251a3d", "SIMULATION_EDGE": "#c3a1ff", "SIMULATION_INK": "#e2d3ff",
}  # fmt: skip

_TOKENS: dict[Theme, dict[str, str]] = {"dark": _DARK, "light": _LIGHT, "high-contrast": _HIGH_CONTRAST}

# Blue and orange of Okabe and Ito, "Color Universal Design" (2008): on dark grounds their sky blue #56b4e9, for their blue #0072b2
# does not stand out there, and on white the orange #e69f00 darkened. What warns is then yellow, or it would look like a fall.
_BLUE_ORANGE: dict[Theme, dict[str, str]] = {
    "dark": {"UP": "#56b4e9", "DOWN": "#e69f00", "WARN": "#f0e442"},
    "light": {"UP": "#0067a1", "DOWN": "#9a5500", "WARN": "#6b5f00"},
    "high-contrast": {"UP": "#6cc4f5", "DOWN": "#ffb52e", "WARN": "#f7ee6f"},
}

PAPER: dict[str, str] = {  # what is printed, whatever the theme
    "INK": "#1b2230", "QUIET": "#5b667a", "LINE": "#cfd6e1", "GOOD": "#067647", "BAD": "#b42318",
}  # fmt: skip
_CHIPS: dict[str, str] = {  # chip -> its hue
    "working": "green", "ok": "green", "good": "green", "partial": "cyan", "sent": "sky", "held": "blue", "low": "blue",
    "info": "blue", "filled": "grey", "draft": "quiet", "canceled": "quiet", "expired": "quiet", "rejected": "red",
    "refused": "red", "failed": "red", "high": "red", "critical": "red", "unresolved": "amber", "medium": "amber",
    "warning": "amber", "pending_cancel": "magenta", "pending_replace": "orange",
}  # fmt: skip

type _Hues = dict[str, tuple[str, str]]  # hue -> (ground, text)

_ON_DARK: _Hues = {
    "green": ("#12361f", "#5bd08a"), "cyan": ("#0f3340", "#5cc6e6"), "sky": ("#15304a", "#8ccbf5"), "blue": ("#172a4d", "#8db4ff"),
    "grey": ("#232a36", "#c9d2e0"), "quiet": ("#1a202b", "#8b97ab"), "red": ("#3a1d1d", "#f08a86"), "amber": ("#4a3508", "#ffd27a"),
    "magenta": ("#3d1a3f", "#e79bea"), "orange": ("#40270c", "#ffb46b"),
}  # fmt: skip
_HUES: dict[Theme, _Hues] = {
    "dark": _ON_DARK,
    "light": {
        "green": ("#d8f2e0", "#13602f"), "cyan": ("#d5f0f7", "#0b5a6e"), "sky": ("#dcedfb", "#145283"), "blue": ("#dfe9ff", "#1f4fb5"),
        "grey": ("#e3e8ef", "#333d4f"), "quiet": ("#eef1f6", "#566176"), "red": ("#fbe0de", "#a3201b"), "amber": ("#fdeecb", "#744600"),
        "magenta": ("#f8e0f9", "#8a2490"), "orange": ("#fde5cf", "#8f4400"),
    },
    "high-contrast": {**_ON_DARK, "green": ("#12361f", "#8af0b2"), "quiet": ("#1a202b", "#c0cad9"), "red": ("#4a1717", "#ffb3b0"),
                      "blue": ("#172a4d", "#b9d1ff")},
}  # fmt: skip


def tokens(theme: Theme, prices: Prices) -> dict[str, str]:
    """token -> "#rrggbb", with the market's colours as chosen."""
    found = dict(_TOKENS[theme])
    if prices == "east-asia":
        found |= {"UP": found["DOWN"], "DOWN": found["UP"], "PROFIT": found["LOSS"], "LOSS": found["PROFIT"]}
    elif prices == "colour-blind":
        found |= _BLUE_ORANGE[theme]
        found |= {"PROFIT": found["UP"], "LOSS": found["DOWN"]}
    return found


def chips(theme: Theme) -> _Hues:
    """chip -> (ground, text)."""
    return {chip: _HUES[theme][hue] for chip, hue in _CHIPS.items()}
