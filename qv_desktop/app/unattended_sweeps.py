"""What the command ``sweep`` does: no window and no log-in; the database's own bars, workers or a cluster, and a stored result."""

import csv
import io
import json
import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from qv_desktop.adapters.db.sweeps import SweepStore
from qv_desktop.app.backtesting import FILE_VERSION, Agreed, Desk
from qv_desktop.app.identity import at_command_line
from qv_desktop.app.sweeping import sweep_work
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtest_checks import checked, symbols
from qv_desktop.domain.backtest_checks import fitting as parameters_fit
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.strategies import Strategy, with_defaults
from qv_desktop.domain.sweep_axes import fitting
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec, combinations, same_numbers, spec_hash

FETCHED = 0.1  # of the progress, when all bars are there
FIGURES = [
    field.name for field in fields(SweepRow) if field.name not in ("values", "block_sums", "block_squares", "error")
]

type Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class WantedSweep:
    """``strategy`` is a name, name@version or a .py file; ``symbols`` as typed, perhaps a watchlist of the user ``whose``."""

    strategy: str
    symbols: str
    spec: SweepSpec  # its base with neither strategy nor symbols yet
    whose: str = ""
    keep: bool = True
    cluster: str = ""
    workers: int = 0


async def swept(wanted: WantedSweep, agreed: Agreed, tell: Tell) -> tuple[SweepResult, bool]:
    """The result, and whether it is stored: a file's is not, for no version of it is. Raises QvError."""
    async with Desk() as desk:
        strategy = await desk.strategy(wanted.strategy)
        desk.allow(strategy, agreed)
        chosen = symbols(wanted.symbols, await desk.lists(wanted.whose))
        base = replace(wanted.spec.base, strategy=strategy.name, version=strategy.version, symbols=chosen)
        keep = wanted.keep and strategy.version != FILE_VERSION
        spec = _whole(replace(wanted.spec, base=checked(base)), strategy)
        return await _ran(desk, spec, strategy, tell, keep=keep, cluster=wanted.cluster, workers=wanted.workers), keep


async def repeated(run: str, agreed: Agreed, tell: Tell, cluster: str = "", workers: int = 0) -> tuple[str, ...]:
    """A stored sweep once more: what differs, nothing when every bit is the same. ``run`` may be the beginning of its id."""
    async with Desk() as desk:
        store = SweepStore(desk.database, desk.trail)
        ids = [one.id for one in await store.latest(100_000) if one.id.startswith(run)]
        stored = await store.read(ids[0]) if len(ids) == 1 else None
        if stored is None:
            raise BadInput(f"{len(ids):,} stored sweeps have an id that begins with “{run}”; give one id.")
        strategy = await desk.strategy(f"{stored.spec.base.strategy}@{stored.spec.base.version}")
        desk.allow(strategy, agreed)
        found = same_numbers(
            stored, await _ran(desk, stored.spec, strategy, tell, keep=False, cluster=cluster, workers=workers)
        )
        await desk.trail.append(_draft("sweep.rerun", stored.id, same=not found))
        return found


def _whole(spec: SweepSpec, strategy: Strategy) -> SweepSpec:
    """With every parameter that is not swept at its chosen value or its default. Raises BadInput."""
    parameters_fit(strategy, spec.base)
    fitting(spec.axes, strategy.parameters, strategy.title)
    every = with_defaults(strategy, dict(spec.base.parameters))
    fixed = tuple((name, value) for name, value in every.items() if name not in spec.names)
    return replace(spec, base=replace(spec.base, parameters=fixed))


async def _ran(
    desk: Desk, spec: SweepSpec, strategy: Strategy, tell: Tell, *, keep: bool, cluster: str, workers: int
) -> SweepResult:
    """Run, store and note; what fails is noted, too. Raises QvError."""
    run, combos = uuid.uuid4().hex, combinations(spec)
    work = sweep_work(desk.settings, desk.pool, cluster, workers)
    work.warm()
    done = 0

    def show(first: int, rows: tuple[SweepRow, ...]) -> None:
        nonlocal done
        done += len(rows)
        tell(FETCHED + (1 - FETCHED) * done / len(combos), f"{done:,} of {len(combos):,} combinations")

    try:
        data = await desk.data(spec.base, lambda part, step: tell(FETCHED * part, step))
        found = await work.engine.run(run, spec, strategy, data, at_command_line().name, combos, show)
        found = replace(found, missing=data.missing)
    except QvError as error:
        await desk.trail.append(
            replace(_draft("sweep.run", run, spec=spec_hash(spec)), outcome="failed", reason=str(error))
        )
        raise
    finally:
        await work.close()
    if keep:
        draft = _draft(
            "sweep.run", run, spec=found.spec_hash, code=found.code_hash, data=found.data_hash, workers=found.workers
        )
        await SweepStore(desk.database, desk.trail).save(found, draft)
    return found


def _draft(action: str, run: str, **after: object) -> Draft:
    return Draft(at_command_line(), action, "sweep", run, after=json.dumps(after))


def as_json(found: SweepResult) -> str:
    """The result with its rows, NaN as null."""
    rows = [{**dict(zip(found.spec.names, row.values, strict=True)), **{name: _plain(getattr(row, name)) for name in FIGURES},
             **({"error": row.error} if row.error else {})} for row in found.rows]  # fmt: skip
    base = found.spec.base
    head = {"id": found.id, "strategy": base.strategy, "version": base.version, "symbols": list(base.symbols), "timeframe": base.timeframe,
            "first": str(base.first), "last": str(base.last), "constraint": found.spec.constraint, "objective": found.spec.objective,
            "seed": found.spec.seed, "started": found.started.isoformat(), "seconds": found.seconds, "bars": found.bars,
            "workers": found.workers, "engine": found.engine, "code_hash": found.code_hash, "data_hash": found.data_hash,
            "spec_hash": found.spec_hash, "rows_hash": found.rows_hash, "missing": list(found.missing)}  # fmt: skip
    return json.dumps({**head, "rows": rows}, indent=1)


def as_csv(found: SweepResult) -> str:
    """A line for each combination; numbers with every digit, nothing where there is none."""
    out = io.StringIO(newline="")
    write = csv.writer(out)
    write.writerow([*found.spec.names, *FIGURES, "error"])
    for row in found.rows:
        numbers = (_plain(getattr(row, name)) for name in FIGURES)
        write.writerow([*row.values, *("" if one is None else one for one in numbers), _tame(row.error)])
    return out.getvalue()


def _plain(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _tame(text: str) -> str:
    """Words that no spreadsheet takes for a formula."""
    flat = " ".join(text.split())
    return f"'{flat}" if flat[:1] in ("=", "+", "-", "@") else flat
