"""A small OpenID provider over HTTP: `python provider.py` prints its issuer, then answers until it is killed.

Tokens are real RS256 ones unless a test asks for another kind: `POST /control` sets `claims` (over the usual ones), `user`,
`userinfo`, `algorithm` (RS256, none, HS256, foreign), `rotate` (a new key), `deny`. `GET /control` tells what was asked.
The client is `dms` with the secret `s3cret:/ü`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "dms", "s3cret:/ü"


class Provider:
    """Keys, codes that were given out, and what the test asked for."""

    def __init__(self) -> None:
        self.issuer = ""
        self.keys = [RSAKey.generate_key(2048, {"kid": "first"})]
        self.codes: dict[str, dict[str, str]] = {}
        self.control: dict[str, Any] = {}
        self.asked: list[str] = []

    def metadata(self) -> dict[str, Any]:
        """The discovery document."""
        base = self.issuer
        return {
            "issuer": self.control.get("issuer", base),
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/jwks",
            "userinfo_endpoint": f"{base}/userinfo",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to, at once: the person has signed in already."""
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        if self.control.get("deny"):
            return f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': query['state']})}"
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'iss': self.issuer})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Tokens for a code: client_secret_basic, PKCE, each code once."""
        login, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if (unquote(login), unquote(password)) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.id_token(asked)}

    def id_token(self, asked: dict[str, str]) -> str:
        """An ID token of the kind that the test wants."""
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT, "sub": "42", "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims = {**usual, **self.control.get("user", {}), **self.control.get("claims", {})}
        claims = {name: value for name, value in claims.items() if value is not None}
        algorithm = self.control.get("algorithm", "RS256")
        if algorithm in ("none", "HS256"):
            unsigned = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": algorithm, "kid": "first"}, claims))
            # The public key as a shared secret: the classical confusion of algorithms.
            shared = self.keys[0].as_pem(private=False)
            return f"{unsigned}." + ("" if algorithm == "none" else _encoded(hmac.digest(shared, unsigned.encode(), "sha256")))
        key = RSAKey.generate_key(2048, {"kid": "first"}) if algorithm == "foreign" else self.keys[-1]
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


class Handler(BaseHTTPRequestHandler):
    """HTTP of the provider."""

    provider: Provider

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""

    def _answer(self, content: Any, status: int = 200, **headers: str) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Discovery, keys, authorization, user information."""
        parts, provider = urlsplit(self.path), self.provider
        if parts.path != "/control":
            provider.asked.append(parts.path)
        if parts.path == "/.well-known/openid-configuration":
            self._answer(provider.metadata())
        elif parts.path == "/jwks":
            self._answer({"keys": [key.as_dict(private=False) for key in provider.keys]})
        elif parts.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self._answer({}, 302, Location=provider.authorize(query))
        elif parts.path == "/userinfo" and self.headers["Authorization"] == "Bearer access":
            self._answer(provider.control.get("userinfo", {"sub": "42"}))
        elif parts.path == "/control":
            self._answer({"asked": provider.asked})
        else:
            self._answer({"error": "not_found"}, 404)

    def do_POST(self) -> None:
        """Tokens, and what tests want."""
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/control":
            self.provider.control = json.loads(text)
            self.provider.asked.clear()
            if self.provider.control.get("rotate"):
                self.provider.keys = [RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})]
            self._answer({})
            return
        self.provider.asked.append(self.path)
        form = {name: values[0] for name, values in parse_qs(text).items()}
        status, content = self.provider.token(form, self.headers["Authorization"] or "")
        self._answer(content, status)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def main() -> None:
    """Serve on a free port of 127.0.0.1."""
    provider = Handler.provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    sys.stdout.write(provider.issuer + "\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
