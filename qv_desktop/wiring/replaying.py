"""A chart goes back in time: its stored bars are played once more, and nothing of the market is shown meanwhile."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from qv_desktop.domain.market import NEW_YORK, utc
from qv_desktop.services.replay import Replay
from qv_desktop.wiring import Desk

if TYPE_CHECKING:
    from qv_desktop.wiring.chart import ChartWiring


class Replaying:
    """The replay of one chart; ``on`` from its beginning until it is left."""

    def __init__(self, desk: Desk, chart: "ChartWiring") -> None:
        self._desk, self._chart = desk, chart
        self._replay: Replay | None = None
        self._playing: asyncio.Task[None] | None = None
        self._seen = 0  # bars that the panel shows
        panel = chart.panel
        panel.replay_asked.connect(lambda start: self._spawn(self.begin(start)))
        panel.replay_stepped.connect(self._step)
        panel.replay_played.connect(self._play)
        panel.replay_speed_chosen.connect(self._pace)
        panel.replay_left.connect(self.leave)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    @property
    def on(self) -> bool:
        """Whether history is shown in the market's place."""
        return self._replay is not None

    async def begin(self, start: int) -> None:
        """Go back to the bar that begins at ``start`` (ns). Raises FeedDown or BadInput, and the market stays."""
        chart = self._chart
        symbol, frame = chart.symbol, chart.frame
        loaded = await chart.history(symbol, frame)
        if (symbol, frame) != (chart.symbol, chart.frame):
            return
        self.stop()
        self._replay = Replay(chart.panel.in_hours(loaded.bars), start, self._changed)
        chart.shown_anew()
        self._show_all()
        self._playing = asyncio.ensure_future(self._replay.run())

    def _step(self, by: int) -> None:
        if self._replay is not None:
            self._replay.step(by)

    def _play(self, on: bool) -> None:
        if self._replay is not None:
            self._replay.play(on)

    def _pace(self, speed: float) -> None:
        if self._replay is not None:
            self._replay.pace(speed)

    def _show_all(self) -> None:
        chart, replay = self._chart, self._replay
        if replay is not None:
            chart.panel.show_history(chart.symbol, chart.frame, replay.seen, None)
            self._seen = replay.place
            self._say()

    def _changed(self, replay: Replay) -> None:
        """Bars further on are added one by one; further back everything is shown anew."""
        if replay is not self._replay:
            return
        if replay.place < self._seen:
            self._show_all()
            return
        for bar in replay.bars[self._seen : replay.place]:
            self._chart.panel.show_bar(bar)
        self._seen = replay.place
        self._say()

    def _say(self) -> None:
        replay = self._replay
        if replay is None:
            return
        at = utc(replay.seen[-1].start).astimezone(NEW_YORK)
        words = f"{at:%d %b %Y %H:%M}" if self._chart.frame.intraday else f"{at:%d %b %Y}"
        ended = " · the newest bar" if replay.ended else ""
        self._chart.panel.show_replay(
            f"{words} · {replay.place:,} of {len(replay.bars):,}{ended}", replay.playing, replay.speed
        )

    def leave(self) -> None:
        """Back to the market, and to what the chart's group shows by now."""
        if self.on:
            self.stop()
            self._chart.shown_anew()
            self._spawn(self._chart.load())
            links = self._desk.window.links
            links.join(self._chart.name, links.group(self._chart.name))  # what it shows by now

    def stop(self) -> None:
        """No replay any more; what is shown then is up to the chart."""
        if self._playing is not None:
            self._playing.cancel()
        was, self._replay, self._playing = self.on, None, None
        if was:
            self._chart.panel.show_replay(None)
            self._chart.panel.show_message("The replay has ended.")  # its bars must not stand beside what is ours now
