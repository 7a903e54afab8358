"""ESMEs that bind, say nothing and answer enquire_link; prints its account as one line of JSON.

python -m bench.instruments.idle_binds --port P --system-ids A,B,... --binds N --hold S [--authority FILE]
"""

import argparse
import asyncio
import json
import ssl
import time
from pathlib import Path

import uvloop

from trunkline.smpp.asyncio import SmppConnection, connect
from trunkline.smpp.asyncio.contexts import client_context
from trunkline.smpp.constants import BindType
from trunkline.smpp.errors import SmppError
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import EnquireLink
from trunkline.smpp.timers import TimerSettings

SILENT = TimerSettings(session_init=0, enquire_link=0, response=0)
"""Only the gateway asks whether anybody is there."""

ENQUIRE_LINK = EnquireLink.command_id.to_bytes(4, "big")


class IdleBind(Handler):
    """One bind; counts how often it was asked whether it is there."""

    def __init__(self) -> None:
        self.asked = 0
        self.leaving = False
        self.lost = ""
        self.connection: SmppConnection | None = None

    async def bind(self, port: int, system_id: str, password: str, context: ssl.SSLContext | None) -> None:
        """Binds. Raises OSError, TimeoutError and SmppError."""
        self.connection = await connect("127.0.0.1", port, self, timers=SILENT, ssl=context)
        self.connection.tap = self
        await self.connection.bind(BindType.TRX, system_id, password)

    async def unbind(self) -> None:
        """Leaves."""
        self.leaving = True
        if self.connection is not None and not self.connection.closed:
            await self.connection.unbind()

    def read(self, pdus: bytes) -> None:
        """The tap: what the gateway says."""
        self.asked += pdus[4:8] == ENQUIRE_LINK

    def written(self, pdus: bytes) -> None:
        """The tap: what is answered."""

    def on_closed(self, reason: str) -> None:
        if not self.leaving:
            self.lost = reason


async def run(
    port: int, system_ids: list[str], password: str, binds: int, hold_s: float, context: ssl.SSLContext | None
) -> dict[str, object]:
    """Binds them all, holds them for a while, unbinds; returns the account."""
    made: list[IdleBind] = []
    refused = ""
    started = time.perf_counter()
    for system_id in system_ids:
        group = [IdleBind() for _ in range(binds)]
        outcomes = await asyncio.gather(
            *(each.bind(port, system_id, password, context) for each in group), return_exceptions=True
        )
        for each, outcome in zip(group, outcomes, strict=True):
            if outcome is None:
                made.append(each)
            elif isinstance(outcome, OSError | SmppError):
                refused = refused or str(outcome)
            else:
                raise outcome
    bound_after_s = time.perf_counter() - started
    await asyncio.sleep(hold_s)
    lost = [each.lost for each in made if each.lost]
    await asyncio.gather(*(each.unbind() for each in made))
    return {
        "bound": len(made),
        "bound_after_s": bound_after_s,
        "refused": refused,
        "lost": len(lost),
        "lost_because": lost[0] if lost else "",
        "least_asked": min((each.asked for each in made), default=0),
    }


def main() -> None:
    """Reads the command line, binds, waits, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--system-ids", required=True, help="separated by commas")
    parser.add_argument("--password", required=True)
    parser.add_argument("--binds", type=int, required=True, help="of each")
    parser.add_argument("--hold", type=float, required=True, help="seconds")
    parser.add_argument("--authority", type=Path)
    given = parser.parse_args()
    context = client_context(ca=given.authority.read_text()) if given.authority else None
    system_ids = given.system_ids.split(",")
    print(
        json.dumps(uvloop.run(run(given.port, system_ids, given.password, given.binds, given.hold, context)))
    )


if __name__ == "__main__":
    main()
