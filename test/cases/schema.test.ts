// The case files against their schema: a mistyped field would quietly test nothing.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { World } from '../../src/core/model/world.ts';
import { evaluate } from '../../src/core/policy/evaluate.ts';
import { compactWorld } from '../compact.ts';
import { doubtfulWorld } from '../oracle/doubtful-worlds.ts';
import { originOf, packetQuestion } from './packet-question.ts';
import { type Case, readCases } from './read-cases.ts';

const ROOT = fileURLToPath(new URL('../../cases/', import.meta.url));

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function validator(definition?: string): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true });
  const schema = readJson(join(ROOT, 'schema.json')) as { readonly $id?: string };
  if (definition === undefined) return ajv.compile(schema);
  ajv.addSchema(schema, 'cases');
  return ajv.compile({ $ref: `cases#/$defs/${definition}` });
}

const isCaseFile = validator();
const isWorld = validator('world');

function files(): readonly string[] {
  return readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json') && name !== 'schema.json')
    .toSorted();
}

function assertValid(validate: ValidateFunction, value: unknown, what: string): void {
  const isValid = validate(value);
  const [first] = validate.errors ?? [];
  assert.ok(isValid, `${what}: ${first?.instancePath ?? ''} ${first?.message ?? ''} ${JSON.stringify(first?.params)}`);
}

describe('case files', () => {
  for (const file of files())
    test(`${file} satisfies the schema`, () => assertValid(isCaseFile, readJson(join(ROOT, file)), file));

  test('worlds still do after their patches', () => {
    for (const one of readCases()) assertValid(isWorld, one.compact, `${one.file} ${one.name}`);
  });

  test('names are unique over all files', () => {
    const names = readCases().map((one) => one.name);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });

  test('there are enough of every kind', () => {
    const kinds = Map.groupBy(readCases(), (one) => one.kind);
    const counts = Object.fromEntries([...kinds].map(([kind, cases]) => [kind, cases.length]));
    const { packet = 0, reach = 0, sequence = 0, model = 0 } = counts;
    assert.ok(packet >= 120 && reach >= 25 && sequence >= 45 && model >= 20, JSON.stringify(counts));
    assert.ok(packet + reach + sequence + model >= 220);
  });

  test('every reason to refuse is expected by some case, and every doubt is met by some', () => {
    const cases = readCases();
    const texts = cases.map((one) => JSON.stringify([one.data.expect, one.data.steps]));
    for (const reason of unionMembers('DenyReason'))
      assert.ok(
        texts.some((text) => text.includes(reason)),
        `no case expects ${reason}`,
      );
    const packets = cases.filter((one) => one.kind === 'packet');
    const doubts = new Set(packets.flatMap((one) => doubtsOf(one, compactWorld(one.compact))));
    assert.deepEqual(
      [...doubts].toSorted(),
      unionMembers('UnknownReason').filter((reason) => !PLAN_DOUBTS.has(reason)),
    );
    // What plans leave open: the worlds of the cases with something forgotten (test/property/forgetting.test.ts) meet each.
    const ofPlans = new Set(
      packets.flatMap((one, seed) => doubtsOf(one, doubtfulWorld(compactWorld(one.compact), seed))),
    );
    for (const reason of PLAN_DOUBTS) assert.ok(ofPlans.has(reason), `no forgotten world meets ${reason}`);
  });
});

/** The members of a union of string literals in verdict.ts, sorted. */
function unionMembers(name: string): readonly string[] {
  const file = fileURLToPath(new URL('../../src/core/policy/verdict.ts', import.meta.url));
  const union = new RegExp(`export type ${name} =([^;]+);`).exec(readFileSync(file, 'utf8'))?.[1] ?? '';
  const members = [...union.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? '');
  assert.ok(members.length > 9);
  return members.toSorted();
}

/** Doubts about records that are known in part; describe calls and compact worlds know records whole or not at all. */
const PLAN_DOUBTS: ReadonlySet<string> = new Set(['unknown-address', 'unknown-entry', 'unknown-route', 'unknown-rule']);

function doubtsOf(one: Case, world: World): readonly string[] {
  assert.ok(one.data.packet !== undefined);
  const { packet } = packetQuestion(compactWorld(one.compact), one.data.packet);
  return evaluate(world, originOf(world, one.data.packet.from), packet).doubts.flatMap(({ decision }) =>
    decision.outcome === 'unknown' ? [decision.reason] : [],
  );
}

describe('the schema refuses', () => {
  const good = {
    name: 'X1',
    title: 'a title',
    source: 'API',
    grade: 'D',
    kind: 'packet',
    world: 'T1',
    packet: { from: 'a', to: 'b', traffic: 'tcp/22' },
    expect: { verdict: 'allow' },
  };
  const wrong: Readonly<Record<string, unknown>> = {
    'an unknown field': { ...good, titel: 'x' },
    'an unknown field of the packet': { ...good, packet: { ...good.packet, port: 22 } },
    'an unknown expectation': { ...good, expect: { verdict: 'allow', rule: [] } },
    'an unknown verdict': { ...good, expect: { verdict: 'allowed' } },
    'an unknown stage': { ...good, expect: { verdict: 'deny', blockers: ['forward group no-rules'] } },
    'an unknown grade': { ...good, grade: 'X' },
    'a case without a source': { ...good, source: undefined },
    'a range where one packet is asked': { ...good, packet: { ...good.packet, traffic: 'tcp/22-23' } },
    'an unknown kind': { ...good, kind: 'paket' },
  };
  test('nothing of a good case', () => assertValid(isCaseFile, { version: 1, topic: 't', cases: [good] }, 'good'));
  for (const [name, one] of Object.entries(wrong))
    test(name, () => {
      const clean: unknown = JSON.parse(JSON.stringify(one));
      assert.equal(isCaseFile({ version: 1, topic: 't', cases: [clean] }), false);
    });
});
