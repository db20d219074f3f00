// The thread that answers questions about all pairs: exact answers, one question at a time, bounded time and memory, and life after it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { expectOk } from '../../src/core/net/result.ts';
import { DEFAULT_LIMITS } from '../../src/core/model/limits.ts';
import { asId } from '../../src/core/model/ids.ts';
import type { SecurityGroup } from '../../src/core/model/security-group.ts';
import { applyChange, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { type DiffDocument, diffDocument } from '../../src/analysis/diff-document.ts';
import { exposures } from '../../src/analysis/exposure.ts';
import { lintWorld } from '../../src/analysis/lint/lint.ts';
import { differenceOf } from '../../src/analysis/pairs/difference.ts';
import { withEdits } from '../../src/analysis/edits/edit.ts';
import { Analyst, ANALYST_LIMITS } from '../../src/cli/serve/analyst.ts';
import { exportText } from '../../src/formats/export.ts';
import type { HeavyQuestion } from '../../src/server/native/heavy-questions.ts';
import { worldSteps } from '../../src/server/native/world-steps.ts';
import { generateWorld } from '../../bench/world.ts';
import { changedWorld, smallWorld } from './small-world.ts';

/** Machines under load take their time; what is tested is that answers are right, not when they come. */
const PATIENT = { ...ANALYST_LIMITS, countMs: 60_000, answerMs: 120_000 };

function exposureOf(revision: number): () => HeavyQuestion {
  return () => ({ kind: 'exposure', revision, families: ['ipv4', 'ipv6'] });
}

function compare(body: Uint8Array): () => HeavyQuestion {
  return () => ({ kind: 'compare', revision: 7, body });
}

function lint(): HeavyQuestion {
  return { kind: 'lint', revision: 7, limits: DEFAULT_LIMITS, ignores: undefined, family: undefined };
}

/** The world with one rule of a group less. */
function lessOneRule(world: World, id: string): World {
  const group = getRecord(world, 'groups', id);
  const [rule] = group?.rules ?? [];
  assert.ok(group !== undefined && rule !== undefined);
  return withEdits(world, [{ kind: 'remove-rules', rules: [{ groupId: group.id, ruleId: rule.id }] }]);
}

/** The counts of a change, asked for until the thread has rested from the one before. */
async function counted(analyst: Analyst, from: World, to: World): ReturnType<Analyst['count']> {
  for (;;) {
    const counts = await analyst.count('a/b', from, to);
    if (counts !== 'not ready in time') return counts;
    await setTimeout(20);
  }
}

describe('the analyst', () => {
  const faults: Error[] = [];
  const analyst = new Analyst((error) => faults.push(error), PATIENT);
  before(() => assert.equal(faults.length, 0));
  after(async () => {
    await analyst.close();
    assert.deepEqual(faults, []);
  });

  test('answers of the world that it is told, as the program itself would', async () => {
    const said = expectOk(await analyst.ask('a/b', smallWorld, exposureOf(smallWorld.revision)));
    assert.deepEqual(
      JSON.parse(said),
      JSON.parse(JSON.stringify(exposures(smallWorld, { families: ['ipv4', 'ipv6'] }))),
    );
    const other = { ...changedWorld, revision: 12 };
    const changed = expectOk(await analyst.ask('a/b', other, exposureOf(12)));
    assert.deepEqual(JSON.parse(changed), JSON.parse(JSON.stringify(exposures(other, { families: ['ipv4', 'ipv6'] }))));
  });

  test('counts what changes open and close, one after another', async () => {
    let world = smallWorld;
    for (const next of [
      lessOneRule(smallWorld, 'sg-web'),
      changedWorld,
      smallWorld,
      lessOneRule(smallWorld, 'sg-web'),
    ]) {
      const { opens, closes } = diffDocument(world, next, differenceOf(world, next));
      assert.deepEqual(await counted(analyst, world, next), { opens, closes });
      world = next;
    }
  });

  test('keeps realms apart', async () => {
    const said = expectOk(await analyst.ask('c/d', changedWorld, exposureOf(1)));
    const again = expectOk(await analyst.ask('a/b', smallWorld, exposureOf(1)));
    assert.notEqual(said, again);
  });

  test('compares two worlds by steps from a third', async () => {
    const less = lessOneRule(smallWorld, 'sg-web');
    const question = (): HeavyQuestion => ({
      kind: 'diff',
      before: { steps: worldSteps(changedWorld, smallWorld), revision: 3 },
      after: { steps: worldSteps(changedWorld, less), revision: 4 },
    });
    const said = expectOk(await analyst.ask('a/b', changedWorld, question));
    const [left, right] = [
      { ...smallWorld, revision: 3 },
      { ...less, revision: 4 },
    ];
    assert.deepEqual(
      JSON.parse(said),
      JSON.parse(JSON.stringify(diffDocument(left, right, differenceOf(left, right)))),
    );
  });

  test('reads documents that are sent, and says of bytes that are no text that they are none', async () => {
    const text = [...exportText(changedWorld)].join('');
    const body = new TextEncoder().encode(`{"after":${text}}`);
    const said = expectOk(await analyst.ask('a/b', smallWorld, compare(body)));
    const document = JSON.parse(said) as DiffDocument;
    assert.ok(document.statements.length > 3);
    assert.equal(document.before, 7);
    const wrong = await analyst.ask('a/b', smallWorld, compare(Uint8Array.of(0x7b, 0xff)));
    assert.equal(wrong.ok ? 200 : wrong.error.status, 400);
  });

  test('finds what lint finds', async () => {
    const said: unknown = JSON.parse(expectOk(await analyst.ask('a/b', smallWorld, lint)));
    const own = { ...lintWorld({ ...smallWorld, revision: 7 }), staleIgnores: [] };
    assert.deepEqual(said, JSON.parse(JSON.stringify(own)));
  });

  test('answers one question at a time, and a change meanwhile hears that it is busy', async () => {
    const first = analyst.ask('a/b', smallWorld, exposureOf(1));
    const second = await analyst.ask('a/b', smallWorld, exposureOf(1));
    assert.equal(second.ok ? 200 : second.error.status, 503);
    assert.equal(await analyst.count('a/b', smallWorld, changedWorld), 'busy');
    assert.ok((await first).ok);
  });

  test('a large world is copied part by part, and then counted in', async () => {
    const large = generateWorld({ enis: 3000, groups: 100, subnets: 30 });
    const said = expectOk(await analyst.ask('large/one', large, exposureOf(large.revision)));
    assert.equal((JSON.parse(said) as { readonly kind: string }).kind, 'exposure');
    const [eni] = listRecords(large, 'enis');
    const less = lessOneRule(large, eni?.groups[0] ?? '');
    const { opens, closes } = diffDocument(large, less, differenceOf(large, less));
    assert.deepEqual(await analyst.count('large/one', large, less), { opens, closes });
  });
});

describe('an analyst with little', () => {
  test('a question that takes too long ends with 503, and the next one is answered', async () => {
    const hasty = new Analyst(() => undefined, { ...ANALYST_LIMITS, answerMs: 1 });
    const said = await hasty.ask('a/b', smallWorld, exposureOf(1));
    assert.ok(!said.ok && said.error.status === 503 && said.error.message.includes('longer'), JSON.stringify(said));
    assert.equal(await hasty.count('a/b', smallWorld, changedWorld).then((one) => typeof one), 'string');
    await hasty.close();
    const patient = new Analyst(() => undefined, PATIENT);
    assert.ok((await patient.ask('a/b', smallWorld, exposureOf(1))).ok);
    await patient.close();
  });

  test('a question that takes too much memory ends the thread, not the server', async () => {
    const faults: Error[] = [];
    const poor = new Analyst((error) => faults.push(error), { ...PATIENT, memoryMb: 24 });
    const large = generateWorld({ enis: 20_000, groups: 500, subnets: 100 });
    const said = await poor.ask('a/b', large, exposureOf(1));
    assert.ok(!said.ok && said.error.status === 503, 'it cannot be answered in so little');
    assert.ok(faults.length > 0);
    assert.ok((await poor.ask('a/b', smallWorld, exposureOf(1))).ok, 'a small question is answered after that');
    await poor.close();
  });

  test('the first change does not wait for the thread; those after it are counted', async () => {
    const faults: Error[] = [];
    const fresh = new Analyst((error) => faults.push(error), { ...PATIENT, beginMs: 10 });
    assert.equal(await fresh.count('a/b', smallWorld, changedWorld), 'not ready in time');
    const { opens, closes } = diffDocument(changedWorld, smallWorld, differenceOf(changedWorld, smallWorld));
    assert.deepEqual(await counted(fresh, changedWorld, smallWorld), { opens, closes });
    await fresh.close();
    assert.deepEqual(faults, []);
  });

  test('rules of a group that no interface carries open nothing: that is told before there is a thread', async () => {
    const fresh = new Analyst(() => undefined, PATIENT);
    const group = getRecord(smallWorld, 'groups', 'sg-db') ?? assert.fail('there is sg-db');
    const idle: SecurityGroup = { ...group, id: asId('sg-idle'), name: 'idle' };
    const withIdle = applyChange(smallWorld, { groups: { added: [idle], removed: [], updated: [] } });
    const { opens, closes } = diffDocument(smallWorld, withIdle, differenceOf(smallWorld, withIdle));
    assert.deepEqual(await fresh.count('a/b', smallWorld, withIdle), { opens, closes });
    await fresh.close();
  });

  test('a change whose counts take too long is not waited for', async () => {
    const hasty = new Analyst(() => undefined, { ...ANALYST_LIMITS, countMs: 1 });
    assert.equal(await hasty.count('a/b', smallWorld, changedWorld), 'not ready in time');
    await hasty.close();
    assert.equal(await hasty.count('a/b', smallWorld, changedWorld), 'failed');
  });
});
