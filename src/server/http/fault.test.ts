import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRequest } from './exchange.ts';
import { faultAccount, textsOf } from './fault.ts';

const request = (more: Partial<HttpRequest>): HttpRequest => ({
  method: 'POST',
  path: '/',
  query: '',
  headers: new Map(),
  body: new Uint8Array(),
  remoteAddress: '127.0.0.1',
  isSecure: false,
  ...more,
});
const messageOf = (message: string, more: Partial<HttpRequest>): string =>
  faultAccount(new Error(message), textsOf(request(more))).message;

test('the program’s own words, code, frames and causes remain', () => {
  const error = new RangeError('disk I/O error at page 12', {
    cause: Object.assign(new Error('full'), { code: 'ENOSPC' }),
  });
  const account = faultAccount(error);
  assert.deepEqual([account.name, account.message], ['RangeError', 'disk I/O error at page 12']);
  assert.match(account.stack[0] ?? '', /fault\.test\.ts:\d+:\d+\)?$/);
  assert.deepEqual([account.cause?.code, account.cause?.message], ['ENOSPC', 'full']);
});

test('what the request said is left out, whether as sent, decoded, in another case or inside of a longer word', () => {
  const body = Buffer.from('UserData=hunter2hunter2&Name=caf%C3%A9+olivia&Key=AbCdEfGh');
  assert.equal(messageOf('bad hunter2hunter2', { body }), 'bad …');
  assert.equal(messageOf('bad xhunter2huntx', { body }), 'bad …');
  assert.equal(messageOf('bad ABCDEFGH', { body }), 'bad …');
  assert.equal(messageOf('bad café olivia', { body }), 'bad caf  …');
  assert.equal(messageOf('no sesame here', { query: 'a=sesame' }), 'no … here');
  assert.equal(messageOf('no sesame here', { query: 'a=%73%65sam%65' }), 'no … here');
  assert.equal(messageOf('no sesame here', { headers: new Map([['authorization', 'Signature=sesame']]) }), 'no … here');
  assert.equal(messageOf('no sesame here', { path: '/sesame' }), 'no … here');
});

test('quotes and values in braces are left out whatever the request said', () => {
  assert.equal(messageOf('unreachable: {"kind":"secret"}', {}), 'unreachable: …');
  assert.equal(messageOf('Unexpected token, "secret" is not JSON', {}), 'Unexpected token, … is not JSON');
  assert.equal(messageOf('unclosed "secret', {}), 'unclosed …');
});

test('lines of a message are no frames', () => {
  const account = faultAccount(new Error('x\n    at secret (file:///a.ts:1:1)'), ['secret']);
  assert.ok(account.stack.length > 0);
  assert.ok(!JSON.stringify(account).includes('secret'));
});

test('a request that is too long to search silences the message', () => {
  assert.match(messageOf('anything', { body: Buffer.alloc(300_000, 'x') }), /^left out/);
});

test('what is no error has no account', () => {
  for (const thrown of ['secret', { secret: 1 }, undefined, null, 7])
    assert.ok(!JSON.stringify(faultAccount(thrown)).includes('secret'));
  assert.equal(faultAccount(Object.assign(new Error('x'), { code: 'not a code: secret' })).code, 'Error');
});

test('circles of causes end', () => {
  const error = new Error('round');
  error.cause = error;
  assert.equal(JSON.stringify(faultAccount(error)).split('"round"').length - 1, 4);
});
