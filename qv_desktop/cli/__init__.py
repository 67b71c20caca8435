"""The command line: a module for each family of words. Bad input ends with one sentence on standard error and exit code 2."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from qv_desktop import __version__
from qv_desktop.cli import audit, backtest, bars, database, doctor, reconcile, sweep, terminal, users
from qv_desktop.domain.errors import QvError

type Command = Callable[[argparse.Namespace], int]
type Words = Callable[[argparse.ArgumentParser], None]  # adds a command's further words, and sets what runs it


def _elsewhere(parser: argparse.ArgumentParser) -> None:
    """The program's entry starts this one before the words come here."""


COMMANDS: dict[str, tuple[str, Words]] = {  # in the order of --help
    "run": ("open the terminal", terminal.add_run_words),
    "demo": ("open the terminal on a simulated market and broker", terminal.add_demo_words),
    "simulate": ("run the simulated market and broker by itself (see simulate --help)", _elsewhere),
    "audit": ("check the audit trail, or a signed bundle of it", audit.add_words),
    "reconcile": ("compare our books with the broker's, without a window", reconcile.add_words),
    "db": ("the database", database.add_words),
    "users": ("who may sign in, and an Admin for a desk whose last one cannot", users.add_words),
    "recover": ("a reset code for somebody who cannot log in, such as the last Admin", users.add_recover_words),
    "backtest": ("test a strategy on stored bars, without a window", backtest.add_words),
    "sweep": ("test a strategy at many parameters on stored bars, without a window", sweep.add_words),
    "import": ("store bars or ticks from CSV and Parquet files", bars.add_import_words),
    "export": ("write stored bars to a CSV or Parquet file", bars.add_export_words),
    "doctor": ("say what is set, where things lie and what is missing", doctor.add_words),
}


class Parser(argparse.ArgumentParser):
    """Complains in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        sys.stderr.write(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.\n")
        sys.exit(2)


def command(words: Sequence[str]) -> int:
    """Run what ``words`` ask for; the exit code."""
    asked = parser().parse_args(words)
    if asked.selftest:
        asked = parser().parse_args(["demo", "--headless", "--for", "20"])
    chosen: Command = getattr(asked, "command", terminal.run)
    try:
        return chosen(asked)
    except QvError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def parser() -> Parser:
    """Knows every word."""
    made = Parser(
        prog="qv-desktop", description="A trading terminal for US equities. Without a command it opens the terminal."
    )
    made.add_argument("--version", action="version", version=f"QuantVision Desktop {__version__}")
    made.add_argument(
        "--selftest", action="store_true", help="run the headless demo for 20 s; exit 0 only when every stage happened"
    )
    commands = made.add_subparsers(title="commands", metavar="COMMAND")
    for name, (what, add) in COMMANDS.items():
        add(commands.add_parser(name, help=what))
    return made
