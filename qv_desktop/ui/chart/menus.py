"""The menus of a chart: its scale, hours and clock, its studies, and what can be done at a price."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from qv_desktop.domain.market import Adjustment
from qv_desktop.ui.chart.look import ZONES, Look

ADJUSTMENTS: dict[Adjustment, str] = {
    "split": "Adjusted for splits",
    "all": "Adjusted for splits and dividends",
    "raw": "As traded",
}

COLOURS = ("blue", "green", "amber", "violet", "")

type Does = Callable[[], object]


def entry(
    menu: QMenu, title: str, does: Does, *, checked: bool | None = None, enabled: bool = True, why: str = ""
) -> QAction:
    """One line of a menu; a check mark when ``checked`` is not None; ``why`` tells the reason when it is not enabled."""
    action = QAction(title, menu, checkable=checked is not None)
    if checked is not None:
        action.setChecked(checked)
    action.setEnabled(enabled)
    action.setToolTip(why or title)
    action.triggered.connect(lambda: does())
    menu.addAction(action)
    return action


def add_look(menu: QMenu, look: Look, change: Callable[[Look], object], intraday: bool, other_zone: Does) -> None:
    """Scale, hours and clock."""
    for title, field in (
        ("Logarithmic scale\tAlt+L", "log"),
        ("Percent scale\tAlt+P", "percent"),
        ("Inverted scale\tAlt+I", "inverted"),
    ):
        on = bool(getattr(look, field))
        entry(menu, title, partial(change, replace(look, **{field: not on})), checked=on)  # type: ignore[arg-type]  # all three are flags
    menu.addSeparator()
    entry(menu, "Extended hours", lambda: change(replace(look, extended=not look.extended)), checked=look.extended, enabled=intraday,
          why="" if intraday else "Bars of a day and longer have no hours.")  # fmt: skip
    entry(menu, "Volume", lambda: change(replace(look, volume=not look.volume)), checked=look.volume)
    entry(
        menu,
        "Countdown to the bar's close",
        lambda: change(replace(look, countdown=not look.countdown)),
        checked=look.countdown,
    )
    zones = menu.addMenu("Time zone")
    for zone, name in ZONES.items():
        entry(
            zones,
            f"{name}   {zone}" if name != zone else name,
            partial(change, replace(look, zone=zone)),
            checked=look.zone == zone,
        )
    if look.zone not in ZONES:
        entry(zones, look.zone, partial(change, look), checked=True)
    zones.addSeparator()
    entry(zones, "Another…", other_zone)


def add_adjustments(menu: QMenu, chosen: Adjustment, choose: Callable[[Adjustment], object]) -> None:
    """How prices of the past are adjusted."""
    parts = menu.addMenu("Prices")
    for adjustment, title in ADJUSTMENTS.items():
        entry(parts, title, partial(choose, adjustment), checked=adjustment == chosen)


def add_link(menu: QMenu, group: str, shares: Mapping[str, bool], join: Callable[[str], object],
             share: Callable[[str, bool], object]) -> None:  # fmt: skip
    """The colour group, and what is taken from it and given to it."""
    parts = menu.addMenu("Link")
    for name in COLOURS:
        entry(parts, name.title() or "None", partial(join, name), checked=name == group)
    parts.addSeparator()
    for aspect, on in shares.items():
        entry(parts, aspect.title(), partial(share, aspect, not on), checked=on, enabled=bool(group),
              why="" if group else "Choose a colour first.")  # fmt: skip


def add_templates(
    menu: QMenu, names: list[str], use: Callable[[str], object], save: Does, forget: Callable[[str], object]
) -> None:
    """The person's templates of studies."""
    templates = menu.addMenu("Templates")
    for name in names:
        entry(templates, name, partial(use, name))
    if names:
        templates.addSeparator()
    entry(templates, "Save as template…", save)
    if names:
        forgetting = templates.addMenu("Delete")
        for name in names:
            entry(forgetting, name, partial(forget, name))


def add_commands(menu: QMenu, commands: Mapping[str, Does]) -> None:
    """Plain lines."""
    for title, does in commands.items():
        entry(menu, title, does)


def new_menu(parent: QWidget) -> QMenu:
    """An empty menu that shows why a line is grey."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    return menu
