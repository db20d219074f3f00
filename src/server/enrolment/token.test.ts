import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expectOk } from '../../core/net/result.ts';
import { newSecret } from './proof.ts';
import { readToken, TOKEN_START, tokenText } from './token.ts';

const secret = newSecret();
const anchor = newSecret();

test('a token is read back, with or without the server that it means', () => {
  for (const token of [
    { host: 'rack-7', anchor, secret },
    { host: 'a.b-c', anchor: undefined, secret },
  ])
    assert.deepEqual(expectOk(readToken(tokenText(token))), token);
});

test('what is cut, longer or changed in its form is refused, and never repeated', () => {
  const whole = tokenText({ host: 'rack-7', anchor, secret });
  for (let length = 0; length < whole.length; length += 1)
    assert.ok(!readToken(whole.slice(0, length)).ok, `${length}`);
  for (const given of [
    ` ${whole}`,
    `${whole}:`,
    `${whole}x`,
    whole.replace('rack-7', 'rack 7'),
    whole.replace(':1:', ':2:'),
  ]) {
    const read = readToken(given);
    assert.ok(!read.ok && !read.error.includes(secret) && !read.error.includes('rack'));
  }
});

test('any text is a token or is refused in words of our own', () => {
  const part = fc.oneof(
    fc.constantFrom('rack-7', anchor, secret, ':', '::', TOKEN_START, '\0', '__proto__'),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const text = parts.join('');
      const read = readToken(text);
      if (read.ok) assert.equal(tokenText(read.value), text);
      else assert.match(read.error, /^(?:that is no enrolment token|the enrolment token is not whole)/);
    }),
    { numRuns: 2000 },
  );
});
