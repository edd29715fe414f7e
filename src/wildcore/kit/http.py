"""What API and page handlers get and give, without knowing the web shell.

A handler is a plain function whose first parameter is the context; the others are path, query and body parameters as FastAPI
reads them from the annotations. `def` handlers run in a thread with `ctx.session` open (a write transaction unless the method
is GET); `async def` handlers run in the event loop, have no session and use `ctx.runtime.db.run_read/run_write`.
An API handler returns data (dataclass, dict, list, pydantic model): the shell wraps it in the envelope. A page handler returns
a `Template`, `Html` or `Redirect`. Both may return a `Stream`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from wildcore.services.actor import Actor
from wildcore.services.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Request:
    """Facts of the request that handlers may need. `base_url` is how the person reaches us (scheme, host, prefix; no slash).

    `ticket` is the value of TICKET_COOKIE: what a sign-in under way left with the browser.

    `root` is that prefix alone, "" or a path. The shell adds it to pages, redirects and cookies; `path` is without it.
    """

    method: str
    path: str
    base_url: str
    ip: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    iframe: bool = False
    fragment: bool = False
    ticket: str = ""
    root: str = ""
    secure: bool = False


SESSION_COOKIE = "wildcore_session"
TICKET_COOKIE = "wildcore_ticket"
LANGUAGE_COOKIE = "wildcore_language"


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to set: SameSite=Lax, Secure on https; an empty value takes it away. `script`: the pages' scripts may read it."""

    value: str
    max_age_sec: int = 0
    script: bool = False


@dataclass(slots=True)
class Context:
    """Everything a handler works with. `meta` becomes the envelope's `meta` (lists put `total` there).

    `cookies` are set when the handler succeeded (SESSION_COOKIE holds the key of a signed-in person), and `headers` too.
    """

    runtime: Runtime
    actor: Actor
    request: Request
    db_session: Session | None = None
    meta: dict[str, Any] | None = None
    cookies: dict[str, Cookie] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        """The open session of a `def` handler."""
        if self.db_session is None:
            raise RuntimeError("an async handler has no session: use runtime.db.run_read or run_write")
        return self.db_session


Ctx = Context


@dataclass(frozen=True, slots=True)
class Template:
    """A page or fragment: template name (`<component>/<file>.html` of the component's templates folder) and its values."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Html:
    """Ready HTML of an API answer (the billing card)."""

    text: str
    status: int = 200


@dataclass(frozen=True, slots=True)
class Stream:
    """A long answer, sent piece by piece as it comes to be (an export, the progress of work), through proxies too.

    `parts` runs after the handler ended: it asks the database by `ctx.runtime.db.run_read`, a piece at a time. `heartbeat` is
    sent when no part came for some seconds, so that nobody between takes the silence for death; it must mean nothing in
    this format ("\\n" between values of JSON; none for CSV). `file_name` makes it a download.
    A part of a page may be a `Template`.
    """

    parts: AsyncIterator[str | bytes | Template]
    media_type: str = "text/plain"
    file_name: str = ""
    heartbeat: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser on; `location` is a path of ours."""

    location: str
    status: int = 303
