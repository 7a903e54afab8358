"""Kannel as Debian packages it: bearerbox and smsbox, bound to the gateway as an ESME.

Both are programs of their own, with ports of this test and their files in the test's folder. What Kannel did
is read from outside: from the gateway's record and the URLs that Kannel fetches. Its log is for the rest.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web

from .bench import HOST, PASSWORD, SYSTEM_ID, WAIT_S, Program, Programs, eventually, free_port

DELIVERED, FAILED, SUBMITTED, REFUSED = "1", "2", "8", "16"
"""What a delivery report says (`%d` of Kannel's dlr-url)."""

TRANSCEIVER: Final = ({"transceiver_mode": "true"},)
TRANSMITTER: Final = ({"transceiver_mode": "false"},)
TRANSMITTER_AND_RECEIVER: Final = (*TRANSMITTER, {"receives": True})
"""The variables of Kannel's binds, one mapping for each (`_` for `-`)."""

_ACCEPTED: Final = 202


async def logged(program: Program, words: str, count: int = 1) -> None:
    """Wait until a program's log has some words so many times."""
    await eventually(lambda: program.complaints.count(words) >= count)


class Reports:
    """The application whose URL Kannel fetches for every delivery report."""

    def __init__(self) -> None:
        self.url = ""
        self._reports: list[dict[str, str]] = []
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Reports"]:
        """Answers on a port of its own until the context is left."""
        application = web.Application()
        application.router.add_get("/report", self._fetched)
        runner = web.AppRunner(application)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, 0).start()
            # Kannel fills in what happened, the SMSC's id, what it said and the handset's number.
            self.url = f"http://{HOST}:{runner.addresses[0][1]}/report?status=%d&id=%F&answer=%A&to=%p"
            yield self
        finally:
            await runner.cleanup()

    async def until(self, status: str, count: int) -> list[dict[str, str]]:
        """Wait for so many reports of a status, and return them in the order they came."""
        async with asyncio.timeout(WAIT_S):
            while len(self.of(status)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.of(status)

    def of(self, status: str) -> list[dict[str, str]]:
        """The reports of a status up to now."""
        return [report for report in self._reports if report["status"] == status]

    async def _fetched(self, request: web.Request) -> web.Response:
        self._reports.append(dict(request.query))
        self._changed.set()
        return web.Response()


class Kannel:
    """A bearerbox that binds to the gateway, and a smsbox that takes messages by HTTP.

    What it has not sent and the receipts it waits for outlive it: `start` goes on where `stop` left off.
    """

    def __init__(
        self, programs: Programs, boxes: tuple[str, str], folder: Path, reports: Reports, port: int
    ) -> None:
        self._programs = programs
        self._boxes = boxes
        self._folder = folder
        self._reports = reports
        self._port = port
        self._ports = {name: free_port() for name in ("admin", "smsbox", "sendsms")}
        (folder / "receipts").mkdir(parents=True)

    async def start(self, binds: Sequence[dict[str, object]] = TRANSCEIVER, **variables: object) -> Program:
        """Start both boxes with these binds, all with these variables; return the bearerbox."""
        path = self._folder / "kannel.conf"
        path.write_text(self._configuration([bind | variables for bind in binds]), "utf-8")
        bearerbox, smsbox = self._boxes
        self.bearerbox = await self._programs.start(bearerbox, "-v", "0", path)  # 0: it logs every PDU
        await logged(self.bearerbox, "Start-up done")
        self._smsbox = await self._programs.start(smsbox, "-v", "1", path)
        await logged(self.bearerbox, "Client connected from")
        await eventually(self._answers)
        return self.bearerbox

    async def stop(self) -> None:
        """End both as an operator does; the bearerbox unbinds."""
        for box in (self._smsbox, self.bearerbox):
            box.terminate()
            assert await box.ended() == 0, box.complaints

    async def send(self, text: str, destination: str, **parameters: object) -> None:
        """Hand a text to Kannel, which takes it and is to report everything about it."""
        query = {
            "username": "application",
            "password": "word",
            "from": "Acme",
            "to": destination,
            "text": text,
            "charset": "utf-8",
            "dlr-mask": 1 + 2 + 8 + 16,
            "dlr-url": self._reports.url,
        }
        status, body = await self._get(query | parameters)
        assert status == _ACCEPTED, body

    async def _answers(self) -> bool:
        try:
            await self._get({})
        except aiohttp.ClientConnectionError:
            return False
        return True

    async def _get(self, query: dict[str, object]) -> tuple[int, str]:
        url = f"http://{HOST}:{self._ports['sendsms']}/cgi-bin/sendsms"
        parameters = {name: str(value) for name, value in query.items()}
        async with aiohttp.ClientSession() as session, session.get(url, params=parameters) as answer:
            return answer.status, await answer.text()

    def _configuration(self, binds: list[dict[str, object]]) -> str:
        ports = self._ports
        groups = [
            _group(
                "core",
                admin_port=ports["admin"],
                admin_interface=HOST,
                admin_password="word",
                smsbox_port=ports["smsbox"],
                smsbox_interface=HOST,
                store_type="file",
                store_location=self._folder / "messages",
                dlr_storage="spool",
                dlr_spool=self._folder / "receipts",
                sms_resend_freq=1,
            ),
            _group(
                "smsbox",
                bearerbox_host=HOST,
                bearerbox_port=ports["smsbox"],
                sendsms_port=ports["sendsms"],
                sendsms_interface=HOST,
            ),
            _group(
                "sendsms-user",
                username="application",
                password="word",
                max_messages=10,
                concatenation="true",
            ),
        ]
        return "".join(groups + [self._bind(**bind) for bind in binds])

    def _bind(self, *, receives: bool = False, **variables: object) -> str:
        settings: dict[str, object] = {
            "smsc": "smpp",
            "smsc_id": "trunkline",
            "host": HOST,
            "receive_port" if receives else "port": self._port,
            "smsc_username": SYSTEM_ID,
            "smsc_password": PASSWORD,
            "system_type": '""',
            "reconnect_delay": 1,
        }
        return _group("smsc", **(settings | variables))


def _group(name: str, **variables: object) -> str:
    """A group of Kannel's configuration file; an empty line ends it."""
    lines = [f"{variable.replace('_', '-')} = {value}" for variable, value in variables.items()]
    return "\n".join([f"group = {name}", *lines, "", ""])
