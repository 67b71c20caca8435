"""What ``db grant`` and ``db password`` do: Postgres agrees with the roles, and persons get logins of their own."""

import asyncio
import getpass
import sys
from collections.abc import Sequence

from qv_desktop import config
from qv_desktop.adapters.db import grants, logins, passwords
from qv_desktop.adapters.db.database_words import parsed, place, unverified
from qv_desktop.adapters.db.privileges import group
from qv_desktop.domain.errors import BadInput

EMBEDDED = ("The embedded database belongs to this computer's user alone, so there is nobody to grant anything to; name a PostgreSQL "
            "server in QV_DATABASE_URL, with the login that owns its tables.")  # fmt: skip


async def granted(login: str, role: str, accounts: Sequence[str], *, remove: bool, new_password: bool) -> str:
    """Groups and row security, and with ``login`` that person's way in; what was done, for people to read. Raises QvError."""
    address = _address()
    known = await asyncio.to_thread(grants.stored, address)
    changed = await asyncio.to_thread(grants.granted, address, known)
    names = ", ".join(group(name) for name in known)
    done = [
        f"{'Granted' if changed else 'Nothing had to be changed'} on {place(parsed(address))}: the groups are {names}."
    ]
    if remove:
        await asyncio.to_thread(logins.let_in, address, known, logins.Login(login, None))
        done.append(f"{login} can no longer log in to the database. Suspend the user in the program too.")
    elif login:
        password = None
        if new_password or not await asyncio.to_thread(logins.known, address, login):
            password = _chosen(login)
        person = logins.Login(login, role, password, tuple(accounts))
        theirs = await asyncio.to_thread(logins.let_in, address, known, person)
        exact = next(name for name in known if name.lower() == role.lower())  # as it is stored: let_in has found it
        done.append(f"{login} is in {group(exact)} and nothing else. The address for that terminal, with the password to be put in: "
                    f"{theirs}")  # fmt: skip
    return "\n".join(done)


async def granted_anew() -> str:
    """After a migration: what is new is closed to the groups until it is granted; empty where there are none. Raises QvError."""
    address = config.load().database_url
    if not address or not await asyncio.to_thread(grants.stand, address):
        return ""
    return await granted("", "", (), remove=False, new_password=False)


async def new_password() -> str:
    """Another password for the login of the address. Raises QvError."""
    address = _address()
    login = parsed(address).username or ""
    await asyncio.to_thread(logins.change_own_password, address, _chosen(login))
    return f"{login} has a new database password; put it into the address in the settings or in QV_DATABASE_URL."


def _address() -> str:
    address = config.load().database_url
    if not address:
        raise BadInput(EMBEDDED)
    if words := unverified(parsed(address)):
        sys.stderr.write(f"{words}\n")
    return address


def _chosen(login: str) -> str:
    """A password asked for twice, or the first line of what is piped in; never an argument, which every user of a machine can read."""
    if sys.stdin.isatty():
        password = getpass.getpass(f"New database password of {login}: ")
        if getpass.getpass("Again: ") != password:
            raise BadInput("The two passwords differ; nothing was changed. Try again.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    passwords.checked(password, login)
    return password
