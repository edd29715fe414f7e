"""Pages in a real browser: the demo as a process (real agents, real polls), chromium before it. What the console says is kept."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import CHROMIUM, FLAGS

READY_SEC = 90
WCA = [sys.executable, "-c", "from wildcore.app.main import main; main()"]


@dataclass(frozen=True)
class Site:
    """The running product: where it is, who signs in, its database file."""

    url: str
    login: str
    password: str
    key: str
    database: Path

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Ask, or change, the database beside the product."""
        connection = sqlite3.connect(self.database, timeout=15)
        try:
            with connection:
                return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def onu(self, status: str = "Online") -> int:
        """An ONU in this state."""
        row = self.sql("select id from interfaces where type = 'ONU' and status = ? order by id desc limit 1", status)
        assert row, f"the demo has no ONU {status}"
        return int(str(row[0][0]))

    def device(self, kind: str) -> int:
        """A device of this type."""
        query = "select d.id from devices d join device_models m on m.id = d.model_id where m.type = ? order by d.id limit 1"
        return int(str(self.sql(query, kind)[0][0]))


@dataclass
class Tab:
    """A page and everything that its console complained of."""

    page: Page
    problems: list[str] = field(default_factory=list)

    @property
    def too_wide(self) -> int:
        """How many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


OpenTab = Callable[..., Tab]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def demo(folder: Path, **environment: str) -> Iterator[Site]:
    """The demo in this folder, once its first polls are in; what it says stands in `folder/log`."""
    data, log = folder / "var", folder / "log"
    given = {"WILDCORE_LISTEN": f"127.0.0.1:{free_port()}", "PYTHONUNBUFFERED": "1", "WILDCORE_DEV": "1", **environment}
    with log.open("w") as output:
        process = subprocess.Popen(
            [*WCA, "demo", "--data", str(data)],
            env={**os.environ, **given},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        until = time.monotonic() + READY_SEC
        while not re.search(r"^Ready", log.read_text(), re.MULTILINE):
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"the demo did not start:\n{log.read_text()}")
            time.sleep(0.2)
        said = log.read_text()

        def told(pattern: str) -> str:
            found = re.search(pattern, said, re.MULTILINE)
            assert found, pattern
            return found[1]

        yield Site(
            url=told(r"^Listening: (\S+)"),
            login=told(r"^Sign in: (\S+) /"),
            password=told(r"^Sign in: \S+ / (\S+)"),
            key=told(r"^API key: (\S+)"),
            database=data / "wildcore.sqlite3",
        )
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if not shutil.which("chromium"):
        pytest.skip("chromium is not installed")
    with demo(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for one module: while it lives it runs an event loop, with which no asynchronous test could run."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def session_state(site: Site, browser: Browser) -> object:
    """Cookies of somebody who signed in by the form."""
    context = browser.new_context(locale="uk-UA")
    page = context.new_page()
    page.goto(f"{site.url}/sign-in")
    page.fill("[name=login]", site.login)
    page.fill("[name=password]", site.password)
    page.click("button[type=submit]")
    page.wait_for_url(f"{site.url}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def open_tab(site: Site, browser: Browser, session_state: object) -> Iterator[OpenTab]:
    """Opens a path, signed in unless told otherwise; at the end nothing may stand in any console."""
    contexts: list[BrowserContext] = []
    tabs: list[Tab] = []

    def open_it(path: str, *, size: tuple[int, int] = (1400, 900), signed_in: bool = True, language: str = "uk") -> Tab:
        context = browser.new_context(
            locale={"uk": "uk-UA", "en": "en-GB"}[language],
            viewport={"width": size[0], "height": size[1]},
            storage_state=session_state if signed_in else None,  # type: ignore[arg-type]
        )
        contexts.append(context)
        tab = Tab(context.new_page())
        tabs.append(tab)
        tab.page.on("console", lambda m: tab.problems.append(m.text) if m.type in ("error", "warning") else None)
        tab.page.on("pageerror", lambda error: tab.problems.append(str(error)))
        tab.page.goto(site.url + path)
        return tab

    yield open_it
    for context in contexts:
        context.close()
    assert [text for tab in tabs for text in tab.problems] == []
