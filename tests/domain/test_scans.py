"""Scans: the language of rules, three-valued truth, and the reasons that a person reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Quote, Snapshot
from qv_desktop.domain.norms import Norms
from qv_desktop.domain.scan_fields import FIELDS, FLAGS
from qv_desktop.domain.scan_parsing import LARGEST, RuleError, parse
from qv_desktop.domain.scan_rows import Moment, Row
from qv_desktop.domain.scan_rules import And, Between, Condition, Flag, Not, Or, Rule, explain, fields_of, text, truth
from qv_desktop.domain.scans import PRESETS, Scan, checked, found, order_of, placing

NOW = 1_000_000_000_000


def a_row(symbol: str = "AAPL", halted: bool = False, norms: Norms | None = None, **rest: object) -> Row:
    """Last 104, close 100, open 103, range 102 to 105, three million shares where one million are usual."""
    values: dict[str, object] = {
        "last": 104.0, "last_at": NOW, "previous_close": 100.0, "day_open": 103.0, "day_high": 105.0, "day_low": 102.0, "day_volume": 3e6,
        "quote": Quote(symbol, NOW, 103.99, 1, 104.01, 1), **rest,
    }  # fmt: skip
    usual = norms or Norms(
        volume20=2e6, atr14=2.0, high20=104.5, low20=90.0, high52=110.0, low52=80.0, previous_close=100.0
    )
    return Row(Snapshot(symbol, halted=halted, **values), usual, Moment(NOW, "open", NOW - 1, 0.5))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("gap% > 3 and (rvol >= 2 or volume > 1M) and price between 5 and 50",) * 2,
        ("GAP % >3% AND NOT Halted or 20 day high", "(gap% > 3 and not halted) or 20-day high"),
        ("price > $5 and Relative  Volume≥2", "price > 5 and rvol >= 2"),
        ("from high % > -1 and premarket", "from high% > -1 and pre-market"),
        ("volume > 1,250,000 or vol>50k", "volume > 1.25M or volume > 50K"),
        ("change% < −3 and spread<=10 bps and age < 5s", "change% < -3 and spread <= 10 and age < 5"),
        ("price <> 5 and bid == 4 and ask ≠ 3", "price != 5 and bid = 4 and ask != 3"),
        ("((new high))", "new high"),
        ("not not new low", "not not new low"),
        ("range atr >= 1.5 and range > 2 and spread$ < .02", "range atr >= 1.5 and range% > 2 and spread$ < 0.02"),
        ("52-week high or 52 WEEK low", "52-week high or 52-week low"),
        ("dollar volume > 2B", "dollar volume > 2B"),
    ],
)
def test_rules_are_read_as_people_type_them(typed: str, plain: str) -> None:
    assert text(parse(typed)) == plain


def test_and_binds_before_or() -> None:
    one, two, three = Condition("price", ">", 1), Condition("bid", ">", 2), Condition("ask", ">", 3)
    assert parse("price > 1 or bid > 2 and ask > 3") == Or((one, And((two, three))))
    assert parse("(price > 1 or bid > 2) and ask > 3") == And((Or((one, two)), three))
    assert parse("not price > 1 and bid > 2") == And((Not(one), two))


@pytest.mark.parametrize(
    ("typed", "column", "says"),
    [
        ("", 0, "Type a rule, such as"),
        ("volum > 3", 0, "did you mean “volume”"),
        ("price > 1 and chnge% > 3", 14, "“chnge%” at character 15 is no field; did you mean “change%”"),
        ("zzzz > 3", 0, "the fields are price"),
        ("gap% 3", 5, "needs a comparison, such as gap% > 5"),
        ("gap% >", 6, "Type a number after “>”"),
        ("price > gap%", 8, "compared with a number, not with “gap%”"),
        ("3 < price", 0, "write the field before it"),
        ("> 3", 0, "write the field before it"),
        ("(gap% > 3", 0, "opens at character 1 is not closed"),
        ("gap% > 3)", 8, "closes nothing"),
        ("()", 1, "A condition must stand before “)”"),
        ("gap% > 3 volume > 2", 9, "Put “and” or “or” before “volume”"),
        ("gap% > 3 nd volume > 2", 9, "did you mean “and”"),
        ("(gap% > 3 volume > 2)", 10, "Put “and” or “or”"),
        ("and gap% > 3", 0, "must stand before “and”"),
        ("new high and", 12, "ends too early"),
        ("halted > 2", 7, "so or not so; leave “>”"),
        ("price > 3%", 8, "counted in dollars; leave “%” out"),
        ("gap% > $3", 7, "counted in percent; leave “$” out"),
        ("price between 50 and 5", 21, "smaller one first"),
        ("price between 5", 15, "takes two numbers"),
        ("price > 9999999B", 8, "too large"),
        ("price > 5 ; drop", 10, "“;” at character 11"),
        (" ".join(["not"] * 40) + " new high", 120, "nest 30 deep"),
        ("(" * 40 + "new high" + ")" * 40, 30, "nest 30 deep"),
        ("price > 1 and " * 100 + "price > 1", 1000, "1,000 characters"),
    ],
)
def test_a_rule_that_cannot_be_read_says_where_and_what_would_do(typed: str, column: int, says: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(typed)
    assert says in str(caught.value)
    assert caught.value.column == column


numbers = st.one_of(
    st.integers(-10_000_000, 10_000_000_000).map(float),
    st.floats(-LARGEST, LARGEST, allow_nan=False),
    st.decimals(-1000, 1000, places=2).map(float),
).map(lambda value: value or 0.0)
conditions = st.builds(
    Condition, st.sampled_from(list(FIELDS)), st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), numbers
)
spans = st.builds(
    lambda field, ends: Between(field, *sorted(ends)), st.sampled_from(list(FIELDS)), st.tuples(numbers, numbers)
)
leaves = st.one_of(conditions, spans, st.builds(Flag, st.sampled_from(list(FLAGS))))


def _grown(inner: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, several), st.builds(Or, several))


trees = st.recursive(leaves, _grown, max_leaves=6)
rows = st.builds(
    lambda last, close, volume, halted, high: a_row(
        halted=halted, last=last, previous_close=close, day_volume=volume, day_high=high, norms=Norms(2e6, 2.0)
    ),
    st.none() | st.floats(1, 1000),
    st.none() | st.floats(1, 1000),
    st.none() | st.floats(0, 1e9),
    st.booleans(),
    st.none() | st.floats(1, 1000),
)


@given(trees)
def test_the_text_of_a_rule_reads_as_the_same_rule(tree: Rule) -> None:
    written = text(tree)
    if len(written) <= 1000:
        assert parse(written) == tree
        assert text(parse(written.upper())) == written


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(typed: str) -> None:
    error = _refusal(typed)
    assert error is None or 0 <= error.column <= len(typed)


def _refusal(typed: str) -> RuleError | None:
    try:
        parse(typed)
    except RuleError as error:
        return error
    return None


@given(trees, rows)
def test_a_rule_and_its_opposite_are_never_both_so(tree: Rule, row: Row) -> None:
    told, opposite = truth(tree, row), truth(Not(tree), row)
    assert opposite is (None if told is None else not told)


@given(trees, rows)
def test_reasons_are_given_exactly_when_it_matches(tree: Rule, row: Row) -> None:
    matched, reasons = explain(tree, row)
    assert matched is (truth(tree, row) is True)
    assert bool(reasons) is matched
    assert not [reason for reason in reasons if "unknown" in reason]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("rvol > 1", None),
        ("not rvol > 1", None),
        ("rvol > 1 and price > 1", None),
        ("rvol > 1 and price < 1", False),
        ("rvol > 1 or price > 1", True),
        ("rvol > 1 or price < 1", None),
        ("20-day high", None),
        ("not 20-day high", None),
        ("rvol between 0 and 1000000", None),
    ],
)
def test_what_is_unknown_is_never_guessed(rule: str, told: bool | None) -> None:
    assert truth(parse(rule), a_row(norms=Norms())) is told


@pytest.mark.parametrize(
    ("rule", "reasons"),
    [
        ("gap% > 2.5 and rvol >= 2", ("gap +3.00 % > 2.5 %", "relative volume 3.0 ≥ 2")),
        ("gap% > 50 or volume > 1M", ("volume 3.00M > 1M",)),
        ("not (price < 5 or halted)", ("price $104.00 ≥ $5", "not halted")),
        ("not (price > 5 and gap% > 50)", ("gap +3.00 % ≤ 50 %",)),
        ("price between 5 and 200 and not bid between 1 and 5",
         ("price $104.00 within $5 to $200", "bid $103.99 outside $1 to $5")),
        ("20-day high and not 52-week high", ("20-day high", "not 52-week high")),
        ("from high% > -2 and spread < 10", ("from the high −0.95 % > -2 %", "spread 1.9 bps < 10 bps")),
        ("price > 5 and (price > 5 or halted)", ("price $104.00 > $5",)),
    ],
)  # fmt: skip
def test_a_match_says_why_with_its_numbers(rule: str, reasons: tuple[str, ...]) -> None:
    assert explain(parse(rule), a_row()) == (True, reasons)


def test_no_match_gives_no_reasons() -> None:
    assert explain(parse("price > 5 and gap% > 50"), a_row()) == (False, ())


def test_every_preset_can_run_and_matches_something() -> None:
    assert [preset.name for preset in PRESETS] == [
        "Gappers", "Momentum", "Unusual volume", "New highs", "New lows", "Wide spreads", "Range expansion"
    ]  # fmt: skip
    assert [checked(preset) for preset in PRESETS] == list(PRESETS)
    row = a_row(last=104.9)
    matching = [preset.name for preset in PRESETS if truth(parse(preset.rule), row)]
    assert matching == ["Gappers", "Momentum", "Unusual volume", "Range expansion"]


@pytest.mark.parametrize(
    ("scan", "says"),
    [
        (Scan(" ", "price > 1"), "name of up to 60"),
        (Scan("x\n", "price > 1\n"), ""),
        (Scan("a\tb", "price > 1"), "name of up to 60"),
        (Scan("x", "price > 1", sort="-volum"), "no field to sort by"),
        (Scan("x", "price > 1", limit=0), "between 1 and 500"),
        (Scan("x", "price"), "needs a comparison"),
    ],
)
def test_a_scan_is_checked_before_it_is_kept(scan: Scan, says: str) -> None:
    if not says:
        assert checked(scan) == Scan("x", "price > 1")
        return
    with pytest.raises(BadInput, match=says):
        checked(scan)


@pytest.mark.parametrize(
    ("rule", "sort", "order"),
    [
        ("price > 1", "-volume", ("volume", True)),
        ("price > 1", "volume", ("volume", False)),
        ("gap% > 3 and price > 1", "", ("gap%", True)),
        ("spread < 10", "", ("spread", False)),
        ("halted and (spread <= 10 or price > 1)", "", ("spread", False)),
        ("not price < 5", "", ("price", True)),
        ("new high", "", ("change%", True)),
    ],
)
def test_matches_are_ranked_as_asked_or_by_the_rules_first_field(rule: str, sort: str, order: tuple[str, bool]) -> None:
    assert order_of(Scan("x", rule, sort=sort)) == order


def test_what_cannot_be_ranked_comes_last_and_equals_by_symbol() -> None:
    place = placing(Scan("x", "volume > 1", sort="-volume"))
    rows = [a_row("NONE", day_volume=None), a_row("B"), a_row("A"), a_row("BIG", day_volume=9e9)]
    assert [row.snapshot.symbol for row in sorted(rows, key=place)] == ["BIG", "A", "B", "NONE"]


def test_a_match_carries_every_field_and_unknown_ones_as_none() -> None:
    match = found(Scan("x", "price > 5"), a_row(norms=Norms()))
    assert list(match.values) == list(FIELDS)
    assert (match.symbol, match.values["price"], match.values["rvol"]) == ("AAPL", 104.0, None)
    assert match.reasons == ("price $104.00 > $5",)


def test_the_fields_of_a_rule_are_named_once_in_order() -> None:
    assert fields_of(parse("bid > 1 and (ask > 1 or not bid between 2 and 3) and halted")) == ["bid", "ask"]
