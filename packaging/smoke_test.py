"""Tries a frozen program piece by piece: its version, the simulator, a backtest in its worker, and the whole headless story.

`python packaging/smoke_test.py [FOLDER]`; FOLDER is a one-dir build, dist/qv-desktop by default. Exit 0 when every piece works, otherwise
the exit code of the story, or 1.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from frozen_worker import MARK  # noqa: E402 - beside this file

from qv_desktop.adapters.compute.pool import BacktestPool  # noqa: E402 - found once the checkout is on the path
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, RunData  # noqa: E402
from qv_desktop.domain.market import SECOND, Bar  # noqa: E402
from qv_desktop.strategies.built_in import built_in  # noqa: E402

PATIENCE = 300  # s for any one piece; the first backtest compiles
BARS, DAY, BEGAN = 2000, date(2023, 11, 14), 1_700_000_000 * SECOND


class SmokeError(Exception):
    """A piece that does not work, in one sentence."""


def program(folder: Path) -> Path:
    """The executable in a build. Raises SmokeError when there is none."""
    name = "qv-desktop.exe" if sys.platform == "win32" else "qv-desktop"
    if not (folder / name).is_file():
        raise SmokeError(f"There is no {folder / name}; run: bash packaging/dev build")
    return folder / name


def size(folder: Path) -> int:
    """Bytes of everything in ``folder``."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def version(frozen: Path, home: Path) -> str:
    """What ``--version`` prints."""
    done = _run([str(frozen), "--version"], home)
    if done.returncode:
        raise SmokeError(f"--version ended with code {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def simulator(frozen: Path, home: Path) -> str:
    """Its first line; it ends by a signal as the program ends it."""
    process = subprocess.Popen(
        [str(frozen), "simulate"], stdout=subprocess.PIPE, text=True, env=_environment(home), cwd=home
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
    finally:
        process.terminate()
        process.wait(30)
    if not line:
        raise SmokeError("The simulator ended without a word.")
    return f"simulator with {json.loads(line)['symbols']} symbols"


def backtests(frozen: Path, home: Path) -> str:
    """One run of every shipped strategy in a worker that finds its functions compiled."""
    cache, began = home / "numba", time.monotonic()
    asyncio.run(each_strategy(frozen, cache))
    took = time.monotonic() - began
    fresh = [file for file in cache.rglob("*.nbc") if file.stat().st_mtime > _unpacked(cache)]
    if fresh:
        raise SmokeError(f"The worker compiled {len(fresh)} functions that should have come with the build.")
    return f"{len(built_in(datetime.now(UTC)))} backtests in {took:.1f} s"


def story(frozen: Path, home: Path) -> str:
    """The headless story of 20 s."""
    done = _run([str(frozen), "--selftest"], home)
    if done.returncode:
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-4000:])
        raise SystemExit(done.returncode)
    summary = json.loads((home / "out" / "summary.json").read_text(encoding="utf-8"))
    told = ("window_s", "ticks_stored", "fills", "breaks", "audit_verified")
    return "selftest: " + ", ".join(f"{name} {summary[name]}" for name in told)


def tried(folder: Path) -> Iterator[str]:
    """What each piece says, as it is tried."""
    frozen = program(folder)
    pieces: tuple[Callable[[Path, Path], str], ...] = (version, simulator, backtests, story)
    with _home() as home:
        for piece in pieces:
            began = time.monotonic()
            yield f"{piece(frozen, home)} ({time.monotonic() - began:.1f} s)"


def main() -> int:
    """Try the build named on the command line."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist" / "qv-desktop"
    try:
        for said in tried(folder.absolute()):
            print(said, flush=True)
    except SmokeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _unpacked(cache: Path) -> float:
    """When the shipped functions had been put into the cache."""
    return (cache / MARK).stat().st_mtime


async def each_strategy(frozen: Path, cache: Path) -> None:
    """Run every shipped strategy once in a worker of the frozen program. Raises SmokeError when a result is not whole."""
    pool, bars = BacktestPool([str(frozen), "worker"], cache), _bars()
    try:
        for strategy in built_in(datetime.now(UTC)):
            spec = BacktestSpec(strategy.name, 1, ("SPY",), "1m", DAY, DAY, ())
            run = pool.run(
                strategy.name, spec, strategy, RunData({"SPY": tuple(bars)}), "smoke", lambda fraction, step: None
            )
            result: BacktestResult = await asyncio.wait_for(run, PATIENCE)
            if len(result.equity) != len(bars):
                raise SmokeError(f"The backtest of {strategy.name} came back with {len(result.equity)} values.")
    finally:
        await pool.close()


def _bars() -> list[Bar]:
    """A saw of prices that every shipped strategy trades on."""
    prices = [100 + (i % 97) * 0.1 + (i % 11) * 0.03 for i in range(BARS)]
    return [Bar("SPY", BEGAN + i * 60 * SECOND, p, p + 0.05, p - 0.05, p + 0.01, 1000.0) for i, p in enumerate(prices)]


def _run(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=_environment(home), cwd=home, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def _environment(home: Path) -> dict[str, str]:
    """As on a machine that has no Python environment: what is needed must be in the build."""
    ours = ("PYTHON", "VIRTUAL_ENV", "QV_", "QT_", "LD_LIBRARY_PATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"QV_HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}


@contextmanager
def _home() -> Iterator[Path]:
    """A folder for what the program keeps, open to the account that the database runs as for root."""
    folder = Path(tempfile.mkdtemp(prefix="qv-smoke-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
