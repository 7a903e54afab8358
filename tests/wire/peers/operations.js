// Asks what npm's smpp can ask about messages: a message that waits is queried, replaced and cancelled, another
// goes to several destinations, a third in a data_sm. Prints the status of each answer.
//
// node operations.js HOST PORT SYSTEM_ID PASSWORD < lines of destinations

const fs = require('fs');
const smpp = require('smpp');

const [host, port, system_id, password] = process.argv.slice(2);
const destinations = fs.readFileSync(0, 'utf8').split(/\s+/).filter(Boolean);
const later = '000000020000000R';
const source_addr = 'Acme';

const session = smpp.connect({ url: `smpp://${host}:${port}` }, async () => {
  const ask = (command, fields) => new Promise((answered) => session[command](fields, answered));
  await ask('bind_transceiver', { system_id, password });
  const { message_id } = await ask('submit_sm', {
    source_addr, destination_addr: destinations[0], short_message: 'before', data_coding: 0,
    schedule_delivery_time: later,
  });
  const query = async (id) => {
    const pdu = await ask('query_sm', { message_id: id, source_addr });
    console.log('query', pdu.command_status, pdu.command_status ? '-' : pdu.message_state);
  };
  await query(message_id);
  const replaced = await ask('replace_sm', { message_id, source_addr, short_message: 'after' });
  console.log('replace', replaced.command_status);
  const cancelled = await ask('cancel_sm', { message_id, source_addr, destination_addr: destinations[0] });
  console.log('cancel', cancelled.command_status);
  await query(message_id);
  await query('00000000-0000-7000-8000-000000000000');
  const multi = await ask('submit_multi', {
    source_addr, short_message: 'to all',
    dest_address: [...destinations.map((destination_addr) => ({ destination_addr })), { dl_name: 'friends' }],
  });
  const failed = multi.unsuccess_sme.map((each) => `${each.destination_addr}:${each.error_status_code}`);
  console.log('multi', multi.command_status, ...failed);
  const data = await ask('data_sm', {
    source_addr, destination_addr: destinations[0], message_payload: 'as data', data_coding: 0,
  });
  console.log('data', data.command_status);
  session.unbind(() => session.close());
});
