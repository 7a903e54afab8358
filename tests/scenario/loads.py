"""Customers who send without end: what the gateway is under while something happens to it."""

import asyncio
import random
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import aiohttp

from trunkline.smpp.constants import CommandStatus
from trunkline.smpp.errors import SmppError
from trunkline.smpp.pdus import Pdu, SubmitSmResp

from .clients import Esme, Witness, make_submit
from .harness import PASSWORD, PATIENCE_S, Gateway, eventually

_RETRIED = {CommandStatus.ESME_RTHROTTLED.value, CommandStatus.ESME_RMSGQFUL.value}


def texts(seed: int, long_share: float = 0.1) -> Iterator[str]:
    """Texts without end, some of them of two or three segments."""
    rng = random.Random(seed)
    for number in count(1):
        words = f"Message {number} of {seed}."
        if rng.random() < long_share:
            words = (words + " ") * 20
            words = words[: rng.choice((200, 400))]
        yield words


class EsmeLoad:
    """Submits without end at a rate, over one bind that is made again whenever it is lost.

    Every message has a destination of its own, beginning with `prefix`. What is throttled or met a full
    queue is submitted again; everything else is submitted once.
    """

    TICK_S = 0.01

    def __init__(
        self,
        gateway: Gateway,
        system_id: str,
        prefix: str,
        *,
        rate: float,
        window: int = 20,
        seed: int = 1,
        password: str = PASSWORD,
    ) -> None:
        self.witness = Witness(gateway)
        self._gateway = gateway
        self._system_id = system_id
        self._password = password
        self._rate = rate
        self._window = window
        self._destinations = (f"{prefix}{number:06d}" for number in count(1))
        self._texts = texts(seed)
        self._retries: deque[tuple[str, str]] = deque()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._link: _LoadLink | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def finish(self) -> None:
        """Submits nothing more, and returns when all is answered; receipts are taken on."""
        self._stopping = True
        await eventually(
            lambda: self._link is not None and not self._retries and not self._link.in_flight,
            f"{self._system_id} has all answers",
        )

    async def close(self) -> None:
        """Leaves."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._link is not None:
            await self._link.leave()

    async def _run(self) -> None:
        while True:
            await self._gateway.up.wait()
            link = _LoadLink(self)
            try:
                await link.bind(self._gateway.smpp_port, self._system_id, self._password, window=self._window)
            except (OSError, SmppError):
                await asyncio.sleep(self.TICK_S)
                continue
            self._link = link
            await self._submit(link)
            self.witness.unanswered += link.in_flight
            self._link = None
            await link.leave()

    async def _submit(self, link: "_LoadLink") -> None:
        allowance = 0.0
        while not link.gone.is_set():
            allowance = min(allowance + self._rate * self.TICK_S, float(self._window))
            while link.in_flight < self._window and not link.gone.is_set():
                if self._retries:
                    destination, text = self._retries.popleft()
                elif allowance >= 1 and not self._stopping:
                    allowance -= 1
                    destination, text = next(self._destinations), next(self._texts)
                else:
                    break
                self.witness.sent.add(destination)
                link.send(destination, text)
            await asyncio.sleep(self.TICK_S)

    def answered(self, destination: str, text: str, pdu: Pdu) -> None:
        """Takes the answer to a submit."""
        status = pdu.command_status
        if status == 0 and isinstance(pdu, SubmitSmResp):
            self.witness.acked[pdu.message_id] = destination
            return
        self.witness.refused[status] += 1
        if status in _RETRIED:
            self._retries.append((destination, text))


class _LoadLink(Esme):
    """One bind of the load."""

    def __init__(self, load: EsmeLoad) -> None:
        super().__init__()
        self.in_flight = 0
        self._load = load
        self.on_receipt = lambda receipt: load.witness.receive(receipt.message_id or "", receipt.stat)

    def send(self, destination: str, text: str) -> None:
        assert self.connection is not None
        self.connection.send(make_submit(destination, text), (destination, text))
        self.in_flight += 1

    def on_response(self, token: Any, pdu: Pdu) -> None:
        self.in_flight -= 1
        destination, text = token
        self._load.answered(destination, text, pdu)


class HttpLoad:
    """Sends without end through the HTTP API, single messages and now and then a batch.

    Each request carries an Idempotency-Key and is repeated with it until it is answered, as a careful
    customer's client does: so every message must exist exactly once.
    """

    BATCH = 20

    def __init__(self, gateway: Gateway, api_key: str, prefix: str, *, rate: float, seed: int = 1) -> None:
        self.witness = Witness(gateway)
        self.repeated = 0
        self._gateway = gateway
        self._headers = {"X-API-Key": api_key}
        self._rate = rate
        self._prefix = prefix
        self._numbers = count(1)
        self._rng = random.Random(seed)
        self._texts = texts(seed)
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._session: aiohttp.ClientSession | None = None

    def start(self, workers: int = 6) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S))
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._work(workers / self._rate)) for _ in range(workers)]

    async def finish(self) -> None:
        """Begins nothing more, and returns when everything is answered."""
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _work(self, pause_s: float) -> None:
        while not self._stopping:
            if self._rng.random() < 0.03:
                await self._batch([self._next() for _ in range(self.BATCH)])
            else:
                await self._single(*self._next())
            await asyncio.sleep(pause_s * self._rng.uniform(0.5, 1.5))

    def _next(self) -> tuple[str, str]:
        destination = f"{self._prefix}{next(self._numbers):06d}"
        self.witness.sent.add(destination)
        return destination, next(self._texts)

    async def _single(self, destination: str, text: str) -> None:
        answer = await self._post("/api/v1/http-send", {"to": destination, "content": text}, destination)
        self.witness.acked[answer["message_id"]] = destination

    async def _batch(self, messages: list[tuple[str, str]]) -> None:
        body = {"messages": [{"to": to, "content": text} for to, text in messages]}
        answer = await self._post("/api/v1/http-send/batch", body, messages[0][0])
        for (destination, _), result in zip(messages, answer["results"], strict=True):
            assert result["ok"], result
            self.witness.acked[result["message_id"]] = destination

    async def _post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        assert self._session is not None
        while True:
            await self._gateway.up.wait()
            url = f"http://127.0.0.1:{self._gateway.http_port}{path}"
            try:
                async with self._session.post(
                    url, json=body, headers=self._headers | {"Idempotency-Key": key}
                ) as answer:
                    content: dict[str, Any] = await answer.json()
            except aiohttp.ClientError:
                self.repeated += 1
                await asyncio.sleep(0.02)
                continue
            if answer.status == 200:
                return content
            self.witness.refused[answer.status] += 1
            assert answer.status in (429, 503), (answer.status, content)
            await asyncio.sleep(0.05)
