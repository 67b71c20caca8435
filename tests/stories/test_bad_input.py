"""Bad input on the command line: one clear sentence that says what to do, exit code 2, and nothing lost."""

import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories import program
from tests.stories.program import a_home, is_one_sentence, opened, ran, running, server_of, until

HEADLESS = ("demo", "--headless", "--for", "5")
GOOD = "date,open,high,low,close,volume\n2020-12-15 09:31:00,10,11,9,10,100\n"
BROKEN = {
    "columns are missing": "a,b\n1,2\n",
    "a high lies below a low": GOOD + "2020-12-15 09:32:00,10,8,9,10,100\n",
}


@pytest.fixture(autouse=True)
def nothing_is_provided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders are part of what is bad here: the program makes its own."""
    monkeypatch.setattr(program, "_provide", lambda *_: None)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The sentence of a run that was refused as it should be."""
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert is_one_sentence(done.stderr), done.stderr
    return done.stderr


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port at which nothing answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.parametrize("words", [("db", "check"), ("run",), HEADLESS])
def test_a_database_address_that_cannot_be_read_is_answered_with_how_to_write_it(
    home: Path, words: tuple[str, ...]
) -> None:
    said = refused(ran(home, *words, QV_DATABASE_URL="garbage", QT_QPA_PLATFORM="offscreen"))
    assert "postgresql://user:password@host:5432/name" in said


@pytest.mark.parametrize("words", [("db", "check"), HEADLESS])
def test_a_database_that_does_not_answer_is_named_and_its_password_is_not(
    home: Path, closed_port: int, words: tuple[str, ...]
) -> None:
    url = f"postgresql://trader:hidden-word@127.0.0.1:{closed_port}/qv"
    said = refused(ran(home, *words, QV_DATABASE_URL=url, QT_QPA_PLATFORM="offscreen"))
    assert f"127.0.0.1:{closed_port}" in said
    assert "hidden-word" not in said


@pytest.mark.parametrize("kind", BROKEN)
def test_a_recording_is_refused_when(kind: str, home: Path) -> None:
    file = home / "SPY.csv"
    file.write_text(BROKEN[kind], encoding="utf-8")
    said = refused(ran(home, *HEADLESS, "--replay", str(file)))
    assert "SPY.csv" in said
    assert file.read_text(encoding="utf-8") == BROKEN[kind]


def test_a_recording_that_is_cut_short_is_refused(home: Path) -> None:
    file = home / "SPY.csv.gz"
    whole = gzip.compress((GOOD * 1000).encode())
    file.write_bytes(whole[: len(whole) // 2])
    assert "SPY.csv.gz" in refused(ran(home, *HEADLESS, "--replay", str(file)))


def test_a_recording_that_is_not_there_is_refused(home: Path) -> None:
    assert "nowhere.csv" in refused(ran(home, *HEADLESS, "--replay", str(home / "nowhere.csv")))


@pytest.mark.parametrize("words", [
    ("demo", "--headless", "--for", "0"), ("demo", "--headless", "--for", "-3"), ("demo", "--headless", "--for", "nan"),
    ("demo", "--headless", "--for", "soon"), (*HEADLESS, "--speed", "0"),
])  # fmt: skip
def test_a_number_out_of_range_is_refused(words: tuple[str, ...], home: Path) -> None:
    assert words[-2] in refused(ran(home, *words))


@pytest.mark.parametrize(("variable", "value"), [
    ("QV_ENVIRONMENT", "MARS"), ("QV_LOG_LEVEL", "loud"), ("QV_DATABSE_URL", "postgresql://typing/mistake"),
])  # fmt: skip
def test_a_variable_that_cannot_be_used_is_named(variable: str, value: str, home: Path) -> None:
    said = refused(ran(home, "doctor", **{variable: value}))
    assert variable in said


@pytest.mark.parametrize("text", ["database_url = ", "watchlist = 3\n", "no_such_setting = 1\n", "\0\0\0\0"])
def test_a_damaged_settings_file_is_named_and_left_as_it_is(text: str, home: Path) -> None:
    file = home / "settings.toml"
    file.write_text(text, encoding="utf-8")
    assert str(file) in refused(ran(home, "run", QT_QPA_PLATFORM="offscreen"))
    assert file.read_text(encoding="utf-8") == text


def test_a_settings_file_that_is_no_text_is_named(home: Path) -> None:
    (home / "settings.toml").write_bytes(b"\xff\xfe\x00settings")
    assert "settings.toml" in refused(ran(home, "doctor"))


@pytest.mark.parametrize("words", [HEADLESS, ("db", "check"), ("audit", "verify")])
def test_a_folder_that_cannot_be_made_is_named(words: tuple[str, ...], home: Path) -> None:
    in_the_way = home / "file"
    in_the_way.write_text("not a folder", encoding="utf-8")
    assert str(in_the_way) in refused(ran(in_the_way / "home", *words))
    assert in_the_way.read_text(encoding="utf-8") == "not a folder"


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that is there and takes no files")
def test_an_out_folder_that_takes_no_files_is_refused_before_anything_is_started(home: Path) -> None:
    assert "--out" in refused(ran(home, *HEADLESS, "--out", "/proc"))
    assert not (home / "demo").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only here can there be no screen")
def test_a_window_that_nobody_could_see_is_refused(home: Path) -> None:
    assert "demo --headless" in refused(ran(home, "run"))
    assert not (home / "postgres").exists()


def test_a_second_terminal_on_the_same_folder_is_refused_and_the_first_goes_on(home: Path) -> None:
    with running(home, "run", QT_QPA_PLATFORM="offscreen") as first:
        until(opened(home / "postgres"), first)
        said = refused(ran(home, "run", QT_QPA_PLATFORM="offscreen"))
        assert "already running" in said
        assert str(first.pid) in said
        verified = ran(home, "audit", "verify")  # what only reads may share the database
        assert verified.returncode == 0, verified.stderr
        assert first.poll() is None
        assert opened(home / "postgres")()
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 128 + signal.SIGTERM
    assert server_of(home / "postgres") is None


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 160 MB of its own."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small disk")
    with a_home() as folder:
        mounted = subprocess.run([str(shutil.which("mount")), "-t", "tmpfs", "-o", "size=160m,mode=0755", "tmpfs", str(folder)],
                                 capture_output=True, check=False)  # fmt: skip
        if mounted.returncode:
            pytest.skip("a small disk cannot be mounted here")
        try:
            yield folder
        finally:
            subprocess.run([str(shutil.which("umount")), "-l", str(folder)], check=False)


def test_a_full_disk_is_said_and_what_was_kept_is_still_there_once_it_has_room(small_disk: Path) -> None:
    filler = small_disk / "filler"
    fill(filler, leave=10_000_000)  # too little for a database
    assert "full" in refused(ran(small_disk, "db", "check"))
    filler.unlink()
    assert ran(small_disk, "audit", "verify").returncode == 0
    fill(filler, leave=0)
    assert "full" in refused(ran(small_disk, *HEADLESS))
    again = ran(small_disk, "db", "check")
    assert again.returncode == 0 or "full" in refused(again)
    filler.unlink()
    assert ran(small_disk, "audit", "verify").returncode == 0


def test_a_proof_that_cannot_be_kept_is_refused_before_the_story_begins(home: Path) -> None:
    in_the_way = home / "out"
    in_the_way.write_text("not a folder", encoding="utf-8")
    assert str(in_the_way) in refused(ran(home, *HEADLESS, "--out", str(in_the_way)))


def fill(file: Path, leave: int) -> None:
    """Take the disk of ``file`` up to ``leave`` bytes."""
    free = shutil.disk_usage(file.parent).free - leave
    with file.open("wb") as opened_file:
        try:
            while free > 0:
                free -= opened_file.write(b"\0" * min(free, 1_000_000))
                opened_file.flush()
        except OSError:
            return


@pytest.mark.parametrize("word", ["debug", "Debug", "DEBUG"])
def test_a_log_level_counts_however_it_is_written(word: str, home: Path) -> None:
    assert ran(home, "doctor", QV_LOG_LEVEL=word).returncode == 0
