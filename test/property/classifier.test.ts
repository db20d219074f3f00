// The compiled gates equal the definition on packets at every edge of a rule, before and after any changes of the world.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Address,
  FAMILIES,
  type Family,
  formatAddress,
  offsetAddress,
  previousAddress,
} from '../../src/core/net/address.ts';
import { AXIS_SIZE, trafficInterval, transportPoint } from '../../src/core/net/axis.ts';
import { type Cidr, lastAddress } from '../../src/core/net/cidr.ts';
import { formatTransport, type Transport } from '../../src/core/net/traffic.ts';
import { recordChange } from '../../src/core/model/change.ts';
import { type Eni, isUnfiltered } from '../../src/core/model/eni.ts';
import { asId, type GroupId } from '../../src/core/model/ids.ts';
import { DIRECTIONS } from '../../src/core/model/security-group.ts';
import { applyChange, eniAt, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { MembershipIndex, GroupSets } from '../../src/core/policy/classifier-membership.ts';
import { ADMIT, ADMIT_OPEN, type AdmitCode, REFUSE, UNKNOWN } from '../../src/core/policy/classifier-profile.ts';
import { Classifier, decideBy, decideByClassifier } from '../../src/core/policy/classifier.ts';
import { decideGate } from '../../src/core/policy/decide.ts';
import type { Decide } from '../../src/core/policy/evaluate.ts';
import { sightRules } from '../../src/core/policy/match.ts';
import type { Gate, PeerSight } from '../../src/core/policy/path.ts';
import type { Decision } from '../../src/core/policy/verdict.ts';
import { compactWorld } from '../compact.ts';
import { anyEdit, anyWorld, DELEGATED_PREFIXES, editChange, PREFIXES, TRANSPORTS } from './classifier-worlds.ts';

type Question = { readonly gate: Gate; readonly transport: Transport };
type GroupGate = Extract<Gate, { kind: 'groups' }>;

/** Both sides of both ends of every prefix of a rule. */
const ADDRESSES: Readonly<Record<Family, readonly Address[]>> = {
  ipv4: edges('ipv4', PREFIXES),
  ipv6: edges('ipv6', PREFIXES),
};

function edges(family: Family, prefixes: readonly Cidr[]): readonly Address[] {
  const near = prefixes
    .filter((cidr) => cidr.family === family)
    .flatMap((cidr) => {
      const last = lastAddress(cidr);
      return [previousAddress(cidr.base) ?? last, cidr.base, last, offsetAddress(last, 1)];
    });
  return [...new Map(near.map((address) => [formatAddress(address), address])).values()];
}

/** Every `step`-th question on a world, from `start` on: all of them would be too many, and each start asks others. */
function* questions(world: World, { start, step }: { start: number; step: number }): Generator<Question> {
  const enis = [...listRecords(world, 'enis')];
  const subnets = [...listRecords(world, 'subnets')];
  let next = start % step;
  for (const family of FAMILIES) {
    for (const address of ADDRESSES[family]) {
      const gates = DIRECTIONS.flatMap((direction): Gate[] => {
        const head = { way: 'forward', resource: 'x', source: address, destination: address, direction } as const;
        return [
          ...enis.flatMap((eni) =>
            sights(address, enis).map((peer): Gate => ({
              ...head,
              kind: 'groups',
              stage: `group-${direction}`,
              eni,
              peer,
              view: 'request',
            })),
          ),
          ...subnets.map((subnet): Gate => ({
            ...head,
            kind: 'acl',
            stage: `acl-${direction}`,
            subnet,
            view: 'reply',
          })),
        ];
      });
      for (const gate of gates) {
        for (; next < TRANSPORTS[family].length; next += step) yield { gate, transport: TRANSPORTS[family][next]! };
        next -= TRANSPORTS[family].length;
      }
    }
  }
}

function sights(address: Address, enis: readonly Eni[]): readonly PeerSight[] {
  return [
    { address, end: 'known' },
    { address, end: 'unknown' },
    ...enis.map((eni) => ({ address, eni, end: 'known' }) as const),
  ];
}

/** A decision without the rules behind it, which the compiled form does not name; ACL winners are told by their reason. */
function bare(decision: Decision): unknown {
  switch (decision.outcome) {
    case 'pass':
      return { pass: decision.by };
    case 'deny':
      return { deny: decision.reason };
    case 'unknown':
      return { unknown: decision.reason, unknowns: decision.unknowns };
  }
}

function assertEqualDecisions(world: World, decide: Decide, asked: Iterable<Question>): number {
  let compiled = 0;
  for (const { gate, transport } of asked) {
    const expected = decideGate(world, gate, transport);
    const actual = decide(world, gate, transport);
    if (actual.outcome === 'pass' && actual.by !== 'unfiltered') {
      assert.deepEqual(actual.rules, [], 'the definition answered in place of the compiled form');
      compiled += 1;
    }
    assert.deepEqual(bare(actual), bare(expected), describe(gate, transport));
  }
  return compiled;
}

function describe(gate: Gate, transport: Transport): string {
  const peer = gate.kind === 'groups' ? `${gate.eni.id}, peer ${gate.peer.eni?.id ?? gate.peer.end}` : gate.kind;
  return `${gate.stage} ${peer} at ${formatAddress(gate.source)} ${formatTransport(transport)}`;
}

const start = fc.nat(1_000_000);

test('the compiled gates decide as the definition does, for the same reason', () => {
  let compiled = 0;
  fc.assert(
    fc.property(anyWorld, start, (world, from) => {
      compiled += assertEqualDecisions(world, decideByClassifier, questions(world, { start: from, step: 101 }));
    }),
    { numRuns: 250 },
  );
  assert.ok(compiled > 1000, `only ${compiled} packets passed by compiled rules`);
});

test('a classifier that followed changes decides as the definition does, and its members are those of the world', () => {
  fc.assert(
    fc.property(anyWorld, fc.array(anyEdit, { minLength: 1, maxLength: 6 }), start, (first, edits, from) => {
      const classifier = new Classifier(first);
      let world = first;
      for (const [index, edit] of edits.entries()) {
        // Asked before each change, so that what is compiled must be forgotten and not only compiled late.
        assertEqualDecisions(world, decideBy(classifier), questions(world, { start: from + index, step: 1009 }));
        const change = editChange(world, edit);
        world = applyChange(world, change);
        classifier.apply(change, world);
      }
      assertEqualDecisions(world, decideBy(classifier), questions(world, { start: from, step: 211 }));
      assertMembers(classifier, world);
    }),
    { numRuns: 150 },
  );
});

function assertMembers(classifier: Classifier, world: World): void {
  const { membership, sets } = classifier;
  assert.equal(membership.size, new MembershipIndex(world, new GroupSets()).size);
  for (const vpc of listRecords(world, 'vpcs')) {
    for (const family of FAMILIES) {
      for (const address of [...ADDRESSES[family], ...edges(family, DELEGATED_PREFIXES)]) {
        const owner = eniAt(world, vpc.id, address);
        const set = membership.setAt(membership.vpcNumber(vpc.id), family, address);
        const groups = set < 0 ? undefined : sets.groupsOf(set);
        assert.deepEqual(
          groups,
          owner === undefined ? undefined : [...owner.groups].toSorted(),
          formatAddress(address),
        );
      }
    }
  }
}

test('members that come and go leave every compiled profile as it is', () => {
  let moved = 0;
  fc.assert(
    fc.property(anyWorld, anyWorld, start, (first, other, from) => {
      const classifier = new Classifier(first);
      for (const { gate } of questions(first, { start: from, step: 29 }))
        if (gate.kind === 'groups') classifier.profileOf(gate.eni, gate.direction, gate.source.family);
      const profiles = (): readonly unknown[] =>
        [...listRecords(first, 'enis')].flatMap((eni) =>
          DIRECTIONS.flatMap((direction) => FAMILIES.map((family) => classifier.profileOf(eni, direction, family))),
        );
      const before = profiles();
      let world = first;
      for (const id of ['a', 'b', 'c', 'd']) {
        const change = editChange(world, { kind: 'enis', id, other });
        world = applyChange(world, change);
        classifier.apply(change, world);
        if (change.enis !== undefined) moved += 1;
      }
      const after = profiles();
      assert.ok(before.every((profile, index) => profile === after[index]));
      assertEqualDecisions(world, decideBy(classifier), questions(world, { start: from, step: 1009 }));
    }),
    { numRuns: 60 },
  );
  assert.ok(moved > 0);
});

test('a code tells the open rules from the others', () => {
  const met = new Set<AdmitCode>();
  fc.assert(
    fc.property(anyWorld, start, (world, from) => {
      const classifier = new Classifier(world);
      for (const { gate, transport } of questions(world, { start: from, step: 307 })) {
        if (gate.kind !== 'groups') continue;
        const code = classifier.admit(gate, transportPoint(transport, gate.source.family));
        met.add(code);
        assert.equal(code, expectedCode(world, gate, transport), describe(gate, transport));
      }
    }),
    { numRuns: 120 },
  );
  assert.deepEqual(
    [...met].toSorted((a, b) => a - b),
    [REFUSE, ADMIT, ADMIT_OPEN, UNKNOWN],
  );
});

function expectedCode(world: World, gate: GroupGate, transport: Transport): AdmitCode {
  const decision = decideGate(world, gate, transport);
  if (decision.outcome === 'unknown') return UNKNOWN;
  if (decision.outcome === 'deny') return REFUSE;
  const isOpen = decision.rules.some(
    (ref) => ref.kind === 'rule' && ref.rule.peer.kind === 'cidr' && ref.rule.peer.cidr.length === 0,
  );
  return isOpen && !isUnfiltered(gate.eni) ? ADMIT_OPEN : ADMIT;
}

test('a profile knows whether one of its rules opens all ports to any address', () => {
  fc.assert(
    fc.property(anyWorld, (world) => {
      const classifier = new Classifier(world);
      for (const eni of listRecords(world, 'enis')) {
        for (const direction of DIRECTIONS) {
          for (const family of FAMILIES) {
            const profile = classifier.profileOf(eni, direction, family);
            const { rules } = sightRules(world, eni, {
              direction,
              peer: { address: ADDRESSES[family][0]!, end: 'known' },
              span: { from: 0, to: AXIS_SIZE - 1 },
            });
            for (const kind of ['tcp', 'udp'] as const) {
              const [first, last] = trafficInterval({ kind, ports: { from: 0, to: 65_535 } }, family);
              const opens = rules.some(
                ({ rule, from, to }) =>
                  rule.peer.kind === 'cidr' &&
                  rule.peer.cidr.family === family &&
                  rule.peer.cidr.length === 0 &&
                  from <= first &&
                  last <= to,
              );
              assert.equal(profile.opensAllPorts(kind), opens);
            }
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a group’s rules compile its own profiles anew and no others; a prefix list those that name it', () => {
  const world = namedWorld(['tcp/22 list:L'], ['10.0.1.0/24']);
  const classifier = new Classifier(world);
  const profileOf = (id: string): unknown => classifier.profileOf(getRecord(world, 'enis', id)!, 'ingress', 'ipv4');
  const [first, second] = [profileOf('a'), profileOf('b')];
  assert.equal(classifier.profileCount, 2);
  const rules = editChange(world, { kind: 'groups', id: 'B', other: namedWorld([], []) });
  const changed = applyChange(world, rules);
  classifier.apply(rules, changed);
  assert.equal(profileOf('a'), first);
  assert.notEqual(profileOf('b'), second);
  const entries = editChange(changed, { kind: 'prefixLists', id: 'L', other: namedWorld([], []) });
  const third = profileOf('b');
  classifier.apply(entries, applyChange(changed, entries));
  assert.notEqual(profileOf('a'), first);
  assert.equal(profileOf('b'), third);
});

test('a profile tells any number of combinations of groups apart', () => {
  const world = namedWorld(['tcp/22 group:B', 'tcp/80 group:C'], []);
  const classifier = new Classifier(world);
  const eni = getRecord(world, 'enis', 'a')!;
  const seen = Array.from({ length: 64 }, (_, index): Eni => {
    const groups = [`other-${index}`, ...(index % 2 === 0 ? ['B'] : []), ...(index % 3 === 0 ? ['C'] : [])];
    return { ...eni, groups: groups.map((group) => asId<GroupId>(group)) };
  });
  const address = eni.addresses[0]!.address;
  for (const [index, peer] of [...seen, ...seen].entries()) {
    const gate = { eni, direction: 'ingress', peer: { address, eni: peer, end: 'known' } } as const;
    assert.equal(classifier.admit(gate, 22), (index % 64) % 2 === 0 ? ADMIT : REFUSE);
    assert.equal(classifier.admit(gate, 80), (index % 64) % 3 === 0 ? ADMIT : REFUSE);
  }
});

test('a new name compiles nothing anew', () => {
  const world = namedWorld(['tcp/22 list:L'], []);
  const classifier = new Classifier(world);
  const eni = getRecord(world, 'enis', 'a')!;
  const before = classifier.profileOf(eni, 'ingress', 'ipv4');
  const group = getRecord(world, 'groups', 'A')!;
  const change = recordChange('groups', group, { ...group, name: 'web' });
  classifier.apply(change, applyChange(world, change));
  assert.equal(classifier.profileOf(eni, 'ingress', 'ipv4'), before);
});

function namedWorld(ingress: readonly string[], entries: readonly string[]): World {
  return compactWorld({
    vpcs: { V: { cidrs: ['10.0.0.0/16'] } },
    subnets: { S: { vpc: 'V', cidrs: ['10.0.1.0/24'] } },
    prefixLists: { L: { family: 'ipv4', entries } },
    groups: { A: { vpc: 'V', ingress }, B: { vpc: 'V', ingress: ['tcp/80 10.0.0.0/8'] } },
    enis: {
      a: { subnet: 'S', addresses: ['10.0.1.10'], groups: ['A'] },
      b: { subnet: 'S', addresses: ['10.0.1.11'], groups: ['B'] },
    },
  });
}

test('a classifier of another world refuses to answer', () => {
  const world = namedWorld([], []);
  const [question] = questions(world, { start: 0, step: 1 });
  const decide = decideBy(new Classifier(namedWorld([], [])));
  assert.throws(() => decide(world, question!.gate, question!.transport), /of another world/);
});
