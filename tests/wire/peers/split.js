// Cuts long texts itself, into parts with a user data header as npm's smpp builds them, and waits for the
// receipts. Asks the gateway for signs of life meanwhile.
//
// node split.js HOST PORT SYSTEM_ID PASSWORD < lines of "DESTINATION TEXT"

const fs = require('fs');
const smpp = require('smpp');

const [host, port, system_id, password] = process.argv.slice(2);
const lines = fs.readFileSync(0, 'utf8').split('\n').filter(Boolean);
let open = 0;

const session = smpp.connect({ url: `smpp://${host}:${port}` }, () => {
  session.bind_transceiver({ system_id, password }, () => {
    session.enquire_link((pdu) => console.log('alive', pdu.command_status));
    lines.forEach((line, reference) => {
      const [, destination, text] = line.match(/^(\S+) (.*)$/);
      const gsm = smpp.encodings.ASCII.match(text);
      const parts = text.match(gsm ? /.{1,153}/g : /.{1,67}/g);
      parts.forEach((message, index) => {
        const udh = Buffer.from([5, 0, 3, reference, parts.length, index + 1]);
        open += 2; // an answer and a receipt
        session.submit_sm(
          {
            destination_addr: destination,
            data_coding: gsm ? 0 : 8,
            registered_delivery: 1,
            short_message: { udh, message },
          },
          (pdu) => done('submitted', destination, pdu.message_id),
        );
      });
    });
  });
});

session.on('deliver_sm', (pdu) => {
  session.send(pdu.response());
  done('receipt', pdu.receipted_message_id, pdu.short_message.message.match(/\bstat:(\S+)/)[1]);
});

function done(...words) {
  console.log(...words);
  open -= 1;
  if (open === 0) {
    session.unbind(() => session.close());
  }
}
