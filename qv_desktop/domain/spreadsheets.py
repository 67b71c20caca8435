"""What a spreadsheet would do with a text that it is given: it runs what begins like a formula."""

import re

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
BETWEEN = frozenset(";\t\r\n")  # where a spreadsheet that was told so, or whose country says so, begins another cell
# a run of what stands between cells, or is passed over at the beginning of one, right before a formula; its first character is
# where the run begins, so that no run is looked at twice
_RUN = re.compile(r'(?<![;\s"])[;\s"]++(?=[=+\-@\0＝＋－＠])')


def neutral(text: str) -> str:
    """``text`` with an apostrophe before each place where a spreadsheet would read a formula (OWASP ASVS 1.2.10).

    That is its beginning, and also what follows a semicolon, a tab or a line's end inside it: a file whose cells are parted by commas
    is split there where semicolons or tabs part them.
    """
    inner = _RUN.sub(_parted, text)
    return f"'{inner}" if inner.startswith(DANGEROUS) else inner


def _parted(run: re.Match[str]) -> str:
    found = run.group()
    return f"{found}'" if run.start() == 0 or not BETWEEN.isdisjoint(found) else found
