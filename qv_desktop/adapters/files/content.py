"""A file's bytes, unpacked, within bounds, and known by their hash."""

import codecs
import gzip
import hashlib
import zlib
from pathlib import Path
from typing import BinaryIO

from qv_desktop.domain.errors import BadInput

MOST_BYTES = 1 << 30  # of text, unpacked: some 15 million rows
PIECE = 1 << 22
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
PACKED = {b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7z"}


def digest(file: Path) -> str:
    """SHA-256 of the file in hexadecimal. Raises BadInput when it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(file, error) from None


def unreadable(file: Path, error: OSError) -> BadInput:
    """Why the system does not give it."""
    return BadInput(f"{file} cannot be read ({error.strerror or error}); check the name and its permissions.")


def is_parquet(file: Path) -> bool:
    """Whether it begins as Parquet does. Raises BadInput for what is empty, packed otherwise, or no file."""
    try:
        if not file.is_file():
            raise BadInput(f"{file} is not a file; name a CSV or Parquet file.")
        with file.open("rb") as opened:
            head = opened.read(8)
    except OSError as error:
        raise unreadable(file, error) from None
    if not head:
        raise BadInput(f"{file} is empty; choose a file with a header and rows.")
    for magic, kind in PACKED.items():
        if head.startswith(magic):
            raise BadInput(f"{file} is packed with {kind}; unpack it, or pack it with gzip.")
    return head.startswith(PARQUET)


def text(file: Path) -> tuple[bytes, list[str]]:
    """The text as UTF-8 without a byte-order mark, and what was peculiar about it. Raises BadInput."""
    raw, said = _unpacked(file)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _from_utf16(file, raw), [*said, "UTF-16"]
    if raw.startswith(b"\xef\xbb\xbf"):
        raw, said = raw[3:], [*said, "byte-order mark"]
    if b"\0" in raw[:65_536]:
        raise BadInput(f"{file} is no text, so it is neither CSV nor Parquet; choose another file.")
    if not raw.strip():
        raise BadInput(f"{file} is empty; choose a file with a header and rows.")
    _refuse_other_encodings(file, raw)
    return raw, said


def _refuse_other_encodings(file: Path, raw: bytes) -> None:
    """Piece by piece: the whole as a text would take four times its size."""
    decoder, whole = codecs.getincrementaldecoder("utf-8")(), memoryview(raw)
    for start in range(0, len(raw), PIECE):
        try:
            decoder.decode(whole[start : start + PIECE], final=start + PIECE >= len(raw))
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, start + error.start) + 1
            raise BadInput(f"{file.name}, line {line} is not UTF-8 text; save the file as UTF-8.") from None


def _from_utf16(file: Path, raw: bytes) -> bytes:
    try:
        return raw.decode("utf-16").encode()
    except UnicodeError:
        raise BadInput(f"{file} is no text, so it is neither CSV nor Parquet; choose another file.") from None


def _unpacked(file: Path) -> tuple[bytes, list[str]]:
    try:
        with file.open("rb") as opened:
            packed = opened.read(2) == GZIP
            opened.seek(0)
            if not packed:
                return _bounded(file, opened), []
            with gzip.open(opened) as unpacked:
                return _bounded(file, unpacked), ["gzip"]  # type: ignore[arg-type]  # a GzipFile reads bytes too
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(f"{file} is damaged ({error}); get it once more.") from None
    except OSError as error:
        raise unreadable(file, error) from None


def _bounded(file: Path, opened: BinaryIO) -> bytes:
    """All of it; a stream that unpacks to more than memory should hold is refused as soon as that shows."""
    pieces, size = list[bytes](), 0
    while piece := opened.read(PIECE):
        size += len(piece)
        if size > MOST_BYTES:
            raise BadInput(
                f"{file} holds more than {MOST_BYTES >> 20} MiB of text; split it into smaller files, by year or symbol."
            )
        pieces.append(piece)
    return b"".join(pieces)
