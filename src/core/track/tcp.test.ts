import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isOver, nextTcpState, type Side, type TcpFlags, type TcpState, TCP_STATES } from './tcp.ts';

const play = (...segments: readonly (readonly [TcpFlags, Side])[]): TcpState =>
  segments.reduce<TcpState>((state, [flags, side]) => nextTcpState(state, flags, side), 'syn-sent');

test('a handshake establishes, and only whole', () => {
  assert.equal(play(['syn-ack', 'answerer']), 'syn-received');
  assert.equal(play(['syn-ack', 'answerer'], ['ack', 'opener']), 'established');
  assert.equal(play(['ack', 'opener']), 'syn-sent');
  assert.equal(play(['syn-ack', 'opener']), 'syn-sent');
  assert.equal(play(['syn-ack', 'answerer'], ['ack', 'answerer']), 'syn-received');
});

test('either side may close first', () => {
  const open = [
    ['syn-ack', 'answerer'],
    ['ack', 'opener'],
  ] as const;
  for (const [first, second] of [
    ['opener', 'answerer'],
    ['answerer', 'opener'],
  ] as const) {
    assert.equal(play(...open, ['fin', first]), 'fin-wait');
    assert.equal(play(...open, ['fin', first], ['ack', second]), 'close-wait');
    assert.equal(play(...open, ['fin', first], ['ack', second], ['fin', second]), 'last-ack');
    assert.equal(play(...open, ['fin', first], ['fin', second], ['ack', first]), 'time-wait');
  }
});

test('a reset closes in every state, and a closed connection never opens by itself', () => {
  for (const state of TCP_STATES) assert.equal(nextTcpState(state, 'rst', 'opener'), 'closed');
  const segment = fc.tuple(
    fc.constantFrom<TcpFlags>('syn', 'syn-ack', 'ack', 'fin', 'rst'),
    fc.constantFrom<Side>('opener', 'answerer'),
  );
  fc.assert(
    fc.property(fc.constantFrom<TcpState>('time-wait', 'closed'), fc.array(segment), (state, segments) => {
      assert.ok(isOver(segments.reduce((one, [flags, side]) => nextTcpState(one, flags, side), state)));
    }),
  );
});
