"""The simulator's command line: `python -m qv_desktop.simulator`."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NoReturn

from qv_desktop.simulator import market, replay, server, sessions
from qv_desktop.simulator.keys import Keys, told
from qv_desktop.simulator.listings import stocks

SYNTHETIC_START, REPLAY_START = time(10, 30), time(11)
REPLAY_DAY = 2  # the third recorded session, so that there is history before it
FASTEST = 10_000


@dataclass(frozen=True, slots=True)
class BadInputError(Exception):
    """What was asked cannot be done; the sentence says what to do."""

    sentence: str


class Parser(argparse.ArgumentParser):
    """Complains in one sentence, without the usage."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise BadInputError(f"{message[:1].upper()}{message[1:]}; see --help.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; 0 when stopped, 2 with one sentence on standard error for bad input."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        asked = _parser().parse_args(arguments)
        opened = _opened(asked)
        asyncio.run(server.serve(opened, _running(asked)))
    except BadInputError as bad:
        sys.stderr.write(bad.sentence + "\n")
        return 2
    except OSError as error:
        sys.stderr.write(
            f"The simulator cannot listen on port {asked.port} ({error.strerror}); choose another --port.\n"
        )
        return 2
    return 0


def _parser() -> Parser:
    usual = told(os.environ)
    parser = Parser(prog="python -m qv_desktop.simulator", description="A market and its brokers, simulated.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--seed", type=int, default=1, help="which random market")
    parser.add_argument("--speed", type=float, default=1.0, help="market seconds for each second")
    parser.add_argument("--start", help="where to start: HH:MM in New York, or an ISO date and time")
    parser.add_argument("--date", help="trading day to start on, YYYY-MM-DD")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="one-minute bars to replay (CSV, CSV.gz, Parquet)")
    parser.add_argument("--symbol", help="symbol of the replayed file, if its name does not start with it")
    parser.add_argument("--symbols", type=int, metavar="N", help="trade only the N best known symbols")
    parser.add_argument("--parent", type=int, metavar="PID", help="stop when this process is gone")
    parser.add_argument("--alpaca-key", default=usual.alpaca_key)
    parser.add_argument("--alpaca-secret", default=usual.alpaca_secret)
    parser.add_argument("--polygon-key", default=usual.polygon_key)
    parser.add_argument("--cash", default="100000", help="the account's cash at the start")
    return parser


def _opened(asked: argparse.Namespace) -> market.Market:
    if not 0 < asked.speed <= FASTEST:
        raise BadInputError(f"--speed {asked.speed:g} is out of range; use more than 0 and at most {FASTEST}.")
    if not 0 <= asked.port <= 65_535:
        raise BadInputError(f"--port {asked.port} is out of range; use 0 to 65535.")
    if asked.symbols is not None and not 1 <= asked.symbols <= len(stocks()):
        raise BadInputError(f"--symbols {asked.symbols} is out of range; use 1 to {len(stocks())}.")
    if asked.seed < 0:
        raise BadInputError(f"--seed {asked.seed} is negative; use 0 or more.")
    try:
        recorded = replay.read(asked.replay, asked.symbol) if asked.replay else None
    except replay.ReplayError as error:
        raise BadInputError(str(error)) from None
    return market.opened(asked.seed, _start(asked, recorded), asked.symbols, recorded, asked.speed)


def _start(asked: argparse.Namespace, recorded: replay.Replay | None) -> int:
    """Where market time starts, ns UTC."""
    moment = _moment(asked.start)
    if isinstance(moment, datetime):
        return int(moment.timestamp() * 1_000_000) * 1000
    clock = moment or (REPLAY_START if recorded else SYNTHETIC_START)
    if asked.date:
        return sessions.ns(_trading_day(asked.date), clock)
    if recorded:
        days = list(recorded.days)
        return sessions.ns(days[min(REPLAY_DAY, len(days) - 1)], clock)
    return sessions.ns(sessions.latest(datetime.now(sessions.NEW_YORK).date()).day, clock)


def _moment(text: str | None) -> datetime | time | None:
    if text is None:
        return None
    try:
        if len(text) <= 8:
            return time.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"--start {text!r} is not a time; use HH:MM or YYYY-MM-DDTHH:MM in New York.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=sessions.NEW_YORK)
    if not sessions.FIRST_YEAR < moment.year <= sessions.LAST_YEAR:
        raise BadInputError(f"--start {text!r} is outside {sessions.FIRST_YEAR + 1} to {sessions.LAST_YEAR}.")
    return moment


def _trading_day(text: str) -> date:
    try:
        return sessions.known(date.fromisoformat(text)).day
    except ValueError as error:
        closed = str(error) if "exchange" in str(error) else f"--date {text!r} is not a day; use YYYY-MM-DD."
        raise BadInputError(closed) from None


def _running(asked: argparse.Namespace) -> server.Running:
    try:
        cash = Decimal(asked.cash)
    except InvalidOperation:
        cash = Decimal(-1)
    if not (cash.is_finite() and 0 <= cash <= 10**12):
        raise BadInputError(f"--cash {asked.cash!r} is not an amount; use dollars such as 100000.")
    usual = told(os.environ)
    keys = Keys(asked.alpaca_key, asked.alpaca_secret, asked.polygon_key, usual.oauth_token, usual.client_secret)
    return server.Running(asked.port, asked.seed, keys, cash, asked.parent)


if __name__ == "__main__":
    sys.exit(main())
