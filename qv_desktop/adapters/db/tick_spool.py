"""The tick spool: portions of trades and bars that the database could not take, one file each, in order, on this machine's disk."""

import os
import zlib
from collections.abc import Iterator, Sequence
from itertools import batched, zip_longest
from pathlib import Path

import msgspec
import structlog

from qv_desktop.domain.market import Bar, Timeframe, Trade

log = structlog.get_logger(__name__)

PART = 5_000  # rows that are encoded at once: no longer step may hold the interpreter
HEAD = 8  # bytes before a part: its length and its check sum
SUFFIX = ".ticks"

type TimedBar = tuple[Timeframe, Bar]


class _Part(msgspec.Struct, array_like=True):
    trades: list[Trade]
    bars: list[TimedBar]


_encoder, _decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(_Part)


class TickSpool:
    """``ports.ticks.TickSpool`` under ``folder``, of ``most`` bytes. A portion is kept when it is forced to the disk, or not at all.

    A file is named by its place in the order and its rows; what a crash tore off at a file's end is logged and left out. A portion may
    be given twice after a crash, but never be lost.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._folder, self._most = folder, most
        self._files = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
        self._next = _place(self._files[-1]) + 1 if self._files else 0

    @property
    def waiting(self) -> int:
        """Rows on the disk."""
        return sum(map(_rows, self._files))

    def keep(self, trades: Sequence[Trade], bars: Sequence[TimedBar]) -> bool:
        """Append; False when there is no room left, and then nothing was kept."""
        parts = [_encoded(part) for part in _parts(trades, bars)]
        if sum(map(len, parts)) + sum(map(_size, self._files)) > self._most:
            return False
        file = self._folder / f"{self._next:012d}-{len(trades) + len(bars)}{SUFFIX}"
        self._next += 1  # also when it fails: what cannot be removed must not be in the way
        try:
            self._written(file, parts)
        except OSError as error:
            log.error("ticks_not_spooled", file=str(file), reason=error.strerror)
            _removed(file)
            return False
        self._files.append(file)
        return True

    def first(self) -> tuple[list[Trade], list[TimedBar]] | None:
        """The oldest portion that can be read, or None when nothing waits; it stays until ``drop_first``."""
        while self._files:
            parts = list(_read(self._files[0]))
            if parts:
                return [t for part in parts for t in part.trades], [b for part in parts for b in part.bars]
            self.drop_first()
        return None

    def drop_first(self) -> None:
        """Forget the oldest portion, which is in the database now."""
        _removed(self._files.pop(0))

    def _written(self, file: Path, parts: Sequence[bytes]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.writelines(parts)
            opened.flush()
            os.fsync(handle)
        _folder_forced(self._folder)


def _removed(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:  # it is given again after the next start, and inserts nothing twice
        log.warning("spooled_ticks_stay", file=str(file), reason=error.strerror)


def _folder_forced(folder: Path) -> None:
    """The file's name to the disk as well, where folders can be opened."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _parts(trades: Sequence[Trade], bars: Sequence[TimedBar]) -> Iterator[_Part]:
    for some, others in zip_longest(batched(trades, PART), batched(bars, PART), fillvalue=()):
        yield _Part(list(some), list(others))


def _encoded(part: _Part) -> bytes:
    content = _encoder.encode(part)
    return len(content).to_bytes(4) + zlib.crc32(content).to_bytes(4) + content


def _read(file: Path) -> Iterator[_Part]:
    """The parts of a file up to the first that is not whole."""
    try:
        content = memoryview(file.read_bytes())
    except OSError as error:
        log.error("spooled_ticks_unreadable", file=str(file), reason=error.strerror)
        return
    while content:
        length, told = int.from_bytes(content[:4]), int.from_bytes(content[4:HEAD])
        part, content = content[HEAD : HEAD + length], content[HEAD + length :]
        if len(part) < length or zlib.crc32(part) != told:
            log.error("spooled_ticks_torn", file=str(file))
            return
        try:
            yield _decoder.decode(part)
        except msgspec.MsgspecError as error:
            log.error("spooled_ticks_unreadable", file=str(file), reason=str(error))
            return


def _place(file: Path) -> int:
    return int(file.name.partition("-")[0])


def _rows(file: Path) -> int:
    return int(file.stem.partition("-")[2])


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # gone already
        return 0
