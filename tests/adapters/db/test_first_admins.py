"""The first Admin is one, however many terminals make one at the same moment."""

import asyncio

from qv_desktop.adapters.db.users import THERE_IS_ONE
from qv_desktop.domain.access import Role, User
from qv_desktop.domain.audit import Actor, Draft
from tests.adapters.db.conftest import Clock
from tests.adapters.db.test_door import RIGHT, another_machine


def test_two_machines_at_once_make_one_first_admin(postgres_url: str, clock: Clock) -> None:
    by = Draft(Actor("someone", "human", "Admin"), "user.create", "user", "someone")
    with another_machine(postgres_url, clock) as one, another_machine(postgres_url, clock) as two:

        async def race() -> list[User | BaseException]:
            doors = [one, two] * 4
            return await asyncio.gather(*(door.create_first(f"admin {n}", RIGHT, by) for n, door in enumerate(doors)),
                                        return_exceptions=True)  # fmt: skip

        answers = asyncio.run(race())
        winners = [answer for answer in answers if isinstance(answer, User)]
        assert len(winners) == 1
        assert winners[0].role == Role.ADMIN
        assert {str(answer) for answer in answers if not isinstance(answer, User)} == {THERE_IS_ONE}
        assert asyncio.run(two.all()) == winners
