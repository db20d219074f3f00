import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCycles } from './import-cycles.ts';

function cycles(edges: Readonly<Record<string, readonly string[]>>): readonly (readonly string[])[] {
  return findCycles(new Map(Object.entries(edges)));
}

test('a graph whose arrows all point one way has no cycle', () => {
  assert.deepEqual(cycles({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }), []);
});

test('each cycle is reported once, with all its files', () => {
  assert.deepEqual(cycles({ a: ['b'], b: ['c'], c: ['a', 'd'], d: ['e'], e: ['d'], f: ['a'] }), [
    ['d', 'e'],
    ['a', 'b', 'c'],
  ]);
});

test('a file that imports itself is a cycle', () => {
  assert.deepEqual(cycles({ a: ['a'] }), [['a']]);
});
