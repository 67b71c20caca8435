"""`doctor`: what is set, where things lie and what is missing."""

import argparse
import json


def add_words(parser: argparse.ArgumentParser) -> None:
    """Takes no further words."""
    parser.set_defaults(command=_doctor)


def _doctor(asked: argparse.Namespace) -> int:
    from qv_desktop import app

    print(json.dumps(app.circumstances(), indent=2, default=str))
    return 0
