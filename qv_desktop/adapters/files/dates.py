"""Days as people write them, and which of month and day comes first."""

import re
from datetime import date

from qv_desktop.domain.imports import DateOrder

EPOCH = date(1970, 1, 1).toordinal()
MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}  # fmt: skip
ORDERS: tuple[DateOrder, ...] = ("ymd", "mdy", "dmy")
WORDS = {"ymd": "year, month, day", "mdy": "month, day, year", "dmy": "day, month, year", "": "with named months"}


def day_number(text: str, order: DateOrder) -> int | None:
    """Days since 1970 of ``text`` read in ``order``, or None when it is no day that way."""
    parts = _parts(text.strip(), order)
    if parts is None:
        return None
    year, month, day = parts
    try:
        return date(year if year > 99 else 2000 + year if year < 70 else 1900 + year, month, day).toordinal() - EPOCH
    except ValueError:
        return None


def _parts(text: str, order: DateOrder) -> tuple[int, int, int] | None:
    """Year, month and day; eight digits and a year in front are always year, month, day."""
    if re.fullmatch(r"\d{8}", text):
        return int(text[:4]), int(text[4:6]), int(text[6:])
    if re.search(r"[A-Za-z]", text):
        return _named(text)
    cells = re.split(r"[-/.]", text)
    first, second, third = (int(cell) for cell in cells)
    if len(cells[0]) == 4:
        return first, second, third
    if len(cells[0]) == 3 or len(cells[2]) == 3 or (order == "ymd" and len(cells[2]) == 4):
        return None
    return {"ymd": (first, second, third), "mdy": (third, first, second), "dmy": (third, second, first)}.get(order)


def _named(text: str) -> tuple[int, int, int] | None:
    month = next(
        (MONTHS[word[:3].lower()] for word in re.findall(r"[A-Za-z]+", text) if word[:3].lower() in MONTHS), None
    )
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    return None if month is None or len(numbers) != 2 else (numbers[1], month, numbers[0])


def needs_order(text: str) -> bool:
    """Whether it depends on the order which day ``text`` is."""
    return len({day_number(text, order) for order in ORDERS}) > 1


def possible_orders(texts: list[str]) -> list[DateOrder]:
    """The orders in which every text is a day; one of those that give the same days stands for all of them."""
    found: dict[tuple[int | None, ...], DateOrder] = {}
    for order in ORDERS:
        days = tuple(day_number(text, order) for text in texts)
        if None not in days:
            found.setdefault(days, order)
    return list(found.values())
