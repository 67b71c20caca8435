"""The command line. Bad input ends with one sentence on standard error and exit code 2."""

import argparse
import asyncio
import json
import math
import re
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from qv_desktop import __version__
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.market import timeframe

if TYPE_CHECKING:
    from qv_desktop.domain.audit import Verification
    from qv_desktop.domain.backtests import BacktestResult, BacktestSpec
    from qv_desktop.domain.reconciliation import Reconciliation
    from qv_desktop.domain.sweeps import SweepResult, SweepRow

WITHOUT_WINDOW = ("csv", "json", "html", "xlsx")  # what a report can be written as here
PORTION = 50_000  # audit rows between two words of progress
BUSIEST = 2_000_000  # events per second that the simulator can be asked for

type Command = Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """Complains in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        sys.stderr.write(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.\n")
        sys.exit(2)


def command(words: Sequence[str]) -> int:
    """Run what ``words`` ask for; the exit code."""
    asked = _parser().parse_args(words)
    if asked.selftest:
        asked = _parser().parse_args(["demo", "--headless", "--for", "20"])
    chosen: Command = getattr(asked, "command", _run)
    try:
        return chosen(asked)
    except QvError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> Parser:
    parser = Parser(
        prog="qv-desktop", description="A trading terminal for US equities. Without a command it opens the terminal."
    )
    parser.add_argument("--version", action="version", version=f"QuantVision Desktop {__version__}")
    parser.add_argument(
        "--selftest", action="store_true", help="run the headless demo for 20 s; exit 0 only when every stage happened"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    run = commands.add_parser("run", help="open the terminal")
    run.set_defaults(command=_run)
    _demo_words(commands.add_parser("demo", help="open the terminal on a simulated market and broker"))
    commands.add_parser("simulate", help="run the simulated market and broker by itself (see simulate --help)")
    _audit_words(commands.add_parser("audit", help="check the audit trail, or a signed bundle of it"))
    _reconcile_words(commands.add_parser("reconcile", help="compare our books with the broker's, without a window"))
    _db_words(commands.add_parser("db", help="the database"))
    _users_words(commands.add_parser("users", help="who may sign in, and an Admin for a desk whose last one cannot"))
    recover = commands.add_parser("recover", help="a reset code for somebody who cannot log in, such as the last Admin")
    recover.add_argument("name", metavar="NAME", help="the user's name")
    recover.set_defaults(command=_recover)
    _backtest_words(commands.add_parser("backtest", help="test a strategy on stored bars, without a window"))
    _sweep_words(
        commands.add_parser("sweep", help="test a strategy at many parameters on stored bars, without a window")
    )
    _import_words(commands.add_parser("import", help="store bars or ticks from CSV and Parquet files"))
    _export_words(commands.add_parser("export", help="write stored bars to a CSV or Parquet file"))
    doctor = commands.add_parser("doctor", help="say what is set, where things lie and what is missing")
    doctor.set_defaults(command=_doctor)
    return parser


def _db_words(db: argparse.ArgumentParser) -> None:
    db.add_argument(
        "step", choices=["check", "migrate", "grant", "password"],
        help="grant: give every role its rights on a PostgreSQL server; password: change your own database password",
    )  # fmt: skip
    db.add_argument("--login", default="", metavar="NAME", help="with grant: make or change the login of the user NAME")
    db.add_argument("--role", default="", help="with --login: the one role whose group it is in")
    db.add_argument(
        "--account", action="append", default=[], metavar="ACCOUNT",
        help="with --login: see and trade only this account, by number or id; several times for several; every one without it",
    )  # fmt: skip
    db.add_argument("--new-password", action="store_true", help="with --login: ask for another password")
    db.add_argument("--remove", action="store_true", help="with --login: it may not log in any more")
    db.set_defaults(command=_db)


def _demo_words(demo: argparse.ArgumentParser) -> None:
    demo.add_argument(
        "--headless", action="store_true", help="no screen: a scripted trader runs the whole story and leaves pictures"
    )
    demo.add_argument(
        "--for", dest="seconds", type=float, default=60, metavar="SECONDS", help="how long the story lasts"
    )
    demo.add_argument(
        "--out", type=Path, default=None, metavar="DIR", help="where pictures, report and summary.json go"
    )
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="which synthetic market")
    demo.add_argument(
        "--replay", type=Path, default=None, metavar="FILE", help="one-minute bars (CSV, CSV.gz, Parquet) to replay"
    )
    demo.add_argument("--speed", type=float, default=None, help="market seconds for each second")
    demo.add_argument(
        "--load", type=_rate, default=0, metavar="EVENTS_PER_SECOND",
        help="no screen and no trader: measure the program for as long while the market is so busy",
    )  # fmt: skip
    demo.set_defaults(command=_demo)


def _rate(words: str) -> int:
    """Events per second."""
    if not words.isdigit() or not 0 < int(words) <= BUSIEST:
        raise argparse.ArgumentTypeError(f"it takes a whole number from 1 to {BUSIEST}, not {words!r}")
    return int(words)


def _users_words(words: argparse.ArgumentParser) -> None:
    steps = words.add_subparsers(dest="step", required=True, metavar="STEP")
    steps.add_parser("list", help="everybody, with role, state and sessions").set_defaults(command=_list_users)
    admin = steps.add_parser("make-admin", help="make NAME an active Admin; every Admin is told, the trail keeps it")
    admin.add_argument("name", metavar="NAME", help="a user, who is made if there is none of that name")
    admin.add_argument("--yes", action="store_true", help="without asking")
    admin.set_defaults(command=_make_admin)


def _audit_words(words: argparse.ArgumentParser) -> None:
    words.add_argument(
        "step", choices=["verify", "sign", "new-key"],
        help="check it; sign a checkpoint now; change to a new key, which the old one names",
    )  # fmt: skip
    words.add_argument("--demo", action="store_true", help="the demo's trail instead of the real one")
    words.add_argument(
        "--since-checkpoint", action="store_true", help="only the rows that no signed checkpoint covers yet"
    )
    words.add_argument(
        "--bundle", type=Path, default=None, metavar="FILE", help="a signed bundle instead of the database"
    )
    words.add_argument(
        "--key", default="", metavar="KEY", help="the public key that must have signed, 64 hexadecimal digits"
    )
    words.set_defaults(command=_audit)


def _reconcile_words(words: argparse.ArgumentParser) -> None:
    words.description = (
        "Exit code 0: passed; 1: there are breaks; 2: it could not be compared. The run is stored either way but for 2."
    )
    words.add_argument(
        "--account", default="", metavar="NAME",
        help="a connection's name, else the one in use; with --from an account as reports show it, else every one",
    )  # fmt: skip
    words.add_argument("--out", type=Path, default=None, metavar="DIR", help="write the report there, too")
    words.add_argument(
        "--from", dest="first", type=date.fromisoformat, default=None, metavar="DAY",
        help="compare nothing, and write the report of what is stored from this New York day on; it takes --out",
    )  # fmt: skip
    words.add_argument(
        "--to",
        dest="last",
        type=date.fromisoformat,
        default=None,
        metavar="DAY",
        help="last day, included; else the first",
    )
    words.add_argument(
        "--format", dest="formats", action="append", choices=WITHOUT_WINDOW, help="of the report; else all"
    )
    words.set_defaults(command=_reconcile)


def _backtest_words(words: argparse.ArgumentParser) -> None:
    words.description = (
        "Exit code 0: it ran, and with --rerun the numbers are the same; 1: a rerun's numbers differ; 2: it could not be run. "
        "It reads bars that are stored or imported, and asks no vendor; what is missing is said."
    )
    words.add_argument(
        "strategy", nargs="?", default="", metavar="STRATEGY", help="a name, name@version, or a .py file"
    )
    words.add_argument(
        "symbols", nargs="?", default="", metavar="SYMBOLS", help="one, several with commas, or a watchlist's name"
    )
    words.add_argument("--of", dest="whose", default="", metavar="USER", help="whose watchlist SYMBOLS names")
    for name, target in (("--from", "first"), ("--to", "last")):
        words.add_argument(
            name, dest=target, type=date.fromisoformat, default=None, metavar="DAY", help="such as 2020-12-15, included"
        )
    words.add_argument("--timeframe", default="1D", metavar="1m|5m|1h|1D|1W", help="of the bars; 1D by default")
    words.add_argument(
        "--set",
        dest="chosen",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="a parameter; several times for several",
    )
    words.add_argument("--cash", type=float, default=100_000.0, help="dollars at first; 100000 by default")
    words.add_argument("--size", default="95%", help="of an entry: 95%% of equity, $5000, 100sh, risk 1%%, equal 100%%")
    words.add_argument("--fees", type=float, default=1.0, metavar="BPS", help="basis points of value; 1 by default")
    words.add_argument("--fees-per-share", type=float, default=0.0, metavar="DOLLARS", help="and for every share")
    words.add_argument(
        "--slippage", type=float, default=2.0, metavar="BPS", help="basis points of the price; 2 by default"
    )
    for name in ("stop-loss", "take-profit", "trailing"):
        words.add_argument(f"--{name}", default="", metavar="PERCENT", help="such as 5%%; off by default")
    words.add_argument("--direction", default="long", choices=["long", "short", "both"], help="long by default")
    words.add_argument(
        "--hours", default="regular", metavar="regular|extended|10:00-15:30", help="which bars of a day count, New York"
    )
    words.add_argument("--benchmark", default="", metavar="SYMBOL", help="to hold instead; else the traded symbols")
    words.add_argument(
        "--adjusted",
        default="split",
        choices=["raw", "split", "all"],
        help="as known on the last day; split by default",
    )
    words.add_argument("--seed", type=int, default=0, help="of the random numbers that a strategy draws")
    words.add_argument("--rerun", default="", metavar="ID", help="run a stored backtest again and compare, instead")
    words.add_argument("--json", action="store_true", help="print the whole result as JSON")
    words.add_argument(
        "--html", type=Path, default=None, metavar="FILE", help="write the report as a page that stands alone"
    )
    words.add_argument("--no-store", action="store_true", help="do not keep the result")
    words.add_argument(
        "--yes", action="store_true", help="let code run that did not come with the program, without asking"
    )
    words.set_defaults(command=_backtest)


def _sweep_words(words: argparse.ArgumentParser) -> None:
    """A backtest's words, and which parameters are swept."""
    _backtest_words(words)
    words.description = (
        "Exit code 0: it ran, and with --rerun every bit is the same; 1: a rerun's numbers differ; 2: it could not be run. "
        "It reads bars that are stored or imported, and asks no vendor; what is missing is said."
    )
    words.add_argument(
        "--sweep", dest="axes", action="append", default=[], metavar="NAME=LOW:HIGH:STEP",
        help="a parameter and its values, or NAME=5,10,20; several times for several",
    )  # fmt: skip
    words.add_argument("--where", default="", metavar="EXPRESSION", help="which combinations make sense: 'fast < slow'")
    words.add_argument("--random", type=int, default=0, metavar="N", help="N combinations by chance instead of all")
    words.add_argument("--draw", type=int, default=1, metavar="SEED", help="of that chance; 1 by default")
    words.add_argument(
        "--best-by", default="sharpe", help="sharpe, total_return, max_drawdown, profit_factor or calmar"
    )
    words.add_argument(
        "--workers", type=int, default=0, metavar="N", help="processes; one for each processor by default"
    )
    words.add_argument(
        "--cluster", default="", metavar="ADDRESS", help="a Dask scheduler, tls://HOST:PORT, that computes it"
    )
    words.add_argument("--csv", type=Path, default=None, metavar="FILE", help="write a line for each combination")
    words.set_defaults(command=_sweep)


def _import_words(words: argparse.ArgumentParser) -> None:
    words.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV (also gzipped) or Parquet")
    words.add_argument(
        "--symbol", default="", help="whose prices they are, if neither a column nor the file's name says"
    )
    words.add_argument(
        "--timeframe", default="", metavar="1s|1m|1h|1D", help="how long the bars are, if their times do not say"
    )
    words.add_argument(
        "--zone", default="", metavar="ZONE", help="of times without an offset, such as America/New_York"
    )
    words.add_argument("--dates", default="", choices=["mdy", "dmy", "ymd"], help="which comes first in 03/04/2020")
    words.add_argument(
        "--prices", default="", choices=["traded", "adjusted"], help="whether prices before a split are divided by it"
    )
    words.add_argument(
        "--stamps", default="", choices=["start", "end"], help="whether a bar's time is its start or its end"
    )
    words.add_argument(
        "--replace", action="store_true", help="replace stored bars that have other values; else they stay"
    )
    consent = words.add_mutually_exclusive_group()
    consent.add_argument("--yes", action="store_true", help="store without asking")
    consent.add_argument("--dry-run", action="store_true", help="only show what was understood")
    words.set_defaults(command=_import)


def _export_words(words: argparse.ArgumentParser) -> None:
    words.add_argument("symbol")
    words.add_argument("--timeframe", default="1D", metavar="1s|1m|1h|1D", help="of the stored bars; 1D by default")
    words.add_argument(
        "--from", dest="first", type=date.fromisoformat, default=None, metavar="DAY", help="first day, 2020-12-15"
    )
    words.add_argument(
        "--to", dest="last", type=date.fromisoformat, default=None, metavar="DAY", help="last day, included"
    )
    words.add_argument(
        "--out", type=Path, default=None, metavar="FILE", help="a .csv or .parquet; else one in the export folder"
    )
    words.add_argument("--adjusted", default="raw", choices=["raw", "split", "all"], help="raw, as traded, by default")
    words.add_argument("--force", action="store_true", help="replace FILE if it exists")
    words.set_defaults(command=_export)


def _run(asked: argparse.Namespace) -> int:
    from qv_desktop import app  # imported by what needs it, so that --version and mistakes answer at once

    return app.run(app.Options())


def _demo(asked: argparse.Namespace) -> int:
    from qv_desktop import app

    speed = asked.speed if asked.speed is not None else 10.0 if asked.replay else 5.0
    headless = asked.headless or asked.load > 0 or not app.has_screen()
    out = asked.out or (Path("out") if headless else None)
    if headless and not asked.headless and not asked.load:
        sys.stderr.write(
            f"There is no screen, so the scripted trader runs the demo for {asked.seconds:g} s; see {out} for its pictures.\n"
        )
    story = app.Demo(asked.seed, asked.replay, speed, headless, asked.seconds, out, asked.load)
    return app.run(app.Options(demo=story))


def _audit(asked: argparse.Namespace) -> int:
    """Exit code 0 for what is whole, 1 for what is broken; 2, as ever, when it could not be checked."""
    from qv_desktop import app

    if asked.step != "verify":
        print(asyncio.run(app.sign_audit(demo=asked.demo, renew=asked.step == "new-key")))
        return 0
    key = asked.key.strip().lower()
    if key and not re.fullmatch(r"[0-9a-f]{64}", key):
        raise BadInput("The key is not one: give the 64 hexadecimal digits of the file audit-checkpoints/….pub.")
    if asked.bundle is not None:
        told, found, covers = app.verify_bundle(asked.bundle, key, lambda rows: _progress(rows, None))
        print(told)
        return _verdict("bundle", found, covers)
    work = app.verify_audit(demo=asked.demo, since_checkpoint=asked.since_checkpoint, key=key, progress=_progress)
    found = asyncio.run(work)
    return _verdict("audit trail", found, found.coverage)


def _verdict(what: str, found: "Verification", *coverage: str) -> int:
    """Say in a sentence what was found, and then what is not covered and what is odd."""
    if found.whole and found.unproven:
        head = f"{found.rows} rows up to #{found.head}, hash {found.head_hash}"
        print(f"The {what} fits itself ({head}), but it was not compared with {found.unproven}.")
    elif found.whole:
        print(f"The {what} is whole: {found.rows} rows up to #{found.head}, hash {found.head_hash}.")
    else:
        print(f"The {what} is broken at row {found.broken_at}: {found.reason}.")
    for sentence in (*coverage, *found.notes):
        print(sentence)
    if not found.whole:
        return 1
    return 2 if found.unproven else 0


def _progress(done: int, total: int | None) -> None:
    """Now and then a line on standard error, which others may throw away."""
    if done % PORTION == 0:
        of = "" if total is None else f" of {total:,}"
        sys.stderr.write(f"{done:,}{of} rows checked\n")


def _reconcile(asked: argparse.Namespace) -> int:
    """Exit code 0 when it passed, 1 for breaks; 2, as ever, when it could not be compared."""
    from qv_desktop import app

    if asked.first is not None or asked.last is not None:
        return _report_days(asked)
    run, files = asyncio.run(app.reconcile(asked.account, asked.out, asked.formats or WITHOUT_WINDOW))
    print(_told(run) + (f" Reports: {', '.join(str(file) for file in files)}." if files else ""))
    return 0 if run.passed and not run.unsettled else 1


def _report_days(asked: argparse.Namespace) -> int:
    """Exit code 0 when every break of the days is closed, else 1; 2 when there is nothing to report."""
    from qv_desktop.app.reporting import Days, reported

    if asked.first is None or asked.out is None:
        raise BadInput("A report over days takes --from DAY and --out DIR; --to DAY is the last one.")
    days = Days(asked.first, asked.last or asked.first, asked.account, asked.out, asked.formats or WITHOUT_WINDOW)
    span, files = asyncio.run(reported(days))
    still = [item for item in span.items if not item.closed]
    whose = f"account {span.account}" if span.account else "every account"
    runs, breaks = sum(day.runs for day in span.days), len(span.items)
    print(
        f"{runs:,} comparisons of {whose}, {breaks:,} breaks, {len(still):,} not closed. Reports: {', '.join(map(str, files))}."
    )
    return 1 if still else 0


def _told(run: "Reconciliation") -> str:
    """The verdict in a sentence, with what could not be compared."""
    lacking = "; ".join(f"{one.key} not compared ({one.why})" for one in run.uncompared)
    rest = f"; {lacking}" if lacking else ""
    if run.passed:
        return f"Passed: {run.matched:,} rows of account {run.account} agree with the broker's{rest}."
    found = f"{len(run.breaks)} break{'' if len(run.breaks) == 1 else 's'} in account {run.account}"
    return f"{found}, ${run.at_risk:,.2f} at risk, {run.matched:,} rows agree{rest}."


def _list_users(asked: argparse.Namespace) -> int:
    from qv_desktop import app

    for person in asyncio.run(app.everybody()):
        user, locked = person.user, f", locked to {person.locked_until:%H:%M} UTC" if person.locked_until else ""
        seen = f"{person.seen:%Y-%m-%d %H:%M} UTC" if person.seen else "never"
        print(f"{user.name}: {user.role}, {user.state}{locked}, {person.sessions} sessions, last seen {seen}")
    return 0


def _make_admin(asked: argparse.Namespace) -> int:
    from qv_desktop import app

    _complain(
        f"This makes {asked.name} an Admin and ends their sessions. The audit trail keeps it, and every Admin is told for a week."
    )
    if not asked.yes and not sys.stdin.isatty():
        raise BadInput("Nobody can be asked here; say --yes to go on.")
    if not asked.yes and not _consented(f"Make {asked.name} an Admin? [y/N] "):
        return 1
    code = asyncio.run(app.make_admin(asked.name))
    print(f"{asked.name} chooses “I have a reset code” at the log-in, and types within a day: {code}")
    return 0


def _db(asked: argparse.Namespace) -> int:
    from qv_desktop import app

    _check_grant(asked)
    if asked.step == "grant":
        work = app.grant(asked.login, asked.role, asked.account, remove=asked.remove, new_password=asked.new_password)
    else:
        work = app.change_database_password() if asked.step == "password" else app.prepare_database()
    print(asyncio.run(work))
    if asked.step == "migrate" and (anew := asyncio.run(app.grant_anew())):
        print(anew)
    return 0


def _recover(asked: argparse.Namespace) -> int:
    from qv_desktop import app

    code = asyncio.run(app.reset_code(asked.name))
    print(f"{code}\nGive this to {asked.name}: under “I have a reset code” it sets a new password, once, within a day.")
    return 0


def _check_grant(asked: argparse.Namespace) -> None:
    more = asked.role or asked.account or asked.remove or asked.new_password
    if (asked.login or more) and asked.step != "grant":
        raise BadInput(f"“db {asked.step}” takes no further words; say them with db grant.")
    if more and not asked.login:
        raise BadInput("Say whose login it is: db grant --login NAME --role ROLE.")
    if asked.login and bool(asked.role) == asked.remove:
        raise BadInput("Say either --role, the role of that person, or --remove.")


def _import(asked: argparse.Namespace) -> int:
    from qv_desktop.app import importing
    from qv_desktop.domain.imports import Imported, Reading

    if not asked.yes and not asked.dry_run and not sys.stdin.isatty():
        raise BadInput(
            "Nobody can be asked here whether the file was understood; say --yes to store it, or --dry-run to look."
        )
    frame = timeframe(asked.timeframe) if asked.timeframe else None
    reading = Reading(asked.symbol, frame, asked.zone, asked.dates, asked.prices, asked.stamps)

    def agreed(found: Imported) -> bool:
        return not asked.dry_run and (asked.yes or _consented())

    work = importing.imported(asked.files, reading, agreed, print, _complain, replace=asked.replace)
    return 2 if asyncio.run(work) else 0


def _agreeing(asked: argparse.Namespace) -> Callable[[str], bool]:
    """Whether code may run that did not come with the program."""

    def agreed(what: str) -> bool:
        _complain(what)
        if not asked.yes and not sys.stdin.isatty():
            raise BadInput("Nobody can be asked here whether this code may run; read it, and say --yes.")
        return bool(asked.yes) or _consented("Let it run? [y/N] ")

    return agreed


def _sweep(asked: argparse.Namespace) -> int:
    """Exit code 0 when it ran, or a rerun gave the same; 1 when a rerun did not; 2, as ever, when it could not be run."""
    from qv_desktop.app import unattended_sweeps as sweeps
    from qv_desktop.domain.sweep_axes import read_axis
    from qv_desktop.domain.sweeps import GRID, RANDOM, SweepSpec

    if asked.html is not None:
        raise BadInput("A sweep writes no page; say --csv FILE or --json.")
    if asked.rerun:
        if asked.strategy or asked.json or asked.csv or asked.axes:
            raise BadInput("--rerun takes the terms of the stored sweep; say nothing else but its id.")
        differences = asyncio.run(
            sweeps.repeated(asked.rerun, _agreeing(asked), _stepped, asked.cluster, asked.workers)
        )
        print("\n".join(differences or ("Every number is the same to its last bit.",)))
        return 1 if differences else 0
    search = RANDOM if asked.random else GRID
    spec = SweepSpec(
        _terms(asked), tuple(map(read_axis, asked.axes)), asked.where, asked.best_by, search, asked.random, asked.draw
    )
    wanted = sweeps.WantedSweep(
        asked.strategy, asked.symbols, spec, asked.whose, not asked.no_store, asked.cluster, asked.workers
    )
    found, stored = asyncio.run(sweeps.swept(wanted, _agreeing(asked), _stepped))
    if asked.csv is not None:
        _write(asked.csv, sweeps.as_csv(found))
    print(sweeps.as_json(found) if asked.json else _swept(found, stored, asked.csv))
    return 0


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise BadInput(f"{file} cannot be written ({error.strerror}); choose another place.") from None


def _swept(found: "SweepResult", stored: bool, file: Path | None) -> str:
    """The ten best to read in a terminal."""
    spec, objective = found.spec, found.spec.objective

    def score(row: "SweepRow") -> float:
        value = float(getattr(row, objective))
        return -math.inf if math.isnan(value) else value  # an order with NaN in it is none

    def shown(value: float, form: str) -> str:
        return f"{'—':>12}" if math.isnan(value) else f"{value:>12{form}}"

    known = sorted((row for row in found.rows if not row.error), key=score, reverse=True)
    failed = len(found.rows) - len(known)
    lines = [f"{spec.base.strategy} on {spec.base.symbol} {spec.base.timeframe}, {spec.base.first} to {spec.base.last}: "
             f"{len(found.rows):,} combinations over {found.bars:,} bars, {found.seconds:.2f} s, {found.workers}"]  # fmt: skip
    lines += ["", "".join(f"{name:>12}" for name in (*spec.names, "return", "sharpe", "drawdown", "trades"))]
    for row in known[:10]:
        values = "".join(f"{value:>12g}" for value in row.values)
        figures = shown(row.total_return, ".2%") + shown(row.sharpe, ".3f") + shown(row.max_drawdown, ".2%")
        lines.append(f"{values}{figures}{row.trades:>12,}")
    lines += ["", *found.missing, *([f"{failed:,} combinations failed; --json says why."] if failed else [])]
    lines.append(
        f"{f'Stored as {found.id}.' if stored else 'Not stored.'} The best of many always looks good: test it for overfitting."
    )
    return "\n".join([*lines, f"Rows: {file}"] if file else lines)


def _backtest(asked: argparse.Namespace) -> int:
    """Exit code 0 when it ran, or a rerun gave the same; 1 when a rerun did not; 2, as ever, when it could not be run."""
    from qv_desktop.app import backtesting

    agreed = _agreeing(asked)
    if asked.rerun:
        if asked.strategy or asked.html or asked.json:
            raise BadInput("--rerun takes the terms of the stored backtest; say nothing else but its id.")
        found = asyncio.run(backtesting.repeated(asked.rerun, agreed, _stepped))
        print("\n".join(found.sentences))
        return 0 if found.same else 1
    wanted = backtesting.Wanted(asked.strategy, asked.symbols, _terms(asked), asked.whose, keep=not asked.no_store)
    result, stored = asyncio.run(backtesting.ran(wanted, agreed, _stepped))
    if asked.html is not None:
        backtesting.page(result, asked.html)
    print(backtesting.text(result) if asked.json else _tested(result, stored, asked.html))
    return 0


def _terms(asked: argparse.Namespace) -> "BacktestSpec":
    """The terms without strategy and symbols. Raises BadInput."""
    from qv_desktop.domain import backtest_typed as typed
    from qv_desktop.domain.backtests import BacktestSpec, Stops

    if not asked.strategy or not asked.symbols:
        raise BadInput(
            "Say which strategy and on what, such as: qv-desktop backtest sma_cross SPY --from 2015-01-01 --to 2019-12-31."
        )
    if asked.first is None or asked.last is None:
        raise BadInput("Say from which day to which: --from 2015-01-01 --to 2019-12-31.")
    given = ((asked.stop_loss, "stop loss"), (asked.take_profit, "take profit"), (asked.trailing, "trailing stop"))
    stops = (typed.fraction(text, what) if text else None for text, what in given)
    return BacktestSpec("", 0, (), str(timeframe(asked.timeframe)), asked.first, asked.last, typed.parameters(asked.chosen),
                        asked.fees, asked.slippage, typed.sizing(asked.size), asked.cash, asked.fees_per_share, Stops(*stops),
                        asked.direction, typed.hours(asked.hours), asked.benchmark.upper(), asked.adjusted, asked.seed)  # fmt: skip


def _stepped(fraction: float, step: str) -> None:
    """Progress for who sits before a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{fraction:4.0%} {step}" + ("\r\x1b[K" if fraction >= 1 else ""))


def _tested(result: "BacktestResult", stored: bool, file: Path | None) -> str:
    """A result to read in a terminal."""
    from qv_desktop.domain.backtest_statistics import GROUPS, told

    spec, numbers = result.spec, result.numbers
    version = f" v{spec.version}" if spec.version else ""
    lines = [f"{spec.strategy}{version} on {spec.symbol} {spec.timeframe}, {spec.first} to {spec.last}, {spec.direction}, {spec.sizing}; "
             f"{result.bars:,} bars, {len(result.trades):,} trades, {result.seconds:.2f} s"]  # fmt: skip
    for group, names in GROUPS.items():
        lines += [
            "",
            group,
            *(f"  {name.partition(',')[0]:<28}{told(name, numbers[name]):>16}" for name in names if name in numbers),
        ]
    for title, sentences in (("Missing", result.missing), ("Notes", result.notes)):
        if sentences:
            lines += ["", title, *(f"  {sentence}" for sentence in sentences)]
    kept = f"Stored as {result.id}." if stored else "Not stored."
    lines += [
        "",
        f"{kept} Code {result.code_hash[:12]}, data {result.data_hash[:12]}, terms {result.spec_hash[:12]}; {result.engine}.",
    ]
    return "\n".join([*lines, f"Report: {file}"] if file else lines)


def _consented(question: str = "Store this? [y/N] ") -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False  # the end of input is no yes


def _complain(why: str) -> None:
    sys.stderr.write(f"{why}\n")


def _export(asked: argparse.Namespace) -> int:
    from qv_desktop.app import importing

    frame, suffix = timeframe(asked.timeframe), asked.out.suffix.lower() if asked.out else ".csv"
    if suffix not in (".csv", ".parquet"):
        raise BadInput(f"{asked.out} says neither .csv nor .parquet; end the name with one of them.")
    wanted = importing.Wanted(
        asked.symbol.upper(), frame, asked.first, asked.last, asked.out, suffix[1:], asked.adjusted, asked.force
    )
    file, count = asyncio.run(importing.exported(wanted))
    print(
        f"{count:,} bars of {wanted.symbol} {frame}, prices {'as traded' if asked.adjusted == 'raw' else 'adjusted'}: {file}"
    )
    return 0


def _doctor(asked: argparse.Namespace) -> int:
    from qv_desktop import app

    print(json.dumps(app.circumstances(), indent=2, default=str))
    return 0
