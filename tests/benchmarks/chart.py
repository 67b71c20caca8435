"""How long our chart takes to paint and what it holds in memory, with finplot's and vnpy's on the same bars in the same run."""

from collections.abc import Iterator, Mapping

from tests.benchmarks._chart_measures import FRAMES, Sizes, measured
from tests.benchmarks._chart_ours import Ours
from tests.benchmarks._chart_peers import running

SIZES = Sizes(pan=1_000_000, live=500_000, first=100_000, four=100_000, seconds=60.0)
COMPARED = ("pan_all_p99_ms", "pan_all_median_ms", "pan_300_p99_ms", "live_update_ms", "live_close_ms", "first_paint_100k_ms",
            "four_charts_frame_ms", "bytes_per_bar")  # fmt: skip
QUIET = 0.9  # of a processor, below which a machine was too busy for its times to be taken at their word
BARS = {
    "pan": "pan",
    "byt": "pan",
    "liv": "live",
    "fir": "first",
    "fou": "four",
}  # beginning of a figure's name -> size


def figures() -> dict[str, object]:
    """Milliseconds at 1600x900, bytes, and the same of the peers by name; `_chart_measures` says how each is taken."""
    out: dict[str, object] = {}
    for found in measured(Ours(), SIZES):
        out |= found
    out["bars"] = {"pan": SIZES.pan, "live": SIZES.live, "first": SIZES.first, "four": SIZES.four}
    return out | {"peers": running.figures()}


def report(figures: Mapping[str, object]) -> str:
    """Our figures one a line; then each peer's beside ours, how many times ours it is, and on how many bars each was taken."""
    ours = {name: value for name, value in figures.items() if name != "peers"}
    lines = [f"{name:<26} {value}" for name, value in ours.items()]
    lines += _busy("this run", ours)
    peers = figures["peers"]
    assert isinstance(peers, dict)
    for name, theirs in peers.items():
        lines += ["", f"{name} {theirs.get('version', '?')}, Qt {theirs.get('qt', '?')}", *_beside(ours, theirs)]
    return "\n".join(lines) + "\n"


def _busy(whose: str, figures: Mapping[str, object]) -> Iterator[str]:
    share = figures.get("processor_share")
    if isinstance(share, float) and share < QUIET:
        yield f"  The machine was busy: {whose} had {share:.0%} of a processor, so its times are too long. Measure again when it is quiet."


def _beside(ours: Mapping[str, object], theirs: Mapping[str, object]) -> Iterator[str]:
    yield f"  {'':<24} {'ours':>9} {'theirs':>10} {'ratio':>8}"
    for name in COMPARED:
        mine, other = ours.get(name), theirs.get(name)
        if isinstance(mine, float) and isinstance(other, float):
            yield f"  {name:<24} {mine:>9,.2f} {other:>10,.2f} {other / mine:>7,.1f}×  {_bars(name, ours)} and {_bars(name, theirs)} bars"
        else:
            yield f"  {name:<24} {mine or '—':>9} {'—':>10}"
    for name, taken in theirs.items():
        if name.endswith("_samples") and isinstance(taken, int) and taken < FRAMES * 0.75:
            yield f"  Its time was up after {taken} of some {FRAMES} frames for {name.removesuffix('_samples')}."
    yield from _busy("it", theirs)
    if "incomplete" in theirs:
        yield f"  Not all was measured: {theirs['incomplete']}."


def _bars(name: str, figures: Mapping[str, object]) -> str:
    bars = figures.get("bars")
    return f"{bars[BARS[name[:3]]]:,}" if isinstance(bars, dict) else "?"
