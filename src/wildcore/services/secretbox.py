"""Secrets at rest: Fernet (AES-128-CBC with HMAC-SHA256), key in a file of its own outside the database."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from wildcore.errors import ConfigurationError

KEY_FILE = "secret.key"


class SecretBox:
    """Encrypts and decrypts short texts with the installation's key.

    While the key is being changed there are several, by lines: the first encrypts, all decrypt.
    """

    def __init__(self, key: bytes) -> None:
        self._fernet = MultiFernet([Fernet(one) for one in key.split()])

    @classmethod
    def from_directory(cls, directory: Path) -> SecretBox:
        """Read the key file, or make one (mode 0600) at the first start."""
        path = directory / KEY_FILE
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return cls(path.read_bytes().strip())
        with os.fdopen(handle, "wb") as file:
            key = Fernet.generate_key()
            file.write(key)
        return cls(key)

    def seal(self, text: str) -> str:
        """Encrypted form of a text; the empty text stays empty."""
        return self._fernet.encrypt(text.encode()).decode("ascii") if text else ""

    def open(self, sealed: str) -> str:
        """The text again. Raises ConfigurationError when the key file is not the one that sealed it."""
        if not sealed:
            return ""
        try:
            return self._fernet.decrypt(sealed.encode("ascii")).decode()
        except InvalidToken:
            raise ConfigurationError(
                f"A stored secret cannot be read with {KEY_FILE}: restore the key file, or enter the secret again"
            ) from None
