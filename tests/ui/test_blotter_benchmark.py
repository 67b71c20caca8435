"""The blotter's benchmark drives the real panel: its rows change, its order follows, and a pressed row stays."""

from qv_desktop.domain.orders import OrderStatus
from tests.benchmarks._blotter_ours import Blotter, Load
from tests.benchmarks.blotter import p99

SMALL = Load(rows=300, updates=6_000, seconds=0.4)


def test_every_frame_changes_as_many_rows_as_was_promised() -> None:
    blotter = Blotter(SMALL)
    before = {order.id: order for order in blotter.panel.model.all_rows()}
    frames = list(blotter.run())
    assert len(frames) == SMALL.frames
    assert p99([frame.clock for frame in frames]) > 0
    after = blotter.panel.model.all_rows()
    assert sum(before[order.id] is not order for order in after) > SMALL.batch
    assert {order.status for order in after} >= {OrderStatus.PARTIAL}
    blotter.panel.model.settle()
    filled = [order.filled for order in blotter.panel.model.rows()]
    assert filled == sorted(filled, reverse=True)
    assert blotter.panel.open_count == SMALL.rows
    blotter.close()


def test_the_row_under_a_pressed_pointer_never_jumps() -> None:
    blotter = Blotter(SMALL)
    jumps, looked = blotter.pressed_rows()
    blotter.close()
    assert (jumps, looked) == (0, SMALL.frames)
