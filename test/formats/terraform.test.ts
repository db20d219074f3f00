// Plans and states as Terraform 1.11 with AWS's provider 5.100 wrote them, against what applying them made: `created` and `changed` are the
// worlds of the server that they were applied to. `many` was never applied: it has what is harder to read.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Random } from '../../bench/random.ts';
import { parseAddress } from '../../src/core/net/address.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { ruleIdentity } from '../../src/core/model/security-group.ts';
import { getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { pointsOf, singleReach } from '../../src/analysis/pairs/links.ts';
import { eniPlaceAt } from '../../src/analysis/place.ts';
import type { Stop } from '../../src/analysis/trip.ts';
import { readWhole } from '../../src/formats/any-world.ts';
import { kindOfDocument } from '../../src/formats/document-kind.ts';
import { DescribeReader } from '../../src/formats/describe.ts';
import { compactWorld } from '../compact.ts';
import { overlayPlan } from '../../src/formats/terraform/overlay.ts';
import { type PlanWorlds, readPlan } from '../../src/formats/terraform/plan.ts';
import { MEMBERS } from '../../src/formats/terraform/types.ts';
import { readState } from '../../src/formats/terraform/state.ts';
import { checks } from '../property/checks.ts';

const SHARED = fileURLToPath(new URL('../../../shared/data/plans/', import.meta.url));
const OUTSIDE = expectOk(parseAddress('203.0.113.12'));

function document(name: string): unknown {
  const parsed: unknown = JSON.parse(readFileSync(new URL(`terraform/${name}.json`, import.meta.url), 'utf8'));
  return parsed;
}

function planned(name: string): PlanWorlds {
  return expectOk(readPlan(document(name), `${name}.json`));
}

function live(name: string): World {
  const reader = new DescribeReader();
  expectOk(reader.add(name, document(name)));
  return expectOk(reader.finish()).world;
}

function nameOf({ place }: Stop): string {
  return place.kind === 'eni' ? place.eni.id : place.kind;
}

/** What goes between all interfaces and the internet, as text, so that two worlds can be compared. */
function reachText(world: World): readonly string[] {
  const inside = [...listRecords(world, 'enis')]
    .filter((eni) => eni.interfaceType !== 'nat_gateway')
    .map((eni): Stop | undefined => {
      const address = eni.addresses[0]?.address;
      return address === undefined ? undefined : { place: eniPlaceAt(eni, address), address };
    })
    .filter((stop) => stop !== undefined);
  const outside: Stop = { place: { kind: 'internet', family: 'ipv4', space: [] }, address: OUTSIDE };
  const stops = [...inside, outside];
  return stops
    .flatMap((from) =>
      stops
        .filter((to) => to !== from)
        .map((to) => {
          const { sure, possible } = singleReach(world, from, to);
          return `${nameOf(from)} to ${nameOf(to)}: ${JSON.stringify([pointsOf(sure), pointsOf(possible)])}`;
        }),
    )
    .toSorted();
}

test('a state says what the server of it says', () => {
  const state = expectOk(readState(document('state'), 'state.json'));
  assert.deepEqual(reachText(state.world), reachText(live('created')));
});

test('a plan of a change says what is there and what applying it makes', () => {
  const { before, after } = planned('change');
  assert.deepEqual(reachText(before.world), reachText(live('created')));
  assert.deepEqual(reachText(after.world), reachText(live('changed')));
});

test('a plan laid over a live world is what applying it makes of that', () => {
  const { before, after } = overlayPlan(live('created'), planned('change'));
  const changed = live('changed');
  assert.deepEqual(reachText(before), reachText(live('created')));
  assert.deepEqual(reachText(after), reachText(changed));
  for (const group of listRecords(changed, 'groups'))
    assert.deepEqual(
      (getRecord(after, 'groups', group.id)?.rules ?? []).map(ruleIdentity).toSorted(),
      group.rules.map(ruleIdentity).toSorted(),
      group.id,
    );
  for (const acl of listRecords(changed, 'acls'))
    assert.deepEqual(getRecord(after, 'acls', acl.id)?.entries, acl.entries, acl.id);
});

test('a plan that makes everything has nothing before it, and no certain answer that is wrong', () => {
  const { before, after } = planned('create');
  assert.equal([...listRecords(before.world, 'vpcs')].length, 0);
  const ids = new Map([
    ['aws_instance.app/eni', 'eni-03ac88740bb5eff7c'],
    ['aws_network_interface.second', 'eni-0a48ecaa47aad807e'],
  ]);
  const truth = new Map(reachText(live('created')).map((text) => [text.split(':')[0] ?? '', text]));
  for (const text of reachText(after.world)) {
    const [pair = '', told = ''] = [...ids].reduce((one, [from, to]) => one.replaceAll(from, to), text).split(': ');
    const real = JSON.parse(truth.get(pair)?.split(': ')[1] ?? '[[],[]]') as readonly [number[], number[]];
    const [sure, possible] = JSON.parse(told) as readonly [number[], number[]];
    if (JSON.stringify(sure) === JSON.stringify(possible)) assert.deepEqual([sure, possible], real, pair);
  }
});

/** Rules of a group in the world after a plan, with a question mark behind those in doubt. */
function rulesOf(id: string, plan = 'many'): readonly string[] {
  const group = getRecord(planned(plan).after.world, 'groups', id);
  return (group?.rules ?? []).map((rule) => `${ruleIdentity(rule)}${rule.doubt === undefined ? '' : ' ?'}`).toSorted();
}

test('rules are read from blocks, resources and modules, and are in doubt where the plan leaves one', () => {
  assert.deepEqual(rulesOf('aws_security_group.web'), [
    'ingress tcp/22 10.0.0.0/16',
    'ingress tcp/22 100:0:0:100::/56 ?',
    'ingress tcp/80 aws_security_group.lb',
  ]);
  // A dynamic block is not in the configuration: who is meant is not known.
  assert.deepEqual(rulesOf('aws_security_group.dyn'), [
    'ingress tcp/22 aws_security_group.dyn.ingress[0].security_groups',
    'ingress tcp/80 aws_security_group.dyn.ingress[1].security_groups',
  ]);
  // By a condition: one of two, or another.
  assert.deepEqual(rulesOf('aws_security_group.none'), [
    'egress all 0.0.0.0/0',
    'ingress all aws_security_group.lb ?',
    'ingress all aws_security_group.web ?',
    'ingress all aws_vpc_security_group_ingress_rule.v.referenced_security_group_id',
    'ingress tcp/5432 aws_security_group.web',
  ]);
  assert.deepEqual(rulesOf('aws_security_group.attrs'), []);
  // Through a variable of a module with keys, and over its output from outside: two writers of one group.
  assert.deepEqual(rulesOf('module.m["p"].aws_security_group.in'), [
    'ingress tcp/1-2 10.0.0.0/8 ?',
    'ingress tcp/1-2 aws_security_group.web',
  ]);
  assert.deepEqual(rulesOf('module.m["q"].aws_security_group.in'), ['ingress tcp/1-2 aws_security_group.web']);
});

test('what AWS makes with a VPC is there, and is stripped where Terraform adopts it', () => {
  assert.deepEqual(rulesOf('aws_vpc.main/default-group'), []);
  assert.deepEqual(rulesOf('aws_vpc.other/default-group'), [
    'egress all 0.0.0.0/0',
    'ingress all aws_vpc.other/default-group',
  ]);
  const { world } = planned('many').after;
  assert.equal(getRecord(world, 'subnets', 'aws_subnet.a[0]')?.networkAcl?.aclId, 'aws_network_acl.n');
  assert.equal(getRecord(world, 'subnets', 'aws_subnet.a[1]')?.networkAcl?.aclId, 'aws_vpc.main/default-acl');
  assert.equal(getRecord(world, 'subnets', 'aws_subnet.a[1]')?.routeTable?.routeTableId, 'aws_route_table.pub');
  assert.equal(getRecord(world, 'acls', 'aws_vpc.main/default-acl')?.entries.length, 4);
});

test('interfaces stand where they will be, with addresses that are not known', () => {
  const { world } = planned('many').after;
  const web = getRecord(world, 'enis', 'aws_instance.web/eni');
  assert.deepEqual(web?.groups, ['aws_security_group.web', 'aws_security_group.none']);
  assert.equal(web.addresses[0]?.address.within?.length, 24);
  assert.notEqual(web.addresses[0].public, undefined);
  assert.notEqual(getRecord(world, 'enis', 'aws_instance.many[0]/eni')?.groupDoubt, undefined);
  for (const id of [
    'aws_lb.lb/aws_subnet.a[0]',
    'aws_db_instance.db/aws_subnet.a[1]',
    'aws_autoscaling_group.g/aws_subnet.k["y"]',
  ])
    assert.notEqual(getRecord(world, 'enis', id), undefined, id);
  // By the values of a map: it may be either subnet.
  assert.equal(getRecord(world, 'enis', 'aws_network_interface.e')?.subnetId, 'aws_network_interface.e.subnet_id');
});

test('dynamic blocks whose number is not known are not read as none', () => {
  const { world } = planned('loose').after;
  // Of every group, NACL, table and list there is one that says the same by resources of their own: of that all is known.
  assert.deepEqual(rulesOf('aws_security_group.loose', 'loose'), [
    'ingress all aws_security_group.loose.ingress.cidr_blocks ?',
  ]);
  assert.deepEqual(rulesOf('aws_security_group.partly', 'loose'), [
    'ingress all aws_security_group.partly.ingress[0].cidr_blocks ?',
    'ingress tcp/443 10.0.0.0/8',
  ]);
  assert.deepEqual(rulesOf('aws_security_group.plain', 'loose'), ['ingress tcp/22 10.0.0.0/8']);
  const doubtsOf = (acl: string): readonly boolean[] =>
    (getRecord(world, 'acls', acl)?.entries ?? []).map((entry) => entry.doubt !== undefined);
  assert.deepEqual(doubtsOf('aws_network_acl.loose'), [true, true, true, true]);
  assert.deepEqual(doubtsOf('aws_network_acl.plain'), [false]);
  const targets = (table: string): readonly string[] =>
    (getRecord(world, 'routeTables', table)?.routes ?? []).map(({ target }) => target.kind);
  assert.deepEqual(targets('aws_route_table.loose'), ['local', 'unmodelled']);
  assert.deepEqual(targets('aws_route_table.plain'), ['local', 'internet-gateway']);
  assert.equal(getRecord(world, 'prefixLists', 'aws_ec2_managed_prefix_list.loose')?.entries, undefined);
  assert.equal(getRecord(world, 'prefixLists', 'aws_ec2_managed_prefix_list.plain')?.entries?.length, 1);
});

test('of what a dynamic block may put somewhere it is not known where it is, and which groups it carries', () => {
  const { world } = planned('loose').after;
  for (const id of [
    'aws_lambda_function.loose/aws_lambda_function.loose.vpc_config',
    'aws_lb.loose/aws_lb.loose.subnets',
    'aws_instance.templated/eni',
    'aws_autoscaling_group.loose/aws_subnet.a',
    'aws_autoscaling_group.both/aws_subnet.a',
  ])
    assert.ok(getRecord(world, 'enis', id) !== undefined, id);
  for (const id of ['aws_instance.templated/eni', 'aws_autoscaling_group.both/aws_subnet.a'])
    assert.notEqual(getRecord(world, 'enis', id)?.groupDoubt, undefined, id);
  // Its subnet gives public addresses, but its template may say otherwise.
  const seen = getRecord(world, 'enis', 'aws_autoscaling_group.both/aws_subnet.a')?.addresses[0]?.public;
  assert.notEqual(seen?.doubt, undefined);
  assert.equal(getRecord(world, 'enis', 'aws_instance.loose/eni')?.groupDoubt, undefined);
});

/** A value at the end of a path of blocks. */
function nested([name = '', ...rest]: readonly string[], value: unknown): object {
  return { [name]: rest.length === 0 ? value : [nested(rest, value)] };
}

/** Two objects as one, blocks of one name joined. */
function joined(a: object, b: object): object {
  const [one, other] = [new Map<string, unknown>(Object.entries(a)), new Map<string, unknown>(Object.entries(b))];
  for (const [name, value] of other) {
    const known = one.get(name);
    const isBoth = Array.isArray(known) && Array.isArray(value) && typeof known[0] === 'object';
    one.set(name, isBoth ? [joined(known[0] as object, value[0] as object)] : value);
  }
  return Object.fromEntries(one);
}

/** A resource that a plan leaves as it is. */
function unchanged(name: string, type: string, values: object): object {
  const address = `${type}.${name}`;
  const change = { actions: ['no-op'], before: values, after: values, after_unknown: {} };
  return { address, mode: 'managed', type, name, change };
}

test('who wrote what into the default group of a VPC that is there already is told by a live world alone', () => {
  const vpc = { id: 'vpc-1', cidr_block: '10.0.0.0/16', default_security_group_id: 'sg-1' };
  const plan = expectOk(
    readPlan({ format_version: '1.2', resource_changes: [unchanged('v', 'aws_vpc', vpc)] }, 'small.json'),
  );
  for (const { world } of [plan.before, plan.after])
    assert.deepEqual(
      getRecord(world, 'groups', 'sg-1')?.rules.map(({ direction, doubt, peer }) => [direction, doubt, peer.kind]),
      [
        ['ingress', 'sg-1.ingress', 'prefix-list'],
        ['egress', 'sg-1.egress', 'prefix-list'],
      ],
    );
  const running = compactWorld({
    vpcs: { 'vpc-1': { cidrs: ['10.0.0.0/16'] } },
    groups: { 'sg-1': { vpc: 'vpc-1', name: 'default', ingress: ['tcp/22 10.0.0.0/8'], egress: [] } },
  });
  const laid = getRecord(overlayPlan(running, plan).after, 'groups', 'sg-1');
  assert.deepEqual(laid?.rules, getRecord(running, 'groups', 'sg-1')?.rules);
  const made = [...listRecords(planned('create').after.world, 'groups')].filter(({ name }) => name === 'default');
  assert.ok(
    made.every(({ rules }) => rules.every(({ doubt }) => doubt === undefined)),
    'a new VPC has what AWS writes',
  );
});

/** Whether an attribute holds one id, not a list. */
function isOne(path: readonly string[]): boolean {
  return path.at(-1)?.endsWith('_id') === true;
}

test('every type of service has its interfaces in its subnets, with its groups', () => {
  for (const [type, member] of Object.entries(MEMBERS)) {
    const subnets = member.subnetGroup === undefined ? (isOne(member.subnets) ? 'subnet-1' : ['subnet-1']) : 'group-1';
    const groups = isOne(member.groups) ? 'sg-1' : ['sg-1'];
    const service = joined(nested(member.subnets, subnets), nested(member.groups, groups));
    const plan = {
      format_version: '1.2',
      resource_changes: [
        unchanged('v', 'aws_vpc', { id: 'vpc-1', cidr_block: '10.0.0.0/16' }),
        unchanged('s', 'aws_subnet', { id: 'subnet-1', vpc_id: 'vpc-1', cidr_block: '10.0.1.0/24' }),
        ...(member.subnetGroup === undefined
          ? []
          : [unchanged('g', member.subnetGroup, { id: 'group-1', subnet_ids: ['subnet-1'] })]),
        unchanged('x', type, { id: 'x-1', vpc_endpoint_type: 'Interface', ...service }),
      ],
    };
    const { world } = expectOk(readPlan(plan, 'plan.json')).after;
    const eni = getRecord(world, 'enis', `${type}.x/subnet-1`) ?? assert.fail(`${type} has no interface`);
    assert.equal(eni.subnetId, 'subnet-1', type);
    assert.equal(eni.addresses[0]?.address.within?.length, 24, type);
    if (member.addsGroup === true) assert.notEqual(eni.groupDoubt, undefined, type);
    else assert.deepEqual(eni.groups, ['sg-1'], type);
  }
});

test('values of a plan do not stand in what is said of it', () => {
  const { before, after } = planned('many');
  for (const { findings } of [before, after]) assert.doesNotMatch(JSON.stringify(findings), /not-for-printing/);
});

test('plans that others wrote are read', (t) => {
  if (!existsSync(SHARED)) return t.skip('../shared/data is not here');
  for (const name of readdirSync(SHARED)) {
    const plan = expectOk(readPlan(JSON.parse(readFileSync(`${SHARED}${name}`, 'utf8')), name));
    assert.ok([...listRecords(plan.after.world, 'groups')].length >= 3, name);
  }
  return undefined;
});

/** What reading a text of a document gives, in a word or an error. */
function outcomeOf(text: string): string {
  const read = readWhole(JSON.parse(text), 'x.json');
  return read === undefined ? 'describe' : read.ok ? 'read' : read.error;
}

test('documents are told apart, and what is wrong with one is said with its place', () => {
  const kinds = ['create', 'state', 'created'].map((name) => kindOfDocument(document(name)));
  assert.deepEqual(kinds, ['terraform-plan', 'terraform-state', 'describe']);
  assert.match(
    outcomeOf('{"format_version":"2.0","resource_changes":[]}'),
    /^x\.json: format_version "2\.0" is not one/,
  );
  assert.match(
    outcomeOf('{"format_version":"1.2","resource_changes":[{}]}'),
    /^x\.json: resource_changes\[0\]: expected/,
  );
  assert.match(
    outcomeOf('{"format_version":"99.0","planned_values":{}}'),
    /^x\.json: format_version "99\.0" is not one/,
  );
  assert.equal(outcomeOf('{"format_version":"1.2","planned_values":{"root_module":{}}}'), 'read');
  assert.match(outcomeOf('{"version":3,"terraform_version":"0.11.0","resources":[]}'), /version other than 4/);
  assert.equal(outcomeOf('{"Vpcs":[]}'), 'describe');
});

test('mutated plans and states are read or refused, never thrown at', () => {
  const random = new Random(7);
  const texts = ['many', 'change', 'state'].map((name) => JSON.stringify(document(name)));
  for (let round = 0; round < checks(150); round += 1) {
    const copy: unknown = JSON.parse(random.pick(texts));
    for (let edit = 0; edit < 3; edit += 1) mutate(copy, random, 0);
    const read = readWhole(copy, 'mutated.json');
    if (read?.ok === true) reachText(read.value.after.world);
  }
});

const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e300,
  '',
  'x'.repeat(300),
  '10.0.0.0/8',
  '::/0',
  [],
  {},
  [[]],
  { a: { a: {} } },
  '__proto__',
  'module.a.module.a',
  'aws_security_group.web',
];

/** Puts something else in some place of a document. */
function mutate(value: unknown, random: Random, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  const keys = Object.keys(value);
  if (keys.length === 0) return;
  const key = random.pick(keys);
  const children = value as Record<string, unknown>;
  if (depth > 2 && random.chance(0.2)) children[key] = random.pick(ODD);
  else mutate(children[key], random, depth + 1);
}
