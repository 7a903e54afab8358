// Has a program that uses npm's smpp speak TLS in place of plain sockets.
//
// AUTHORITIES=... CERTIFICATE=... KEY=... node --require tls.js PROGRAM ARGUMENTS...

const fs = require('fs');
const smpp = require('smpp');

const { connect, createServer } = smpp;
const read = (name) => fs.readFileSync(process.env[name]);

smpp.connect = (options, listener) =>
  connect({ ...options, url: options.url.replace('smpp:', 'ssmpp:'), ca: read('AUTHORITIES') }, listener);
smpp.createServer = (listener) => createServer({ key: read('KEY'), cert: read('CERTIFICATE') }, listener);
