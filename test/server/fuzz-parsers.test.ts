// The readers of requests with whatever may come: never a throw, never a hang, and nothing believed that is not signed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SignatureVerifier } from '../../src/server/access/sigv4.ts';
import { decodeInput } from '../../src/server/ec2/decode.ts';
import { FORM_LIMITS, parseForm } from '../../src/server/ec2/form.ts';
import { WIRE_TABLE } from '../../src/server/ec2/wire-table.ts';
import { checks } from '../property/checks.ts';

const OPERATIONS = Object.values(WIRE_TABLE.services.ec2.operations);

test('any body is a form or is refused, and any form is an input or is refused', () => {
  const step = fc.oneof(
    fc.constantFrom(
      'Filter',
      '1',
      '2',
      '999999999',
      'Name',
      'Value',
      'IpPermissions',
      '__proto__',
      '',
      '-1',
      'constructor',
    ),
    fc.string({ maxLength: 6 }),
  );
  const key = fc.array(step, { minLength: 1, maxLength: 20 }).map((steps) => steps.join('.'));
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('%', '%zz', '%ff', '+', 'true', '1e9'),
  );
  const body = fc.oneof(
    fc.array(fc.tuple(key, value), { maxLength: 12 }).map((pairs) => pairs.map((pair) => pair.join('=')).join('&')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  );
  fc.assert(
    fc.property(body, fc.nat(OPERATIONS.length - 1), (text, index) => {
      const form = parseForm(text);
      if (!form.ok) return assert.match(form.error.message, /./);
      const decoded = decodeInput(WIRE_TABLE, OPERATIONS[index]?.input ?? 0, form.value);
      // Whatever a request says, an input is plain data of its own.
      if (decoded.ok) assert.ok(Object.getPrototypeOf(decoded.value) === Object.prototype);
      else assert.match(decoded.error.message, /./);
      return undefined;
    }),
    { numRuns: checks(3000) },
  );
  const many = Array.from({ length: FORM_LIMITS.parameters + 1 }, (_, at) => `Filter.${at}.Name=x`).join('&');
  assert.equal(parseForm(many).ok, false);
  assert.equal(parseForm(`${'a.'.repeat(FORM_LIMITS.depth)}b=1`).ok, false);
});

test('no header or query that was not signed is believed', () => {
  const verifier = new SignatureVerifier((id) =>
    id === 'AKIDEXAMPLE' ? { secretAccessKey: 'secret-of-the-example' } : undefined,
  );
  const scope = fc.constantFrom(
    '20260101/eu-west-1/ec2/aws4_request',
    '20260101//ec2/aws4_request',
    '/',
    '20260101/eu-west-1/ec2',
    '__proto__/__proto__/__proto__/aws4_request',
  );
  const part = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom('host', 'host;x-amz-date', '', 'AKIDEXAMPLE', '0'.repeat(64), 'f'.repeat(64), 'z'.repeat(64)),
  );
  const header = fc
    .tuple(part, scope, part, part)
    .map(
      ([id, where, names, signature]) =>
        `AWS4-HMAC-SHA256 Credential=${id}/${where}, SignedHeaders=${names}, Signature=${signature}`,
    );
  const query = fc
    .tuple(part, scope, part, part, part)
    .map(
      ([id, where, names, signature, expires]) =>
        `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${id}/${where}&X-Amz-SignedHeaders=${names}&X-Amz-Signature=${signature}&X-Amz-Expires=${expires}&X-Amz-Date=20260101T000000Z`,
    );
  fc.assert(
    fc.property(
      fc.oneof(header, fc.string({ maxLength: 80 })),
      fc.oneof(query, fc.string({ maxLength: 80 })),
      fc.boolean(),
      (authorization, text, inQuery) => {
        const headers = new Map([
          ['host', 'localhost'],
          ['x-amz-date', '20260101T000000Z'],
        ]);
        if (!inQuery) headers.set('authorization', authorization);
        const request = { method: 'POST', path: '/', query: inQuery ? text : '', headers, body: new Uint8Array() };
        assert.equal(verifier.verify(request, Date.UTC(2026, 0, 1) / 1000).ok, false);
      },
    ),
    { numRuns: checks(3000) },
  );
});
