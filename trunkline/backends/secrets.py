"""Encryption of secrets that must be readable again, such as the passwords we bind with at an SMSC."""

import os
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


class SecretUnreadable(Exception):
    """The secret was encrypted with another key, or the key file is damaged."""


class SecretBox:
    """Encrypts short texts with one key (Fernet: AES-128-CBC and HMAC-SHA256)."""

    def __init__(self, key: bytes) -> None:
        """Raises `SecretUnreadable` when `key` is not a Fernet key."""
        try:
            self._fernet = Fernet(key)
        except ValueError:
            raise SecretUnreadable("the key is not 32 bytes in URL-safe base64") from None

    @classmethod
    def open(cls, path: Path) -> "SecretBox":
        """The box with the key in this file, which is made (readable by its owner alone) when missing.

        Raises OSError, and `SecretUnreadable` when the file holds no key.
        """
        try:
            return cls(path.read_bytes().strip())
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
        except SecretUnreadable:
            raise SecretUnreadable(f"{path} does not hold a key") from None
        # Complete under another name first: a second process never reads half a key, and the first one wins.
        draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(Fernet.generate_key())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another process was first: its key counts
                path.hardlink_to(draft)
        finally:
            draft.unlink()
        return cls(path.read_bytes().strip())

    def encrypt(self, text: str) -> str:
        """The text, readable only with the key."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """The text of a token made by `encrypt`. Raises `SecretUnreadable`."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable(
                "a stored secret cannot be decrypted: the key file is not its own"
            ) from None
