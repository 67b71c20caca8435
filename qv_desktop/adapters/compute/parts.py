"""An answer in parts, so that reading a large one, or one made to be slow to read, never holds the window up for long."""

import time
from typing import Any

import msgspec

MOST = 1024 * 1024  # bytes of one part that is more than plain bytes: some milliseconds to read
WORDS = 24 * MOST  # of an answer beside its plain bytes
ITEMS = 2000  # of a list in one part, or fewer when they are large

type Parts = list[list[bytes]]  # by field: its bytes as they are, else msgpack, a list in several


class Unreadable(Exception):
    """Parts that are no answer of that type."""


def taken_apart(answer: msgspec.Struct) -> Parts:
    """The fields of ``answer``. Raises TypeError for what msgpack cannot hold."""
    return [_field(field.type, getattr(answer, field.name)) for field in msgspec.structs.fields(answer)]


def _field(kind: Any, value: Any) -> list[bytes]:
    if kind is bytes:
        return [bytes(value)]
    return _list(value, ITEMS) if isinstance(value, list) and value else [msgspec.msgpack.encode(value)]


def _list(values: list[Any], items: int) -> list[bytes]:
    parts: list[bytes] = []
    for start in range(0, len(values), items):
        some = values[start : start + items]
        part = msgspec.msgpack.encode(some)
        parts += [part] if len(part) <= MOST or len(some) == 1 else _list(some, max(len(some) // 8, 1))
    return parts


def put_together[A: msgspec.Struct](parts: Parts, answer: type[A]) -> A:
    """The answer, read part by part on a thread that lets others go on in between. Raises Unreadable."""
    fields = msgspec.structs.fields(answer)
    if len(fields) != len(parts) or words(parts, answer) > WORDS:
        raise Unreadable
    try:
        return answer(**{field.name: _read(part, field.type) for field, part in zip(fields, parts, strict=True)})
    except (msgspec.MsgspecError, RecursionError, TypeError) as error:
        raise Unreadable from error


def _read(parts: list[bytes], kind: Any) -> Any:
    if kind is bytes and len(parts) == 1:
        return parts[0]
    found: Any = None
    for part in parts:
        if len(part) > MOST:
            raise Unreadable
        some = msgspec.msgpack.decode(part, type=kind)
        if found is None:
            found = some
        elif isinstance(found, list):
            found += some
        else:
            raise Unreadable
        time.sleep(0)  # whoever waits for its turn, such as the window, has it now
    if found is None:
        raise Unreadable
    return found


def wordy(parts: Parts) -> bool:
    """Whether there is more to read than may be, as far as can be told without the type: plain bytes come in one piece."""
    return size([field for field in parts if len(field) > 1]) > WORDS


def words(parts: Parts, answer: type[msgspec.Struct]) -> int:
    """Bytes of the parts that are read into values, each of which takes many times that in memory."""
    kinds = (field.type for field in msgspec.structs.fields(answer))
    return size([part for part, kind in zip(parts, kinds, strict=True) if kind is not bytes])


def size(parts: Parts) -> int:
    """Bytes of all parts."""
    return sum(len(part) for field in parts for part in field)
