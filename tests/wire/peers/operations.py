"""Asks what smpplib can ask about messages: one that waits is queried, another goes in a data_sm.

python operations.py HOST PORT SYSTEM_ID PASSWORD < lines of destinations
"""

import sys

import smpplib.client
import smpplib.consts
import smpplib.smpp

host, port, system_id, password = sys.argv[1:]
destination = sys.stdin.readline().strip()
source = {"source_addr": "Acme", "source_addr_ton": smpplib.consts.SMPP_TON_ALNUM, "source_addr_npi": 0}

client = smpplib.client.Client(host, int(port), allow_unknown_opt_params=True)
client.connect()
client.bind_transceiver(system_id=system_id, password=password)


def ask(command, **fields):
    """Sends a request; its answer."""
    pdu = smpplib.smpp.make_pdu(command, client=client, **source, **fields)
    client.send_pdu(pdu)
    return client.read_pdu()


def query(message_id):
    """Where a message is."""
    pdu = ask("query_sm", message_id=message_id)
    print("query", pdu.status, "-" if pdu.status else pdu.message_state)


numbering = {"dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": destination}
later = ask("submit_sm", **numbering, short_message=b"before", schedule_delivery_time="000000020000000R")
query(later.message_id.decode())
query("00000000-0000-7000-8000-000000000000")
data = ask(
    "data_sm", **numbering, message_payload=b"as data", esm_class=0, registered_delivery=0, data_coding=0
)
print("data", data.status)
client.unbind()
client.disconnect()
