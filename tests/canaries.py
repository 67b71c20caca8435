"""Secrets that this run of the tests plants wherever a person or the program has one.

All carry one random mark, by which a single search finds any of them; the two digits behind the mark say which one it is. The mark is
made by the first process of the run and read by the others from a folder of the run's own: no secret stands in an environment or a
command line because a test put it there.
"""

import atexit
import json
import os
import secrets
import shutil
import tempfile
from pathlib import Path

VARIABLE = "CANARIES_OF_THE_TEST"  # names the folder of the run
HOOK = Path(__file__).parent / "hooks"  # on the path of every Python program that a story starts
NAMES = (
    # typed by people, or given by vendors and whoever keeps the database
    "alpaca_secret", "live_alpaca_secret", "polygon_key", "client_secret", "oauth_token", "password", "new_password", "wrong_password",
    "colleagues_password", "colleagues_new_password", "passphrase", "wrong_passphrase", "wrong_code",
    "database_password", "personal_database_password",
    # made by the program (tests/hooks/sitecustomize.py) or by the simulated vendor
    "oauth_code", "oauth_verifier", "refresh_token", "access_key", "checkpoint_key", "embedded_password", "demo_password",
    "unguessable_password", "reset_code", "access_token",
)  # fmt: skip
WHOLE = 16  # letters of the mark
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
CODE_LETTERS, CODE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789", 10  # of reset codes: their first half is the mark


def _folder() -> Path:
    """The run's folder; made by the first who asks, which also removes it at its end."""
    if VARIABLE not in os.environ:
        made = Path(tempfile.mkdtemp(prefix="qvk-"))
        (made / "tmp").mkdir()
        (made / "pids").mkdir()
        mark = "".join(secrets.choice(LETTERS) for _ in range(WHOLE))
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE))
        numbers = {name: at for at, name in enumerate(NAMES)}
        (made / "marks.json").write_text(json.dumps({"mark": mark, "code": code, "numbers": numbers}), encoding="utf-8")
        os.environ[VARIABLE] = str(made)
        atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(os.environ[VARIABLE])


FOLDER = _folder()
TEMPORARY = FOLDER / "tmp"  # where programs of stories put what is temporary; searched at the end of the run
HITS = FOLDER / "hits"
_marks = json.loads((FOLDER / "marks.json").read_text(encoding="utf-8"))
MARK: str = _marks["mark"]
CODE_MARK: str = _marks["code"]


def marked(name: str) -> str:
    """The mark and which secret it is."""
    return f"{MARK}{NAMES.index(name):02}"


def planted(name: str, before: str = "", after: str = "") -> str:
    """The secret of this name, with what a real one may look like round it."""
    return f"{before}{marked(name)}{after}"


ALPACA_KEY = "PKSIM"  # the id of a key pair is no secret, and its end is shown
ALPACA_SECRET = planted("alpaca_secret", "Ak+", "/x=")
POLYGON_KEY = planted("polygon_key", "pk_")
CLIENT_SECRET = planted("client_secret", "client-", "/s")
OAUTH_TOKEN = planted("oauth_token", "oauth-")
PASSWORD = planted("password", "four plain words ")
WRONG_PASSWORD = planted("wrong_password", "four wrong words ")
DATABASE_PASSWORD = planted("database_password", "db-")
PERSONAL_DATABASE_PASSWORD = planted("personal_database_password", "four plain words ")
VENDORS = {
    "SIMULATED_ALPACA_KEY": ALPACA_KEY,
    "SIMULATED_ALPACA_SECRET": ALPACA_SECRET,
    "SIMULATED_POLYGON_KEY": POLYGON_KEY,
    "SIMULATED_CLIENT_SECRET": CLIENT_SECRET,
    "SIMULATED_OAUTH_TOKEN": OAUTH_TOKEN,
}  # what the simulated vendors, and a demo that trades with them, are told by their environment


def surroundings() -> dict[str, str]:
    """What the environment of every Python program of a story gets besides: the hook, and a temporary folder that is searched."""
    path = os.pathsep.join(part for part in (str(HOOK), os.environ.get("PYTHONPATH", "")) if part)
    return {"PYTHONPATH": path, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(TEMPORARY))}
