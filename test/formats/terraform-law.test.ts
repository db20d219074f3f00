// A world written as a plan and read back says the same; what is forgotten of the plan never makes a certain answer wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../bench/random.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { listRecords, type World } from '../../src/core/model/world.ts';
import { readPlan } from '../../src/formats/terraform/plan.ts';
import { checks } from '../property/checks.ts';
import { comparePairs, isSound, worlds } from './compare-worlds.ts';
import { addressIn, ELSEWHERE, planOf, resourcesOf } from './terraform-writer.ts';

const seen = { pairs: 0, open: 0, certain: 0 };

test('a plan that changes nothing is the world that it is of', () => {
  for (const [seed, world] of worlds(80)) {
    const plan = expectOk(readPlan(planOf(resourcesOf(world, seed, false), false), 'plan.json'));
    for (const side of ['before', 'after'] as const) {
      // Of a VPC that is there already a plan does not say all; here it does.
      const read = { ...plan[side].world, missing: world.missing };
      comparePairs(
        { world, read, seen },
        (id) => id,
        (told, truth, label) => assert.deepEqual(told, truth, `${side} ${seed}: ${label}`),
      );
    }
    for (const kind of Object.keys(plan.before.world.records) as (keyof World['records'])[])
      assert.equal(plan.before.world.records[kind], plan.after.world.records[kind], `${seed}: ${kind} are shared`);
  }
  assert.ok(seen.open > seen.pairs / 20, JSON.stringify(seen));
});

test('a plan that makes everything anew is known by its references', () => {
  let whole = 0;
  for (const [seed, world] of worlds(80)) {
    const resources = resourcesOf(world, seed, true);
    const written = planOf(resources, true);
    const isWhole = !JSON.stringify(written).includes(ELSEWHERE);
    if (isWhole) whole += 1;
    const plan = expectOk(readPlan(written, 'plan.json'));
    assert.equal([...listRecords(plan.before.world, 'enis')].length, 0);
    const read = { ...plan.after.world, missing: world.missing };
    comparePairs(
      { world, read, seen },
      (id) => addressIn(resources, id),
      (told, truth, label) =>
        isWhole ? assert.deepEqual(told, truth, `${seed}: ${label}`) : isSound(told, truth, `${seed}: ${label}`),
    );
  }
  assert.ok(whole > checks(20), `only ${whole} plans say all by references`);
});

test('what is forgotten of a plan never makes a certain answer wrong', () => {
  for (const [seed, world] of worlds(120)) {
    const isNew = seed % 2 === 0;
    const resources = resourcesOf(world, seed, isNew);
    const { plan, forgotten } = forget(planOf(resources, isNew), new Random(seed));
    const after = expectOk(readPlan(plan, 'plan.json')).after.world;
    const read = { ...after, missing: new Set([...after.missing, ...world.missing]) };
    comparePairs(
      { world, read, seen },
      (id) => (isNew ? addressIn(resources, id) : id),
      (told, truth, label) => isSound(told, truth, `${seed}, without ${forgotten.join(' ')}: ${label}`),
    );
  }
  assert.ok(seen.certain > 0);
});

type Row = {
  address: string;
  change: { after: Record<string, unknown>; after_unknown: Record<string, unknown> };
  type: string;
};
type Written = {
  resource_changes: Row[];
  configuration: { root_module: { resources: { expressions: Record<string, unknown> }[] } };
};

/** Attributes of which a plan often does not know the value, by type; the others are what names things. */
const FORGETTABLE: Readonly<Record<string, readonly string[]>> = {
  aws_security_group: ['ingress', 'egress'],
  aws_security_group_rule: [
    'cidr_blocks',
    'ipv6_cidr_blocks',
    'source_security_group_id',
    'security_group_id',
    'from_port',
    'protocol',
    'type',
    'self',
  ],
  aws_vpc_security_group_ingress_rule: [
    'cidr_ipv4',
    'referenced_security_group_id',
    'security_group_id',
    'to_port',
    'ip_protocol',
  ],
  aws_vpc_security_group_egress_rule: ['cidr_ipv4', 'prefix_list_id', 'security_group_id'],
  aws_network_acl: ['ingress', 'egress'],
  aws_network_acl_rule: ['rule_action', 'cidr_block', 'rule_number', 'egress', 'network_acl_id', 'from_port'],
  aws_network_acl_association: ['network_acl_id', 'subnet_id'],
  aws_route: ['destination_cidr_block', 'gateway_id', 'nat_gateway_id', 'route_table_id', 'vpc_peering_connection_id'],
  aws_route_table: ['route'],
  aws_route_table_association: ['route_table_id', 'subnet_id'],
  aws_internet_gateway: ['vpc_id'],
  aws_egress_only_internet_gateway: ['vpc_id'],
  aws_nat_gateway: ['private_ip', 'public_ip', 'subnet_id'],
  aws_network_interface: ['private_ips', 'security_groups', 'subnet_id'],
  aws_eip: ['public_ip'],
  aws_subnet: ['cidr_block', 'vpc_id'],
  aws_vpc: ['cidr_block'],
  aws_ec2_managed_prefix_list: ['entry'],
  aws_vpc_peering_connection: ['auto_accept', 'accept_status', 'peer_vpc_id'],
};

/** The plan with some values made unknown, as by an expression that cannot be followed. */
function forget(plan: object, random: Random): { readonly plan: object; readonly forgotten: readonly string[] } {
  const forgotten: string[] = [];
  const copy = JSON.parse(JSON.stringify(plan)) as Written;
  for (const [at, row] of copy.resource_changes.entries())
    for (const name of FORGETTABLE[row.type] ?? []) {
      if (!random.chance(0.08) || !(name in row.change.after || name in row.change.after_unknown)) continue;
      forgotten.push(`${row.address}.${name}`);
      row.change.after[name] = null;
      row.change.after_unknown[name] = true;
      const resource = copy.configuration.root_module.resources[at];
      if (resource !== undefined) resource.expressions[name] = { references: ['local.somewhere'] };
    }
  return { plan: copy, forgotten };
}
