"""What is ours on the chart: open orders, alerts, the position's price and fills; and where a person can take hold of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPolygonF

from qv_desktop.domain.market import money, ns
from qv_desktop.domain.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.domain.positions import Position, unrealised
from qv_desktop.domain.price_alerts import PriceAlert
from qv_desktop.ui import format, theme
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.strokes import DASHED, DOT_DASH, DOTTED, Dash, draw_across, faint
from qv_desktop.ui.chart.tags import TALL, draw_box, draw_tag, spread, tag_box
from qv_desktop.ui.theme import color

POSITION_GROUND = "HELD"
TYPES = {OrderType.LIMIT: "limit", OrderType.STOP: "stop", OrderType.STOP_LIMIT: "stop limit",
         OrderType.TRAILING_STOP: "trail"}  # fmt: skip
SETTLED = (OrderStatus.WORKING, OrderStatus.PARTIAL)  # need no word of their state
MOVABLE = (
    OrderStatus.WORKING,
    OrderStatus.PARTIAL,
    OrderStatus.HELD,
)  # in other states a change would cross another one


type Kind = Literal["order", "alert"]
type Price = Literal["limit", "stop", "price"]


@dataclass(frozen=True, slots=True)
class Handle:
    """What a level stands for, where it can be moved: an order's limit or stop, or an alert's price."""

    kind: Kind
    id: str
    price: Price


@dataclass(frozen=True, slots=True)
class Level:
    """A price that matters to us, with its words; ``dash`` tells stops from limits without colour."""

    price: float
    text: str
    ground: str
    dash: Dash
    handle: Handle | None = None


@dataclass(frozen=True, slots=True)
class Grip:
    """Where a level was painted: its line, its words, and the cross that takes it away."""

    level: Level
    y: float
    words: QRectF
    cross: QRectF


def order_levels(orders: Iterable[Order], symbol: str) -> list[Level]:
    """One level for each price of the symbol's open orders, and for what hangs on them."""
    out: list[Level] = []
    for order in orders:
        request = order.request
        if request.symbol != symbol or not order.open:
            continue
        ground = "BUY" if request.side is Side.BUY else "SELL"
        words = f"{request.side.name} {format.quantity(order.remaining)}"
        state = "" if order.status in SETTLED else f" · {order.status}"
        moves = order.status in MOVABLE and request.type in TYPES and request.type is not OrderType.TRAILING_STOP
        if request.stop is not None:
            handle = Handle("order", order.id, "stop") if moves else None
            out.append(Level(float(request.stop), f"{words} stop{state}", ground, DASHED, handle))
        if request.limit is not None:
            handle = Handle("order", order.id, "limit") if moves else None
            out.append(
                Level(float(request.limit), f"{words} {TYPES.get(request.type, '')}{state}", ground, DOT_DASH, handle)
            )
        out += _legs(request)
    return out


def _legs(request: OrderRequest) -> list[Level]:
    """What an order will leave behind when it fills; the broker takes changes of it only then."""
    side = f"{request.side.opposite.name} {format.quantity(request.quantity)}"
    ground = "SELL" if request.side is Side.BUY else "BUY"
    legs = ((request.take_profit, "target", DOT_DASH), (request.stop_loss, "stop", DASHED))
    return [
        Level(float(price), f"{side} {word} · once filled", ground, dash)
        for price, word, dash in legs
        if price is not None
    ]


def alert_levels(alerts: Iterable[PriceAlert], symbol: str) -> list[Level]:
    """One level for each armed alert of the symbol."""
    return [Level(alert.price, f"Alert {alert.note}".strip(), "WARN", DOTTED, Handle("alert", alert.id, "price"))
            for alert in alerts if alert.symbol == symbol and alert.state == "armed"]  # fmt: skip


def position_level(position: Position | None, symbol: str, last: float) -> Level | None:
    """The position's average price with its profit so far, or None where nothing of ``symbol`` is held."""
    if position is None or position.symbol != symbol or not position.quantity:
        return None
    profit = unrealised(position, money(float(last)))
    words = f"AVG {format.quantity(position.quantity)} · {format.signed(profit)}"
    return Level(float(position.average), words, POSITION_GROUND, DOTTED)


type Placed = tuple[Level, float, float]  # a level, where its line stands and where its words do, in px


def placed(stage: Stage, levels: Sequence[Level], last: QRectF | None) -> list[Placed]:
    """The levels in view; their words make room for one another and for the ``last`` price's tag."""
    seen = [level for level in levels if 0 <= stage.scale.y(level.price) <= stage.panes.floor]
    wanted = [stage.scale.y(level.price) for level in seen]
    return list(
        zip(seen, wanted, spread(wanted, (last.top(), last.bottom()) if last is not None else None), strict=True)
    )


def draw_levels(painter: QPainter, stage: Stage, levels: Sequence[Placed]) -> list[Grip]:
    """Each level's line, its words beside the axis and its price on it."""
    return [_draw_level(painter, stage, *each) for each in levels]


def _draw_level(painter: QPainter, stage: Stage, level: Level, y: float, place: float) -> Grip:
    ground = color(level.ground)
    text = f"{level.text}   ×" if level.handle is not None else level.text
    wide = QFontMetricsF(theme.small_bold()).horizontalAdvance(text) + 14
    words = QRectF(stage.panes.width - wide - 8, round(place) - TALL // 2, wide, TALL)
    line = QColor(ground).lighter(130) if level.ground == POSITION_GROUND else ground
    draw_across(painter, y, 0, words.left(), line, level.dash)
    draw_tag(painter, words, ground, text)
    draw_tag(painter, tag_box(stage.panes, place), ground, f"{level.price:,.{stage.decimals}f}")
    cross = QRectF(words.right() - 19, words.top(), 19, words.height()) if level.handle is not None else QRectF()
    return Grip(level, y, words, cross)


def draw_ghost(painter: QPainter, stage: Stage, level: Level, price: float) -> None:
    """Where a level that is being dragged would go."""
    y = stage.scale.y(price)
    ink = color(level.ground)
    draw_across(painter, y, 0, stage.panes.width, ink)
    draw_tag(painter, tag_box(stage.panes, y), ink, f"{price:,.{stage.decimals}f}")


def draw_previous_close(painter: QPainter, stage: Stage, price: float, taken: Sequence[QRectF], text: str) -> None:
    """A dotted line across at the previous close, named on the axis where nothing else stands."""
    y = int(stage.scale.y(price))
    if not 0 <= y <= stage.panes.floor:
        return
    draw_across(painter, y, 0, stage.panes.width, faint("TX2", 0.65), DOTTED)
    box = tag_box(stage.panes, y)
    if any(box.intersects(other) for other in taken):
        return
    draw_box(painter, box, color("BG3"))
    painter.setPen(color("TX1"))
    painter.setFont(theme.small())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def draw_fills(painter: QPainter, stage: Stage, fills: Iterable[Fill]) -> None:
    """A triangle below the bar of each buy, pointing up, and above the bar of each sale, pointing down."""
    first, last = stage.view.window(len(stage.series))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    for index, side, past in {_placed(stage.series, fill) for fill in fills}:
        if first <= index < last and not past:
            _triangle(painter, stage, index, side)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _placed(series: Series, fill: Fill) -> tuple[int, Side, bool]:
    """The bar at or before a fill, its side, and whether it happened after that bar, in hours that are not shown."""
    at = ns(fill.at)
    index = series.index_at(at)
    return index, fill.side, series.past(index, at)


def _triangle(painter: QPainter, stage: Stage, index: int, side: Side) -> None:
    bar, up = stage.series.bar(index), side is Side.BUY
    x = stage.view.x(index) + 0.5
    tip = stage.scale.y(bar.low) + 5 if up else stage.scale.y(bar.high) - 5
    base = tip + 8 if up else tip - 8
    painter.setBrush(color("BUY_INK" if up else "SELL_INK"))
    painter.drawPolygon(QPolygonF([QPointF(x, tip), QPointF(x - 5, base), QPointF(x + 5, base)]))
