"""A server that cannot listen: one error for every door, which says what to do."""

from collections.abc import Iterable
from typing import Any

from trunkline.config import variable


class CannotListen(Exception):
    """An address that cannot be listened on: in use, not this machine's, or not allowed."""

    def __init__(self, host: str, port: int, setting: str, error: OSError) -> None:
        super().__init__(
            f"cannot listen on {host}:{port}: {error.strerror or error}. Stop what uses it, or choose "
            f"another port with {variable(setting)}."
        )
        self.host = host
        self.port = port


def addresses_of(sockets: Iterable[Any]) -> list[str]:
    """What these sockets are bound to, host:port."""
    found = []
    for each in sockets:
        host, port = each.getsockname()[:2]
        found.append(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    return found
