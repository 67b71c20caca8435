"""Reports on paper: nothing is cut, every page says what it belongs to, and what was written can be read back."""

import gc
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QApplication

from qv_desktop.domain.break_history import Day, RunLine
from qv_desktop.domain.breaks import decided, met, signed
from qv_desktop.domain.live_backtest_report import of_comparison
from qv_desktop.domain.reconciliation import Break, BreakClass
from qv_desktop.domain.reports import Document, Section, Span, of_run, of_span
from qv_desktop.ui import paper, theme
from qv_desktop.ui.paper import FOOT, HEIGHT, SIDE, WIDTH, Page, font, pages, pdf
from tests.ui.test_live_page import a_comparison
from tests.ui.trading_values import BREAKS, NOON, run

LONG = "a proposal that goes on and on " * 12
KINDS: tuple[BreakClass, ...] = ("missing here", "quantity", "price")


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> None:
    theme.apply(qapp)


@pytest.fixture(autouse=True)
def collected_here() -> Iterator[None]:
    """As in the program, no thread collects garbage: windows of tests before may only be taken down where they were made."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def many(count: int) -> Document:
    return of_run(run(1, tuple(
        Break("fills", f"2026::{n:04d}-8f2c47aa9c11", KINDS[n % 3], "high", "—", f"BUY {n} NVDA @ 141.17", "+12", Decimal(n),
              LONG if n % 50 == 0 else "book it")
        for n in range(count)
    )))  # fmt: skip


def over_time() -> Document:
    items = [change.after for change in met([], run(0, BREAKS), "a")]
    done = signed(
        decided(items[0], "resolved", "ann", NOON, "booked the fill that was missing"), "bob", NOON + timedelta(hours=1)
    )
    line = RunLine("run-1", NOON, "••••7Q2", "system", "every 30 s", 412, 3, Decimal(5), "h")
    span = Span(NOON, NOON + timedelta(days=1), "••••7Q2", "ann", NOON, (Day(date(2026, 11, 20), 9, 2, 3, Decimal(5), 0, Decimal(0)),),
                (done, *items[1:]), (line,))  # fmt: skip
    return of_span(span)


def texts(page: Page) -> list[str]:
    return [text.text for text in page.texts]


def check(page: Page) -> None:
    """Every text has the room that it needs, inside the page, and none stands on another."""
    boxes: list[QRectF] = []
    ground = QImage(8, 8, QImage.Format.Format_RGB32)
    ground.setDotsPerMeterX(round(paper.DPI / 0.0254))
    with QPainter(ground) as painter:
        for text in page.texts:
            painter.setFont(font(text.pixels, bold=text.bold))
            needed = painter.boundingRect(QRectF(0, 0, text.box.width(), 10_000), text.text, paper.breaking())
            assert needed.height() <= text.box.height() + 2, text.text
            assert text.box.left() >= SIDE, text.text
            assert text.box.right() <= WIDTH - SIDE + 1, text.text
            assert text.box.bottom() <= HEIGHT - FOOT + 30, text.text
            boxes.append(text.box)
    for place, box in enumerate(boxes):
        assert not any(box.intersects(other) for other in boxes[place + 1 :])


@pytest.mark.parametrize("document", ["none", "three", "many", "time"])
def test_no_text_is_cut_leaves_its_page_or_stands_on_another(document: str) -> None:
    made = {
        "none": lambda: of_run(run(1)),
        "three": lambda: of_run(run(1, BREAKS)),
        "many": lambda: many(200),
        "time": over_time,
    }
    for page in pages(made[document]()):
        check(page)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=120), min_size=8, max_size=8))
def test_whatever_stands_in_the_cells_none_is_cut(cells: list[str]) -> None:
    section = Section("Any", tuple(f"c{n}" for n in range(8)), (tuple(cells), tuple(reversed(cells))))
    for page in pages(Document("T", "s", "v", True, (("name", cells[0][:60]),), (section,))):
        check(page)


def test_a_soft_hyphen_is_given_the_room_of_the_hyphen_that_it_may_become() -> None:
    test_whatever_stands_in_the_cells_none_is_cut.hypothesis.inner_test(["", "", "", "", "", "", "", "000\u00ad"])  # type: ignore[attr-defined]


def test_what_fails_while_it_is_painted_is_an_error_and_takes_nothing_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(painter: QPainter, page: Page) -> None:
        raise ArithmeticError

    monkeypatch.setattr(paper, "_paint", fail)
    with pytest.raises(ArithmeticError) as kept:
        pdf(many(1))
    frames = [frame for frame in kept.traceback if frame.path.name == "paper.py"]
    painter = next(frame.locals["painter"] for frame in frames if "painter" in frame.locals)
    assert not painter.isActive()


def test_every_page_carries_the_header_with_all_facts_and_its_number_and_no_row_is_lost() -> None:
    document = many(200)
    made = pages(document)
    assert len(made) > 5
    for number, page in enumerate(made, 1):
        told = texts(page)
        for name, value in (*document.facts, ("Report hash", document.hash)):
            assert name in told
            assert value in told
        assert f"Page {number} of {len(made)}" in told
        assert document.verdict in told
        assert "Key" in told  # what goes on has its column names again
    keys = [text for page in made for text in texts(page) if text.startswith("2026::")]
    assert sorted(keys) == sorted(row[1] for section in document.sections for row in section.rows)
    assert len(keys) == 200


def test_the_facts_name_run_account_sources_times_tolerances_operator_and_hashes() -> None:
    facts = dict(of_run(run(1, BREAKS)).facts)
    assert {name for name, value in facts.items() if value} == {
        "Run", "As of", "Account", "Operator", "Reason", "Our books read at", "Broker's books read at", "Sources", "Tolerances", "Matched",
        "Input hash",
    }  # fmt: skip
    assert facts["Account"] == "••••7Q2"


def test_a_report_over_time_tells_who_decided_and_who_signed() -> None:
    told = [text for page in pages(over_time()) for text in texts(page)]
    assert any("booked the fill that was missing (ann" in text for text in told)
    assert any(text.startswith("bob, 2026-11-20") for text in told)
    assert "3 breaks in the span, 2 not closed, $0.02 at risk." in told


def test_another_break_is_another_hash_and_the_same_is_the_same() -> None:
    assert of_run(run(1, BREAKS)).hash == of_run(run(1, BREAKS)).hash
    assert of_run(run(1, BREAKS)).hash != of_run(run(1, (replace(BREAKS[0], internal="251"), *BREAKS[1:]))).hash


def test_a_thread_writes_a_file_that_can_be_read_back(tmp_path: Path) -> None:
    document, made = many(60), list[bytes]()
    thread = threading.Thread(target=lambda: made.append(pdf(document)))
    thread.start()
    thread.join()
    assert made[0].startswith(b"%PDF-")
    assert made[0].rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", made[0])) == len(pages(document))
    assert b"/ToUnicode" in made[0]
    file = tmp_path / "report.pdf"
    file.write_bytes(made[0])
    if reader := shutil.which("pdftotext"):  # where there is a reader of its own, it is asked too
        told = subprocess.run([reader, "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
        assert set(re.findall(r"2026::\d{4}-8f2c47aa9c11", told)) == {
            row[1] for section in document.sections for row in section.rows
        }
        assert f"Page 1 of {len(pages(document))}" in told
        assert document.hash in told


def test_figures_are_written_with_glyphs_that_stand_for_themselves(qapp: QApplication) -> None:
    from PySide6.QtGui import QTextLayout

    layout = QTextLayout("0123456789,.$;:", font(15))
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    run_ = layout.glyphRuns()[0]
    assert run_.glyphIndexes() == run_.rawFont().glyphIndexesForString("0123456789,.$;:")


@pytest.mark.parametrize(
    "document", [many(200), over_time(), of_comparison(a_comparison())], ids=["run", "time", "live"]
)
def test_no_ordinary_word_or_number_is_broken(document: Document) -> None:
    for page in pages(document):
        for text in page.texts:
            metrics = QFontMetricsF(font(text.pixels, bold=text.bold))
            words = [(word, metrics.horizontalAdvance(word)) for word in text.text.split()]
            assert [word for word, wide in words if text.box.width() < wide <= 140] == []


def test_the_pages_as_another_program_paints_them_have_ink_up_to_their_margins_and_none_in_them(tmp_path: Path) -> None:
    painter = shutil.which("pdftoppm")
    if painter is None:
        pytest.skip("there is no pdftoppm on this machine")
    long = Break(
        "fills", "2026::" + "8f2c47aa9c11" * 9, "price", "high", "BUY " + "9,999,999" * 9, "—", "+1", Decimal(1), LONG
    )
    file = tmp_path / "report.pdf"
    file.write_bytes(pdf(of_run(run(1, (long,) * 200))))
    subprocess.run([painter, "-r", "36", "-png", file, tmp_path / "page"], check=True)
    made = sorted(tmp_path.glob("page*.png"))
    assert len(made) > 10
    for each in made:
        picture = QImage(str(each)).convertToFormat(QImage.Format.Format_Grayscale8)
        scale = picture.width() / WIDTH
        inked = [x for x in range(picture.width())
                 if any(picture.pixelColor(x, y).lightness() < 200 for y in range(picture.height()))]  # fmt: skip
        assert inked[0] >= SIDE * scale - 1
        assert inked[-1] <= (WIDTH - SIDE) * scale + 1
        assert inked[-1] - inked[0] > 0.9 * (WIDTH - 2 * SIDE) * scale
