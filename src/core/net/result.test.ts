import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectOk, fail, ok, unreachable } from './result.ts';

test('the value of a good result comes out, a bad one throws its error', () => {
  assert.equal(expectOk(ok(7)), 7);
  assert.throws(() => expectOk(fail('no such thing')), { message: 'no such thing' });
  assert.throws(() => expectOk(fail({ code: 3 })), { message: '{"code":3}' });
});

test('data that gets where the types allow none is named', () => {
  assert.throws(() => unreachable('x' as never), { message: 'unreachable: "x"' });
});
