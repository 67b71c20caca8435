"""Database addresses as people type them, and what a database's refusals mean for the person at the screen."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted, QvError, RowRefused

EXAMPLE = "postgresql://user:password@host:5432/name"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DRIVER = "postgresql+psycopg"
UNWRITABLE = (
    "This text has a character that no database keeps (NUL, or half of a surrogate pair); take it out and try again."
)
OPEN = ("disable", "allow", "prefer")  # libpq's modes that may send in the open
TYPED_WRONG = ("password authentication failed", "does not exist", "no pg_hba.conf entry", "could not translate host name",
               "Name or service not known", "nodename nor servname", "failed to resolve host", "no password supplied")  # fmt: skip


def parsed(text: str) -> URL:
    """The address in ``text`` for psycopg; away from this machine the server's certificate is checked unless it says otherwise.

    Raises BadInput, never repeating the address, which holds a password.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError) as error:
        raise BadInput(f"The database address cannot be read; write it as {EXAMPLE}.") from error
    if url.drivername not in ("postgresql", "postgres", DRIVER):
        raise BadInput(
            f"The database address begins with “{url.drivername}”; only PostgreSQL is supported, as {EXAMPLE}."
        )
    if not url.database:
        raise BadInput(f"The database address names no database; write it as {EXAMPLE}.")
    return _secured(url.set(drivername=DRIVER))


def _secured(url: URL) -> URL:
    if not _away(url) or "sslmode" in url.query:
        return url
    url = url.update_query_dict({"sslmode": "verify-full"})
    own_roots = Path.home() / ".postgresql" / "root.crt"  # libpq's default; else trust what the system trusts
    return url if "sslrootcert" in url.query or own_roots.exists() else url.update_query_dict({"sslrootcert": "system"})


def _away(url: URL) -> bool:
    """Whether any of its hosts is another machine, however the address names them; a folder is a socket on this one."""
    named = [url.host or "", *(part for key in ("host", "hostaddr") for part in _values(url, key))]
    return any(host and host not in LOOPBACK and not host.startswith(("/", "@")) for host in named)


def _values(url: URL, key: str) -> list[str]:
    found = url.query.get(key, ())
    together = [found] if isinstance(found, str) else list(found)
    return [host.strip().partition(":")[0] for part in together for host in part.split(",")]


def unverified(url: URL) -> str:
    """What somebody must hear who chose not to have the server's certificate checked; nothing when it is."""
    mode = str(url.query.get("sslmode", ""))
    if not _away(url) or mode == "verify-full":
        return ""
    who = (
        "anybody between here and there can read and change what is sent"
        if mode in OPEN
        else "it can be somebody else's server"
    )
    return f"The certificate of the database on {place(url)} is not checked (sslmode={mode}): {who}. Take sslmode out of its address."


def beside_the_groups(login: str) -> str:
    """What somebody must hear who uses a shared login where each person could have one."""
    return (f"This terminal uses the database login {login}, which may do what every role may: here roles guard against mistakes alone. "
            "Use a login of your own; whoever keeps the database makes it with qv-desktop db grant.")  # fmt: skip


def place(url: URL) -> str:
    """Where the database is, without user or password."""
    if not url.host:
        return "this machine"
    return f"{url.host}:{url.port}" if url.port else url.host


def sentence(error: Exception, url: URL, *, first: bool = False) -> QvError:
    """``error`` as one sentence; on ``first`` contact a wrong address is the person's to correct."""
    text = str(getattr(error, "orig", error))
    where = place(url)
    if "No space left on device" in text or "could not extend file" in text:
        return DatabaseDown("The disk that holds the database is full; free some space and try again.")
    if first and any(words in text for words in TYPED_WRONG):
        return BadInput(
            f"The database on {where} refuses this address ({_cause(text)}); correct it in the settings or in QV_DATABASE_URL."
        )
    if "certificate" in text:
        return DatabaseDown(
            f"The certificate of the database on {where} cannot be trusted; give sslrootcert in its address."
        )
    return DatabaseDown(
        f"The database on {where} cannot be reached; nothing was written. Check that it runs, then try again."
    )


def denied(error: Exception, login: str) -> NotPermitted:
    """What Postgres did not let a personal login do, as one sentence."""
    cause = str(error).partition("\n")[0]
    return NotPermitted(f"The database does not let the login {login} do this ({cause}); ask an Admin.")


def unrecorded(error: SQLAlchemyError) -> RowRefused:
    """What Postgres did not take into the audit trail, as one sentence."""
    cause = str(getattr(error, "orig", None) or error).partition("\n")[0]
    return RowRefused(
        f"The database does not take the audit row ({cause}); nothing was done. Tell whoever keeps the database."
    )


def _cause(text: str) -> str:
    found = next((words for words in TYPED_WRONG if words in text), "")
    return {"does not exist": "no such user or database", "no pg_hba.conf entry": "it does not let this machine in",
            "password authentication failed": "wrong user or password", "no password supplied": "it wants a password",
            }.get(found, "no such host")  # fmt: skip


def refused(what: str, error: DBAPIError) -> BadInput:
    """Rows that break a rule of their table, as one sentence."""
    cause = str(error.orig).partition("\n")[0]
    return BadInput(
        f"The database refuses these {what}, none of them is kept ({cause}); correct or leave out the bad ones."
    )
