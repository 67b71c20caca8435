"""Stored tests of sweeps, and look-ahead checks by code and parameters."""

import math
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import look_ahead_checks, validations
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.look_ahead import LookAhead, parameters_hash
from qv_desktop.domain.validation import Validation, Verdict

WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}  # numbers that JSON has none for
PLAIN = ("id", "kind", "sweep", "user", "at", "seconds")
CHECKED = ("code_hash", "outcome", "bar", "bar_at", "symbol", "shown", "compared", "unable", "bars", "reason", "at")


class ValidationStore:
    """``ports.sweeps.ValidationStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def save(self, found: Validation, draft: Draft) -> None:
        """Commit one."""
        row: dict[str, object] = {name: getattr(found, name) for name in PLAIN}
        row |= {"chosen": list(found.values), "level": found.verdict.level, "sentence": found.verdict.sentence,
                "settings": _said(found.settings), "figures": _said(found.figures),
                "curves": {name: [_word(value) for value in curve] for name, curve in found.curves}}  # fmt: skip
        await self._trail.write(lambda connection: connection.execute(insert(validations).values(row)), draft)

    async def of(self, sweeps: Sequence[str]) -> list[Validation]:
        """The newest of each kind and combination of these sweeps."""
        v = validations.c
        query = (select(validations).ext(distinct_on(v.sweep, v.kind, v.chosen)).where(v.sweep.in_(sweeps))
                 .order_by(v.sweep, v.kind, v.chosen, v.at.desc(), v.id))  # fmt: skip
        return await self._database.read(
            lambda connection: [_validation(row) for row in connection.execute(query).mappings()]
        )


class LookAheadStore:
    """``ports.strategies.LookAheadStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def save(self, check: LookAhead, draft: Draft) -> None:
        """Commit one; one that is known already stays as it is."""
        row: dict[str, object] = {name: getattr(check, name) for name in CHECKED}
        row |= {"parameters_hash": parameters_hash(check.parameters), "parameter_names": [name for name, _ in check.parameters],
                "parameter_values": [float(value) for _, value in check.parameters], "user": draft.actor.name}  # fmt: skip
        await self._trail.write(
            lambda connection: connection.execute(insert(look_ahead_checks).values(row).on_conflict_do_nothing()), draft
        )

    async def of(self, code_hashes: Sequence[str]) -> list[LookAhead]:
        """Every check of these codes, newest first."""
        c = look_ahead_checks.c
        query = select(look_ahead_checks).where(c.code_hash.in_(code_hashes)).order_by(c.at.desc(), c.parameters_hash)
        return await self._database.read(
            lambda connection: [_check(row) for row in connection.execute(query).mappings()]
        )


def _validation(row: RowMapping) -> Validation:
    return Validation(row["id"], row["kind"], row["sweep"], tuple(row["chosen"]), row["user"], row["at"], row["seconds"],
                      _heard(row["settings"]), _heard(row["figures"]),
                      tuple((name, tuple(map(_number, curve))) for name, curve in row["curves"].items()),
                      Verdict(row["level"], row["sentence"]))  # fmt: skip


def _check(row: RowMapping) -> LookAhead:
    parameters = tuple(zip(row["parameter_names"], row["parameter_values"], strict=True))
    return LookAhead(parameters=parameters, **{name: row[name] for name in CHECKED})


def _said(pairs: Iterable[tuple[str, float]]) -> dict[str, float | str]:
    return {name: _word(value) for name, value in pairs}


def _heard(stored: Mapping[str, float | str]) -> tuple[tuple[str, float], ...]:
    return tuple((name, _number(value)) for name, value in stored.items())


def _word(value: float) -> float | str:
    """A number for JSON, which knows neither NaN nor infinity."""
    return value if math.isfinite(value) else next(word for word, number in WORDS.items() if str(number) == str(value))


def _number(stored: float | str) -> float:
    return WORDS[stored] if isinstance(stored, str) else float(stored)
