"""The demo: a simulated district, a billing stand-in and the product itself, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from wildcore.app.build import Installation
from wildcore.app.config import listen_address
from wildcore.app.run import listen, serve
from wildcore.errors import ConfigurationError, WildcoreError
from wildcore.kit.console import SOCKET_FILE
from wildcore.lab.agents import UNPRIVILEGED, Agents
from wildcore.lab.billing import Billing, BillingServer
from wildcore.lab.district import District, district
from wildcore.lab.seeding import SYNC, DemoState, seed_billing, seed_devices, seed_people
from wildcore.model.ident import ident_key
from wildcore.services import pollers, schedule_runs, schedules
from wildcore.services.runtime import Runtime
from wildcore.store.tables import Device, Interface, Poll

T = TypeVar("T")
Say = Callable[[str], None]

POLL_CHECK_SEC = 0.5
FIRST_POLLS_SEC = 180
POLL_TRIES = 5


class Stopped(Exception):
    """Somebody stopped the demo before it was up."""


async def run_demo(installation: Installation, say: Say, *, billing_address: str = "") -> None:
    """Run everything until SIGINT or SIGTERM. `say` prints one line.

    Raises ConfigurationError when an address is taken or the data directory is in use.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runtime = installation.runtime
    _refuse_second(installation)
    with contextlib.suppress(Stopped):
        state = DemoState.read(runtime.data_dir)
        state.since = state.since or time.time()
        place = district(since=state.since)
        agents = Agents(port=UNPRIVILEGED)
        for site in place.sites:
            agents.add(site.host, site.device)
        billing = Billing(place.subscribers)
        server = await _billing_server(billing, installation, state, billing_address)
        try:
            async with agents:
                await _unless(stop, _prepare(runtime, state, place, agents, server))
                await _serve(installation, say, stop, place, state, server)
        finally:
            await server.stop()


async def _prepare(runtime: Runtime, state: DemoState, place: District, agents: Agents, server: BillingServer) -> None:
    state.billing_port = urlsplit(server.url).port or 0
    await seed_people(runtime, state)
    await seed_devices(runtime, place.sites, agents.port)
    server.billing.api_key = state.api_key
    await seed_billing(runtime, server.url, state.api_key)


async def _serve(
    installation: Installation, say: Say, stop: asyncio.Event, place: District, state: DemoState, server: BillingServer
) -> None:
    tours: list[asyncio.Task[None]] = []

    def ready(url: str) -> None:
        server.billing.wildcore = url
        _introduce(say, url, place, state, server.url)
        tours.append(asyncio.create_task(_after_first_polls(installation.runtime, say, url, place, state)))

    try:
        await serve(installation, ready=ready, stop=stop)
    finally:
        for tour in tours:
            tour.cancel()
        await asyncio.gather(*tours, return_exceptions=True)


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T:
    """The result of the work; Stopped when somebody stops the demo first."""
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise Stopped
        return task.result()
    finally:
        stopping.cancel()


def _refuse_second(installation: Installation) -> None:
    """Say at once, before anything is written, that the address is taken or another server uses the directory."""
    listen(installation.config.listen).close()
    path = installation.runtime.data_dir / SOCKET_FILE
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return
    raise ConfigurationError(f"Wildcore runs already in {installation.runtime.data_dir}: stop it, or choose another directory")


async def _billing_server(billing: Billing, installation: Installation, state: DemoState, address: str) -> BillingServer:
    """Billing on the asked address; without one on the port of the last start, the next to the product's, or any."""
    host, port = listen_address(installation.config.listen)
    choices = [(host, choice) for choice in (state.billing_port, port + 1 if 0 < port < 65535 else 0) if choice]
    *rest, last = [listen_address(address)] if address else [*choices, (host, 0)]
    for at_host, at_port in rest:
        server = BillingServer(billing, host=at_host, port=at_port)
        with contextlib.suppress(OSError):
            await server.start()
            return server
    server = BillingServer(billing, host=last[0], port=last[1])
    try:
        await server.start()
    except OSError as error:
        raise ConfigurationError(f"Cannot listen on {last[0]}:{last[1]} for billing: {error.strerror}") from None
    return server


def _introduce(say: Say, url: str, place: District, state: DemoState, billing_url: str) -> None:
    onus = sum(len(site.device.onus) for site in place.sites)
    olts = sum(bool(site.device.onus) for site in place.sites)
    say(f"Wildcore demo: {olts} simulated OLTs with {onus} ONUs, {len(place.sites) - olts} switches,")
    say(f"{len(place.subscribers)} subscribers in a billing stand-in. All of it runs on this machine only.")
    say(f"Listening: {url}")
    say(f"Sign in: {state.login} / {state.password}")
    say(f"API key: {state.api_key}")
    say(f"Billing: {billing_url}")
    say("")
    say("Where to click:")
    say(f"  {url}/  devices, ONUs, ports, global search (try {place.showcase.agreement})")
    say(f"  {billing_url}/#clientcard/{place.showcase.uid}  a subscriber with an ONU: signals, tab Wildcore ONU")
    say(f"  {billing_url}/#clientcard/{place.house.uid}  a subscriber on a switch port: tab Wildcore порт")
    say(f"  {billing_url}/#clientcard/{place.moved.uid}  an ONU that once stood on another OLT: the working place comes first")
    say(f"  employees there: operator / {state.operator_password}, and trainee / {state.trainee_password} without rights")
    say("")
    say("Waiting for the first polls ...")


async def _after_first_polls(runtime: Runtime, say: Say, url: str, place: District, state: DemoState) -> None:
    polled, problems = await _first_polls(runtime)
    if polled:
        trouble = await _sync(runtime)
        problems += trouble
        if not trouble:
            say("Synchronised with billing")
    interface_id = await runtime.db.run_read(lambda session: _interface_id(session, place.showcase.ident))
    head = f"curl -s -H 'X-Auth-Key: {state.api_key}'"
    say("Three questions to the API, ready to paste:")
    say(f"  {head} '{url}/api/v1/device-interface/search?ont_ident={place.showcase.ident}'")
    say(f"  {head} '{url}/api/v1/component/diagnostic/interface/{interface_id}/diag?from=device'")
    say(f"  {head} '{url}/api/v1/portal/search?query={place.showcase.agreement}'")
    for problem in problems:
        say(f"Problem: {problem}")
    if polled:
        say("Ready")


async def _first_polls(runtime: Runtime) -> tuple[bool, list[str]]:
    """Wait until every poller has run on every device; what failed is asked again some times, then told."""
    tries, asked_at = POLL_TRIES, runtime.now()
    for _ in range(int(FIRST_POLLS_SEC / POLL_CHECK_SEC)):
        if await runtime.db.run_read(partial(_all_polled, asked_at=asked_at, now=runtime.now())):
            failed = await runtime.db.run_read(_failed)
            tries -= 1
            if not failed or not tries:
                return True, [f"{ip} {poller}: {why}" for _, ip, poller, why in failed]
            asked_at = runtime.now()
            await runtime.db.run_write(partial(_ask_again, runtime=runtime, failed=failed))
        await asyncio.sleep(POLL_CHECK_SEC)
    return False, [f"the first polls are not in after {FIRST_POLLS_SEC} s"]


def _all_polled(session: Session, *, asked_at: int, now: int) -> bool:
    """Whether every device has pollers, all that were due at `asked_at` have run, and none runs now."""
    without = select(Device.id).where(Device.enabled, ~select(Poll.id).where(Poll.device_id == Device.id).exists())
    waits = or_(Poll.last_at.is_(None), Poll.next_at <= asked_at, Poll.lease_until > now)
    waiting = select(Poll.id).where(Poll.interval_sec > 0, waits)
    return session.scalar(without.limit(1)) is None and session.scalar(waiting.limit(1)) is None


def _failed(session: Session) -> list[tuple[int, str, str, str]]:
    """Device id, address, poller and reason of the polls that ended with nothing."""
    rows = session.execute(
        select(Device.id, Device.ip, Poll.poller, Poll.error, Poll.result)
        .join(Device, Device.id == Poll.device_id)
        .where(Poll.result.in_(("error", "down")))
    )
    return [(device_id, ip, poller, error or result) for device_id, ip, poller, error, result in rows]


def _ask_again(session: Session, *, runtime: Runtime, failed: list[tuple[int, str, str, str]]) -> None:
    for device_id, _ip, poller, _why in failed:
        pollers.request_polls(session, runtime, device_id, [poller])


async def _sync(runtime: Runtime) -> list[str]:
    """Billing's subscribers, once; the schedule does it from then on. What went wrong."""
    try:
        run = await schedule_runs.run_now(runtime, SYNC, "demo")
    except WildcoreError as error:
        return [error.description]
    return [] if run.result == schedules.OK else [run.output]


def _interface_id(session: Session, ident: str) -> int:
    rows = select(Interface.id).where(Interface.ident == ident_key(ident)).order_by(Interface.gone_at.isnot(None), Interface.id)
    return session.scalar(rows.limit(1)) or 0
