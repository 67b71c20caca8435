"""A source is read without running it, and each fault is one sentence with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Parameter, digest, free_name, tidy_name
from qv_desktop.domain.strategy_cautions import cautions, cautions_in
from qv_desktop.domain.strategy_source import LONGEST, checked, parsed, read, retitled
from qv_desktop.domain.strategy_template import template
from qv_desktop.services.strategy_lint import problems

HEAD = 'TITLE = "T"\n'
NONE = "PARAMS = ()\n"
BODY = "def signals(bars, params):\n    return bars.close > 0, bars.close < 0\n"


def with_params(params: str) -> str:
    return f"{HEAD}PARAMS = ({params},)\n{BODY}"


@pytest.mark.parametrize("kind", ["signals", "weights"])
def test_the_templates_have_nothing_that_is_wrong_and_nothing_to_think_about(kind: str) -> None:
    assert read(template(kind)).kind == kind
    assert problems(template(kind)) == ()


def test_title_parameters_and_kind_are_read_as_they_are_written_out() -> None:
    source = with_params(
        'Parameter("a", 20, 2, 200), Parameter(name="b", default=-1.5, low=-3, high=+2e1, whole=False)'
    )
    found = read(source.replace("TITLE =", "TITLE: str ="))
    assert (found.title, found.kind, found.faults) == ("T", "signals", ())
    assert found.parameters == (Parameter("a", 20, 2, 200), Parameter("b", -1.5, -3, 20.0, whole=False))


def test_reading_runs_nothing(tmp_path: object) -> None:
    mark = f"{tmp_path}/was_here"
    source = f'{HEAD}PARAMS = (Parameter("a", open({mark!r}, "w").write("x"), 2, 200),)\nopen({mark!r}, "w")\n{BODY}'
    found = read(source)
    assert [fault.line for fault in found.faults] == [2]
    with pytest.raises(FileNotFoundError):
        open(mark).close()


FAULTS = [
    ("", 0, "no TITLE"),
    (f"{HEAD}{NONE}", 0, "neither signals(bars, params) nor weights"),
    (f"TITLE = 1 + 1\n{NONE}{BODY}", 1, "TITLE is to be a text"),
    (f"TITLE = ' '\n{NONE}{BODY}", 1, "1 to 60 characters"),
    (f"{HEAD}{HEAD}{NONE}{BODY}", 2, "TITLE is written twice"),
    (f"{HEAD}PARAMS = []\n{BODY}", 2, "PARAMS is to be a tuple"),
    (f'{HEAD}PARAMS = (Parameter("a", 1, 1, 2))\n{BODY}', 2, "a comma after the only Parameter"),
    (with_params("1"), 2, "something else than Parameter"),
    (with_params('Parameter("a", 1)'), 2, "lacks its low"),
    (with_params('Parameter("a b", 1, 1, 2)'), 2, "first field of Parameter is its name"),
    (with_params('Parameter("a", x, 1, 2)'), 2, "default of Parameter is to be a number"),
    (with_params('Parameter("a", True, 1, 2)'), 2, "default of Parameter is to be a number"),
    (with_params('Parameter("a", 1e999, 1, 2)'), 2, "too large"),
    (with_params('Parameter("a", 1, 3, 2)'), 2, "low 3 above its high 2"),
    (with_params('Parameter("a", 5, 1, 2)'), 2, "default 5 outside 1 to 2"),
    (with_params('Parameter("a", 1.5, 1, 2)'), 2, "add whole=False"),
    (with_params('Parameter("a", 1, 1, 2, whole=0)'), 2, "True or False"),
    (with_params('Parameter("a", 1, 1, 2, step=1)'), 2, "unknown “step”"),
    (with_params('Parameter("a", 1, 1, 2), Parameter("a", 1, 1, 2)'), 2, "two parameters called “a”"),
    (f"{HEAD}{NONE}def signals(bars):\n    pass\n", 3, "must take these two"),
    (f"{HEAD}{NONE}def signals(bars, params, *, deep):\n    pass\n", 3, "nothing else is passed"),
    (f"{HEAD}{NONE}async def signals(bars, params):\n    pass\n", 3, "no async function"),
    (f"{HEAD}{NONE}def signals(bars, params):\n    yield 1\n", 3, "no generator"),
    (f"{HEAD}{NONE}@print\ndef signals(bars, params):\n    pass\n", 4, "without a decorator"),
    (f"{HEAD}{NONE}{BODY}{BODY}", 5, "once; keep one"),
    (f"{HEAD}{NONE}{BODY}x = (\n", 5, "This is no Python"),
    (f"{HEAD}\0", 2, "NUL character"),
    (f"{HEAD}\ud800", 2, "half a character"),
    ("(" * 5000, 1, "This is no Python"),
    ("-" * 60_000 + "1", 0, "nested too deeply"),
    ("#" * (LONGEST + 1), 0, "make it shorter"),
]


@pytest.mark.parametrize(("source", "line", "words"), FAULTS, ids=[words for *_, words in FAULTS])
def test_every_fault_is_one_sentence_with_its_line(source: str, line: int, words: str) -> None:
    found = [fault for fault in read(source).faults if words in fault.sentence]
    assert [fault.line for fault in found] == [line], read(source).faults
    assert found[0].sentence.endswith(".")
    with pytest.raises(BadInput):
        checked(source)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_no_text_makes_the_reading_or_the_lint_fail(text: str) -> None:
    assert read(text).faults
    assert problems(text)


CAUTIONS = [
    ("import os", "“os” is no part of computing"),
    ("from urllib.request import urlopen", "“urllib.request” is no part"),
    ("from qv_desktop.app import session", "“qv_desktop.app” is no part"),
    ("open('x')", "“open” reaches outside"),
    ("().__class__", "“__class__” reaches into Python"),
    ("x.shift(-1)", "looks ahead"),
    ("np.roll(x, -3)", "looks ahead"),
    ("np.roll(x, 1)", "set those that came round to NaN"),
]


@pytest.mark.parametrize(("line", "words"), CAUTIONS)
def test_what_looks_out_of_place_is_a_caution_and_no_fault(line: str, words: str) -> None:
    source = f"{HEAD}{NONE}{BODY}{line}\n"
    assert read(source).faults == ()
    found = [each for each in problems(source) if words in each.sentence]
    assert [(each.line, each.grave) for each in found] == [(5, False)]


@pytest.mark.parametrize("odd", ["\u202e", "\u200b", "\ufeff", "\x07", "\ue000"])
def test_what_does_not_show_as_it_is_is_pointed_out(odd: str) -> None:
    source = f'{HEAD}{NONE}{BODY}x = "{odd}"  # {"." * 300}\n'
    found = [each for each in problems(source) if each.line == 5]
    assert [(each.column, each.grave) for each in found] == [(1, False), (6, False)]
    assert f"U+{ord(odd):04X}" in found[1].sentence
    assert cautions_in(source) == tuple(sorted(found, key=lambda each: -each.column))


def test_what_computes_is_no_caution() -> None:
    wanted = "import numpy as np\nimport talib\nfrom qv_desktop.strategies.bars import Bars\nx = x.shift(1)\n"
    assert cautions(parsed(wanted)) == ()


def test_a_name_that_is_nowhere_is_grave_and_an_import_that_nobody_uses_is_not() -> None:
    source = f"import math\n{HEAD}{NONE}def signals(bars, params):\n    return clsoe, clsoe\n"
    found = {(each.line, each.grave) for each in problems(source)}
    assert found == {(1, False), (5, True)}


def test_a_title_is_replaced_and_nothing_else() -> None:
    source = f'# ünï\nx = "ü"; TITLE = "Old"  # kept\n{NONE}{BODY}'
    changed = retitled(source, 'New "one" \\ ü')
    assert read(changed).title == 'New "one" \\ ü'
    assert changed.replace('"New \\"one\\" \\\\ ü"', '"Old"') == source
    with pytest.raises(BadInput):
        retitled(source, " ")


def test_names_are_what_orders_can_carry_and_a_free_one_is_found() -> None:
    assert tidy_name(" my_cross2 ") == "my_cross2"
    for wrong in ("", "2x", "My", "a-b", "x" * 41, "a\n"):
        with pytest.raises(BadInput):
            tidy_name(wrong if wrong != "a\n" else "a\nb")
    assert free_name("x", frozenset()) == "x"
    assert free_name("x", frozenset({"x", "x_2"})) == "x_3"
    assert len(digest("x")) == 64
