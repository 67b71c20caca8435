"""Balances: how old they are, and that silence is not taken for an answer."""

import asyncio

import pytest

from qv_desktop.domain.errors import BrokerDown
from qv_desktop.services.account import Account
from tests.fakes import Broker, Journal


def test_a_broker_that_stops_answering_has_no_delay_and_its_balances_age() -> None:
    async def story() -> None:
        broker = Broker()
        account = Account(broker, Journal(), lambda event: None)
        assert (account.latency_ms, account.age) == (None, None)
        await account.refresh()
        assert account.latency_ms is not None
        broker.down = True
        with pytest.raises(BrokerDown):
            await account.refresh()
        assert account.latency_ms is None
        assert account.trouble is not None
        assert account.balances is not None
        assert account.age is not None
        broker.down = False
        await account.refresh()
        assert account.trouble is None

    asyncio.run(story())
