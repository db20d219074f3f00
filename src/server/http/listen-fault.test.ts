import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenFault } from './listen-fault.ts';

const kindOf = (code: string): string => listenFault(Object.assign(new Error('x'), { code }), '::1', 80).kind;

test('what the system says is put into words, with the address', () => {
  assert.equal(kindOf('EADDRINUSE'), 'port-taken');
  assert.equal(kindOf('EACCES'), 'not-permitted');
  assert.equal(kindOf('EADDRNOTAVAIL'), 'no-such-address');
  assert.equal(kindOf('ENOTFOUND'), 'no-such-address');
  assert.equal(kindOf('EMFILE'), 'failed');
  assert.match(listenFault(new Error('odd'), '::1', 80).message, /\[::1\]:80: odd$/);
});
