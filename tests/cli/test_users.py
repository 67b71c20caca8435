"""Users from the command line: the list, and the way back in for a desk without an Admin."""

from pathlib import Path

from tests.stories.program import is_one_sentence, ran


def test_a_desk_without_an_admin_gets_one_and_the_trail_keeps_who_did_it(open_folder: Path) -> None:
    unasked = ran(open_folder, "users", "make-admin", "Ada")
    assert (unasked.returncode, unasked.stdout) == (2, "")
    assert unasked.stderr.splitlines()[-1] == "Nobody can be asked here; say --yes to go on."
    done = ran(open_folder, "users", "make-admin", "Ada", "--yes")
    assert done.returncode == 0, done.stderr
    assert "every Admin is told for a week" in done.stderr
    code = done.stdout.split()[-1]
    assert len(code.replace("-", "")) == 20
    listed = ran(open_folder, "users", "list")
    assert listed.stdout == "Ada: Admin, active, 0 sessions, last seen never\n"
    assert "whole" in ran(open_folder, "audit", "verify").stdout
    assert code not in "".join(file.read_text("utf-8", "replace") for file in open_folder.glob("*") if file.is_file())


def test_a_name_that_cannot_be_one_is_one_sentence(open_folder: Path) -> None:
    done = ran(open_folder, "users", "make-admin", "n" * 65, "--yes")
    assert done.returncode == 2
    assert is_one_sentence(done.stderr.splitlines()[-1] + "\n")
