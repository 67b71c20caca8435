"""What is good in a frame that holds something bad: one bad or unknown message must not cost those beside it."""

from collections.abc import Callable

import msgspec

ESCAPE, NUL = b"\\", rb"\u0000"  # no database takes a NUL in a text; a look for one character is the quick way to it

_parts: Callable[[bytes], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode


def salvaged[Message](
    frame: bytes, asked_for: Callable[[msgspec.Raw], bool], read: Callable[[msgspec.Raw], Message]
) -> tuple[list[Message], int]:
    """The good messages of the kinds that were ``asked_for``, and how many were bad; a frame that is no array is one bad message.

    ``asked_for`` and ``read`` raise ValueError (as msgspec's errors are) for what they cannot read.
    """
    try:
        parts = _parts(frame)
    except (ValueError, RecursionError):
        return [], 1
    good, bad = list[Message](), 0
    for part in parts:
        try:
            if NUL in bytes(part):
                bad += 1
            elif asked_for(part):
                good.append(read(part))
        except (ValueError, RecursionError):
            bad += 1
    return good, bad
