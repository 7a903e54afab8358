"""Binds as receiver with smpplib and unbinds after so many receipts.

python receive.py HOST PORT SYSTEM_ID PASSWORD COUNT
"""

import re
import sys

import smpplib.client
import smpplib.exceptions

host, port, system_id, password, count = sys.argv[1:]
receipts = []


def received(pdu):  # smpplib answers with deliver_sm_resp when this returns
    text = pdu.short_message.decode("latin-1")
    receipts.append(text)
    print("receipt", re.search(r"\bid:(\S+)", text)[1], re.search(r"\bstat:(\S+)", text)[1])


client = smpplib.client.Client(host, int(port), allow_unknown_opt_params=True)
client.set_message_received_handler(received)
client.connect()
try:
    client.bind_receiver(system_id=system_id, password=password)
except smpplib.exceptions.PDUError as error:
    client.disconnect()
    sys.exit(f"bind refused: {error.args[0]}")
print("bound", flush=True)

while len(receipts) < int(count):
    client.read_once()  # also answers enquire_link

client.unbind()
client.disconnect()
print("unbound")
