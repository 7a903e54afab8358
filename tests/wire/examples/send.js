// Submits texts over SMPP with npm's smpp and waits for their receipts.
//
// node send.js HOST PORT SYSTEM_ID PASSWORD [transmitter] < lines of "DESTINATION TEXT"

const fs = require('fs');
const smpp = require('smpp');

const [host, port, system_id, password, mode] = process.argv.slice(2);
const transmitter = mode === 'transmitter';
const lines = fs.readFileSync(0, 'utf8').split('\n').filter(Boolean);
const waiting = new Set(); // ids that a receipt is still to come for
let unanswered = lines.length;

const session = smpp.connect({ url: `smpp://${host}:${port}`, auto_enquire_link_period: 30000 }, () => {
  const bind = transmitter ? 'bind_transmitter' : 'bind_transceiver';
  session[bind]({ system_id, password }, (pdu) => {
    if (pdu.command_status !== 0) {
      fail(`bind refused: ${nameOf(pdu.command_status)}`);
    }
    console.log('bound');
    lines.forEach(submit);
  });
});

function submit(line) {
  const [, destination, text] = line.match(/^(\S+) (.*)$/);
  const gsm = smpp.encodings.ASCII.match(text); // "ASCII" is GSM 03.38 here
  const message = {
    source_addr_ton: smpp.TON.ALPHANUMERIC,
    source_addr: 'Acme',
    dest_addr_ton: smpp.TON.INTERNATIONAL,
    dest_addr_npi: smpp.NPI.ISDN,
    destination_addr: destination,
    data_coding: gsm ? 0 : smpp.ENCODING.UCS2,
    registered_delivery: smpp.REGISTERED_DELIVERY.FINAL,
  };
  // More than 254 octets go into message_payload, and the gateway cuts them into parts.
  message[text.length > (gsm ? 200 : 127) ? 'message_payload' : 'short_message'] = text;
  session.submit_sm(message, (pdu) => {
    unanswered -= 1;
    if (pdu.command_status !== 0) {
      console.log('refused', destination, nameOf(pdu.command_status));
    } else {
      waiting.add(pdu.message_id);
      console.log('submitted', destination, pdu.message_id);
    }
    leaveWhenDone();
  });
}

session.on('deliver_sm', (pdu) => {
  const text = pdu.short_message.message;
  const id = text.match(/\bid:(\S+)/)[1];
  waiting.delete(id);
  console.log('receipt', id, text.match(/\bstat:(\S+)/)[1]);
  session.send(pdu.response());
  leaveWhenDone();
});

session.on('enquire_link', (pdu) => session.send(pdu.response()));
session.on('error', (error) => fail(error.message));

function leaveWhenDone() {
  if (unanswered === 0 && (transmitter || waiting.size === 0)) {
    session.unbind(() => {
      console.log('unbound');
      session.close();
    });
  }
}

function nameOf(status) {
  return Object.keys(smpp.errors).find((name) => smpp.errors[name] === status) || status;
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
