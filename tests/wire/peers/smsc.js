// An SMSC made with npm's smpp: takes messages, says what it read, and sends a receipt for each.
//
// node smsc.js SYSTEM_ID PASSWORD

const smpp = require('smpp');

const [system_id, password] = process.argv.slice(2);
let taken = 0;

const server = smpp.createServer((session) => {
  session.on('bind_transceiver', (pdu) => {
    const known = pdu.system_id === system_id && pdu.password === password;
    session.send(pdu.response({ command_status: known ? 0 : smpp.ESME_RINVPASWD, system_id: 'npm' }));
    console.log(known ? 'bound' : 'refused', pdu.system_id);
  });
  session.on('submit_sm', (pdu) => {
    taken += 1;
    const message_id = `npm-${taken}`;
    const content = pdu.message_payload || pdu.short_message;
    console.log('message', pdu.destination_addr, pdu.data_coding, placeOf(pdu), content.message);
    session.send(pdu.response({ message_id }));
    session.deliver_sm(
      {
        source_addr: pdu.destination_addr,
        destination_addr: pdu.source_addr,
        esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
        short_message: `id:${message_id} sub:001 dlvrd:001 submit date:2601021530 done date:2601021530 stat:DELIVRD err:000 text:`,
        receipted_message_id: message_id,
        message_state: smpp.MESSAGE_STATE.DELIVERED,
      },
      (answer) => console.log('acknowledged', message_id, answer.command_status),
    );
  });
  session.on('enquire_link', (pdu) => {
    session.send(pdu.response());
    console.log('asked');
  });
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
    console.log('unbound');
  });
  session.on('error', (error) => console.error(error.message));
});

// Where a part belongs: how it is numbered, the reference, the total and the number.
function placeOf(pdu) {
  if (pdu.message_payload) {
    return 'payload:0:1:1';
  }
  if (pdu.sar_msg_ref_num !== undefined) {
    return `sar:${pdu.sar_msg_ref_num}:${pdu.sar_total_segments}:${pdu.sar_segment_seqnum}`;
  }
  const [element] = pdu.short_message.udh || [];
  if (element === undefined) {
    return 'whole:0:1:1';
  }
  return element[0] === 8
    ? `udh16:${element.readUInt16BE(2)}:${element[4]}:${element[5]}`
    : `udh8:${element[2]}:${element[3]}:${element[4]}`;
}

server.listen(0, '127.0.0.1', () => console.log('listening', server.address().port));
