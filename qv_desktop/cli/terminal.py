"""Opens the terminal: `run` on the market, `demo` on a simulated one."""

import argparse
import sys
from pathlib import Path

BUSIEST = 2_000_000  # events per second that the simulator can be asked for


def add_run_words(parser: argparse.ArgumentParser) -> None:
    """Takes no further words."""
    parser.set_defaults(command=run)


def add_demo_words(parser: argparse.ArgumentParser) -> None:
    """Which market, who trades, and how long."""
    parser.add_argument(
        "--headless", action="store_true", help="no screen: a scripted trader runs the whole story and leaves pictures"
    )
    parser.add_argument(
        "--for", dest="seconds", type=float, default=60, metavar="SECONDS", help="how long the story lasts"
    )
    parser.add_argument(
        "--out", type=Path, default=None, metavar="DIR", help="where pictures, report and summary.json go"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="which synthetic market")
    parser.add_argument(
        "--replay", type=Path, default=None, metavar="FILE", help="one-minute bars (CSV, CSV.gz, Parquet) to replay"
    )
    parser.add_argument("--speed", type=float, default=None, help="market seconds for each second")
    parser.add_argument(
        "--load", type=_rate, default=0, metavar="EVENTS_PER_SECOND",
        help="no screen and no trader: measure the program for as long while the market is so busy",
    )  # fmt: skip
    parser.set_defaults(command=_demo)


def _rate(words: str) -> int:
    """Events per second."""
    if not words.isdigit() or not 0 < int(words) <= BUSIEST:
        raise argparse.ArgumentTypeError(f"it takes a whole number from 1 to {BUSIEST}, not {words!r}")
    return int(words)


def run(asked: argparse.Namespace) -> int:
    """Open it; the exit code once it is closed."""
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
