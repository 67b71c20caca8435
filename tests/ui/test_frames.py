"""The screen's pulse and its lag."""

import time

from pytestqt.qtbot import QtBot

from qv_desktop.ui.frames import Frames, LagProbe


def test_every_frame_asks_once_until_stopped(qtbot: QtBot) -> None:
    asked: list[int] = []
    frames = Frames(lambda: asked.append(1), hz=100)
    frames.start()
    qtbot.waitUntil(lambda: len(asked) >= 3)
    frames.stop()
    count = len(asked)
    qtbot.wait(50)
    assert len(asked) == count


def test_the_probe_sees_a_blocked_thread(qtbot: QtBot) -> None:
    probe = LagProbe()
    probe.start()
    qtbot.waitUntil(lambda: len(probe.samples) >= 3)
    count = len(probe.samples)
    time.sleep(0.12)
    qtbot.waitUntil(lambda: len(probe.samples) > count)
    probe.stop()
    assert max(probe.samples) >= 100
    assert probe.lag_ms()[1] >= 100
    assert probe.whole_run()[0] <= probe.whole_run()[1]


def test_before_the_first_sample_there_is_no_lag() -> None:
    assert LagProbe().lag_ms() == (0.0, 0.0)
