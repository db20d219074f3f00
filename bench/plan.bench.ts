// Claim: reading a Terraform plan of 5,000 resources and saying exactly what it opens and closes costs a moment, whether the plan changes a
// little of what is there or makes all of it anew.
import assert from 'node:assert/strict';
import { expectOk } from '../src/core/net/result.ts';
import { listRecords, type World } from '../src/core/model/world.ts';
import { differenceOf } from '../src/analysis/pairs/difference.ts';
import { type PlanWorlds, readPlan } from '../src/formats/terraform/plan.ts';
import { planOf, resourcesOf } from '../test/formats/terraform-writer.ts';
import { type Claim, compare, report } from './harness.ts';
import { generateWorld } from './world.ts';

/** About as many rules in place of others as a large pull request has. */
const CHANGES = 50;

type Row = { type: string; change: { actions: string[]; before: unknown; after: Record<string, unknown> } };

// More than half of the resources are rules as resources of their own, as large configurations have them.
const world = generateWorld({ enis: 1600, groups: 115, subnets: 60, seed: 5 });

/** Of what is there already a plan shows rules in blocks of their groups; so it takes more interfaces to have as many resources. */
const larger = generateWorld({ enis: 2150, groups: 150, subnets: 60, seed: 5 });

/** The plan of what is there already, with some of its rules opened to everybody. */
function changingPlan(): string {
  const plan = planOf(resourcesOf(larger, 1, false), false) as { resource_changes: Row[] };
  let changed = 0;
  for (const row of plan.resource_changes) {
    const { after } = row.change;
    if (changed === CHANGES || !row.type.endsWith('_ingress_rule') || after['cidr_ipv4'] === undefined) continue;
    row.change.actions = ['update'];
    row.change.after = { ...after, cidr_ipv4: '0.0.0.0/0' };
    changed += 1;
  }
  assert.equal(changed, CHANGES);
  return JSON.stringify(plan);
}

function readText(text: string): PlanWorlds {
  return expectOk(readPlan(JSON.parse(text), 'plan.json'));
}

function readAndDiff(text: string): number {
  const { before, after } = readText(text);
  return differenceOf(before.world, after.world).reduce((sum, one) => sum + one.statements.length, 0);
}

function claimOf(name: string, text: string, of: World): Claim {
  const plan = readText(text);
  assert.equal([...listRecords(plan.after.world, 'enis')].length, [...listRecords(of, 'enis')].length);
  assert.ok(readAndDiff(text) > 0);
  const against = compare(
    { name, operations: 1, run: () => readAndDiff(text) },
    { name: 'JSON.parse', operations: 1, run: () => Object.keys(JSON.parse(text) as object).length },
    { rounds: 5, chunksPerRound: 1 },
  );
  const reading = compare(
    { name: 'read', operations: 1, run: () => readText(text).replaced.length + 1 },
    { name: 'JSON.parse', operations: 1, run: () => Object.keys(JSON.parse(text) as object).length },
    { rounds: 3, chunksPerRound: 1 },
  );
  return {
    claim: `reading and comparing ${name} against JSON.parse alone`,
    unit: '×',
    target: { atMost: 40 },
    measured: 1 / against.ratio,
    details: {
      MB: text.length / 1e6,
      resources: (JSON.parse(text) as { resource_changes: unknown[] }).resource_changes.length,
      'parse ms': against.baseline.p50 / 1e6,
      'read ms': reading.subject.p50 / 1e6,
      'read and compare ms': against.subject.p50 / 1e6,
    },
  };
}

report('plan', [
  claimOf(`a plan that changes ${CHANGES} rules`, changingPlan(), larger),
  claimOf('a plan that makes all anew', JSON.stringify(planOf(resourcesOf(world, 1, true), true)), world),
]);
