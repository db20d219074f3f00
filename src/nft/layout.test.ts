import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashText, nameOf } from './names.ts';
import { renderAll, ruleText } from './render.ts';
import { isDeviceName, isMac } from './wiring.ts';

test('names of kernel objects hold nothing that a user wrote', () => {
  assert.equal(nameOf('sg-0db00000000000001', '4'), 'sg-0db00000000000001.4');
  for (const hostile of ['sg-1; flush ruleset', 'SG-1', 'sg-', '', '\n', 'sg-0db00000000000001 accept', '} drop'])
    assert.match(nameOf(hostile, '4'), /^x-[0-9a-f]{16}\.4$/u);
  assert.notEqual(hashText('ab'), hashText('ba'));
  assert.ok(
    !isDeviceName('eth0; drop') && !isDeviceName('') && !isDeviceName('a'.repeat(16)) && isDeviceName('tap0.1'),
  );
  assert.ok(isMac('02:00:00:00:00:01') && !isMac('02:00:00:00:00:01 . x'));
});

function textOf(values: readonly string[]): string {
  return ruleText([
    { kind: 'one-of', field: 'icmp type', operator: '!=', values },
    { kind: 'verdict', verdict: 'accept' },
  ]);
}

test('equal rules have equal texts', () => {
  assert.equal(textOf(['8', '13']), textOf(['13', '8']));
  assert.equal(textOf(['8']), 'icmp type != { 8 } accept');
});

test('an empty ruleset is an empty table', () => {
  const lines = [...renderAll({ chains: new Map(), sets: new Map(), timeouts: new Map() })];
  assert.deepEqual(lines, ['create table inet crenel']);
});
