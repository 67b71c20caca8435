"""Passwords: argon2id at the library's RFC 9106 parameters, and the rules for a new one (OWASP ASVS 5.0, 6.2)."""

import base64
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret

from qv_desktop.domain.errors import BadInput

SHORTEST, LONGEST = 8, 128
_GUESSED_FIRST = """
    00000000 11111111 12121212 12341234 123123123 12345678 123456789 1234567890 1234qwer 123qweasd 1q2w3e4r
    1q2w3e4r5t 1qaz2wsx 22222222 55555555 66666666 77777777 87654321 88888888 987654321 99999999 a1234567 aa123456
    aaaaaaaa abc12345 abcd1234 abcdefgh access14 admin123 administrator alexander asdfasdf asdfghjk asdfghjkl
    babygirl baseball basketball bigdaddy butterfly charlotte changeme chocolate christian cocacola computer
    corvette danielle dragon123 elephant facebook football football1 garfield geronimo iloveyou iloveyou1 internet
    jennifer jonathan letmein1 letmein123 liverpool lovelove marlboro master123 maverick mercedes michelle midnight
    monkey123 mountain mustang1 nicholas nintendo p@ssw0rd passw0rd password password1 password12 password123
    password! pokemon1 princess princess1 q1w2e3r4 qazwsxedc qwer1234 qwerty12 qwerty123 qwertyui qwertyuiop
    rush2112 samantha samsung1 scorpion secret123 snowball spiderman starwars steelers startrek strawberry success1
    sunshine sunshine1 superman superman1 swordfish target123 test1234 trading1 trading123 trader123 trustno1
    victoria welcome1 welcome123 whatever winston1 wrangler xxxxxxxx zaq12wsx zaq1zaq1 zxcvbnm1 zxcvbnm123
"""
COMMON = frozenset(_GUESSED_FIRST.split())
_WORDS = """
    account alpaca amazon america april august autumn banking batman bitcoin blessed broker business capital charlie chelsea company
    computer daniel december default desktop dollar family february finance freedom friday guest hannah hello hunter january jessica
    jordan july june killer london love manager march market markets master matrix michael monday money monkey naruto newyork november
    nothing october office orange pass passw passwort patrick pepper polygon portfolio private profit quantvision ranger robert saturday
    secret security september shadow soccer spring stock stocks summer sunday system temp temporary terminal test thomas thunder
    thursday trade trader traders trading tuesday user wallstreet wednesday welcome winter wizard
"""
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "azertyuiop")
_SIGNS = "0123456789 !?.,;:_-#*@$%&+="  # what is put around a word so that it passes for a password
_LEET = [str.maketrans("@4031$5!7", f"aaoe{one}ss{one}t") for one in "il"]  # a 1 is an i or an l
_BASES = frozenset(word.strip("0123456789!") for word in COMMON | frozenset(_WORDS.split())) - {""}

_hasher = PasswordHasher()
_EMPTY = base64.b64encode(bytes(_hasher.hash_len)).decode().rstrip("=")  # stands where a hash would, for its length


def checked(password: str, name: str) -> None:
    """Raises BadInput when ``password`` may not be used by the user ``name``."""
    if len(password) < SHORTEST:
        raise BadInput(f"The password is too short; use at least {SHORTEST} characters, best a few words.")
    if len(password) > LONGEST:
        raise BadInput(f"The password is too long; use at most {LONGEST} characters.")
    if guessed(password, name):
        raise BadInput("This password is among the first that are guessed; choose another, best a few words.")


def guessed(password: str, name: str) -> bool:
    """Whether it is among those that are tried first.

    That is a common word or the user's name with a few signs before and after, spelled with digits for letters or not; a row of the
    keyboard, of the alphabet or of digits; the same again and again.
    """
    low = password.casefold()
    if low in COMMON or len(set(low)) <= 2 or low in (low + low)[1:-1] or _in_rows(low) >= len(low) - 2:
        return True
    return any(word in _BASES or (name and word == name.casefold()) for word in _bare(low))


def _bare(low: str) -> Iterator[str]:
    """The text without any number of the signs at its end, with letters for the digits that stand for them."""
    kept = len(low.rstrip(_SIGNS))
    for end in range(max(kept, 1), len(low) + 1):
        text = low[:end].lstrip(_SIGNS)
        yield text
        for leet in _LEET:
            yield text.translate(leet)


def _in_rows(text: str) -> int:
    """How many steps from one sign to the next go along a row of keys, to and fro."""
    steps = ["".join(pair) for pair in pairwise(text)]
    return sum(any(step in row or step in row[::-1] for row in _ROWS) for step in steps)


def hashed(password: str) -> str:
    """The encoded argon2id hash; a tenth of a second of work, for a thread."""
    return _hasher.hash(_plain(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one behind ``stored``; without a hash the same work is done and the answer is no."""
    try:
        nobody = _dummy()  # made on first use, whoever asks, so that its making tells nothing
        _hasher.verify(stored or nobody, _plain(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None and len(password) <= LONGEST


def proof(salted: str | None, password: str) -> str:
    """The encoded hash of ``password`` with the parameters and salt of ``salted``, for a server that compares and never shows its own.

    ``salted`` is an encoded hash without its last part; without one the same work is done for nothing.
    """
    known = salted or _dummy().rpartition("$")[0]
    parts = extract_parameters(f"{known}${_EMPTY}")
    salt = base64.b64decode(known.rpartition("$")[2] + "==")
    made = hash_secret(_plain(password[: LONGEST + 1]), salt, parts.time_cost, parts.memory_cost, parts.parallelism, parts.hash_len,
                       parts.type, parts.version).decode()  # fmt: skip
    return made if salted and len(password) <= LONGEST else ""


def outdated(stored: str) -> bool:
    """Whether the parameters have risen since ``stored`` was made."""
    return _hasher.check_needs_rehash(stored)


def _plain(password: str) -> bytes:
    """One spelling for what looks the same on different keyboards (NFC)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


@cache
def _dummy() -> str:
    return _hasher.hash(b"nobody's password")
