"""Which vendor's prices are in force: the primary's while it is there, the fallback's while it is not, and whose turn it is is seen.

Both sockets run for the whole sitting, for a vendor that is asked only in an emergency is one that nobody has tried. The one
that stands by subscribes to nothing.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from qv_desktop.domain.alerts import Urgency
from qv_desktop.domain.events import FeedChanged, SourceChanged
from qv_desktop.domain.market import Batch, FeedState
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.feeds import Stream

# seconds that a person waits
GRACE = 2.0  # without the primary, before the fallback takes over
FIRST_GRACE = 10.0  # for the primary's first handshake, which is no failure
STEADY = 5.0  # of the primary being live again, before it takes over from the fallback

type Tell = Callable[[Urgency, str, str, str], None]  # urgency, title, sentence, key

_TALKING = ("live", "quiet", "backfilling")
_GREETING = ("connecting", "authenticating")


class Feeds:
    """The states of all feeds, and the one decision whose prices count. ``states`` holds each feed's last change.

    ``primary`` and ``fallback`` are names of streams; without a fallback there is nothing to decide. ``attach`` brings the streams
    themselves, which are made with ``hear_from`` and ``feed_changed``.
    """

    def __init__(
        self,
        primary: str,
        fallback: str | None,
        market: MarketData,
        publish: Publish,
        tell: Tell,
        now: Now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.primary, self.fallback = primary, fallback
        self.states: dict[str, FeedChanged] = {}  # feed -> as it was last told
        self._market, self._publish, self._tell, self._now, self._monotonic = market, publish, tell, now, monotonic
        self._streams: dict[str, Stream] = {}
        self._heard = frozenset[str]()  # what the stream in force hears of
        self._told: dict[str, tuple[FeedState, str]] = {}  # feed -> what its socket says
        self._filling: dict[str, str] = {}  # feed -> how far its backfill is
        self._since = monotonic()  # when the primary last went from talking to not talking, or back
        self._greeted = False  # the primary has talked, or failed, at least once
        self._began = False  # some source has been in force

    @property
    def source(self) -> str:
        """The stream whose prices are in force; empty while there is none."""
        return self._market.source

    def heard(self) -> Sequence[str]:
        """The wanted symbols that the stream in force tells of: as many as its plan allows, none without a stream."""
        stream = self._streams.get(self.source)
        return () if stream is None else self._market.wanted[: stream.most]

    def attach(self, stream: Stream) -> None:
        """From now on ``stream`` hears what is wanted: the primary always, the fallback while it is in force."""
        self._streams[stream.name] = stream
        if len(self._streams) == 1:
            self._market.subscribe(lambda symbols: self._ask())
        self._ask()

    def hear_from(self, feed: str) -> Callable[[Batch], None]:
        """What the stream ``feed`` is to call with each batch."""
        return self._from_primary if feed == self.primary else self._from_fallback

    def _from_primary(self, batch: Batch) -> None:
        if self._market.source == self.primary:
            self._market.hear(batch)
        else:
            self._market.keep(batch)

    def _from_fallback(self, batch: Batch) -> None:
        # its prints are not stored: the primary's history will fill this very hole under the primary's own ids, and the same
        # trade under two vendors' ids would be two trades
        if self._market.source == self.fallback:
            self._market.show(batch)

    def gap(self, start: datetime, end: datetime) -> None:
        """The primary was not heard between these times."""
        self._market.gap(start, end)

    def missed(self, start: datetime, end: datetime) -> None:
        """The fallback was not heard between these times; nobody stores what it says, but charts show it."""
        if self._market.source == self.fallback:
            self._market.missed(start, end)

    # ---- states

    def feed_changed(self, feed: str, state: FeedState, detail: str) -> None:
        """A feed's socket went into ``state``; any feed, also one that brings no prices."""
        first, talked = feed not in self._told, self._talks(feed)
        self._told[feed] = (state, detail)
        if feed == self.primary:
            self._greeted = self._greeted or state not in _GREETING
            if first or self._talks(feed) != talked:
                self._since = self._monotonic()
            if talked and not self._talks(feed):
                self._market.interrupt()
        self._say(feed)
        self._decide()

    def backfilling(self, feed: str, done: int, total: int) -> None:
        """``done`` of ``total`` symbols have what the feed missed; with the last one it is simply live again."""
        if done < total:
            self._filling[feed] = f"{done} of {total} symbols filled in"
        else:
            self._filling.pop(feed, None)
        if feed in self._told:
            self._say(feed)

    def tick(self) -> None:
        """Several times a second: decide anew, for patience ends by itself."""
        self._decide()

    def _say(self, feed: str) -> None:
        state, detail = self._told[feed]
        if state in _TALKING and feed in self._filling:
            state, detail = "backfilling", self._filling[feed]
        before = self.states.get(feed)
        if before is None or (before.state, before.detail) != (state, detail):
            event = self.states[feed] = FeedChanged(feed, state, detail, self._now())
            self._publish(event)

    def _talks(self, feed: str | None) -> bool:
        return feed in self._told and self._told[feed][0] in _TALKING

    # ---- whose prices

    def _decide(self) -> None:
        chosen = self._chosen()
        if chosen != self._market.source:
            self._change(chosen)

    def _chosen(self) -> str:
        """Who is to be in force now."""
        present, waited = self._market.source, self._monotonic() - self._since
        talks, stands_by = self._talks(self.primary), self._talks(self.fallback)
        if talks:
            patient = present == self.fallback and stands_by and waited < STEADY
            return present if patient else self.primary
        if waited <= (GRACE if self._greeted else FIRST_GRACE):
            return present if present != self.fallback or stands_by else ""
        return self.fallback if stands_by and self.fallback is not None else ""

    def _change(self, source: str) -> None:
        why = self._reason(source)
        self._market.change_source(source, stored=source == self.primary)
        self._ask()
        self._publish(SourceChanged(source, why, self._now()))
        if self._began:
            urgency: Urgency = "good" if source == self.primary else "warning" if source else "critical"
            self._tell(urgency, f"Prices come from {source}" if source else "No prices", why, f"source {source}")
        self._began = True

    def _reason(self, source: str) -> str:
        state, detail = self._told.get(self.primary, ("off", ""))
        lost = f"{self.primary} is {state}" + (f" ({detail.rstrip('.')})" if detail else "")
        if source == self.primary:
            return f"{source} is live."
        if source:
            return f"{lost}; {source} stands in until it is back."
        return f"{lost}, and no other source is live; what is shown grows old."

    def _ask(self) -> None:
        for name, stream in self._streams.items():
            in_force = name == self.primary or name == self._market.source
            stream.want(self._market.wanted if in_force else ())
        self._leave_out()

    def _leave_out(self) -> None:
        """Symbols that others pushed out of the plan's number are heard no more, though they are still wanted."""
        stream = self._streams.get(self._market.source)
        if stream is not None:
            heard = frozenset(self._market.wanted[: stream.most])
            self._market.unheard(self._heard - heard)
            self._heard = heard
