"""What a link's silence means, what is handed over at once, and which holes are told."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from qv_desktop.adapters.websocket import Counts, Patience
from qv_desktop.adapters.websocket.holes import MARGIN, Holes
from qv_desktop.adapters.websocket.inbox import PORTION_BYTES, Inbox, pieces
from qv_desktop.adapters.websocket.pulse import Pulse
from qv_desktop.adapters.websocket.wanted import Wanted
from tests.adapters.listening import Heard, now

PATIENCE = Patience()


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_five_seconds_of_silence_are_a_fault_only_while_data_must_flow() -> None:
    clock = Clock()
    pulse = Pulse(PATIENCE, clock)
    clock.seconds += 4.9
    assert pulse.finding(expected=True, can_ask=True) == "well"
    clock.seconds += 0.1
    assert pulse.finding(expected=True, can_ask=True) == "silent"
    assert pulse.finding(expected=False, can_ask=True) == "still"
    assert pulse.finding(expected=True, can_ask=True) == "well"  # silence counts from when data became expected


def test_a_silent_server_is_asked_within_thirty_seconds_and_mute_when_it_does_not_answer() -> None:
    clock = Clock()
    pulse = Pulse(PATIENCE, clock)
    clock.seconds += 25
    assert pulse.finding(expected=False, can_ask=True) == "ask"
    pulse.asked()
    clock.seconds += 4.9
    assert pulse.finding(expected=False, can_ask=True) == "still"
    clock.seconds += 0.1
    assert pulse.finding(expected=False, can_ask=True) == "unanswered"
    assert clock.seconds - 100 <= 30


def test_an_answer_proves_the_link_alive_and_is_no_sign_of_trading() -> None:
    clock = Clock()
    pulse = Pulse(PATIENCE, clock)
    pulse.asked()
    assert pulse.heard(clock()) is False
    assert pulse.heard(clock()) is True
    clock.seconds += 5
    assert pulse.finding(expected=False, can_ask=True) == "still"


def test_a_server_without_a_probe_is_never_asked() -> None:
    clock = Clock()
    pulse = Pulse(PATIENCE, clock)
    clock.seconds += 3600
    assert pulse.finding(expected=False, can_ask=False) == "still"


def test_a_hole_begins_a_little_before_the_last_that_is_known_and_ends_when_the_next_link_is_complete() -> None:
    heard, counts, at = Heard(), Counts(), now()
    times = iter([at, at + timedelta(seconds=40)])
    holes = Holes(heard.gap, lambda: next(times), counts)
    holes.begun()
    holes.linked()
    holes.known(at + timedelta(seconds=10))
    holes.lost("the connection broke")
    holes.known(at + timedelta(seconds=30))  # the next link speaks before it is complete
    holes.lost("it broke again")
    holes.mended()
    assert not heard.gaps
    holes.linked()
    assert heard.gaps == [(at + timedelta(seconds=10) - MARGIN, at + timedelta(seconds=40), "the connection broke")]
    assert counts.gaps == 1


def test_a_large_frame_is_handed_over_in_portions_that_are_read_quickly() -> None:
    messages = [b'{"ev":"T","sym":"A\\"},{\\"B","t":%d}' % number for number in range(20_000)]
    frame = b"[" + b",".join(messages) + b"]"
    parts = list(pieces(frame))
    assert len(parts) > 2
    assert max(map(len, parts)) < PORTION_BYTES + 100
    assert b",".join(part[1:-1] for part in parts) == frame[1:-1]
    assert list(pieces(b'{"one":1}' * 100_000)) == [b'{"one":1}' * 100_000]
    assert list(pieces(b"[]")) == [b"[]"]


def inbox(hear: object, heard: Heard, **bounds: int) -> tuple[Inbox, Counts]:
    counts = Counts()
    holes = Holes(heard.gap, now, counts)
    holes.begun()
    holes.linked()
    return Inbox("Test", hear, counts, holes, now, **bounds), counts  # type: ignore[arg-type]


def test_the_bytes_that_may_wait_are_bounded_and_an_overflow_is_a_hole_once() -> None:
    async def story() -> None:
        heard = Heard()
        box, counts = inbox(heard.hear, heard, size=10_000)
        for number in range(25):
            box.put(b"%d" % number * 500, 0.0)
        assert box.waiting <= 20
        await box.drained()
        assert counts.overflows >= 1
        assert len(heard.gaps) == 1
        start, end, reason = heard.gaps[0]
        assert start <= end
        assert "faster" in reason
        assert heard.items[-1] == b"24" * 500

    asyncio.run(story())


def test_a_portion_that_cannot_be_taken_in_is_a_hole_and_not_a_silent_one() -> None:
    async def story() -> None:
        heard = Heard()

        def hear(frames: Sequence[bytes]) -> None:
            if frames[0] == b"bad":
                raise ZeroDivisionError
            heard.hear(frames)

        box, _ = inbox(hear, heard)
        for frame in (b"good", b"bad", b"good again"):
            box.put(frame, asyncio.get_running_loop().time())
            await box.drained()
        assert heard.items == [b"good", b"good again"]
        assert [reason for *_, reason in heard.gaps] == ["messages could not be taken in"]
        before, start = datetime.now(now().tzinfo), heard.gaps[0][0]
        assert before - start < timedelta(seconds=60)

    asyncio.run(story())


def test_the_delay_from_receipt_to_the_model_is_sampled_once_a_portion() -> None:
    async def story() -> None:
        heard = Heard()
        box, counts = inbox(heard.hear, heard)
        received = asyncio.get_running_loop().time() - 2.0
        for _ in range(300):
            box.put(b"frame", received)
        await box.drained()
        assert len(counts.delays) == 2  # 256 frames, then the rest
        assert min(counts.delays) >= 2000
        assert len(heard.items) == 300

    asyncio.run(story())


def test_another_order_of_the_same_symbols_says_nothing_and_beyond_the_limit_the_least_wanted_are_left_out() -> None:
    async def story() -> None:
        wanted = Wanted(lambda added, removed: [f"+{sorted(added)} -{sorted(removed)}"], most=2)
        wanted.replace(("A", "B"))
        applied, said = wanted.changed(frozenset())
        assert (said, wanted.beyond) == (["+['A', 'B'] -[]"], "")
        wanted.replace(("B", "A"))
        assert wanted.changed(applied) == (applied, ())
        wanted.replace(("C", "B", "A", "C"))
        applied, said = wanted.changed(applied)
        assert said == ["+['C'] -['A']"]
        assert "hears 2 of 3 symbols" in wanted.beyond

    asyncio.run(story())
