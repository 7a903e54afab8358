"""Sessions of peers that know no SMPP: how they bind to the gateway, and are bound to by it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trunkline.model.profile import Profile
from trunkline.model.submission import Submission

from .bench import HOST, Bench, eventually, free_port
from .octets import Line, Switchboard, dial

ESME_BINDS = {"receiver": "01", "transmitter": "02", "transceiver": "09"}
"""What an ESME binds as, with its command_id's last octet."""

CONNECTOR_BINDS = {"rx_binds": "01", "tx_binds": "02", "trx_binds": "09"}
"""The same for the gateway, by the connector's setting."""


async def bind(line: Line, kind: str = "transceiver", version: str = "34") -> None:
    """Bind, and get the answer that a version has."""
    line.send(f"""
        00 00 00 22           | command_length 34
        00 00 00 {ESME_BINDS[kind]}
        00 00 00 00           | command_status
        00 00 00 01           | sequence_number
        "acme" 00             | system_id
        "s3cret" 00           | password
        00                    | system_type
        {version}             | interface_version
        00                    | addr_ton
        00                    | addr_npi
        "^" 00                | address_range
        """)
    said = "" if version == "33" else "02 10 00 01 50 | sc_interface_version"
    await line.expect(f"""
        00 00 00 {"1F" if said else "1A"}
        80 00 00 {ESME_BINDS[kind]}
        00 00 00 00           | command_status
        00 00 00 01           | sequence_number
        "trunkline" 00        | system_id
        {said}
        """)


async def unbind(line: Line) -> None:
    line.send("00 00 00 10 00 00 00 06 00 00 00 00 7F FF FF FF | unbind")
    await line.expect("00 00 00 10 80 00 00 06 00 00 00 00 7F FF FF FF | unbind_resp")
    await line.ended()


VERSIONS = {"3.3": "33", "3.4": "34", "5.0": "50"}
"""A connector's smpp_version, and the octet that says it."""


async def bound(
    bench: Bench,
    switchboard: Switchboard,
    kind: str = "trx_binds",
    smpp_version: str = "3.4",
    **settings: object,
) -> Line:
    """A session that the gateway has bound, to an SMSC of its version."""
    counts = {"trx_binds": 0} | {kind: 1}
    await bench.attach(switchboard.port, smpp_version=smpp_version, **(counts | settings))
    line = await switchboard.answer()
    await accept_bind(line, CONNECTOR_BINDS[kind], VERSIONS[smpp_version])
    return line


async def accept_bind(line: Line, command: str, version: str) -> None:
    """Take the gateway's bind: its command_id ends in `command`, its version is `version`."""
    (sequence_number,) = await line.expect(f"""
        00 00 00 24           | command_length 36
        00 00 00 {command}
        00 00 00 00           | command_status
        ..*4                  | sequence_number
        "trunk" 00            | system_id
        "smscpass" 00         | password
        00                    | system_type
        {version}             | interface_version
        00                    | addr_ton
        00                    | addr_npi
        00                    | address_range
        """)
    said = "" if version == "33" else f"02 10 00 01 {version} | sc_interface_version"
    line.send(f"""
        00 00 00 {"1A" if said else "15"}
        80 00 00 {command}
        00 00 00 00           | command_status
        {sequence_number.hex(" ")}
        "SMSC" 00             | system_id
        {said}
        """)


@asynccontextmanager
async def called_out(bench: Bench, port: int) -> AsyncIterator[Line]:
    """An SMSC that connects to the gateway on this port, says who it is, and is bound to by a receiver."""
    profile = Profile(outbind_host=HOST, outbind_port=port, outbind_system_id="SMSC", outbind_password="call")
    await bench.attach(free_port(), trx_binds=0, profile=profile)
    gateway = bench.gateway
    await eventually(
        lambda: [bind.state for each in gateway.connectors.statuses() for bind in each.binds] == ["OPEN"]
    )
    async with dial(port) as line:
        line.send("""
            00 00 00 1A           | command_length 26
            00 00 00 0B           | outbind
            00 00 00 00           | command_status
            00 00 00 01           | sequence_number
            "SMSC" 00             | system_id
            "call" 00             | password
            """)
        await accept_bind(line, CONNECTOR_BINDS["rx_binds"], VERSIONS["3.4"])
        yield line


async def called_in(bench: Bench, switchboard: Switchboard) -> Line:
    """An ESME with a receipt waiting is called by the gateway, and binds on that connection as a receiver.

    The bench has the password "knock" for outbinds, and an SMSC.
    """
    await bench.create_esme("far", outbind=f"{HOST}:{switchboard.port}")
    gateway = bench.gateway
    sender = gateway.snapshots.current.esmes["far"].sender
    submission = Submission(sender, "smpp", "447700900001", "hi", "Acme", registered_delivery=1)
    await gateway.pipeline.accept(submission)
    await bench.record.until(lambda: bench.record.counters.receipts_acked == 1)
    await gateway.outbinds.look()
    line = await switchboard.answer()
    await line.expect("""
        00 00 00 20           | command_length 32
        00 00 00 0B           | outbind
        00 00 00 00           | command_status
        ..*4                  | sequence_number
        "trunkline" 00        | system_id
        "knock" 00            | password
        """)
    line.send("""
        00 00 00 20           | command_length 32
        00 00 00 01           | bind_receiver
        00 00 00 00           | command_status
        00 00 00 01           | sequence_number
        "far" 00              | system_id
        "s3cret" 00           | password
        00                    | system_type
        34                    | interface_version
        00                    | addr_ton
        00                    | addr_npi
        00                    | address_range
        """)
    await line.expect("""
        00 00 00 1F           | command_length 31
        80 00 00 01           | bind_receiver_resp
        00 00 00 00           | command_status
        00 00 00 01           | sequence_number
        "trunkline" 00        | system_id
        02 10 00 01 50        | sc_interface_version
        """)
    return line
