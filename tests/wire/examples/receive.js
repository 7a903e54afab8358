// Binds as receiver with npm's smpp and unbinds after so many receipts.
//
// node receive.js HOST PORT SYSTEM_ID PASSWORD COUNT

const smpp = require('smpp');

const [host, port, system_id, password, count] = process.argv.slice(2);
let received = 0;

const session = smpp.connect({ url: `smpp://${host}:${port}`, auto_enquire_link_period: 30000 }, () => {
  session.bind_receiver({ system_id, password }, (pdu) => {
    if (pdu.command_status !== 0) {
      console.error('bind refused: status', pdu.command_status);
      process.exit(1);
    }
    console.log('bound');
  });
});

session.on('deliver_sm', (pdu) => {
  const text = pdu.short_message.message;
  console.log('receipt', text.match(/\bid:(\S+)/)[1], text.match(/\bstat:(\S+)/)[1]);
  session.send(pdu.response());
  received += 1;
  if (received === Number(count)) {
    session.unbind(() => {
      console.log('unbound');
      session.close();
    });
  }
});

session.on('enquire_link', (pdu) => session.send(pdu.response()));
session.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
