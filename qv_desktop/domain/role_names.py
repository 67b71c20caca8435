"""Names of roles: none that is taken for another, whatever its case, script, invisible characters or punctuation."""

import re
import unicodedata
from collections.abc import Iterable

from qv_desktop.domain.access import BUILT_IN
from qv_desktop.domain.errors import BadInput

LONGEST = 40  # characters of a name
RESERVED = ("App", "Door", "Owner")  # what the database calls groups of its own

# drawn as nothing or as a blank although they count as printable: fillers, joiners and variation selectors
_UNSEEN = frozenset(map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810),
                              *range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000))))  # fmt: skip
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]")
_LATIN = re.compile(r"LATIN (?:LETTER SMALL CAPITAL|SMALL LETTER|CAPITAL LETTER) ([A-Z])(?: WITH .*)?")
# letters of other scripts, rare Latin ones and digits by the Latin letter that they look like; capitals stand for themselves
_ALIKE = {
    "a": "АаΑαɑа", "b": "ВвЬьΒβ", "c": "СсϹϲ", "d": "ԀԁᎠ", "e": "ЕеΕεᎬ", "g": "Ɡɡց", "h": "НнҺһΗհᎻ", "i": "ІіΙιɩıᎥ", "j": "ЈјյϳͿ",
    "k": "КкΚκ", "l": "ӀӏƖԼլ|1", "m": "МмΜᎷ", "n": "ПпΝηոռ", "o": "ОоΟοσՕօ0", "p": "РрΡρᏢ", "q": "Ԛԛզ", "r": "гᎡᏒ", "s": "ЅѕՍՏᏚ",
    "t": "ТтΤτᎢ", "u": "иυս", "v": "ѴѵνᏙ", "w": "ԜԝωաᎳ", "x": "ХхΧχ", "y": "УуҮүΥγ", "z": "ΖΖ",
}  # fmt: skip
_OTHERS = {sign: letter for letter, signs in _ALIKE.items() for sign in signs}


def checked_name(name: str, taken: Iterable[str]) -> str:
    """The name in its one spelling (NFKC), without stray blanks.

    Raises BadInput when it cannot be read, is one of ours, or could be taken for another role's.
    """
    tidy = " ".join(unicodedata.normalize("NFKC", name).split())
    if not 0 < len(tidy) <= LONGEST or not tidy.isprintable() or _UNSEEN.intersection(tidy):
        raise BadInput(f"Give the role a name of 1 to {LONGEST} visible characters.")
    if not (look := looks(tidy)):
        raise BadInput("Give the role a name with a letter or a digit in it.")
    if look in _OURS:
        raise BadInput(
            f"“{tidy}” is, or looks like, {_OURS[look]}, which the program keeps for itself; choose another name."
        )
    for other in taken:
        if looks(other) == look:
            raise BadInput(f"There is a role “{other}” already, which looks the same; choose another name.")
        if _group(other) == _group(tidy):
            raise BadInput(
                f"The database cannot tell “{tidy}” from “{other}”; choose a name with other Latin letters or digits."
            )
    return tidy


def looks(name: str) -> str:
    """What a hasty reader takes the name for: without case, blanks, punctuation and accents, look-alikes as one letter."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", name))
    low = "".join(map(_plain, plain)).casefold()
    kept = "".join(sign for sign in low if sign not in _UNSEEN and unicodedata.category(sign)[0] in "LMNS")
    return kept.replace("rn", "m").replace("vv", "w").replace("i", "l")


def _plain(sign: str) -> str:
    if sign in _OTHERS:
        return _OTHERS[sign]
    latin = _LATIN.fullmatch(unicodedata.name(sign, "")) if not sign.isascii() else None
    return latin[1] if latin else sign


def _group(name: str) -> str:
    """How the database's group of the role is called, where people have logins of their own."""
    return re.sub("[^A-Za-z0-9]+", "_", name).lower()


_OURS = {looks(name): name for name in (*RESERVED, *BUILT_IN)}
