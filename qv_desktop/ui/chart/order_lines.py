"""What is ours on the chart: open orders, the position's price and fills. Shown only; nothing here can be dragged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPolygonF

from qv_desktop.domain.market import money, ns
from qv_desktop.domain.orders import Fill, Order, OrderType, Side
from qv_desktop.domain.positions import Position, unrealised
from qv_desktop.ui import format, theme
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.strokes import DASHED, DOT_DASH, DOTTED, Dash, draw_across, faint
from qv_desktop.ui.chart.tags import TALL, draw_box, draw_tag, spread, tag_box
from qv_desktop.ui.theme import color

POSITION_GROUND = "#596273"
TYPES = {OrderType.LIMIT: "limit", OrderType.STOP: "stop", OrderType.STOP_LIMIT: "stop limit",
         OrderType.TRAILING_STOP: "trail"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Level:
    """A price that matters to us, with its words; ``dash`` tells stops from limits without colour."""

    price: float
    text: str
    ground: str
    dash: Dash


def order_levels(orders: Iterable[Order], symbol: str) -> list[Level]:
    """One level for each price of the symbol's open orders."""
    out: list[Level] = []
    for order in orders:
        request = order.request
        if request.symbol != symbol or not order.open:
            continue
        ground = "BUY" if request.side is Side.BUY else "SELL"
        words = f"{request.side.name} {format.quantity(order.remaining)}"
        if request.stop is not None:
            out.append(Level(float(request.stop), f"{words} stop", ground, DASHED))
        if request.limit is not None:
            out.append(Level(float(request.limit), f"{words} {TYPES.get(request.type, '')}", ground, DOT_DASH))
    return out


def position_level(position: Position | None, symbol: str, last: float) -> Level | None:
    """The position's average price with its profit so far, or None where nothing of ``symbol`` is held."""
    if position is None or position.symbol != symbol or not position.quantity:
        return None
    profit = unrealised(position, money(float(last)))
    words = f"AVG {format.quantity(position.quantity)} · {format.signed(profit)}"
    return Level(float(position.average), words, POSITION_GROUND, DOTTED)


def draw_levels(painter: QPainter, stage: Stage, levels: Sequence[Level], last: QRectF | None) -> list[QRectF]:
    """Each level's line, its words beside the axis and its price on it; tags make room for one another.

    Returns the boxes on the axis.
    """
    seen = [level for level in levels if 0 <= stage.scale.y(level.price) <= stage.panes.floor]
    wanted = [stage.scale.y(level.price) for level in seen]
    places = spread(wanted, (last.top(), last.bottom()) if last is not None else None)
    metrics = QFontMetricsF(theme.small_bold())
    for level, y, place in zip(seen, wanted, places, strict=True):
        ground = color(level.ground)
        wide = metrics.horizontalAdvance(level.text) + 14
        words = QRectF(stage.panes.width - wide - 8, round(place) - TALL // 2, wide, TALL)
        line = QColor(ground).lighter(130) if level.ground == POSITION_GROUND else ground
        draw_across(painter, y, 0, words.left(), line, level.dash)
        draw_tag(painter, words, ground, level.text)
        draw_tag(painter, tag_box(stage.panes, place), ground, f"{level.price:,.{stage.decimals}f}")
    return [tag_box(stage.panes, place) for place in places]


def draw_previous_close(painter: QPainter, stage: Stage, price: float, taken: Sequence[QRectF]) -> list[QRectF]:
    """A dotted line across at the previous close, named on the axis where nothing else stands; the boxes now taken."""
    y = int(stage.scale.y(price))
    if not 0 <= y <= stage.panes.floor:
        return list(taken)
    draw_across(painter, y, 0, stage.panes.width, faint("TX2", 0.65), DOTTED)
    box = tag_box(stage.panes, y)
    if any(box.intersects(other) for other in taken):
        return list(taken)
    draw_box(painter, box, color("BG3"))
    painter.setPen(color("TX1"))
    painter.setFont(theme.small())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{price:,.{stage.decimals}f}")
    return [*taken, box]


def draw_fills(painter: QPainter, stage: Stage, fills: Iterable[Fill]) -> None:
    """A triangle below the bar of each buy, pointing up, and above the bar of each sale, pointing down."""
    first, last = stage.view.window(len(stage.series))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    for index, side in {(stage.series.index_at(ns(fill.at)), fill.side) for fill in fills}:
        if first <= index < last:
            _triangle(painter, stage, index, side)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _triangle(painter: QPainter, stage: Stage, index: int, side: Side) -> None:
    bar, up = stage.series.bar(index), side is Side.BUY
    x = stage.view.x(index) + 0.5
    tip = stage.scale.y(bar.low) + 5 if up else stage.scale.y(bar.high) - 5
    base = tip + 8 if up else tip - 8
    painter.setBrush(color("UP" if up else "DOWN"))
    painter.drawPolygon(QPolygonF([QPointF(x, tip), QPointF(x - 5, base), QPointF(x + 5, base)]))
