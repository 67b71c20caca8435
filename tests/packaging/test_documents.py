"""The documents: links that lead somewhere, and commands and settings that exist."""

import argparse
import re
from pathlib import Path

import pytest
from msgspec.structs import fields

from qv_desktop.cli import parser
from qv_desktop.config import OTHER_VARIABLES, PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = (ROOT / "docs" / "guide" / "command_line.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert not [link for link in local if not (document.parent / link).exists()]


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    records = [file.name for file in (ROOT / "docs" / "adr").glob("0*.md")]
    assert records
    assert not [name for name in records if f"]({name})" not in index]


def test_every_command_is_in_the_guide() -> None:
    (commands,) = (a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert not [name for name in commands.choices if f"`qv-desktop {name}" not in COMMANDS and f"or `{name}" not in COMMANDS
                and f"`{name} " not in COMMANDS]  # fmt: skip


def test_every_flag_of_the_demo_is_in_the_guide() -> None:
    (commands,) = (a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    flags = [flag for action in commands.choices["demo"]._actions for flag in action.option_strings if flag[:2] == "--"]
    assert not [flag for flag in flags if flag != "--help" and f"`{flag}" not in COMMANDS]


def test_the_guide_names_every_setting_and_none_that_does_not_exist() -> None:
    settings = {f"{PREFIX}{field.name.upper()}" for field in fields(Settings)}
    named = set(re.findall(r"QV_[A-Z_]+", COMMANDS))
    assert settings <= named
    assert named <= settings | set(OTHER_VARIABLES)


def test_the_licence_of_vectorbt_is_told() -> None:
    assert "Commons Clause" in (ROOT / "README.md").read_text(encoding="utf-8")
