"""The volume profile of the bars in view: how much traded at which price, at the left edge of the plot."""

import numpy as np
from PySide6.QtGui import QPainter

from qv_desktop.analytics.indicators import Profile, volume_profile
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.strokes import DASHED, draw_across, faint, fill_rectangles
from qv_desktop.ui.chart.study import Study
from qv_desktop.ui.theme import color

WIDEST = 0.3  # of the plot


def draw_profile(painter: QPainter, stage: Stage, study: Study) -> None:
    """One row per stretch of price, shares of rising bars first; the value area is brighter, the busiest price dashed."""
    profile = _of_view(stage, study)
    if profile is None:
        return
    most = float((profile.up + profile.down).max())
    ends = np.round(stage.scale.ys(profile.edges))
    top, tall = np.minimum(ends[:-1], ends[1:]), np.maximum(np.abs(np.diff(ends)) - 1, 1.0)
    inside = (profile.edges[:-1] >= profile.low - 1e-9) & (profile.edges[1:] <= profile.high + 1e-9)
    room = stage.panes.width * WIDEST / most
    up, down = np.round(profile.up * room), np.round(profile.down * room)
    for which, share in ((inside, 0.42), (~inside, 0.2)):
        fill_rectangles(painter, np.column_stack((np.zeros(len(up)), top, up, tall))[which], faint("UP", share))
        fill_rectangles(painter, np.column_stack((up, top, down, tall))[which], faint("DOWN", share))
    draw_across(painter, stage.scale.y(profile.point), 0, stage.panes.width, color("WARN"), DASHED)


def _of_view(stage: Stage, study: Study) -> Profile | None:
    first, last = stage.view.window(len(stage.series))
    _, columns = stage.series.closed.columns(first, min(last, len(stage.series.closed)), stage.stride)
    if not len(columns) or not columns.volume.sum():
        return None
    rows = int(study.settings["rows"])
    return volume_profile(
        columns.high, columns.low, columns.close, columns.open, columns.volume, rows, study.settings["share"] / 100
    )
