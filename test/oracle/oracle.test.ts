import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readCases } from '../cases/read-cases.ts';
import { checks } from '../property/checks.ts';
import { randomQuestions, randomWorld } from '../property/generators.ts';
import { compareWorld } from './compare.ts';
import { oracleVerdict } from './packet-oracle.ts';
import { wornWorld } from './worn-worlds.ts';

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
const KINDS = [
  { name: 'random worlds', worlds: 600, make: randomWorld, least: { allow: 0.15, deny: 0.3, unknown: 0.03 } },
  { name: 'worn worlds', worlds: 300, make: wornWorld, least: { allow: 0.1, deny: 0.3, unknown: 0.1 } },
];

describe('the packet oracle agrees with evaluate, classifier and reach on every packet', () => {
  for (const { name, worlds, make, least } of KINDS)
    test(`of ${name}, which are well mixed`, () => {
      const counts = { allow: 0, deny: 0, unknown: 0 };
      for (let seed = 0; seed < checks(worlds); seed += 1) {
        const compact = make(seed);
        const questions = randomQuestions(compact, seed, PACKETS_PER_WORLD);
        for (const outcome of compareWorld({ compact, questions, name: `${name}, seed ${seed}` })) counts[outcome] += 1;
      }
      const total = counts.allow + counts.deny + counts.unknown;
      assert.equal(total, checks(worlds) * PACKETS_PER_WORLD);
      for (const outcome of ['allow', 'deny', 'unknown'] as const)
        assert.ok(counts[outcome] > total * least[outcome], JSON.stringify(counts));
    });
});
