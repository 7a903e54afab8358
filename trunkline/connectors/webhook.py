"""Delivery receipts to HTTP customers: the callback of text 000, section 8 ("DLR Callbacks")."""

import asyncio
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

import msgspec

from trunkline.connectors.address_guard import AddressGuard, Resolver, system_resolver
from trunkline.connectors.http_post import HttpPostClient
from trunkline.connectors.http_target import InvalidUrl, parse_target
from trunkline.model.message import Notification, ReceiptPayload
from trunkline.model.ports import DeliveryResult
from trunkline.model.times import iso_timestamp

LANES = ("http:", "login:")

Finished = Callable[[DeliveryResult], None]


class _Receipt(msgspec.Struct, omit_defaults=True):
    """The JSON body, its fields in the order that text 000 shows them; `tlvs` only where there are any."""

    message_id: str
    source: str = msgspec.field(name="from")
    destination: str = msgspec.field(name="to")
    msisdn: str
    status: str
    error_code: str
    connector: str
    timestamp: str
    tlvs: dict[str, int | str] | None = None


_encode = msgspec.json.Encoder().encode
_OK = {status: DeliveryResult(ok=True, detail=str(status)) for status in range(200, 300)}


def receipt_body(payload: ReceiptPayload) -> bytes:
    """The callback's JSON body."""
    return _encode(
        _Receipt(
            payload.message_id,
            payload.source_addr,
            payload.dest_addr,
            payload.dest_addr,
            payload.stat,
            payload.err,
            payload.connector_id,
            iso_timestamp(payload.done_at),
            payload.tlv_values,
        )
    )


class WebhookDeliverer:
    """Implements `Deliverer` for ``http:USERNAME`` and ``login:USERNAME``: POSTs receipts to callback URLs.

    A status of 2xx is success. Every other one, and no answer within `timeout_s` seconds, is worth another
    attempt: customers repair things. Only a URL that cannot be called at all is given up at once, and what
    is for a sender that there is no more: a first attempt for one that this process does not know is put off,
    since it may not have heard of it yet.

    At most `per_lane` requests run for one lane and `concurrency` over all. A lane never holds more places
    than are still free, so that one customer who answers slowly cannot take the last one from the others:
    alone it gets half of them, n of its kind get a share of 1/(n + 1) each.

    Make it on the running event loop. URLs that lead to private addresses are refused unless
    `allow_private` is set (see `address_guard`).
    """

    def __init__(
        self,
        *,
        concurrency: int = 64,
        per_lane: int = 32,
        timeout_s: float = 10.0,
        allow_private: bool = False,
        resolver: Resolver = system_resolver,
        is_known: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """`is_known`: whether a lane's sender exists."""
        self._is_known = is_known
        self._loop = asyncio.get_running_loop()
        guard = AddressGuard(allow_private=allow_private, resolver=resolver)
        self._client = HttpPostClient(guard, timeout_s=timeout_s)
        self._per_lane = per_lane
        self._free = concurrency
        self._busy: dict[str, int] = {}
        self.delivered = 0
        self.failed = 0

    @property
    def in_flight(self) -> int:
        """Requests under way."""
        return sum(self._busy.values())

    def serves(self, lane: str) -> bool:
        """True for the lanes of HTTP API accounts and of logins."""
        return lane.startswith(LANES)

    def room(self, lane: str) -> int:
        """How many requests the lane may start now."""
        return max(0, min(self._per_lane, self._free) - self._busy.get(lane, 0))

    def deliver(self, notification: Notification, finished: Finished) -> None:
        """Starts one request. `finished` is called once, later, whatever happens."""
        lane = notification.lane
        self._free -= 1
        self._busy[lane] = self._busy.get(lane, 0) + 1
        payload = notification.payload
        if not self._is_known(lane):
            is_gone = notification.attempts > 0
            self._loop.call_soon(self._refuse, lane, finished, "there is no such sender", is_gone)
            return
        if payload.url is None:
            self._loop.call_soon(self._refuse, lane, finished, "there is no callback URL")
            return
        try:
            target = parse_target(payload.url)
        except InvalidUrl as error:
            self._loop.call_soon(self._refuse, lane, finished, str(error))
            return
        self._client.post(target, receipt_body(payload), partial(self._answered, lane, finished))

    async def close(self) -> None:
        """Ends what is under way as not delivered and closes all connections."""
        await self._client.close()

    def _release(self, lane: str) -> None:
        self._free += 1
        left = self._busy[lane] - 1
        if left:
            self._busy[lane] = left
        else:
            del self._busy[lane]

    def _answered(self, lane: str, finished: Finished, status: int, why: str) -> None:
        self._release(lane)
        if 200 <= status < 300:
            self.delivered += 1
            finished(_OK[status])
            return
        self.failed += 1
        finished(DeliveryResult(ok=False, detail=why if status == 0 else _describe(status)))

    def _refuse(self, lane: str, finished: Finished, why: str, permanent: bool = True) -> None:
        self._release(lane)
        self.failed += 1
        finished(DeliveryResult(ok=False, detail=why, permanent=permanent))


def _describe(status: int) -> str:
    try:
        text = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        text = str(status)
    return f"{text} (redirects are not followed)" if 300 <= status < 400 and status != 304 else text
