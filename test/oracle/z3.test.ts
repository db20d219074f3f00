// The exact sets of reach against a solver: for each pair, is there a packet on which the set and the oracle's formula differ?
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { type IntervalSet, intervalsOf } from '../../src/core/net/interval-set.ts';
import { planPath } from '../../src/core/policy/plan.ts';
import { otherNumbers, type Reach, reachOf, type TrafficSet } from '../../src/core/policy/reach.ts';
import { type PacketQuestion, packetQuestion } from '../cases/packet-question.ts';
import { readCases } from '../cases/read-cases.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomQuestions, randomWorld } from '../property/generators.ts';
import { oracleWays } from './packet-oracle.ts';
import { all, any, DECLARATIONS, packetTerm, waysTerm } from './smt.ts';
import { wornWorld } from './worn-worlds.ts';

const Z3 = process.env['CRENEL_Z3'];
const SECONDS = 120;
/** As many as one solver gets through in its time on a slow machine. */
const QUERIES_PER_SOLVER = 800;

type Query = { readonly about: string; readonly term: string };

/** The pairs of a world, as questions: what they carry does not matter. */
function* pairs(
  compact: Compact,
  questions: readonly PacketQuestion[],
  name: string,
): Generator<Query, void, undefined> {
  const world = compactWorld(compact);
  for (const question of questions) {
    const { origin, packet } = packetQuestion(world, question);
    const reach = reachOf(world, planPath(world, origin, packet));
    const ways = oracleWays(compact, question);
    for (const certainty of ['sure', 'possible'] as const)
      yield {
        about: `${name} ${certainty} ${JSON.stringify(question)}`,
        term: `(and ${packetTerm(ways.bits)} (xor ${waysTerm(ways, certainty)} ${setTerm(reach[certainty], reach)}))`,
      };
  }
}

/** The set as a formula. */
function setTerm(set: TrafficSet, { family }: Reach): string {
  const ports = (['tcp', 'udp'] as const).map((kind) => {
    const { destinationPorts, sourcePorts } = set[kind];
    return `(and (= p ${kind === 'tcp' ? 6 : 17}) ${within('d', destinationPorts)} ${within('s', sourcePorts)})`;
  });
  const icmp = `(and (= p ${family === 'ipv4' ? 1 : 58}) ${within('(+ (* 256 t) c)', set.icmp)})`;
  const others = any(otherNumbers(set.other, family).map((number) => `(= p ${number})`));
  return any([...ports, icmp, others]);
}

function within(term: string, set: IntervalSet): string {
  return any(intervalsOf(set).map(([from, to]) => all([`(<= ${from} ${term})`, `(<= ${term} ${to})`])));
}

function solve(queries: readonly Query[]): readonly string[] {
  const answers: string[] = [];
  for (let at = 0; at < queries.length; at += QUERIES_PER_SOLVER)
    answers.push(...solveSome(queries.slice(at, at + QUERIES_PER_SOLVER)));
  return answers;
}

function solveSome(queries: readonly Query[]): readonly string[] {
  const script = [DECLARATIONS, ...queries.map(({ term }) => `(push)\n(assert ${term})\n(check-sat)\n(pop)`)].join(
    '\n',
  );
  const done = spawnSync(Z3 ?? '', ['-in', `-T:${SECONDS}`], { input: script, encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(done.stderr, '');
  return done.stdout.trim().split('\n');
}

test(
  'z3 finds no packet on which reach and the oracle differ',
  { skip: Z3 === undefined ? 'no z3 on this machine' : false },
  (context) => {
    const cases = readCases().filter((one) => one.kind === 'packet');
    const queries = cases.flatMap((one) =>
      one.data.packet === undefined ? [] : [...pairs(one.compact, [one.data.packet], one.name)],
    );
    for (let seed = 0; seed < checks(60); seed += 1) {
      for (const [name, make] of [
        ['random', randomWorld],
        ['worn', wornWorld],
      ] as const) {
        const compact = make(seed);
        queries.push(...pairs(compact, randomQuestions(compact, seed, 4), `${name} world ${seed}`));
      }
    }
    const answers = solve(queries);
    assert.equal(answers.length, queries.length);
    for (const [index, { about }] of queries.entries()) assert.equal(answers[index], 'unsat', about);
    // Each pair for certain and perhaps.
    context.diagnostic(`pairs proved equal: ${queries.length / 2}`);
  },
);

test('z3 does find one where they differ', { skip: Z3 === undefined ? 'no z3 on this machine' : false }, () => {
  const compact = randomWorld(1);
  const [query] = pairs(compact, randomQuestions(compact, 1, 1), 'wrong');
  const wrong = { about: 'wrong', term: `(and ${packetTerm(32)} (not ${query?.term ?? ''}) (= p 6))` };
  assert.deepEqual(solve([wrong]), ['sat']);
});
