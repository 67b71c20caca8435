"""Signed checkpoints of the audit chain: what each one says, and whether a series of them can be believed.

A checkpoint names a row by its hash, and the checkpoint before it by its digest, so that one that was removed shows. Which
signatures are genuine is asked from outside: the domain knows no cryptography but SHA-256.
"""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise

from qv_desktop.domain.audit import GENESIS, Mark, Verification

PURPOSE = "QuantVision Desktop audit checkpoint 1"  # so that no other signature of the key can pass for one

type Genuine = Callable[[str, bytes, str], bool]  # key, what was signed, signature


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One signature over the chain as far as row ``sequence``; ``successor`` names the key that signs from here on, if another."""

    chain: str
    number: int  # 1, 2, …
    sequence: int
    hash: str  # of that row
    at: datetime  # UTC
    previous: str  # digest of the checkpoint before
    key: str  # Ed25519 public key, 64 hexadecimal digits
    successor: str = ""
    signature: str = ""  # 128 hexadecimal digits

    @property
    def mark(self) -> Mark:
        """The row that it remembers."""
        return Mark(
            self.sequence,
            self.hash,
            f"checkpoint {self.number} of {self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC signed",
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a series of checkpoints is worth: the ``genuine`` ones, oldest first, the first row in doubt and why, and ``notes``."""

    genuine: tuple[Checkpoint, ...] = ()
    fault: tuple[int, str] | None = None
    notes: tuple[str, ...] = ()


def signed_text(point: Checkpoint) -> bytes:
    """The exact bytes that are signed: a JSON array of strings in a fixed order."""
    at = point.at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [
        PURPOSE,
        point.chain,
        str(point.number),
        str(point.sequence),
        point.hash,
        at,
        point.previous,
        point.key,
        point.successor,
    ]
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def digest(point: Checkpoint | None) -> str:
    """What the next checkpoint names this one by; that of none is the genesis."""
    if point is None:
        return GENESIS
    return sha256(signed_text(point) + point.signature.encode()).hexdigest()


def drafted(
    before: Checkpoint | None, chain: str, row: Mark, at: datetime, key: str, successor: str = ""
) -> Checkpoint:
    """The checkpoint that follows ``before``, not yet signed."""
    number = before.number + 1 if before else 1
    return Checkpoint(chain, number, row.sequence, row.hash, at, digest(before), key, successor)


def standing(
    filed: Sequence[Checkpoint],
    stored: Sequence[Checkpoint],
    genuine: Genuine,
    *,
    key: str = "",
    recorded: Collection[str] = (),
    remembered: tuple[int, str] | None = None,
) -> Standing:
    """What the checkpoints in the file and those in the database are worth together.

    ``key`` is the one that this installation signs with now, if known; ``recorded`` are keys whose first use the chain itself
    records: one that no older key named is odd then, and else a fault. ``remembered`` are number and digest of the newest
    checkpoint that is remembered beside the private key, out of reach of whoever has file and database.
    """
    in_file, in_table = ({point.number: point for point in points} for points in (filed, stored))
    series = [in_file.get(n) or in_table[n] for n in sorted({*in_file, *in_table})]
    good, fault, notes = _believed(series, genuine, recorded)
    fault = fault or _differing(in_file, in_table) or _forgotten(good, remembered)
    newest = good[-1] if good else None
    if not fault and newest and key and key not in (newest.key, newest.successor):
        fault = newest.sequence, f"checkpoint {newest.number} was signed by another key than this installation's"
    if not fault and newest and newest.number in in_file and newest.number not in in_table:
        notes.append(f"Checkpoint {newest.number} is in the file and not yet in the database.")
    return Standing(tuple(good), fault, tuple(notes))


def succession(
    filed: Sequence[Checkpoint], stored: Sequence[Checkpoint], genuine: Genuine, remembered: tuple[int, str] | None
) -> str:
    """Why nothing may follow the newest checkpoints, or nothing; of both places the last two are enough to sign the next one.

    The series as a whole is looked at by whoever verifies.
    """
    ours, theirs = (points[-1] if points else None for points in (filed, stored))
    first, second = ours.number if ours else 0, theirs.number if theirs else 0
    if second > first:
        return (
            f"checkpoint {second}, which the database has, is missing from the file beside it: it was cut or replaced"
        )
    if first > second + 1:
        return f"checkpoint {second + 1} was removed from the database"
    if theirs and theirs != (ours if first == second else filed[-2]):
        return f"checkpoint {second} is not the same in the database as in the file beside it"
    if ours:
        before = filed[-2] if len(filed) > 1 else None
        wrong = _wrong(ours, before, lambda point: genuine(point.key, signed_text(point), point.signature), first=False)
        return wrong or _outlived(filed, remembered)
    return "" if remembered is None else f"checkpoint {remembered[0]}, which is remembered beside the key, is missing"


def _outlived(filed: Sequence[Checkpoint], remembered: tuple[int, str] | None) -> str:
    """Why what is remembered beside the key is not among the newest, or nothing."""
    if remembered is None or remembered[0] < filed[0].number:
        return ""
    found = next((point for point in filed if point.number == remembered[0]), None)
    if found is None:
        return f"checkpoint {remembered[0]}, which is remembered beside the key, is missing"
    return (
        ""
        if digest(found) == remembered[1]
        else f"checkpoint {found.number} is not the one that is remembered beside the key"
    )


def excerpt(points: Sequence[Checkpoint], genuine: Genuine, key: str) -> Standing:
    """What some checkpoints out of a longer series are worth, as a bundle carries them; ``key`` signed the bundle.

    A change of keys that the old key did not sign is a fault here: whoever made the bundle could have written the row that records it.
    """
    good, fault, notes = _believed(points, genuine, None, start=points[0] if points else None)
    newest = good[-1] if good else None
    if not fault and newest and key not in (newest.key, newest.successor):
        fault = newest.sequence, f"checkpoint {newest.number} was signed by another key than the bundle"
    return Standing(tuple(good), fault, tuple(notes))


def given_up(points: Sequence[Checkpoint], key: str) -> bool:
    """Whether the key signed some of the checkpoints and another one has followed it since."""
    newest = points[-1] if points else None
    return newest is not None and key != (newest.successor or newest.key) and any(point.key == key for point in points)


def covered(found: Verification, worth: Standing) -> Verification:
    """``found`` with what the checkpoints say: where they are at fault the chain is not whole, even if every row fits."""
    newest = next((point for point in reversed(worth.genuine) if point.sequence <= found.head), None)
    told = replace(found, notes=(*found.notes, *worth.notes), covered=newest.sequence if newest else 0,
                   covered_at=newest.at if newest else None)  # fmt: skip
    if worth.fault is None:
        return told
    row, reason = worth.fault
    if told.broken_at is None:
        return replace(told, broken_at=row, reason=reason)
    return replace(told, notes=(*told.notes, f"{reason[:1].upper()}{reason[1:]}."))


def _believed(
    series: Sequence[Checkpoint], genuine: Genuine, recorded: Collection[str] | None, start: Checkpoint | None = None
) -> tuple[list[Checkpoint], tuple[int, str] | None, list[str]]:
    """Those before the first that cannot be believed, where that one lies and why, and what is odd about the others.

    Each digest is over the one before and its signature, so a key's last signature vouches for all of its checkpoints: only
    where that does not hold is each looked at, to say which. What ``start`` follows is not asked.
    """
    last = {
        point.number for point, after in pairwise((*series, None)) if point and (not after or after.key != point.key)
    }

    def vouched(point: Checkpoint) -> bool:
        return point.number not in last or genuine(point.key, signed_text(point), point.signature)

    found = _walked(series, vouched, recorded, start)
    if found[1] is None:
        return found
    return _walked(series, lambda point: genuine(point.key, signed_text(point), point.signature), recorded, start)


def _walked(
    series: Sequence[Checkpoint],
    signed: Callable[[Checkpoint], bool],
    recorded: Collection[str] | None,
    start: Checkpoint | None,
) -> tuple[list[Checkpoint], tuple[int, str] | None, list[str]]:
    good: list[Checkpoint] = []
    notes: list[str] = []
    for point in series:
        before = good[-1] if good else None
        wrong = _wrong(point, before, signed, first=point is start) or _foreign(point, before, good, recorded)
        if wrong:
            return good, (_place(point, before), wrong), notes
        if not _named(point, before):
            notes.append(f"From checkpoint {point.number} on another key signs, which the one before did not name: "
                         "the old key was lost, or somebody else signs; compare the public key with your copy.")  # fmt: skip
        good.append(point)
    return good, None, notes


def _named(point: Checkpoint, before: Checkpoint | None) -> bool:
    return before is None or point.key == (before.successor or before.key)


def _foreign(
    point: Checkpoint, before: Checkpoint | None, good: Sequence[Checkpoint], recorded: Collection[str] | None
) -> str:
    """Why the key may not sign, or nothing."""
    if _named(point, before):
        return ""
    if given_up(good, point.key):
        return f"checkpoint {point.number} was signed by a key that was given up before"
    if recorded is None:
        return f"checkpoint {point.number} was signed by another key than the one before it, and the old key did not sign that change"
    if point.key not in recorded:
        return f"checkpoint {point.number} was signed by a key that the one before it does not name and no row records"
    return ""


def _wrong(point: Checkpoint, before: Checkpoint | None, signed: Callable[[Checkpoint], bool], *, first: bool) -> str:
    """Why a checkpoint cannot follow the one before, or nothing."""
    number = before.number + 1 if before else 1
    if point.number != number and not first:
        return f"checkpoint {number} is missing; checkpoint {point.number} follows instead"
    if not signed(point):
        return f"checkpoint {point.number} is forged: its signature is not that of its key"
    if point.previous != digest(before) and not first:
        return f"checkpoint {point.number} does not follow the checkpoint before it"
    if before and point.sequence < before.sequence:
        return f"checkpoint {point.number} goes back behind the one before it"
    return ""


def _place(point: Checkpoint, before: Checkpoint | None) -> int:
    """The first row that only ``point`` would cover."""
    return min(point.sequence, before.sequence + 1) if before else 1


def _forgotten(good: Sequence[Checkpoint], remembered: tuple[int, str] | None) -> tuple[int, str] | None:
    if remembered is None:
        return None
    number, wanted = remembered
    if len(good) < number:
        row = good[-1].sequence + 1 if good else 1
        return (
            row,
            f"checkpoint {number}, which is remembered beside the key, is missing: file and database were both put back",
        )
    if digest(good[number - 1]) != wanted:
        row = good[number - 2].sequence + 1 if number > 1 else 1
        return (
            row,
            f"checkpoint {number} is not the one that is remembered beside the key: file and database were both changed",
        )
    return None


def _differing(in_file: dict[int, Checkpoint], in_table: dict[int, Checkpoint]) -> tuple[int, str] | None:
    """The first checkpoint that is not the same in both places; the file may be one ahead, for it is written first."""
    return next(_differences(in_file, in_table), None)


def _differences(in_file: dict[int, Checkpoint], in_table: dict[int, Checkpoint]) -> Iterator[tuple[int, str]]:
    newest = max([*in_file, *in_table], default=0)
    for number in range(1, newest + 1):
        ours, theirs = in_file.get(number), in_table.get(number)
        if ours is None and theirs is not None:
            yield (
                theirs.sequence,
                f"checkpoint {number}, which the database has, is missing from the file beside it: it was cut or replaced",
            )
        elif ours is not None and theirs is None and number < newest:
            yield ours.sequence, f"checkpoint {number} was removed from the database"
        elif ours is not None and theirs is not None and ours != theirs:
            yield ours.sequence, f"checkpoint {number} is not the same in the database as in the file beside it"
