"""Makes the five tones in resources/sounds: ``python packaging/make_sounds.py``. The files are part of the repository."""

import math
import struct
import wave
from pathlib import Path

RATE = 22_050  # samples per second
FADE = 0.012  # seconds in and out, so that nothing clicks
LOUD = 0.5  # of full scale
TONES: dict[str, tuple[tuple[float, float], ...]] = {  # name -> (hertz, seconds), one after the other; 0 Hz is a rest
    "fill": ((880.0, 0.07), (1318.5, 0.12)),  # up: something was done
    "reject": ((392.0, 0.1), (0.0, 0.03), (311.1, 0.16)),  # down: somebody said no
    "disconnect": ((523.3, 0.1), (440.0, 0.1), (349.2, 0.18)),  # falling away
    "critical": ((987.8, 0.12), (0.0, 0.05), (987.8, 0.12), (0.0, 0.05), (987.8, 0.2)),  # three knocks
    "alert": ((1046.5, 0.09), (0.0, 0.04), (1046.5, 0.09)),  # two knocks
}


def samples(hertz: float, seconds: float) -> list[float]:
    """A sine with a softer octave above it, faded at both ends; -1 to 1."""
    count = round(RATE * seconds)
    found = []
    for place in range(count):
        at = place / RATE
        edge = min(1.0, at / FADE, (seconds - at) / FADE)
        wave_ = math.sin(2 * math.pi * hertz * at) + 0.25 * math.sin(4 * math.pi * hertz * at)
        found.append(LOUD * edge * wave_ / 1.25)
    return found


def main() -> None:
    """Write every tone."""
    folder = Path(__file__).parents[1] / "resources" / "sounds"
    folder.mkdir(exist_ok=True)
    for name, parts in TONES.items():
        values = [value for hertz, seconds in parts for value in samples(hertz, seconds)]
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(struct.pack(f"<{len(values)}h", *(round(value * 32_767) for value in values)))


if __name__ == "__main__":
    main()
