"""The live look-up of an ONU's subscriber, over real HTTP."""

from __future__ import annotations

import asyncio

import pytest

from wildcore.components.mikbill_integration.billing import MikbillBilling
from wildcore.components.mikbill_integration.records import found
from wildcore.errors import BillingError
from wildcore.lab.billing import Fault
from wildcore.model.subscriber import SubscriberClaim

from .conftest import KEY, ONUS, Site, client


async def test_who_has_an_onu_now(site: Site) -> None:
    site.billing.subscribers.append(client(50, ident="aa:bb:cc:dd:ee:ff"))
    billing = MikbillBilling(site.runtime)
    (one,) = await billing.find(ONUS[4])
    assert (one.uid, one.agreement, one.billing_link) == ("5", "00005", "/#clientcard/5")
    assert one.claims == (SubscriberClaim(ident=ONUS[4]),)
    assert [one.uid for one in await billing.find("AABBCCDDEEFF")] == ["50"]
    assert await billing.find("ZTEG00000000") == []  # the wire says [[]]
    site.billing.fault = Fault.EMPTY
    assert await billing.find(ONUS[4]) == []  # and here []
    assert site.state() == []


@pytest.mark.parametrize("fault", [Fault.UNAUTHORIZED, Fault.HTML, Fault.CUT, Fault.DROPPED, Fault.ERROR_500])
async def test_a_look_up_that_fails_says_why_without_the_key(site: Site, fault: Fault) -> None:
    site.billing.fault = fault
    with pytest.raises(BillingError) as failed:
        await MikbillBilling(site.runtime).find(ONUS[0])
    assert KEY not in failed.value.description


async def test_the_caller_limits_the_time(site: Site) -> None:
    site.billing.fault = Fault.STALLED
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await MikbillBilling(site.runtime).find(ONUS[0])


def test_elements_of_both_forms() -> None:
    flat, whole = {"uid": 1, "login": "a"}, {"data": {"uid": 2}, "search": {"onu_ident": "HWTC00000001", "client_mac": None}}
    one, two = found(flat, "ZTEGC0000001"), found(whole, "ZTEGC0000001")
    assert one is not None
    assert two is not None
    assert (one.uid, one.claims[0].ident, two.uid, two.claims[0].ident) == ("1", "ZTEGC0000001", "2", "HWTC00000001")
    assert found("text", "x") is None
