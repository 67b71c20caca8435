"""How long a frame of the order blotter takes with 10,000 rows and 20,000 updates a second, with vnpy's monitor beside it."""

from collections.abc import Mapping, Sequence

from tests.benchmarks._blotter_ours import DOCK, HZ, Blotter, Frame, Load
from tests.benchmarks._chart_peers import running

TALL = (1278, 720)  # px: the panel maximised
QUIET = 0.9  # of a processor, below which a machine was too busy for its times to be taken at their word
GOAL = 4.0  # ms of GUI time in a frame
PEER = "tests.benchmarks._blotter_peer"


def figures() -> dict[str, object]:
    """``frame_p99_ms`` is by the clock, of all that a frame asks of the GUI thread: gathering, model, order, painting.

    The collector's own pauses between frames are told apart, as ``collecting_longest_ms``.
    """
    load = Load()
    blotter = Blotter(load)
    frames = list(blotter.run())
    jumps, looked = blotter.pressed_rows()
    blotter.close()
    tall = Blotter(Load(seconds=8.0), TALL)
    high = list(tall.run())
    tall.close()
    peer = running.one("vnpy", PEER, 75.0)
    return {
        "frame_p99_ms": p99([frame.clock for frame in frames]),
        "frame_median_ms": p50([frame.clock for frame in frames]),
        "frame_p99_processor_ms": p99([frame.processor for frame in frames]),
        "collecting_longest_ms": max(frame.collecting for frame in frames),
        "orders_waiting_p99": p99([frame.waiting for frame in frames]),
        "rows": load.rows, "updates_per_s": load.updates, "frames_per_s": HZ, "frames": len(frames),
        "rows_in_view": blotter.rows_in_view(), "size": list(DOCK),
        "maximised_frame_p99_ms": p99([frame.clock for frame in high]), "maximised_rows_in_view": tall.rows_in_view(),
        "row_jumps_while_pressed": jumps, "frames_pressed": looked,
        "processor_share": round(sum(f.processor for f in frames) / sum(f.clock for f in frames), 3),
        "peer_frame_p99_ms": peer.get("frame_p99_ms"), "peer": peer,
    }  # fmt: skip


def report(found: Mapping[str, object]) -> str:
    """One figure a line, then what they amount to."""
    lines = [f"{name:<26} {value}" for name, value in found.items() if name != "peer"]
    mine, theirs = found["frame_p99_ms"], found["peer_frame_p99_ms"]
    assert isinstance(mine, float)
    lines.append(
        f"A frame takes {mine:.2f} ms at the 99th percentile; {'within' if mine <= GOAL else 'OVER'} the goal of {GOAL:g} ms."
    )
    if isinstance(share := found["processor_share"], float) and share < QUIET:
        lines.append(f"The machine was busy: in its frames this run had {share:.0%} of a processor, so its times are too long;"
                     f" of the processor alone a frame took {found['frame_p99_processor_ms']:.2f} ms.")  # fmt: skip
    peer = found["peer"]
    if isinstance(theirs, float) and isinstance(peer, dict):
        cut = peer.get("cut_after_updates")
        whole = (
            f"a frame, cut short after {cut} of its {peer.get('updates_per_frame')} updates"
            if cut
            else f"{peer.get('frames')} frames"
        )
        lines.append(
            f"vnpy {peer.get('version')} sorting as it ships: {theirs:,.0f} ms over {whole}, {theirs / mine:,.0f}×;"
            f" without sorting {peer.get('unsorted_frame_p99_ms', 0):,.1f} ms."
        )
    return "\n".join(lines) + "\n"


def p99(samples: Sequence[float]) -> float:
    """The 99th percentile."""
    return sorted(samples)[min(len(samples) - 1, len(samples) * 99 // 100)]


def p50(samples: Sequence[float]) -> float:
    """The median."""
    return sorted(samples)[len(samples) // 2]


__all__ = ["Frame", "figures", "report"]
