"""A program that counts losses and dies by SIGKILL between an execution's record and hearing of it: `python -m … ACCOUNT FOLDER LEGS`."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from qv_desktop.adapters.db.database import Database
from tests.services.laddering import Room, a_room

LEGS = ((10, "100"), (-10, "99"), (10, "100"), (-5, "98"), (-5, "97"), (20, "97"))


async def traded(room: Room, legs: int) -> None:
    """So many legs, heard, at one a second."""
    for number, (shares, price) in enumerate(LEGS[:legs]):
        await room.trades(shares, price, str(number))
        room.later(1)


async def dies(url: str, account: str, folder: Path, legs: int) -> None:
    """The last leg is in the journal alone."""
    async with a_room(Database(url), account, folder) as room:
        await traded(room, legs - 1)
        shares, price = LEGS[legs - 1]
        await room.trades(shares, price, str(legs - 1), heard=False)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(dies(os.environ["QV_DATABASE_URL"], sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
