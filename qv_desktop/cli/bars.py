"""`import` and `export`: bars and ticks between files and the store."""

import argparse
import asyncio
import sys
from datetime import date
from pathlib import Path

from qv_desktop.cli.prompts import complain, consented
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import timeframe


def add_import_words(parser: argparse.ArgumentParser) -> None:
    """Which files, and how to read them."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV (also gzipped) or Parquet")
    parser.add_argument(
        "--symbol", default="", help="whose prices they are, if neither a column nor the file's name says"
    )
    parser.add_argument(
        "--timeframe", default="", metavar="1s|1m|1h|1D", help="how long the bars are, if their times do not say"
    )
    parser.add_argument(
        "--zone", default="", metavar="ZONE", help="of times without an offset, such as America/New_York"
    )
    parser.add_argument("--dates", default="", choices=["mdy", "dmy", "ymd"], help="which comes first in 03/04/2020")
    parser.add_argument(
        "--prices", default="", choices=["traded", "adjusted"], help="whether prices before a split are divided by it"
    )
    parser.add_argument(
        "--stamps", default="", choices=["start", "end"], help="whether a bar's time is its start or its end"
    )
    parser.add_argument(
        "--replace", action="store_true", help="replace stored bars that have other values; else they stay"
    )
    consent = parser.add_mutually_exclusive_group()
    consent.add_argument("--yes", action="store_true", help="store without asking")
    consent.add_argument("--dry-run", action="store_true", help="only show what was understood")
    parser.set_defaults(command=_import)


def add_export_words(parser: argparse.ArgumentParser) -> None:
    """Which bars, and where to."""
    parser.add_argument("symbol")
    parser.add_argument("--timeframe", default="1D", metavar="1s|1m|1h|1D", help="of the stored bars; 1D by default")
    parser.add_argument(
        "--from", dest="first", type=date.fromisoformat, default=None, metavar="DAY", help="first day, 2020-12-15"
    )
    parser.add_argument(
        "--to", dest="last", type=date.fromisoformat, default=None, metavar="DAY", help="last day, included"
    )
    parser.add_argument(
        "--out", type=Path, default=None, metavar="FILE", help="a .csv or .parquet; else one in the export folder"
    )
    parser.add_argument("--adjusted", default="raw", choices=["raw", "split", "all"], help="raw, as traded, by default")
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    parser.set_defaults(command=_export)


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
        return not asked.dry_run and (asked.yes or consented())

    work = importing.imported(asked.files, reading, agreed, print, complain, replace=asked.replace)
    return 2 if asyncio.run(work) else 0


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
