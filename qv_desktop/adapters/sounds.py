"""Tones through whatever this system plays with; without a player or a device there is silence, never an error."""

import shutil
import struct
import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

PLAYERS: tuple[tuple[str, ...], ...] = (
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("afplay",),
)  # the first that plays
LONGEST = 5.0  # seconds that a player may take

type Play = Callable[[Path], bool]  # plays a file to its end; whether that succeeded


class Sounds:
    """Plays the files in ``folder`` one at a time, on a thread; ``play`` is the system's player, or None where there is none."""

    def __init__(self, folder: Path, play: Play | None) -> None:
        self._folder, self._play = folder, play
        self._thread = ThreadPoolExecutor(1, "sounds")
        self._waiting = 0
        self._mute = False  # the last tone could not be played
        self._scaled: dict[tuple[str, int], Path] = {}  # (tone, volume) -> file
        self._room: tempfile.TemporaryDirectory[str] | None = None

    @property
    def able(self) -> bool:
        """Whether anything here can play."""
        return self._play is not None

    def play(self, tone: str, volume: int) -> bool:
        """Play a tone at ``volume`` percent soon; False when nothing can. One that would wait behind another is left out.

        A player without a device fails only when it plays: then it is False from the next tone on, and each is tried all the same,
        for a headset may be plugged in.
        """
        if self._play is None:
            return False
        if self._waiting == 0 and volume > 0:
            self._waiting += 1
            self._thread.submit(self._sound, self._play, tone, min(volume, 100))
        return not self._mute

    def _sound(self, play: Play, tone: str, volume: int) -> None:
        played = False
        try:
            played = play(self._file(tone, volume))
            if not played:
                log.debug("sound_not_played", tone=tone)
        except (OSError, ValueError, wave.Error, subprocess.SubprocessError) as error:
            log.debug("sound_not_played", tone=tone, reason=str(error))
        finally:
            self._mute = not played
            self._waiting -= 1

    def _file(self, tone: str, volume: int) -> Path:
        """The tone's file at this volume. Players differ in what they understand by loud, so the samples are scaled here."""
        source = self._folder / f"{tone}.wav"
        if volume == 100:
            return source
        if (tone, volume) not in self._scaled:
            self._room = self._room or tempfile.TemporaryDirectory(prefix="qv-sounds-")
            self._scaled[tone, volume] = scaled(source, Path(self._room.name) / f"{tone}-{volume}.wav", volume)
        return self._scaled[tone, volume]

    def close(self) -> None:
        """Play nothing more; the tone that is sounding may end."""
        self._play = None
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._room is not None:
            self._room.cleanup()


def scaled(source: Path, target: Path, volume: int) -> Path:
    """``target``, a copy of the 16-bit WAV ``source`` at ``volume`` percent. The square makes half sound like half."""
    with wave.open(str(source), "rb") as file:
        shape, frames = file.getparams(), file.readframes(file.getnframes())
    factor = (volume / 100) ** 2
    values = struct.unpack(f"<{len(frames) // 2}h", frames)
    with wave.open(str(target), "wb") as file:
        file.setparams(shape)
        file.writeframes(struct.pack(f"<{len(values)}h", *(round(value * factor) for value in values)))
    return target


def player() -> Play | None:
    """What plays a file here, or None."""
    if sys.platform == "win32":
        return _windows
    found = [(path, *rest) for name, *rest in PLAYERS if (path := shutil.which(name)) is not None]
    return first_of([_through(command) for command in found]) if found else None


def first_of(plays: Sequence[Play]) -> Play:
    """The first of these that succeeds, which is asked first from then on: a player may be there without the server it plays to."""
    order = list(plays)

    def play(file: Path) -> bool:
        for one in list(order):
            with suppress(OSError, subprocess.SubprocessError):
                if one(file):
                    order.remove(one)
                    order.insert(0, one)
                    return True
        return False

    return play


def _through(command: tuple[str, ...]) -> Play:
    def play(file: Path) -> bool:
        done = subprocess.run(
            [*command, str(file)], stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST, check=False
        )
        return done.returncode == 0

    return play


def _windows(file: Path) -> bool:
    if sys.platform == "win32":
        import winsound

        try:
            winsound.PlaySound(str(file), winsound.SND_FILENAME | winsound.SND_NODEFAULT)
        except RuntimeError:  # no device
            return False
        return True
    return False
