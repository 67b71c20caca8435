"""Tones: there, short, scaled by volume, and silent without complaint where nothing can play."""

import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from qv_desktop import paths
from qv_desktop.adapters.sounds import Sounds, _through, first_of, scaled
from qv_desktop.domain.notifying import TONES

FOLDER = paths.resources() / "sounds"


def loudest(file: Path) -> int:
    with wave.open(str(file), "rb") as found:
        frames = found.readframes(found.getnframes())
    return max(abs(int.from_bytes(frames[i : i + 2], "little", signed=True)) for i in range(0, len(frames), 2))


@pytest.mark.parametrize("tone", TONES)
def test_every_tone_is_there_short_and_small(tone: str) -> None:
    with wave.open(str(FOLDER / f"{tone}.wav"), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert 0.1 < file.getnframes() / file.getframerate() < 1
    assert (FOLDER / f"{tone}.wav").stat().st_size < 40_000


def test_tones_differ() -> None:
    assert len({(FOLDER / f"{tone}.wav").read_bytes() for tone in TONES}) == len(TONES)


def test_the_samples_are_scaled_by_the_volume(tmp_path: Path) -> None:
    whole, half = loudest(FOLDER / "fill.wav"), loudest(scaled(FOLDER / "fill.wav", tmp_path / "half.wav", 50))
    assert half == pytest.approx(whole / 4, abs=2)


def test_one_sounds_at_a_time_and_a_burst_is_one() -> None:
    played, go, ended = list[str](), threading.Event(), threading.Event()

    def play(file: Path) -> bool:
        played.append(file.name)
        go.wait(10)
        ended.set()
        return True

    sounds = Sounds(FOLDER, play)
    assert all(sounds.play("fill", 100) for _ in range(20))
    go.set()
    assert ended.wait(10)
    sounds.close()
    assert played == ["fill.wav"]
    assert not sounds.play("fill", 100)


def test_without_a_player_nothing_is_played_and_nothing_is_wrong() -> None:
    sounds = Sounds(FOLDER, None)
    assert not sounds.able
    assert not sounds.play("fill", 70)
    sounds.close()


@pytest.mark.parametrize("failure", [OSError("no device"), subprocess.TimeoutExpired("play", 5)])
def test_a_player_that_fails_does_not_stop_the_next_tone(failure: Exception) -> None:
    tried, twice = list[str](), threading.Event()

    def play(file: Path) -> bool:
        tried.append(file.name)
        if len(tried) == 2:
            twice.set()
        raise failure

    sounds = Sounds(FOLDER, play)
    for _ in range(400):
        sounds.play("reject", 30)
        if twice.wait(0.02):
            break
    sounds.close()
    assert tried[:2] == ["reject-30.wav", "reject-30.wav"]


def test_a_program_that_says_no_is_only_silence() -> None:
    assert not _through((sys.executable, "-c", "raise SystemExit(1)"))(FOLDER / "fill.wav")
    assert _through((sys.executable, "-c", ""))(FOLDER / "fill.wav")


def test_a_player_that_is_there_without_a_device_is_told_from_one_that_plays() -> None:
    fails = [True]
    sounds = Sounds(FOLDER, lambda file: not fails[0])

    def says(able: bool) -> bool:
        """Whether it comes to say so: the tone itself is tried on a thread."""
        for _ in range(400):
            if sounds.play("fill", 100) is able:
                return True
            time.sleep(0.01)
        return False

    assert says(False)  # so that whoever asked can beep
    fails.clear()
    fails.append(False)
    assert says(True)
    sounds.close()


def test_where_one_player_fails_the_next_is_tried_and_stays_the_first() -> None:
    asked: list[str] = []

    def player(name: str, outcome: bool | Exception) -> Callable[[Path], bool]:
        def play(file: Path) -> bool:
            asked.append(name)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return play

    play = first_of(
        [
            player("no server", False),
            player("hangs", subprocess.TimeoutExpired("x", 5)),
            player("gone", OSError()),
            player("good", True),
        ]
    )
    assert [play(FOLDER / "fill.wav"), play(FOLDER / "fill.wav")] == [True, True]
    assert asked == ["no server", "hangs", "gone", "good", "good"]
    assert not first_of([player("no server", False)])(FOLDER / "fill.wav")
