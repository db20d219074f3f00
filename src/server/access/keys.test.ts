import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { expectOk } from '../../core/net/result.ts';
import { keyRingOf, newAccessKey } from './keys.ts';

const KEY = {
  accessKeyId: 'AKIAEXAMPLEEXAMPLE23',
  secretAccessKey: 'a-secret-that-nobody-else-has',
  accountId: '111122223333',
  policies: [{ Statement: { Effect: 'Allow', Action: 'ec2:*', Resource: '*' } }],
};

function faultOf(...keys: readonly unknown[]): string {
  const ring = keyRingOf(JSON.stringify({ keys }));
  return ring.ok ? '' : ring.error;
}

test('keys are read with whose they are', () => {
  const ring = expectOk(
    keyRingOf(JSON.stringify({ keys: [KEY, { ...KEY, accessKeyId: `${KEY.accessKeyId}X`, userName: 'ann' }] })),
  );
  assert.equal(ring.get(KEY.accessKeyId)?.secret.secretAccessKey, KEY.secretAccessKey);
  assert.equal(ring.get(KEY.accessKeyId)?.principal.arn, 'arn:aws:iam::111122223333:root');
  assert.equal(ring.get(`${KEY.accessKeyId}X`)?.principal.arn, 'arn:aws:iam::111122223333:user/ann');
});

test('every fault is told with its place and without any secret', () => {
  assert.match(faultOf({ ...KEY, accountId: '1' }), /^keys\[0\]: accountId/);
  assert.match(faultOf(KEY, KEY), /^keys\[1\]: .* is there twice$/);
  assert.match(faultOf({ ...KEY, secretAccessKey: 'short' }), /secretAccessKey/);
  assert.match(faultOf({ ...KEY, secret: 'x' }), /'secret' is not known/);
  assert.match(
    faultOf({ ...KEY, policies: [{ Statement: { ...KEY.policies[0]?.Statement, Effect: 'No' } }] }),
    /^keys\[0\]: policies\[0\]: Statement\[0\]: Effect/,
  );
  assert.match(faultOf(), /1 to/);
  for (const text of ['', '{', '[]', 'null', '{"keys": 1}']) assert.equal(keyRingOf(text).ok, false);
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(KEY)), (value, name) => {
      const fault = faultOf({ ...KEY, [name]: value }, { ...KEY, accessKeyId: '!' });
      assert.ok(!fault.includes(KEY.secretAccessKey));
    }),
  );
});

test('a new key is one that the ring takes', () => {
  const made = newAccessKey(randomBytes(56));
  assert.match(made.accessKeyId, /^AKIA[A-Z2-7]{16}$/);
  assert.equal(made.secretAccessKey.length, 40);
  assert.equal(faultOf({ ...KEY, ...made }), '');
});
