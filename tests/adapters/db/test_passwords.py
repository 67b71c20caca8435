"""Which passwords are guessed first, and that what people choose with care is not taken for one."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.adapters.db.passwords import checked, guessed
from qv_desktop.domain.errors import BadInput


@pytest.mark.parametrize("password", [
    "password", "Password123", "P@ssw0rd!", "p4$$w0rd2026", "Spring2026!", "summer#2025", "Trading123", "quantvision1", "Welcome1!",
    "12345678", "87654321", "abcdefgh", "qwertyuiop", "asdfghjkl1", "zxcvbnm,1", "aaaaaaaa", "abababab", "abcdabcd", "1q1q1q1q",
    "passwordpassword", "maria2026", "MARIA_1990", "m4r14!!!", "!!!monday!!!", "qwertz123456",
])  # fmt: skip
def test_it_is_guessed(password: str) -> None:
    assert guessed(password, "maria")
    with pytest.raises(BadInput, match=r"guessed|too short"):
        checked(password, "maria")


@pytest.mark.parametrize("password", [
    "four plain words here", "correct horse battery", "winter is coming for us", "my trading desk is loud", "Tr0ub4dor&3",
    "ein Fahrrad im Regen", "tZ8-kk2_Qw9", "7 red balloons", "marias old bicycle",
])  # fmt: skip
def test_it_is_not(password: str) -> None:
    assert not guessed(password, "maria")
    checked(password, "maria")


@given(st.text(min_size=0, max_size=130), st.text(max_size=64))
def test_any_text_has_an_answer(password: str, name: str) -> None:
    guessed(password, name)


def test_the_programs_own_hasher_costs_what_rfc_9106_recommends() -> None:
    """In a program of its own: tests hash cheaply. Its second choice, for where two gigabytes are too much."""
    asked = "from qv_desktop.adapters.db.passwords import hashed; print(hashed('four plain words'))"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
