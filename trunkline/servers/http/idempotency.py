"""`Idempotency-Key`: a request that is repeated is answered again, not carried out again."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from trunkline.model.ports import IdempotencyRecord
from trunkline.servers.http.errors import ApiError, Headers, invalid
from trunkline.servers.http.needs import MessageStore

MAX_KEY = 255
REPLAYED: Headers = [(b"idempotent-replayed", b"true")]

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


def key_of(headers: dict[bytes, bytes]) -> str | None:
    """The request's key, None without one. Raises `ApiError` 400."""
    octets = headers.get(b"idempotency-key")
    if octets is None:
        return None
    if not 1 <= len(octets) <= MAX_KEY or not all(0x20 <= octet <= 0x7E for octet in octets):
        raise invalid(f"Idempotency-Key must be 1 to {MAX_KEY} printable ASCII characters")
    return octets.decode("ascii")


def fingerprint(path: str, request: object) -> str:
    """Tells one request from another: SHA-256 of the path and the fields, however they were written."""
    return hashlib.sha256(_encode((path, request))).hexdigest()


class Idempotency:
    """Finds stored answers, and lets requests with the same key through one at a time."""

    def __init__(self, store: MessageStore) -> None:
        self._store = store
        self._running: dict[tuple[int, str], asyncio.Future[None]] = {}

    @asynccontextmanager
    async def turn(self, account_id: int, key: str) -> AsyncIterator[None]:
        """Waits until no other request of this process with the same key is under way."""
        claim = (account_id, key)
        while (running := self._running.get(claim)) is not None:
            await asyncio.shield(running)
        mine = self._running[claim] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            del self._running[claim]
            mine.set_result(None)

    async def stored(self, account_id: int, key: str, request_hash: str) -> IdempotencyRecord | None:
        """What an earlier request with this key left; raises `ApiError` 422 when that was another request."""
        record = await self._store.idempotency_record(account_id, key)
        if record is not None and record.request_hash != request_hash:
            raise ApiError(422, "Idempotency-Key was used for another request")
        return record
