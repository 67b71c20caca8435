"""Which names a role may have: none that a hasty reader, or the database, takes for another one."""

import pytest

from qv_desktop.domain.access import BUILT_IN
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.role_names import LONGEST, RESERVED, checked_name, looks


@pytest.mark.parametrize(
    "name",
    [
        "Night desk",
        "Müller",
        "風險",
        "Риск",
        "β hedging",
        "Desk 2",
        "Administration",
        "Traders",
        "App team",
        "L" * LONGEST,
    ],
)
def test_an_ordinary_name_stays(name: str) -> None:
    assert checked_name(f"  {name} ", [*BUILT_IN, "Day desk"]) == name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ｎｉｇｈｔ　ｄｅｓｋ", "Night desk"),
        ("Desk ②", "Desk 2"),
        ("Müller", "Müller"),
        ("ﬁxed income", "fixed income"),
    ],
)
def test_a_name_is_kept_in_its_one_spelling(typed: str, kept: str) -> None:
    assert checked_name(typed, []) == kept


@pytest.mark.parametrize("name", [*RESERVED, *BUILT_IN])
def test_names_of_ours_are_refused_however_they_are_dressed_up(name: str) -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in name)
    for dressed in (name, name.upper(), name.lower(), f" {name}", f"{name}.", f"{name[0]}-{name[1:]}", " ".join(name), wide,
                    f"{name}\u0301", name.replace("e", "е"), name.replace("e", "é"), name.replace("p", "р"), name.replace("d", "ԁ"),
                    name.replace("A", "А"), name.replace("A", "Α"), name.replace("i", "1"), name.replace("i", "l"), name.replace("m", "rn"),
                    name.replace("w", "vv"), name.replace("r", "ʀ"), name.replace("i", "ı"), name.replace("o", "0"),
                    name.replace("O", "Ø"), name.replace("T", "Ｔ"), name.replace("y", "у")):  # fmt: skip
        with pytest.raises(BadInput, match="the program keeps for itself"):
            checked_name(dressed, [])


@pytest.mark.parametrize("unseen", ["\u200b", "\u2060", "\u00ad", "\u034f", "\u115f", "\u3164", "\uffa0", "\u2800", "\ufe0f",
                                    "\u180e", "\u202e", "\U000e0041", "\U000e0100", "\0"])  # fmt: skip
def test_what_cannot_be_seen_is_in_no_name(unseen: str) -> None:
    for name in (f"Adm{unseen}in", f"{unseen}Desk", unseen):
        with pytest.raises(BadInput, match="visible characters"):
            checked_name(name, [])


@pytest.mark.parametrize("name", ["night desk", "NIGHT DESK", "Nightdesk", "Night-desk", "Night. desk!", "“Night” desk", "Νight desk",
                                  "Ｎight desk", "Níght desk", "Nlght desk"])  # fmt: skip
def test_a_name_that_looks_like_anothers_is_refused_with_the_other_one(name: str) -> None:
    with pytest.raises(BadInput, match="There is a role “Night desk” already"):
        checked_name(name, ["Viewer", "Night desk"])


def test_two_names_that_the_database_would_call_alike_are_refused() -> None:
    """Its groups have Latin letters and digits alone: of these nothing would be left."""
    with pytest.raises(BadInput, match="The database cannot tell “День” from “Ночь”"):
        checked_name("День", ["Ночь"])
    assert checked_name("День 2", ["Ночь"]) == "День 2"


@pytest.mark.parametrize("name", ["", "   ", "—", "...", "L" * (LONGEST + 1), "a\nb\x07"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="Give the role a name"):
        checked_name(name, [])


def test_names_in_scripts_with_signs_of_their_own_stay_apart() -> None:
    assert looks("की") != looks("कि")
    assert looks("C++") != looks("C")
