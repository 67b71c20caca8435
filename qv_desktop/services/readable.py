"""What could be read of a list, for where a row that is missing is not taken for “there is none”: what is there is booked, once."""

from collections.abc import Awaitable

from qv_desktop.domain.errors import Incomplete


async def readable[Row](question: Awaitable[list[Row]]) -> list[Row]:
    """The whole answer, or the part of it that could be read. Raises BrokerDown when there is none."""
    try:
        return await question
    except Incomplete as part:
        if not isinstance(part.readable, list):
            raise
        return part.readable
