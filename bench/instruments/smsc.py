"""An SMSC that counts: Trunkline's simulator, and which destinations it has seen.

python -m bench.instruments.smsc --port P --control C [--response-delay S] [--receipt-delay S]
    [--certificate FILE --key FILE]
"""

import argparse
import ssl
import time
from pathlib import Path
from typing import Any

import uvloop

from bench.instruments.control import serve_control
from trunkline.simulator.counters import SmscCounters
from trunkline.simulator.mailbox import Mailbox
from trunkline.simulator.pending import PendingReceipt
from trunkline.simulator.scenario import Scenario
from trunkline.simulator.smsc import SmscSimulator
from trunkline.smpp.asyncio.contexts import server_context
from trunkline.smpp.pdus import DataSm, SubmitSm


class CountingSmsc(SmscSimulator):
    """The simulator, with a set of the destinations and the times of the last events (epoch seconds)."""

    destinations: set[str]
    last_submit_at: float
    last_ack_at: float

    def reset(self) -> None:
        """Forgets what was counted; the binds stay."""
        self.counters = SmscCounters()
        self.destinations = set()
        self.last_submit_at = self.last_ack_at = 0.0

    def submit(self, link: Any, pdu: SubmitSm | DataSm) -> None:
        """Notes the destination, then does what the simulator does."""
        self.destinations.add(pdu.destination_addr)
        self.last_submit_at = time.time()
        super().submit(link, pdu)

    def settle_receipt(self, mailbox: Mailbox, receipt: PendingReceipt, status: int) -> None:
        """Notes the time, then does what the simulator does."""
        self.last_ack_at = time.time()
        super().settle_receipt(mailbox, receipt, status)

    def stats(self) -> dict[str, object]:
        """The counters, ready for JSON."""
        return {
            "binds": len(self.links),
            "submits": self.counters.submits,
            "unique": len(self.destinations),
            "receipts_acked": self.counters.receipts_acked,
            "last_submit_at": self.last_submit_at,
            "last_ack_at": self.last_ack_at,
        }


async def run(
    port: int,
    control: int,
    response_delay_s: float,
    receipt_delay_s: float,
    context: ssl.SSLContext | None,
) -> None:
    """Serves until it is told to stop."""
    scenario = Scenario(response_delay_ms=response_delay_s * 1000, receipt_delay_ms=receipt_delay_s * 1000)
    smsc = CountingSmsc("127.0.0.1", port, scenario, ssl=context)
    smsc.reset()
    await smsc.start()
    try:
        await serve_control(control, smsc.stats, smsc.reset)
    finally:
        await smsc.stop()


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--response-delay", type=float, default=0.0, help="seconds")
    parser.add_argument("--receipt-delay", type=float, default=0.0, help="seconds")
    parser.add_argument("--certificate", type=Path, help="speak TLS with this certificate")
    parser.add_argument("--key", type=Path, help="its key")
    given = parser.parse_args()
    context = (
        server_context(given.certificate.read_text(), given.key.read_text()) if given.certificate else None
    )
    uvloop.run(run(given.port, given.control, given.response_delay, given.receipt_delay, context))


if __name__ == "__main__":
    main()
