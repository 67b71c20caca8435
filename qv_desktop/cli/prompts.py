"""What the commands say to who sits before a terminal, and ask of them."""

import argparse
import sys
from collections.abc import Callable

from qv_desktop.domain.errors import BadInput


def consented(question: str = "Store this? [y/N] ") -> bool:
    """Whether who is asked says yes."""
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False  # the end of input is no yes


def complain(why: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"{why}\n")


def agreeing(asked: argparse.Namespace) -> Callable[[str], bool]:
    """Whether code may run that did not come with the program."""

    def agreed(what: str) -> bool:
        complain(what)
        if not asked.yes and not sys.stdin.isatty():
            raise BadInput("Nobody can be asked here whether this code may run; read it, and say --yes.")
        return bool(asked.yes) or consented("Let it run? [y/N] ")

    return agreed


def stepped(fraction: float, step: str) -> None:
    """Progress for who sits before a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{fraction:4.0%} {step}" + ("\r\x1b[K" if fraction >= 1 else ""))
