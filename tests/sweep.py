"""The search for this run's secrets (tests/canaries.py): in files, tables, texts and processes, however they are written there."""

import base64
import binascii
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from tests import canaries

KEPT = {
    "demo-password": ("demo_password", "the demo's own, for its owner alone"),
    "password": ("embedded_password", "of the embedded database, for its owner alone"),
    "password.new": ("embedded_password", "the same, while the database is being made"),
    "ring.json": ("", "stands for the system's keyring in a test"),
}  # file -> which secret (any, if none is named) it is there to keep, and why
RUNS = 8  # letters that PostgreSQL's compression leaves together between two of its control bytes
OTHERS = (
    (canaries.CODE_MARK, "reset_code"),
    (f"{canaries.CODE_MARK[:5]}-{canaries.CODE_MARK[5:]}", "reset_code"),
    ("eyJhbGciOiJ", "access_token"),  # how every one begins: {"alg":"
)  # secrets that cannot carry the mark, by what they have in its place
TOOLS = (
    "sh",
    "gcc",
    "cc",
    "collect2",
    "ld",
    "objdump",
    "ldconfig",
    "uname",
)  # the system's own, which Python's library asks where others
# lie: they inherit what the person gave the program, look at none of it and are gone in a moment
PLAIN = 2  # of the spellings
AROUND = 90  # bytes shown of where a secret stands; none of these is one
OWN = (
    "QV_DATABASE_URL",
    "QV_ALPACA_SECRET",
    "QV_POLYGON_KEY",
    "SECRETS_OF_THE_TEST",
    *canaries.VENDORS,
)  # given by a test


type Depth = Literal["all", "pressed", "plain"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret that stands where it must not: ``where`` in words, ``offset`` in bytes of what was searched there."""

    secret: str
    where: str
    offset: int
    around: str

    def __str__(self) -> str:
        return f"{self.secret} in {self.where} at byte {self.offset}: {self.around}"


@cache
def spellings(mark: str) -> tuple[bytes, ...]:
    """The mark as it may stand somewhere: plain (quoted for a URL or in JSON too, for it needs no quoting), in hexadecimal, in two bytes
    a letter, and in base64 at each of the three places it may begin at within a longer text."""  # fmt: skip
    raw = mark.encode()
    two = mark.encode("utf-16-le")[:-1]
    middles = []
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw + b"\0\0")
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6  # the letters that are made of the mark alone
        middles.append(whole[first:last])
    both = dict.fromkeys((raw.hex().encode(), raw.hex().upper().encode()))  # the same where no digit is a letter
    return (raw, *both, two, *middles)


def found(content: bytes, where: str, depth: Depth = "all") -> list[Hit]:
    """The first place of each spelling of a secret in ``content``; ``plain`` is the plain one and hexadecimal, ``pressed`` all and what
    PostgreSQL compressed."""  # fmt: skip
    hits = [
        _hit(_named(content, at, spelled), where, content, at)
        for spelled in spellings(canaries.MARK)[: PLAIN if depth == "plain" else None]
        if (at := content.find(spelled)) >= 0
    ]
    hits += [_hit(name, where, content, at) for text, name in OTHERS if (at := content.find(text.encode())) >= 0]
    if depth == "pressed" and not hits:
        hits += [_hit("a secret", where, content, at) for run in _runs() if (at := content.find(run)) >= 0][:1]
    return hits


def _runs() -> list[bytes]:
    """One of these stands together wherever the mark was compressed: a control byte parts every eight letters."""
    raw = canaries.MARK.encode()
    return [raw[at : at + RUNS] for at in range(RUNS)]


def _named(content: bytes, at: int, spelled: bytes) -> str:
    """Which secret it is, by the two digits behind the mark; base64 that begins amid a letter does not tell."""
    behind = content[at + len(spelled) :][:4]
    try:
        if spelled == canaries.MARK.encode():
            return canaries.NAMES[int(behind[:2])]
        if spelled.lower() == canaries.MARK.encode().hex().encode():
            return canaries.NAMES[int(binascii.unhexlify(behind[:4]))]
        if b"\0" in spelled:
            return canaries.NAMES[int(behind[1:4:2])]
    except (ValueError, IndexError):
        pass
    return "a secret"


def _hit(secret: str, where: str, content: bytes, at: int) -> Hit:
    return Hit(secret, where, at, repr(content[max(0, at - AROUND) : at + AROUND // 2]))


def in_files(
    root: Path, unchanged: Mapping[str, tuple[int, int]] | None = None, without: Sequence[str] = ()
) -> list[Hit]:
    """What stands in the files beneath ``root`` and is not theirs to keep; those that are as in ``unchanged`` (name -> size and time of
    change, ns) were searched where they were made, and folders called as in ``without`` by other ways."""  # fmt: skip
    hits: list[Hit] = []
    for file in _files(root):
        name = str(file.relative_to(root))
        if any(part in without for part in file.parts):
            continue
        if unchanged is not None and unchanged.get(_in_database(name), (-1, -1)) == _looks(file):
            continue
        for where, content in _unpacked(name, file):
            hits += [hit for hit in found(content, where, _depth(file)) if not kept(file, hit)]
    return hits


def _depth(file: Path) -> Depth:
    """How thoroughly: a database's log of changes is long, and its tables and their files tell the rest."""
    return "pressed" if "base" in file.parts else "plain" if "pg_wal" in file.parts else "all"


def kept(file: Path, hit: Hit) -> bool:
    """Whether the file is there to keep that secret."""
    secret = KEPT.get(file.name, (None, ""))[0]
    return secret is not None and secret in ("", hit.secret)


def _files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        for name in names:
            file = Path(folder, name)
            if file.is_file() and not file.is_symlink():
                yield file


def looks(root: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of every file beneath ``root``, a database's folder."""
    return {str(file.relative_to(root)): _looks(file) for file in _files(root)}


def _in_database(name: str) -> str:
    """The file's name within the folder of the database it belongs to."""
    return name.rpartition("postgres/")[2]


def _looks(file: Path) -> tuple[int, int]:
    try:
        told = file.stat()
    except FileNotFoundError:
        return -2, -2
    return told.st_size, told.st_mtime_ns


def _unpacked(where: str, file: Path) -> Iterator[tuple[str, bytes]]:
    """The file's content, and of one that is pressed together what is in it."""
    try:
        content = file.read_bytes()
    except (FileNotFoundError, PermissionError):
        return  # gone meanwhile, as files of a server that is still at work are; or closed by a test, which tried to write it in vain
    yield where, content
    if content.startswith(b"PAR1"):
        from pyarrow import ArrowException, parquet

        try:
            yield f"{where}, read", json.dumps(parquet.read_table(file).to_pylist(), default=str).encode()
        except (ArrowException, OSError):
            return  # broken on purpose
    elif content.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(file) as packed:
                yield from ((f"{where}, {name}", packed.read(name)) for name in packed.namelist())
        except (zipfile.BadZipFile, zlib.error, EOFError):
            return
    elif content.startswith(b"\x1f\x8b"):
        try:
            yield f"{where}, unpacked", zlib.decompressobj(31).decompress(content)
        except zlib.error:
            return
    elif content.startswith(b"%PDF"):
        yield f"{where}, its streams", b"\n".join(_streams(content))


def _streams(content: bytes) -> Iterator[bytes]:
    """The compressed parts of a PDF file."""
    for part in content.split(b"stream\n")[1:]:
        try:
            yield zlib.decompressobj().decompress(part)
        except zlib.error:
            continue


def question(tables: Iterable[str]) -> str:
    """SQL that gives (table, row as text) for each row of these tables with a secret in it."""
    marks = [spelled.decode("latin-1") for spelled in spellings(canaries.MARK) if b"\0" not in spelled]
    pattern = "|".join([*marks, *(text for text, _ in OTHERS)])
    parts = (f"SELECT '{name}', t::text FROM {name} AS t WHERE t::text ~ '{pattern}'" for name in tables)  # noqa: S608 - our names
    return " UNION ALL ".join(parts)


TABLES = "SELECT schemaname || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"


def in_rows(rows: Iterable[tuple[str, str]]) -> list[Hit]:
    """What stands in rows that the question gave."""
    return [hit for table, row in rows for hit in found(row.encode(), f"table {table}")]


def in_database(url: str) -> list[Hit]:
    """What stands in any row of the database at ``url``."""
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        tables = [row[0] for row in connection.execute(TABLES)]
        return in_rows(connection.execute(question(tables).encode()).fetchall()) if tables else []


def in_process(pid: str, parents: set[str]) -> list[Hit]:
    """What stands in a process's command line, or in its environment; gone ones have nothing. A variable that a test gave to a program
    it started is that program's to know (``parents`` are the tests' own processes), and the simulated vendors' to be told."""  # fmt: skip
    try:
        place = Path("/proc", pid)
        words, around = (place / "cmdline").read_bytes(), (place / "environ").read_bytes()
        above = (place / "stat").read_text().rpartition(")")[2].split()[1]
        if words == Path("/proc", above, "cmdline").read_bytes():
            return []  # the moment between a fork and another program's start, in which it is its parent still
    except (OSError, IndexError):
        return []
    if Path(os.fsdecode(words.partition(b"\0")[0])).name in TOOLS:
        around = b""
    said = words.replace(b"\0", b" ").decode(errors="replace")[:200]
    hits = found(words, f"the command line of process {pid}")
    for entry in around.split(b"\0"):
        name = entry.partition(b"=")[0].decode(errors="replace")
        given = name in OWN and (above in parents or (name in canaries.VENDORS and "simulat" in said))
        if not given:
            hits += found(entry, f"the environment of process {pid} ({said}), {name}")
    return hits


def report(hits: Iterable[object]) -> None:
    """Keep hits for the end of the run, whichever process of it found them."""
    lines = "".join(f"{hit}\n" for hit in hits)
    if lines:
        with canaries.HITS.open("a", encoding="utf-8") as file:
            file.write(lines)


def reported() -> list[str]:
    """What was found so far."""
    return canaries.HITS.read_text(encoding="utf-8").splitlines() if canaries.HITS.exists() else []
