"""Submits texts over SMPP with smpplib and waits for their receipts.

python send.py HOST PORT SYSTEM_ID PASSWORD [transmitter] < lines of "DESTINATION TEXT"
"""

import re
import sys

import smpplib.client
import smpplib.consts
import smpplib.exceptions
import smpplib.gsm

host, port, system_id, password, *mode = sys.argv[1:]
destinations = {}  # sequence_number -> destination of a submit_sm that is not answered yet
waiting = set()  # ids that a receipt is still to come for


def submitted(pdu):
    destination = destinations.pop(pdu.sequence)
    if pdu.status:
        print("refused", destination, smpplib.consts.DESCRIPTIONS.get(pdu.status, pdu.status))
    else:
        waiting.add(pdu.message_id.decode())
        print("submitted", destination, pdu.message_id.decode())


def received(pdu):  # smpplib answers with deliver_sm_resp when this returns
    text = pdu.short_message.decode("latin-1")
    message_id = re.search(r"\bid:(\S+)", text)[1]
    waiting.discard(message_id)
    print("receipt", message_id, re.search(r"\bstat:(\S+)", text)[1])


client = smpplib.client.Client(host, int(port), allow_unknown_opt_params=True)
client.set_message_sent_handler(submitted)
client.set_message_received_handler(received)
client.set_error_pdu_handler(lambda pdu: None)  # submitted() looks at the status

client.connect()
try:
    bind = client.bind_transmitter if "transmitter" in mode else client.bind_transceiver
    bind(system_id=system_id, password=password)
except smpplib.exceptions.PDUError as error:
    client.disconnect()
    sys.exit(f"bind refused: {error.args[0]}")
print("bound", flush=True)

for line in sys.stdin:
    destination, text = line.rstrip("\n").split(" ", 1)
    # Chooses GSM 7 bit or UCS-2, and cuts a long text into parts with a concatenation header.
    parts, data_coding, esm_class = smpplib.gsm.make_parts(text)
    for part in parts:
        pdu = client.send_message(
            source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
            source_addr="Acme",
            dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
            dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
            destination_addr=destination,
            esm_class=esm_class,
            data_coding=data_coding,
            registered_delivery=1,
            short_message=part,
        )
        destinations[pdu.sequence] = destination

while destinations or (waiting and "transmitter" not in mode):
    client.read_once()  # also answers enquire_link

client.unbind()
client.disconnect()
print("unbound")
