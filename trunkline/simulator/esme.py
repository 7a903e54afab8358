"""A load generator: binds as an ESME, submits at full speed or at a rate, and accounts for every receipt.

Messages go to consecutive numbers, so each is unique and the SMSC's side can tell a repetition. What is
throttled is tried again, everything else is submitted exactly once: a message whose link died before the
answer is reported as unanswered and left alone.
"""

import asyncio
import ssl as ssl_module
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final

from trunkline.gsm.alphabets import encode
from trunkline.gsm.encoding import choose, data_coding_for
from trunkline.simulator.load_result import LoadResult, Progress
from trunkline.simulator.numbering import numbering_of
from trunkline.smpp.asyncio.client import connect
from trunkline.smpp.asyncio.connection import SmppConnection
from trunkline.smpp.constants import BindType, CommandStatus, Npi, Ton, status_name
from trunkline.smpp.errors import SmppError
from trunkline.smpp.fields import MAX_SHORT_MESSAGE
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import DataSm, DeliverSm, Pdu, SubmitSm, SubmitSmResp
from trunkline.smpp.receipts import parse_receipt
from trunkline.smpp.timers import TimerSettings

RETRY_S: Final = 0.05
"""Time until a message that met ESME_RTHROTTLED or ESME_RMSGQFUL is submitted again."""

PROGRESS_S: Final = 0.25
_TICK_S: Final = 0.002
_RECONNECT_S: Final = 0.25
_UNBIND_S: Final = 5.0
_RETRIED: Final = frozenset({CommandStatus.ESME_RTHROTTLED.value, CommandStatus.ESME_RMSGQFUL.value})

# What is known of a message id: a bit for the answer that gave it, a bit for its receipt.
_ACCEPTED: Final = 1
_RECEIPTED: Final = 2


class EsmeLoad:
    """Submits `count` messages to an SMSC or gateway over `binds` transceiver binds with `window` each.

    `rate` is messages per second over all binds, 0 for as fast as the windows allow. `dest_base` is the first
    destination, digits. `on_progress` is called four times a second, `on_accepted(destination, message_id)`
    for every message accepted. Lost links are bound again for at most `reconnect_s` seconds; the last
    receipts are waited for until `receipt_wait_s` seconds pass without one. `clock` is what the rate, these
    waits and the figures go by, in monotonic seconds.

    With `ssl` the binds are made over TLS.

    Raises ValueError when a parameter is out of range or the text does not fit one submit_sm.
    """

    def __init__(
        self,
        host: str,
        port: int,
        system_id: str,
        password: str,
        *,
        ssl: ssl_module.SSLContext | None = None,
        binds: int = 1,
        window: int = 100,
        count: int = 1000,
        rate: float = 0.0,
        registered_delivery: int = 1,
        text: str = "Hello from Trunkline",
        source: str = "Trunkline",
        dest_base: str = "491700000000",
        on_progress: Callable[[Progress], None] | None = None,
        on_accepted: Callable[[str, str], None] | None = None,
        response_timeout_s: float = 60.0,
        receipt_wait_s: float = 30.0,
        reconnect_s: float = 30.0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if min(binds, window, count) < 1 or rate < 0:
            raise ValueError("binds, window and count must be 1 or more, rate 0 or more")
        if not (dest_base.isascii() and dest_base.isdigit()):
            raise ValueError(f"dest_base must be digits, not {dest_base!r}")
        encoding = choose(text)
        short_message = encode(text, encoding)
        if len(short_message) > MAX_SHORT_MESSAGE:
            raise ValueError(f"the text is {len(short_message)} octets long, {MAX_SHORT_MESSAGE} is the most")
        self._host = host
        self._port = port
        self._ssl = ssl
        self.result = LoadResult(count=count)
        self._system_id = system_id
        self._password = password
        self._count = count
        self._rate = rate
        self._window = window
        self._on_progress = on_progress
        self._on_accepted = on_accepted
        self._timers = TimerSettings(response=response_timeout_s)
        self._receipt_wait_s = receipt_wait_s if registered_delivery & 3 == 1 else 0.0
        self._reconnect_s = reconnect_s
        self._clock = clock
        self._dest_first = int(dest_base)
        self._dest_width = len(dest_base)
        source_ton, source_npi = numbering_of(source)
        self.template = SubmitSm(
            source_addr_ton=source_ton,
            source_addr_npi=source_npi,
            source_addr=source,
            dest_addr_ton=Ton.INTERNATIONAL.value,
            dest_addr_npi=Npi.ISDN.value,
            registered_delivery=registered_delivery,
            data_coding=data_coding_for(encoding),
            short_message=short_message,
        )
        self._ids: dict[str, int] = {}
        self._errors: Counter[int] = Counter()
        self._states: Counter[str] = Counter()
        self._latencies = array("d")
        self._retries: deque[tuple[float, int]] = deque()
        self._in_flight = 0
        self._submitted = 0
        self._links = deque(_Link(self) for _ in range(binds))
        self._tasks: set[asyncio.Task[None]] = set()
        self._started_at = self._last_answer_at = self._last_receipt_at = 0.0
        self._reported = (0.0, 0)

    async def run(self) -> LoadResult:
        """Bind, submit everything, wait for the receipts, unbind; return what came of it. Call it once.

        Raises BindRefused, ConnectionLost, OSError or TimeoutError when the first binds do not succeed.
        Later troubles end the run early, with `error` set in the result.
        """
        try:
            for link in self._links:
                await link.connect()
            now = self._started_at = self._last_answer_at = self._last_receipt_at = self._clock()
            self._reported = (now, 0)
            while not self._finished(now):
                for link in self._links:
                    self._fill(link, now)
                self._links.rotate(-1)
                await asyncio.sleep(_TICK_S)
                now = self._clock()
                if now >= self._reported[0] + PROGRESS_S:
                    self._report(now)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.gather(*(link.unbind() for link in self._links))
        self._sum_up()
        self._report(self._clock())
        return self.result

    # Submitting

    def _fill(self, link: "_Link", now: float) -> None:
        """Submit what the link's window and the rate allow."""
        room = link.room
        retries = self._retries
        allowed = self._count
        if self._rate:
            allowed = min(allowed, int((now - self._started_at) * self._rate) + 1)
        while room > 0:
            if retries and retries[0][0] <= now:
                index = retries.popleft()[1]
            elif self._submitted < allowed:
                index = self._submitted
                self._submitted += 1
            else:
                return
            self.template.destination_addr = self._destination(index)
            self._in_flight += 1
            link.submit(self.template, (index, self._clock()))
            room -= 1

    def _destination(self, index: int) -> str:
        return str(self._dest_first + index).zfill(self._dest_width)

    def take_answer(self, link: "_Link", token: tuple[int, float], pdu: Pdu) -> None:
        """Account for the answer to a submit, and use the room it makes."""
        index, submitted_at = token
        now = self._last_answer_at = self._clock()
        self._latencies.append(now - submitted_at)
        self._in_flight -= 1
        status = pdu.command_status
        if status in _RETRIED:
            self.result.retried += 1
            self._retries.append((now + RETRY_S, index))
        elif status or not isinstance(pdu, SubmitSmResp):
            self._errors[status] += 1
        else:
            self.result.accepted += 1
            message_id = pdu.message_id
            known = self._ids.get(message_id, 0)
            self._ids[message_id] = known | _ACCEPTED
            if known == _RECEIPTED:
                self.result.receipts += 1
            if self._on_accepted is not None:
                self._on_accepted(self._destination(index), message_id)
        self._fill(link, now)

    def take_silence(self, count: int) -> None:
        """Account for submits whose answer will not come."""
        self._in_flight -= count
        self.result.unanswered += count

    def take_receipt(self, pdu: DeliverSm | DataSm) -> None:
        """Account for a deliver_sm: a final receipt counts, anything else does not."""
        receipt = parse_receipt(pdu)
        if receipt is None or not receipt.final:
            return
        self._last_receipt_at = self._clock()
        message_id = receipt.message_id or ""
        known = self._ids.get(message_id, 0)
        if known & _RECEIPTED:
            self.result.receipts_duplicate += 1
            return
        self._ids[message_id] = known | _RECEIPTED
        self._states[receipt.stat] += 1
        if known:
            self.result.receipts += 1

    # Links

    def reconnect(self, link: "_Link") -> None:
        """Bind a link again that was lost."""
        task = asyncio.create_task(self._reconnect(link))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reconnect(self, link: "_Link") -> None:
        deadline = self._clock() + self._reconnect_s
        while True:
            try:
                await link.connect()
            except (OSError, SmppError) as error:
                if self._clock() >= deadline:
                    link.given_up = str(error)
                    return
                await asyncio.sleep(_RECONNECT_S)
            else:
                self.result.reconnects += 1
                return

    async def open_link(self, link: "_Link") -> SmppConnection:
        """Open a connection for a link, not bound yet."""
        return await connect(
            self._host, self._port, link, timers=self._timers, window_size=self._window, ssl=self._ssl
        )

    async def bind_link(self, conn: SmppConnection) -> None:
        """Bind a connection as transceiver."""
        await conn.bind(BindType.TRX, self._system_id, self._password)

    # Accounts

    def _finished(self, now: float) -> bool:
        reasons = [link.given_up for link in self._links if link.given_up is not None]
        if len(reasons) == len(self._links):
            self.result.error = f"every link was lost and none came back: {reasons[0]}"
            return True
        if self._submitted < self._count or self._retries or self._in_flight:
            return False
        if not self._receipt_wait_s or self.result.receipts >= self.result.accepted:
            return True
        return now - max(self._last_receipt_at, self._last_answer_at) >= self._receipt_wait_s

    def _report(self, now: float) -> None:
        then, accepted_then = self._reported
        accepted = self.result.accepted
        self._reported = (now, accepted)
        if self._on_progress is not None:
            self._on_progress(
                Progress(
                    seconds=now - self._started_at,
                    count=self._count,
                    submitted=self._submitted,
                    accepted=accepted,
                    failed=self._errors.total() + self.result.unanswered,
                    retried=self.result.retried,
                    in_flight=self._in_flight,
                    receipts=self.result.receipts,
                    binds=sum(link.bound for link in self._links),
                    rate=(accepted - accepted_then) / (now - then) if now > then else 0.0,
                )
            )

    def _sum_up(self) -> None:
        result = self.result
        result.submitted = self._submitted
        result.unanswered += len(self._retries)  # throttled to the end of an aborted run
        result.errors = {status_name(status): count for status, count in self._errors.most_common()}
        result.states = dict(self._states.most_common())
        result.receipts_unexpected = sum(known == _RECEIPTED for known in self._ids.values())
        if self._receipt_wait_s:
            result.receipts_lost = result.accepted - result.receipts
        latencies = sorted(self._latencies)
        if latencies:
            result.p50_ms = 1000 * latencies[len(latencies) // 2]
            result.p99_ms = 1000 * latencies[len(latencies) * 99 // 100]
            result.max_ms = 1000 * latencies[-1]
        result.submit_seconds = self._last_answer_at - self._started_at
        if result.submit_seconds > 0:
            result.accepted_per_s = result.accepted / result.submit_seconds
        if result.receipts:
            result.receipt_seconds = self._last_receipt_at - self._started_at
            result.receipts_per_s = result.receipts / result.receipt_seconds


class _Link(Handler):
    """One transceiver bind of the load; it is bound again when it is lost."""

    def __init__(self, load: EsmeLoad) -> None:
        self.load = load
        self.conn: SmppConnection | None = None
        self.bound = False
        self.leaving = False
        self.given_up: str | None = None

    async def connect(self) -> None:
        """Connect and bind. Raises BindRefused, ConnectionLost, OSError or TimeoutError."""
        conn = self.conn = await self.load.open_link(self)
        try:
            await self.load.bind_link(conn)
        except BaseException:
            conn.abort("not bound")
            raise

    async def unbind(self) -> None:
        """Unbind, if it is bound, and wait until the connection is gone."""
        self.leaving = True
        if self.conn is not None and not self.conn.closed:
            await self.conn.unbind(_UNBIND_S)

    @property
    def room(self) -> int:
        """How many more submits it may be sent now; 0 while the peer does not read."""
        conn = self.conn
        return conn.session.window.room if self.bound and conn is not None and conn.writable else 0

    def submit(self, pdu: SubmitSm, token: tuple[int, float]) -> None:
        """Send a submit; there must be room."""
        if self.conn is not None:
            self.conn.send(pdu, token)

    def on_bound(self, pdu: Pdu) -> None:  # noqa: ARG002 - the SMSC's name does not matter
        self.bound = True

    def on_response(self, token: Any, pdu: Pdu) -> None:
        self.load.take_answer(self, token, pdu)

    def on_timeout(self, token: Any) -> None:  # noqa: ARG002 - only their number counts
        self.load.take_silence(1)

    def on_request(self, pdu: Pdu) -> None:
        if self.conn is None:
            return
        if isinstance(pdu, (DeliverSm, DataSm)):
            self.conn.respond(pdu.response())
            self.load.take_receipt(pdu)
        else:
            self.conn.respond(pdu.response(CommandStatus.ESME_RINVCMDID.value))

    def on_closed(self, reason: str) -> None:  # noqa: ARG002 - every loss is met by binding again
        was_bound, self.bound = self.bound, False
        if self.conn is not None:
            self.load.take_silence(len(self.conn.session.unanswered()))
        if was_bound and not self.leaving:
            self.load.reconnect(self)
