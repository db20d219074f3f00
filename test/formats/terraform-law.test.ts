// A world written as a plan and read back says the same; what is forgotten of the plan never makes a certain answer wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../bench/random.ts';
import { formatAddress, parseAddress } from '../../src/core/net/address.ts';
import { intersectSets } from '../../src/core/net/interval-set.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { type Eni, eniOwns } from '../../src/core/model/eni.ts';
import { applyChange, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import type { Reach } from '../../src/core/policy/reach.ts';
import { pointsOf, singleReach } from '../../src/analysis/pairs/links.ts';
import { eniPlaceAt } from '../../src/analysis/place.ts';
import type { Stop } from '../../src/analysis/trip.ts';
import { readPlan } from '../../src/formats/terraform/plan.ts';
import { compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { addressIn, ELSEWHERE, isSayable, planOf, resourcesOf } from './terraform-writer.ts';

const OUTSIDE = ['203.0.113.12', '2600::1'].map((text) => expectOk(parseAddress(text)));
const seen = { pairs: 0, open: 0, certain: 0 };

test('a plan that changes nothing is the world that it is of', () => {
  for (const [seed, world] of worlds(80)) {
    const plan = expectOk(readPlan(planOf(resourcesOf(world, seed, false), false), 'plan.json'));
    for (const side of ['before', 'after'] as const) {
      // Of a VPC that is there already a plan does not say all; here it does.
      const read = { ...plan[side].world, missing: world.missing };
      comparePairs(
        world,
        read,
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
      world,
      read,
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
      world,
      read,
      (id) => (isNew ? addressIn(resources, id) : id),
      (told, truth, label) => isSound(told, truth, `${seed}, without ${forgotten.join(' ')}: ${label}`),
    );
  }
  assert.ok(seen.certain > 0);
});

function* worlds(count: number): Generator<readonly [number, World]> {
  for (let seed = 1; seed <= checks(count); seed += 1) {
    const world = plain(compactWorld(randomWorld(seed)));
    if (isSayable(world)) yield [seed, world];
  }
}

/** Routes that are in force and that somebody wrote: Terraform shows no others. */
function plain(world: World): World {
  const updated = [...listRecords(world, 'routeTables')].map((table) => {
    const routes = table.routes.map((route) => ({
      ...route,
      state: 'active' as const,
      origin: route.origin === 'local' ? ('local' as const) : ('static' as const),
    }));
    return [table, { ...table, routes }] as const;
  });
  return applyChange(world, { routeTables: { added: [], removed: [], updated } });
}

type Compare = (told: Reach, truth: Reach, label: string) => void;

function comparePairs(world: World, read: World, idOf: (id: string) => string, compare: Compare): void {
  const stops = stopsOf(world);
  for (const from of stops)
    for (const to of stops) {
      if (!isAsked(from, to)) continue;
      const [from2, to2] = [twin(from, read, idOf), twin(to, read, idOf)];
      const label = `${textOf(from)} to ${textOf(to)}`;
      // Of addresses that are not known it is not known either how many there are: the first stands for all.
      if (from2 === undefined || to2 === undefined) continue;
      const [truth, told] = [singleReach(world, from, to), singleReach(read, from2, to2)];
      compare(told, truth, label);
      seen.pairs += 1;
      if (pointsOf(truth.sure).length > 0) seen.open += 1;
      if (JSON.stringify(told.sure) === JSON.stringify(told.possible)) seen.certain += 1;
    }
}

function isSound(told: Reach, truth: Reach, label: string): void {
  for (const [inner, outer, what] of [
    [told.sure, truth.sure, 'promises too much'],
    [truth.possible, told.possible, 'rules out too much'],
  ] as const) {
    assert.deepEqual(intersectSets(pointsOf(inner), pointsOf(outer)), pointsOf(inner), `${label}: ${what}`);
    for (const part of ['tcp', 'udp'] as const)
      assert.deepEqual(
        intersectSets(inner[part].sourcePorts, outer[part].sourcePorts),
        inner[part].sourcePorts,
        `${label}: ${what}`,
      );
  }
}

function stopsOf(world: World): readonly Stop[] {
  const enis = [...listRecords(world, 'enis')].filter((eni) => eni.interfaceType !== 'nat_gateway');
  const inside = enis.flatMap((eni) =>
    eni.addresses
      .filter((own) => enis.every((other) => other.id === eni.id || !eniOwns(other, own.address)))
      .map((own): Stop => ({ place: eniPlaceAt(eni, own.address), address: own.address })),
  );
  return [
    ...inside,
    ...OUTSIDE.map((address): Stop => ({ place: { kind: 'internet', family: address.family, space: [] }, address })),
  ];
}

/** The same address of the same interface in the other world; addresses stand in one order in both. */
function twin(stop: Stop, world: World, idOf: (id: string) => string): Stop | undefined {
  const { place } = stop;
  if (place.kind !== 'eni') return stop;
  const eni = getRecord(world, 'enis', idOf(place.eni.id));
  const own = eni === undefined ? undefined : ownOf(place.eni, eni, stop);
  return eni === undefined || own === undefined ? undefined : { place: eniPlaceAt(eni, own), address: own };
}

function ownOf(known: Eni, eni: Eni, { address }: Stop): Stop['address'] | undefined {
  const family = (one: Eni): readonly Stop['address'][] =>
    one.addresses.map((own) => own.address).filter((own) => own.family === address.family);
  const exact = family(eni).find((own) => formatAddress(own) === formatAddress(address));
  return exact ?? family(eni)[family(known).findIndex((own) => formatAddress(own) === formatAddress(address))];
}

function isAsked(from: Stop, to: Stop): boolean {
  const isOne = from.place.kind === 'eni' && to.place.kind === 'eni' && from.place.eni.id === to.place.eni.id;
  return !isOne && from.address.family === to.address.family && (from.place.kind === 'eni' || to.place.kind === 'eni');
}

function textOf({ place, address }: Stop): string {
  return `${place.kind === 'eni' ? place.eni.id : place.kind} ${formatAddress(address)}`;
}

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
