import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readCases } from '../cases/read-cases.ts';
import { checks } from '../property/checks.ts';
import { compareWithOracle } from './compare.ts';
import { oracleVerdict } from './packet-oracle.ts';

describe('the packet oracle on the cases', () => {
  for (const one of readCases().filter((each) => each.kind === 'packet'))
    test(`${one.file} ${one.name}`, () => {
      const { packet, expect } = one.data;
      assert.ok(packet !== undefined && expect !== undefined);
      const said = oracleVerdict(one.compact, packet);
      assert.equal(said.verdict, expect.verdict);
      if (expect.forward !== undefined) assert.equal(said.forward, expect.forward, 'forward');
      if (expect.reply !== undefined && said.forward === 'allow') assert.equal(said.reply, expect.reply, 'reply');
    });
});

const PACKETS_PER_WORLD = 40;

describe('the packet oracle on random worlds', () => {
  test('agrees with evaluate, classifier and reach on every packet, and the worlds are well mixed', () => {
    const counts = { allow: 0, deny: 0, unknown: 0 };
    const worlds = checks(600);
    for (let seed = 0; seed < worlds; seed += 1)
      for (const outcome of compareWithOracle(seed, PACKETS_PER_WORLD)) counts[outcome] += 1;
    const total = worlds * PACKETS_PER_WORLD;
    const isMixed = counts.allow > total * 0.15 && counts.deny > total * 0.3 && counts.unknown > total * 0.03;
    assert.ok(isMixed, JSON.stringify(counts));
  });
});
