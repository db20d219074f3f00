// The matrix of all pairs against the packet oracle: millions of packets, each judged by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAMILIES } from '../../src/core/net/address.ts';
import { compactWorld } from '../compact.ts';
import { packetQuestion } from '../cases/packet-question.ts';
import { checks } from '../property/checks.ts';
import { randomQuestions, randomWorld } from '../property/generators.ts';
import { drawTrap, TRAP_NAMES } from '../property/traps.ts';
import { compareMatrix, type Said } from './matrix-packets.ts';
import { oracleVerdict, oracleWays } from './packet-oracle.ts';
import { quickOracle } from './quick-oracle.ts';
import { load } from './traffic.ts';
import { wornWorld } from './worn-worlds.ts';

/** Packets that are judged in an ordinary run; ten times as many with CRENEL_CHECKS=10. */
const PACKETS = 10_000_000;
/** Where CRENEL_PROGRESS is set, it is said after so many packets how many there are. */
const PROGRESS_EVERY = 5_000_000;
const WORDS = ['deny', 'unknown', 'allow'];

test('the oracle for many packets says what the oracle for one says', () => {
  for (let seed = 1; seed <= checks(200); seed += 1) {
    const compact = seed % 2 === 0 ? wornWorld(seed) : randomWorld(seed);
    for (const question of randomQuestions(compact, seed, 10)) {
      packetQuestion(compactWorld(compact), question);
      const { number, first, second } = load(question.traffic, question.sourcePort ?? 50_000);
      const quick = quickOracle(oracleWays(compact, question))(number, first, second);
      assert.equal(WORDS[quick], oracleVerdict(compact, question).verdict, `${seed} ${JSON.stringify(question)}`);
    }
  }
});

test('every packet between two members gets what their classes have', (context) => {
  const said: Said = { deny: 0, unknown: 0, allow: 0 };
  const total = (): number => said.deny + said.unknown + said.allow;
  let next = PROGRESS_EVERY;
  for (let seed = 1; total() < checks(PACKETS); seed += 1) {
    if (process.env['CRENEL_PROGRESS'] !== undefined && total() >= next) {
      process.stderr.write(`  ${total()} of ${checks(PACKETS)} packets judged\n`);
      next = total() + PROGRESS_EVERY;
    }
    const trap = TRAP_NAMES[seed % TRAP_NAMES.length] ?? 'none';
    const worlds = [
      [`random ${seed}`, randomWorld(seed)],
      [`worn ${seed}`, wornWorld(seed)],
      [`${trap} ${seed}`, drawTrap(trap, seed).compact],
    ] as const;
    for (const [name, compact] of worlds) for (const family of FAMILIES) compareMatrix(compact, family, { said, name });
  }
  context.diagnostic(`packets judged: ${total()} (${JSON.stringify(said)})`);
  assert.ok(said.allow > total() / 50 && said.unknown > total() / 100, JSON.stringify(said));
});
