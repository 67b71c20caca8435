"""The ground of a ticket: the panel's own, leaning a little towards the side's colour, as traders know it."""

from PySide6.QtGui import QColor

from qv_desktop.domain.orders import Side
from qv_desktop.ui import theme

LEAN = 0.07  # of the side's colour; more would cost contrast


def side_ground(side: Side) -> QColor:
    """The ground for buying or selling in the theme that is in force."""
    return leaning(theme.color("BG1"), theme.color("BUY" if side is Side.BUY else "SELL"))


def leaning(ground: QColor, towards: QColor) -> QColor:
    """``ground`` with a little of the other colour."""

    def mixed(own: int, other: int) -> int:
        return round(own + (other - own) * LEAN)

    return QColor(
        mixed(ground.red(), towards.red()), mixed(ground.green(), towards.green()), mixed(ground.blue(), towards.blue())
    )
