"""Heads of requests have an end: the server underneath would collect one for as long as a client sends it."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from wildcore.web.errors import Failure
from wildcore.web.payload import to_json

MAX_HEAD = 64 * 1024
"""Octets of all header fields together; browsers and nginx stop far below it."""
_REFUSAL = Failure(431, "BAD_REQUEST", f"headers: more than {MAX_HEAD // 1024} KB")


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's protocol; a head that is too long is answered 431 and the connection ends."""

    _open = False
    _pending = 0

    def data_received(self, data: bytes) -> None:
        """Also count what belongs to a head that began in an earlier piece and is not whole yet."""
        counted = self._open
        super().data_received(data)
        if self._open and counted:
            self._pending += len(data)
            if self._pending > MAX_HEAD and not self.transport.is_closing():
                self.send_400_response("")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._open, self._pending = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole. What is raised here ends in `send_400_response`."""
        self._open = False
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MAX_HEAD:
            self._open = True
            raise ValueError("the head is too long")
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """The refusal as all of ours are; uvicorn's own for what is no HTTP."""
        if not self._open:
            super().send_400_response(msg)
            return
        body = to_json(_REFUSAL.envelope())
        head = f"HTTP/1.1 431 \r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
