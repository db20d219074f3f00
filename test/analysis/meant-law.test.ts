// What ends stand for where addresses or groups of interfaces are not known: an interface that may be meant is meant perhaps. So nothing certain
// that is said of a world with doubts is otherwise in a world that it may be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, unknownAddress } from '../../src/core/net/address.ts';
import { parseCidr } from '../../src/core/net/cidr.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { recordChange } from '../../src/core/model/change.ts';
import { type Eni, eniOwns } from '../../src/core/model/eni.ts';
import { asId } from '../../src/core/model/ids.ts';
import { applyChange, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { ask } from '../../src/analysis/ask.ts';
import type { Endpoint } from '../../src/analysis/endpoint.ts';
import { judgeAssertions } from '../../src/analysis/assertions.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { doubtfulWorld } from '../oracle/doubtful-worlds.ts';
import { wornWorld } from '../oracle/worn-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';

const COMPACT: Compact = {
  vpcs: { V1: { cidrs: ['10.0.0.0/16'] } },
  subnets: { S1: { vpc: 'V1', cidrs: ['10.0.1.0/24'] }, S2: { vpc: 'V1', cidrs: ['10.0.2.0/24'] } },
  groups: {
    A: { vpc: 'V1', ingress: ['tcp/22 0.0.0.0/0'], egress: ['all 0.0.0.0/0'] },
    B: { vpc: 'V1', ingress: ['tcp/443 0.0.0.0/0'], egress: ['all 0.0.0.0/0'] },
  },
  enis: {
    a: { subnet: 'S1', addresses: ['10.0.1.130'], groups: ['A'] },
    b: { subnet: 'S1', addresses: ['10.0.1.20'], groups: ['B'] },
    c: { subnet: 'S2', addresses: ['10.0.2.30'], groups: ['B'] },
  },
};

/** The world in which something of one interface is not known. */
function forgetting(id: string, edit: (eni: Eni) => Partial<Eni>): World {
  const world = compactWorld(COMPACT);
  const eni = getRecord(world, 'enis', id) ?? assert.fail(id);
  return applyChange(world, recordChange('enis', eni, { ...eni, ...edit(eni) }));
}

const SUBNET = expectOk(parseCidr('10.0.1.0/24'));
/** `a` may be anywhere in 10.0.1.0/24. */
const MOVED = forgetting('a', () => ({ addresses: [{ address: unknownAddress(SUBNET, 3), isPrimary: true }] }));

function outcome(world: World, text: string): string {
  const judged = judgeAssertions(world, [{ text }]);
  return judged.ok ? (judged.value.facts[0]?.outcome ?? '') : (judged.error[0]?.message ?? '');
}

function verdict(world: World, from: string, to: string, traffic = 'tcp/22'): string {
  const answer = ask(world, { from, to, traffic });
  return answer.ok ? answer.value.verdict : answer.error.message;
}

test('a prefix inside of the one that an address will be of may hold it', () => {
  // Of 10.0.1.0/28 nobody is known to be: a, which is reached on port 22, may be.
  assert.equal(outcome(MOVED, 'c must not reach 10.0.1.0/27 on tcp/22'), 'unknown');
  assert.equal(outcome(MOVED, 'c must not reach 10.0.1.0/24 on tcp/22'), 'fails');
  assert.equal(outcome(MOVED, 'c must not reach 10.0.1.0/27 on tcp/23'), 'holds');
  assert.equal(outcome(MOVED, 'c must not reach 10.0.1.64/27 on tcp/22'), 'unknown');
  // Where nobody at all may be there, it would hold of nothing.
  assert.equal(outcome(MOVED, 'c must not reach 10.0.1.64/27 on tcp/23'), 'unknown');
  assert.equal(outcome(MOVED, 'c must reach 10.0.1.0/27 on tcp/443'), 'unknown');
  assert.equal(outcome(MOVED, 'no one but 10.0.1.0/27 can reach c on tcp/443'), 'unknown');
  assert.equal(outcome(MOVED, 'no one but 10.0.1.0/24 can reach c on tcp/443'), 'holds');
  assert.equal(outcome(MOVED, 'no one but 10.0.2.0/24 can reach c on tcp/443'), 'fails');
  assert.equal(outcome(MOVED, 'a must reach c on tcp/443'), 'holds');
});

test('an address that is not known is none that is, whatever stands for it', () => {
  // The words of a's address are those of 0.0.0.3: a does not talk to itself there.
  assert.notEqual(verdict(MOVED, 'a', '0.0.0.3'), 'allowed');
  assert.equal(verdict(MOVED, 'a', '0.0.0.3'), verdict(MOVED, 'a', '0.0.0.4'));
  assert.equal(verdict(MOVED, '0.0.0.3', 'a'), verdict(MOVED, '0.0.0.4', 'a'));
});

test('an answer takes in what may be meant, and promises nothing of it', () => {
  assert.equal(verdict(MOVED, 'c', '10.0.1.0/27'), 'depends');
  assert.equal(verdict(MOVED, 'c', '10.0.1.0/24'), 'allowed');
  assert.equal(verdict(MOVED, 'c', '10.0.1.0/27', 'tcp/443'), 'allowed');
  assert.equal(verdict(MOVED, 'c', '10.0.1.0/27', 'tcp/23'), 'blocked');
  assert.equal(verdict(MOVED, '10.0.1.64/27', 'c', 'tcp/443'), 'depends');
  assert.equal(verdict(MOVED, '10.0.1.64', 'c', 'tcp/443'), 'depends');
  assert.equal(verdict(MOVED, 'c', '10.0.1.64'), 'depends');
  assert.match(verdict(MOVED, '10.0.2.64', 'c'), /no interface has this address/);
});

test('a counter-example that is perhaps none says so', () => {
  const judged = expectOk(judgeAssertions(MOVED, [{ text: 'c must not reach 10.0.1.0/27 on tcp/22' }]));
  assert.equal(judged.facts[0]?.counterExample?.passes, 'perhaps');
  assert.deepEqual(judged.facts[0].counterExample.unknowns, ['10.0.1.0/24?3']);
});

test('an interface that may carry further groups may be a member of each', () => {
  const world = forgetting('a', () => ({ groupDoubt: 'a.groups' }));
  assert.equal(outcome(world, 'c must not reach B on tcp/22'), 'unknown');
  assert.equal(outcome(world, 'c must not reach A on tcp/22'), 'fails');
  assert.equal(verdict(world, 'c', 'group:B'), 'depends');
});

test('an interface of which the subnet is not known may be in each', () => {
  const world = forgetting('a', () => ({
    vpcId: asId('a/vpc'),
    subnetId: asId('a/subnet'),
    addresses: [{ address: unknownAddress(expectOk(parseCidr('0.0.0.0/0')), 3), isPrimary: true }],
  }));
  for (const end of ['S2', 'V1', 'V1/10.0.2.0/24', 'V1/10.0.2.64']) {
    assert.notEqual(verdict(world, 'c', end, 'tcp/22'), 'blocked', end);
    assert.equal(outcome(world, `b must not reach ${end} on tcp/22`), 'unknown', end);
  }
});

const ENDS = ['10.0.1.0/28', '10.0.0.0/8', '10.0.2.0/25', '2001:db8:1:1::/72', '203.0.113.0/25', 'internet'];
const TRAFFICS = ['tcp/22', 'tcp/443', 'udp/53', 'all'];

test('what is certain of ends in a world with doubts is so in a world which it may be', () => {
  const seen = { certain: 0, unknown: 0, refused: 0 };
  for (let seed = 1; seed <= checks(14); seed += 1) {
    const world = compactWorld(seed % 2 === 0 ? wornWorld(seed) : randomWorld(seed));
    if (hasShared(world)) continue;
    const doubtful = doubtfulWorld(world, seed);
    const hosts = [...listRecords(world, 'enis')].flatMap(({ addresses }) => addresses.map((own) => own.address));
    const groups = [...listRecords(world, 'groups')].map(({ id }) => id);
    const subnets = [...listRecords(world, 'subnets')].map(({ id }) => id);
    const ends = [...ENDS, ...groups, ...subnets, ...hosts.slice(0, 4).map(formatAddress)];
    for (let at = 0; at < 16; at += 1) {
      const pick = (salt: number, list: readonly string[]): string => list[(seed * 31 + at * salt) % list.length] ?? '';
      keeps(world, doubtful, { from: pick(7, ends), to: pick(11, ends), on: pick(5, TRAFFICS), seen });
    }
  }
  assert.ok(seen.certain > 100 && seen.unknown > 100, JSON.stringify(seen));
});

type Tried = {
  readonly from: string;
  readonly to: string;
  readonly on: string;
  readonly seen: { certain: number; unknown: number; refused: number };
};

function keeps(world: World, doubtful: World, { from, to, on, seen }: Tried): void {
  const facts = [
    `${from} must reach ${to} on ${on}`,
    `${from} must not reach ${to} on ${on}`,
    `no one but ${from} can reach ${to} on ${on}`,
  ];
  for (const text of facts) {
    const [real, told] = [judgeAssertions(world, [{ text }]), judgeAssertions(doubtful, [{ text }])];
    if (!real.ok) seen.refused += 1;
    if (real.ok) assert.ok(told.ok, `${text}: refused, ${told.ok ? '' : (told.error[0]?.message ?? '')}`);
    const [truth, said] = [real, told].map((one) => (one.ok ? one.value.facts[0]?.outcome : undefined));
    if (truth === undefined || said === undefined) continue;
    seen[said === 'unknown' ? 'unknown' : 'certain'] += 1;
    if (said !== 'unknown' && truth !== 'unknown') assert.equal(said, truth, text);
  }
  const [real, told] = [ask(world, { from, to, traffic: on }), ask(doubtful, { from, to, traffic: on })];
  // Of an interface and itself it is asked only where nothing else is meant, and then something else may be.
  if (!real.ok || onlyEni(real.value.question.from) === onlyEni(real.value.question.to)) return;
  assert.ok(told.ok, `${from} to ${to}: refused, ${told.ok ? '' : told.error.message}`);
  const [truth, said] = [real.value.verdict, told.value.verdict];
  if (said === 'allowed') assert.equal(truth, 'allowed', `${from} to ${to} ${on}`);
  if (said === 'blocked') assert.equal(truth, 'blocked', `${from} to ${to} ${on}`);
  if (told.value.isWhole) assert.ok(real.value.isWhole, `${from} to ${to} ${on} whole`);
}

/** The interface, where an end is one alone; the end itself where it is not. */
function onlyEni(end: Endpoint): unknown {
  const ids = new Set(end.places.map((place) => (place.kind === 'eni' ? place.eni.id : undefined)));
  return ids.size === 1 ? [...ids][0] : end;
}

/** Two interfaces with one address are no world of AWS's, though the generator makes such. */
function hasShared(world: World): boolean {
  const enis = [...listRecords(world, 'enis')];
  return enis.some((eni) =>
    enis.some((other) => other !== eni && eni.addresses.some(({ address }) => eniOwns(other, address))),
  );
}
