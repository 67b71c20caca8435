"""`db`: the database, and who may log in to it."""

import argparse
import asyncio

from qv_desktop.domain.errors import BadInput


def add_words(parser: argparse.ArgumentParser) -> None:
    """What to do, and whose login it is about."""
    parser.add_argument(
        "step", choices=["check", "migrate", "grant", "password"],
        help="grant: give every role its rights on a PostgreSQL server; password: change your own database password",
    )  # fmt: skip
    parser.add_argument(
        "--login", default="", metavar="NAME", help="with grant: make or change the login of the user NAME"
    )
    parser.add_argument("--role", default="", help="with --login: the one role whose group it is in")
    parser.add_argument(
        "--account", action="append", default=[], metavar="ACCOUNT",
        help="with --login: see and trade only this account, by number or id; several times for several; every one without it",
    )  # fmt: skip
    parser.add_argument("--new-password", action="store_true", help="with --login: ask for another password")
    parser.add_argument("--remove", action="store_true", help="with --login: it may not log in any more")
    parser.set_defaults(command=_db)


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


def _check_grant(asked: argparse.Namespace) -> None:
    more = asked.role or asked.account or asked.remove or asked.new_password
    if (asked.login or more) and asked.step != "grant":
        raise BadInput(f"“db {asked.step}” takes no further words; say them with db grant.")
    if more and not asked.login:
        raise BadInput("Say whose login it is: db grant --login NAME --role ROLE.")
    if asked.login and bool(asked.role) == asked.remove:
        raise BadInput("Say either --role, the role of that person, or --remove.")
