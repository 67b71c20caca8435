"""Signed bundles of audit rows: a file of JSON lines that proves itself, without the database and without this program.

First a head, then the checkpoints over the rows, then every row as its hash and the exact text that was hashed, and at the end a
signature over the SHA-256 of all bytes before it.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from qv_desktop.adapters.audit_signatures import genuine
from qv_desktop.adapters.checkpoint_file import line, parsed
from qv_desktop.domain.audit import Link, Verification, linked
from qv_desktop.domain.checkpoints import Checkpoint, covered, excerpt
from qv_desktop.domain.errors import BadInput

KIND, FORMAT = "QuantVision Desktop audit bundle", 1
_HASH, _ROW = b'{"hash":"', b'","row":'
_TEXT = len(_HASH) + 64 + len(_ROW)  # where a row's canonical text begins
_EVERY = 5_000  # rows between two words of progress

type Told = Callable[[int], None]  # rows until now
type Sign = Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class Head:
    """What a bundle says it is: the rows ``first`` to ``last`` of a chain, made by whom and when, signed by ``key``."""

    chain: str
    first: int
    last: int
    at: datetime  # UTC
    by: str
    key: str


def write(folder: Path, head: Head, points: Sequence[Checkpoint], rows: Iterable[Link], sign: Sign) -> Path:
    """The bundle's path under ``folder``, whole or not there at all; blocking. Raises BadInput when it cannot be written."""
    name = f"audit-{head.first}-{head.last}-{head.at:%Y%m%d-%H%M%S}.bundle.jsonl"
    fresh = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            _fill(file, head, points, rows, sign)
            file.flush()
            os.fsync(file.fileno())
        target = folder / name
        os.replace(fresh, target)
    except OSError as error:
        raise BadInput(f"The bundle could not be written to {folder} ({error.strerror}); free some space.") from error
    finally:
        if fresh:
            Path(fresh).unlink(missing_ok=True)
    return target


def _fill(file: BinaryIO, head: Head, points: Sequence[Checkpoint], rows: Iterable[Link], sign: Sign) -> None:
    summed = sha256()
    for content in _contents(head, points, rows):
        summed.update(content)
        file.write(content)
    signature = {"signature": sign(_signed(summed.hexdigest())), "sha256": summed.hexdigest()}
    file.write(json.dumps(signature).encode() + b"\n")


def _contents(head: Head, points: Sequence[Checkpoint], rows: Iterable[Link]) -> Iterator[bytes]:
    about = {"kind": KIND, "format": FORMAT, "chain": head.chain, "first": head.first, "last": head.last,
             "at": head.at.astimezone(UTC).isoformat(), "by": head.by, "key": head.key}  # fmt: skip
    yield json.dumps(about, ensure_ascii=False).encode() + b"\n"
    yield from map(line, points)
    for _, _, stored, text in rows:
        yield b"".join((_HASH, stored.encode(), _ROW, text, b"}\n"))


def verified(path: Path, key: str = "", told: Told = lambda done: None) -> tuple[Head, Verification]:
    """What the bundle says it is, and whether it is: every row, checkpoint and the signature over all; blocking.

    ``key`` is the public key that it must be signed with, if one is known. Raises BadInput for a file that is no bundle.
    """
    try:
        with path.open("rb") as file:
            reader = _Reader(file)
            head, points = reader.head(), reader.points()
            found = linked(
                reader.rows(head.chain, told),
                first=head.first,
                previous=reader.before,
                marks=[p.mark for p in points if p.sequence <= head.last],
            )
            for _ in reader.lines:  # what is behind a row that does not fit counts for the signature
                pass
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}); check its name.") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise BadInput(f"{path} is no audit bundle, or was damaged ({error}).") from error
    found = covered(found, excerpt(points, genuine, head.key))
    return head, _signed_for(_complete(found, head), head, reader, key)


class _Reader:
    """Takes a bundle's lines one after the other and sums all but the last, which is the signature."""

    def __init__(self, file: BinaryIO) -> None:
        self.before = ""  # the hash before the first row
        self.signature = b""
        self.summed = sha256()
        self.lines = self._but_last(file)
        self._ahead: bytes | None = None

    def head(self) -> Head:
        found = json.loads(next(self.lines, b"{}"))
        if found.get("kind") != KIND or found.get("format") != FORMAT:
            raise ValueError("its first line is not a bundle's")
        return Head(str(found["chain"]), int(found["first"]), int(found["last"]), datetime.fromisoformat(found["at"]),
                    str(found["by"]), str(found["key"]))  # fmt: skip

    def points(self) -> list[Checkpoint]:
        """The checkpoints; the first row's line is kept for ``rows``."""
        points: list[Checkpoint] = []
        for content in self.lines:
            if content.startswith(_HASH):
                self._ahead, self.before = content, str(json.loads(content[_TEXT:-2])[18])
                break
            points.append(parsed(json.loads(content)))
        return points

    def rows(self, chain: str, told: Told) -> Iterator[Link]:
        first = [] if self._ahead is None else [self._ahead]
        for rows in (first, self.lines):
            for done, content in enumerate(rows, 1):
                yield _row(content, chain)
                if done % _EVERY == 0:
                    told(done)

    def _but_last(self, file: BinaryIO) -> Iterator[bytes]:
        held: bytes | None = None
        for content in file:
            if held is not None:
                self.summed.update(held)
                yield held
            held = content
        self.signature = held or b""


def _row(content: bytes, chain: str) -> Link:
    text = content[_TEXT:-2]
    fields: list[Any] = json.loads(text)
    number = int(fields[1]) if fields[0] == chain else 0  # another chain's row has no place here
    return number, str(fields[18]), content[len(_HASH) : len(_HASH) + 64].decode("ascii"), text


def _signed(digest: str) -> bytes:
    return f"{KIND} {FORMAT} {digest}".encode()


def _complete(found: Verification, head: Head) -> Verification:
    if found.whole and found.head < head.last:
        return _broken(
            found, found.head + 1, f"rows {found.head + 1} to {head.last}, which the bundle says it has, are missing"
        )
    return found


def _signed_for(found: Verification, head: Head, reader: _Reader, key: str) -> Verification:
    """Broken where the signature over all is not the key's, or the key is not the one that is known."""
    try:
        signature = str(json.loads(reader.signature)["signature"])
    except (ValueError, KeyError, TypeError):
        signature = ""
    if not genuine(head.key, _signed(reader.summed.hexdigest()), signature):
        return _broken(
            found, head.first, "the signature over the bundle is missing or forged: it was changed after it was made"
        )
    if key and key != head.key:
        return _broken(found, head.first, f"it was signed with the key {head.key}, not with the one that is known")
    return found


def _broken(found: Verification, row: int, reason: str) -> Verification:
    """``found``, broken for this reason too; a row that does not fit is the better answer."""
    return found if not found.whole else replace(found, broken_at=row, reason=reason)
