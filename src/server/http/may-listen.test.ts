import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isLoopback, listenAddress, mayListen } from './may-listen.ts';

const LOOPBACK = ['127.0.0.1', '127.255.255.254', '127.1.2.3', '::1', '0:0:0:0:0:0:0:1', 'localhost', 'LOCALHOST'];
const BEYOND = [
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '128.0.0.1',
  '126.255.255.255',
  '::2',
  '::ffff:127.0.0.1',
  'example.com',
  '',
];
/** What some resolvers take for loopback, or what only looks like it. */
const DOUBTFUL = [
  '127.1',
  '0177.0.0.1',
  '2130706433',
  '127.0.0.1 ',
  '[::1]',
  '::1%lo',
  'localhost.',
  'localhost.example',
  '127.0.0.1.example',
];

test('loopback is what is this machine for certain', () => {
  for (const host of LOOPBACK) assert.equal(isLoopback(host), true, host);
  for (const host of [...BEYOND, ...DOUBTFUL]) assert.equal(isLoopback(host), false, host);
  assert.equal(listenAddress('localhost'), '127.0.0.1');
  assert.equal(listenAddress('localhost.example'), 'localhost.example');
});

test('loopback may always be listened on; beyond it only with credentials, and without TLS only by name', () => {
  const flags = fc.record({ hasTls: fc.boolean(), hasCredentials: fc.boolean(), insecureNoTls: fc.boolean() });
  fc.assert(fc.property(flags, fc.constantFrom(...LOOPBACK), (given, host) => mayListen({ ...given, host }).ok));
  fc.assert(
    fc.property(flags, fc.constantFrom(...BEYOND, ...DOUBTFUL), (given, host) => {
      const may = mayListen({ ...given, host });
      assert.equal(may.ok, given.hasCredentials && (given.hasTls || given.insecureNoTls));
      if (!may.ok) assert.ok(may.error.includes(JSON.stringify(host)));
    }),
  );
});

test('the message says what is missing, and never that credentials could be given up', () => {
  const open = { host: '0.0.0.0', hasTls: false, hasCredentials: false, insecureNoTls: true };
  assert.deepEqual(mayListen(open), {
    ok: false,
    error:
      '"0.0.0.0" can be reached from other machines: a server without credentials listens on 127.0.0.1 or ::1 only',
  });
  const signed = mayListen({ ...open, hasCredentials: true, insecureNoTls: false });
  assert.ok(!signed.ok && signed.error.includes('--insecure-no-tls'));
});
