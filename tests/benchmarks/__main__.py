"""Measures: `python -m tests.benchmarks NAME [--json] …`; NAME is a module here with `figures()`, perhaps `report` and `arguments`."""

import argparse
import json
import pkgutil
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType


def names() -> list[str]:
    """The benchmarks that can be asked for."""
    return sorted(found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)]) if found.name[0] != "_")


def main(words: Sequence[str]) -> int:
    """Run one benchmark; 2 and one sentence for a name that is none."""
    parser = _parser()
    asked, rest = parser.parse_known_args(words)
    module = _module(asked.name)
    if module is None:
        sys.stderr.write(f"There is no benchmark “{asked.name}”; choose one of {', '.join(names())}.\n")
        return 2
    figures: dict[str, object] = module.figures(**_own(module, parser.prog, asked.name, rest))
    sys.stdout.write(getattr(module, "report", table)(figures))
    if asked.json:
        sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def _own(module: ModuleType, prog: str, name: str, rest: Sequence[str]) -> dict[str, object]:
    """A benchmark's own arguments, which its ``arguments(parser)`` names, as those of its ``figures``."""
    parser = argparse.ArgumentParser(prog=f"{prog} {name}", allow_abbrev=False)
    if hasattr(module, "arguments"):
        module.arguments(parser)
    return vars(parser.parse_args(rest))


def table(figures: dict[str, object]) -> str:
    """One line per figure, names and values aligned."""
    width = max(map(len, figures))
    return "".join(f"{name:<{width}}  {_shown(value):>12}\n" for name, value in figures.items())


def _shown(value: object) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else json.dumps(value)


def _module(name: str) -> ModuleType | None:
    if name not in names():
        return None
    module = import_module(f"tests.benchmarks.{name}")
    return module if hasattr(module, "figures") else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev bench", description="Measure one part of the program.")
    parser.add_argument("name", metavar="NAME", help=", ".join(names()))
    parser.add_argument("--json", action="store_true", help="end with the figures as one JSON object")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
