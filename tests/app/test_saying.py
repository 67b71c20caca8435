"""A broker's row that cannot be read is news once, however often the broker is asked."""

from qv_desktop.app.saying import AGAIN, Sayings


def test_the_same_is_said_once_and_again_after_a_while() -> None:
    told, now = list[str](), [0.0]
    say = Sayings(told.append, lambda: now[0])
    for _ in range(3):
        say("one of two positions")
        now[0] += 2
    say("two of two positions")
    assert told == ["one of two positions", "two of two positions"]
    now[0] = AGAIN
    say("one of two positions")
    assert told == ["one of two positions", "two of two positions", "one of two positions"]
