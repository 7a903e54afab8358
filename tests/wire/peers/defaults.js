// Submits texts as the users of npm's smpp do who leave everything to its defaults: it chooses the coding
// itself, and writes GSM 03.38 under data_coding 1.
//
// node defaults.js HOST PORT SYSTEM_ID PASSWORD < lines of "DESTINATION TEXT"

const fs = require('fs');
const smpp = require('smpp');

const [host, port, system_id, password] = process.argv.slice(2);
const lines = fs.readFileSync(0, 'utf8').split('\n').filter(Boolean);
let unanswered = lines.length;

const session = smpp.connect({ url: `smpp://${host}:${port}` }, () => {
  session.bind_transceiver({ system_id, password }, () => {
    for (const line of lines) {
      const [, destination, text] = line.match(/^(\S+) (.*)$/);
      session.submit_sm({ destination_addr: destination, short_message: text }, (pdu) => {
        console.log('submitted', destination, pdu.command_status);
        unanswered -= 1;
        if (unanswered === 0) {
          session.unbind(() => session.close());
        }
      });
    }
  });
});
