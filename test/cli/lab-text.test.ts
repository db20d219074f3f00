// What a lab says of itself: an empty one does not claim that anything was tried, and names are not said twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labSheet, trafficSheet } from '../../src/cli/lab-text.ts';
import { renderSheet } from '../../src/cli/terminal.ts';
import type { Seen } from '../../src/agent/lab/traffic.ts';

const LOOK = { width: 80, colour: false };
const text = (sheet: Parameters<typeof renderSheet>[0]): string => renderSheet(sheet, LOOK);

test('a lab without instances has nothing to try', () => {
  assert.equal(text(labSheet([])), 'The lab is up, and no instance runs in it.\n');
  assert.equal(text(trafficSheet([])), 'Nothing was sent: no instance runs in the lab.\n');
});

test('an instance without a name is said once, and the first one is what to try', () => {
  const said = text(labSheet([{ id: 'i-0a', name: 'i-0a', namespace: 'crl-i-i-0a', addresses: ['10.0.1.4'] }]));
  assert.match(said, /^1 instance is up, each a network namespace\n {2}i-0a {2}10\.0\.1\.4\n/u);
  assert.match(said, /exec i-0a -- ip address/u);
});

test('probes that did not meet the rules are told one by one', () => {
  const one: Seen = { from: 'a', to: 'b', family: 'ipv4', traffic: 'tcp/80', expected: 'allow', seen: 'deny' };
  assert.match(
    text(trafficSheet([one])),
    /✗ a → b tcp\/80 ipv4: expected allow, seen deny\n1 of 1 probes did not meet/u,
  );
  assert.match(text(trafficSheet([{ ...one, expected: 'unknown' }])), /Of 1 the rules say unknown/u);
});
