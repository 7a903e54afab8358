"""An ESME that sends: Trunkline's load generator; prints its account as one line of JSON.

python -m bench.instruments.esme --port P --count N [--binds N] [--window N] [--rate N] [--receipts]
    [--authority FILE]
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path

import uvloop

from trunkline.simulator.esme import EsmeLoad
from trunkline.smpp.asyncio.contexts import client_context


def main() -> None:
    """Reads the command line, sends, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--system-id", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--binds", type=int, default=1)
    parser.add_argument("--window", type=int, default=100)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--dest-base", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--receipts", action="store_true")
    parser.add_argument("--authority", type=Path, help="speak TLS, and trust this authority")
    given = parser.parse_args()
    load = EsmeLoad(
        "127.0.0.1",
        given.port,
        given.system_id,
        given.password,
        ssl=client_context(ca=given.authority.read_text()) if given.authority else None,
        binds=given.binds,
        window=given.window,
        count=given.count,
        rate=given.rate,
        registered_delivery=int(given.receipts),
        text=given.text,
        source="12345",
        dest_base=given.dest_base,
    )
    # Before the binds: rates counted from here are slightly too low rather than too high.
    started_at = time.time()
    result = uvloop.run(load.run())
    print(json.dumps({"started_at": started_at} | dataclasses.asdict(result)))


if __name__ == "__main__":
    main()
