"""Which spans of a symbol's bars are known to be complete: merged when they are written, cut when something in them changed."""

from collections.abc import Collection

from sqlalchemy import Connection, select, text

from qv_desktop.adapters.db.tables import bar_coverage
from qv_desktop.domain.history import Span

_COVER = text("""
    WITH met AS (
        DELETE FROM bar_coverage WHERE symbol = :symbol AND timeframe = :frame AND span_start <= :end AND span_end >= :start
        RETURNING span_start, span_end
    )
    INSERT INTO bar_coverage (symbol, timeframe, span_start, span_end)
    SELECT :symbol, :frame, least(:start, min(span_start)), greatest(:end, max(span_end)) FROM met
    ON CONFLICT (symbol, timeframe, span_start) DO UPDATE SET span_end = greatest(bar_coverage.span_end, excluded.span_end)
""")
_UNCOVER = text("""
    WITH met AS (
        DELETE FROM bar_coverage WHERE symbol = coalesce(CAST(:symbol AS text), symbol) AND timeframe = ANY (:frames)
                                   AND span_start < :end AND span_end > :start
        RETURNING symbol, timeframe, span_start, span_end
    )
    INSERT INTO bar_coverage (symbol, timeframe, span_start, span_end)
    SELECT symbol, timeframe, span_start, :start FROM met WHERE span_start < :start
    UNION ALL SELECT symbol, timeframe, :end, span_end FROM met WHERE span_end > :end
""")


def covered(connection: Connection, symbol: str, frame: str) -> list[Span]:
    """The spans of which every bar is stored, oldest first."""
    c = bar_coverage.c
    query = select(c.span_start, c.span_end).where(c.symbol == symbol, c.timeframe == frame).order_by(c.span_start)
    return [Span(*row) for row in connection.execute(query)]


def cover(connection: Connection, symbol: str, frame: str, span: Span) -> None:
    """``span`` joins those that it meets; an empty one is none."""
    if span.start < span.end:
        connection.execute(_COVER, {"symbol": symbol, "frame": frame, "start": span.start, "end": span.end})


def uncover(connection: Connection, symbol: str | None, frames: Collection[str], span: Span) -> None:
    """``span`` is cut out of what is covered, of one symbol or of all."""
    if span.start < span.end and frames:
        asked = {"symbol": symbol, "frames": list(frames), "start": span.start, "end": span.end}
        connection.execute(_UNCOVER, asked)
