"""`users` and `recover`: who may sign in, and the way back for a desk whose last Admin cannot."""

import argparse
import asyncio
import sys

from qv_desktop.cli.prompts import complain, consented
from qv_desktop.domain.errors import BadInput


def add_words(parser: argparse.ArgumentParser) -> None:
    """Who is there, and who becomes an Admin."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    steps.add_parser("list", help="everybody, with role, state and sessions").set_defaults(command=_list_users)
    admin = steps.add_parser("make-admin", help="make NAME an active Admin; every Admin is told, the trail keeps it")
    admin.add_argument("name", metavar="NAME", help="a user, who is made if there is none of that name")
    admin.add_argument("--yes", action="store_true", help="without asking")
    admin.set_defaults(command=_make_admin)


def add_recover_words(parser: argparse.ArgumentParser) -> None:
    """Whose code it is."""
    parser.add_argument("name", metavar="NAME", help="the user's name")
    parser.set_defaults(command=_recover)


def _list_users(asked: argparse.Namespace) -> int:
    from qv_desktop import app

    for person in asyncio.run(app.everybody()):
        user, locked = person.user, f", locked to {person.locked_until:%H:%M} UTC" if person.locked_until else ""
        seen = f"{person.seen:%Y-%m-%d %H:%M} UTC" if person.seen else "never"
        print(f"{user.name}: {user.role}, {user.state}{locked}, {person.sessions} sessions, last seen {seen}")
    return 0


def _make_admin(asked: argparse.Namespace) -> int:
    from qv_desktop import app

    complain(
        f"This makes {asked.name} an Admin and ends their sessions. The audit trail keeps it, and every Admin is told for a week."
    )
    if not asked.yes and not sys.stdin.isatty():
        raise BadInput("Nobody can be asked here; say --yes to go on.")
    if not asked.yes and not consented(f"Make {asked.name} an Admin? [y/N] "):
        return 1
    code = asyncio.run(app.make_admin(asked.name))
    print(f"{asked.name} chooses “I have a reset code” at the log-in, and types within a day: {code}")
    return 0


def _recover(asked: argparse.Namespace) -> int:
    from qv_desktop import app

    code = asyncio.run(app.reset_code(asked.name))
    print(f"{code}\nGive this to {asked.name}: under “I have a reset code” it sets a new password, once, within a day.")
    return 0
