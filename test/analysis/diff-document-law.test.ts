// The boxes of a document, with the tables that they refer to, are the statements that it was made of: no pair too many, none too few.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress } from '../../src/core/net/address.ts';
import { placeOnAxis, trafficInterval } from '../../src/core/net/axis.ts';
import { type Cidr, parseCidr } from '../../src/core/net/cidr.ts';
import { intersectSets, type IntervalSet, unionSets } from '../../src/core/net/interval-set.ts';
import { expectOk } from '../../src/core/net/result.ts';
import { applyChange, getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { spaceHas } from '../../src/analysis/address-space.ts';
import { type DiffDocument, diffDocument } from '../../src/analysis/diff-document.ts';
import { endsAt, type InterfaceRow } from '../../src/analysis/diff-ends.ts';
import { ruleDocument, type TrafficDocument } from '../../src/analysis/part-documents.ts';
import { type Difference, differenceOf } from '../../src/analysis/pairs/difference.ts';
import { pairsBetween, spaceTexts } from '../../src/analysis/pairs/ends.ts';
import type { Member } from '../../src/analysis/pairs/members.ts';
import { compactWorld } from '../compact.ts';
import { doubtfulWorld } from '../oracle/doubtful-worlds.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';

const rowOf = (eni: string, name: string | null, address: string): InterfaceRow => ({
  eni,
  name,
  instance: null,
  addresses: [address],
});

/** TCP and UDP by what is said of it and the two ends. */
type Said = Map<string, IntervalSet>;

const PORTS = unionSets(placeOnAxis([0, 65_535], 'tcp'), placeOnAxis([0, 65_535], 'udp'));

test('boxes and tables say what statements say', () => {
  let [pairs, shared] = [0, 0];
  for (let seed = 1; seed <= checks(15); seed += 1) {
    const [before, random] = [compactWorld(randomWorld(seed)), compactWorld(randomWorld(seed + 500))];
    for (const after of [random, doubtfulWorld(before, seed)]) {
      const differences = differenceOf(before, after);
      const document = diffDocument(before, after, differences);
      const said = saidBy(document, differences);
      assert.deepEqual(said, wanted(differences), `seed ${seed}`);
      tablesHold(document);
      pairs += said.size;
      shared += places(document).length - document.ends.length;
    }
  }
  assert.ok(pairs > 500, `only ${pairs} pairs are told of`);
  assert.ok(shared > 500, `only ${shared} ends are told by a place that others have as well`);
});

test('pairs that had it before are those of which whole rows say so', () => {
  const seen = { had: 0, rules: 0 };
  for (let seed = 1; seed <= checks(15); seed += 1) {
    const before = compactWorld(randomWorld(seed));
    for (const after of [withRulesOf(before, seed + 500), doubtfulWorld(before, seed)]) {
      const differences = differenceOf(before, after);
      const wholes = differences.flatMap(wholeCounts);
      assert.deepEqual(countsSaid(diffDocument(before, after, differences)), wholes.toSorted(), `seed ${seed}`);
      seen.rules += wholes.length;
      seen.had += wholes.filter((one) => !one.endsWith(' 0')).length;
    }
  }
  assert.ok(seen.had > 20, `only ${seen.had} of ${seen.rules} rules speak of pairs that had it before`);
});

/** A world with the rules of another one in its groups, for most of them. */
function withRulesOf(world: World, seed: number): World {
  const donor = compactWorld(randomWorld(seed));
  const updated = [...listRecords(world, 'groups')].flatMap((group, at) => {
    const rules = getRecord(donor, 'groups', group.id)?.rules;
    return rules === undefined || (seed + at) % 3 === 0 ? [] : [[group, { ...group, rules }] as const];
  });
  return applyChange(world, { groups: { added: [], removed: [], updated } });
}

function countsSaid({ statements }: DiffDocument): readonly string[] {
  const said = statements.flatMap(({ effect, certainty, about, cause, parts }) =>
    parts.flatMap(({ family, pairsBefore }) =>
      cause.kind === 'rule' && about === 'traffic'
        ? `${effect} ${certainty} ${family} ${JSON.stringify(cause.rule)} ${pairsBefore}`
        : [],
    ),
  );
  return said.toSorted();
}

function wholeCounts({ family, classes, rows, before, after, statements }: Difference): readonly string[] {
  return statements.flatMap(({ effect, certainty, about, cause }) => {
    if (cause.kind !== 'rule' || about !== 'traffic') return [];
    const { rule, groupId } = cause;
    const points = trafficInterval(rule.traffic, family);
    const { groups } = effect === 'opens' ? after : before;
    const ends = [groups.withGroup(groupId), groups.ofPeer(rule.peer, 'groups').sure].map((set) => [
      ...rows.sets.members(set),
    ]);
    const [own = [], peers = []] = ends;
    const [senders, receivers] = rule.direction === 'ingress' ? [peers, own] : [own, peers];
    let count = 0;
    for (const [from, to] of pairsOf(senders, receivers)) {
      const both = rows.and(before.row(to, 'to').sure, after.row(to, 'to').sure);
      if (intersectSets(rows.pointsOf(both, from), points).length > 0) count += pairsBetween(classes, from, to);
    }
    const told = JSON.stringify(ruleDocument({ kind: 'rule', groupId, rule }));
    return [`${effect} ${certainty} ${family} ${told} ${count}`];
  });
}

test('ends at a place name each interface once, in order, with all of its addresses', () => {
  const interfaces = [
    rowOf('eni-2', null, '10.0.0.1'),
    rowOf('eni-1', null, '10.0.0.2'),
    rowOf('eni-2', null, '10.0.0.3'),
  ];
  const tables = {
    interfaces: [...interfaces, rowOf('eni-3', 'web', '10.0.0.4'), rowOf('eni-4', 'web', '10.0.0.5')],
    ends: [
      {
        interfaces: [
          [0, 0],
          [2, 3],
        ] as const,
        outside: ['192.0.2.0/24'],
        allBut: null,
      },
    ],
  };
  assert.deepEqual(endsAt(tables, 0), {
    interfaces: [
      rowOf('eni-3', 'web', '10.0.0.4'),
      { ...rowOf('eni-2', null, '10.0.0.1'), addresses: ['10.0.0.1', '10.0.0.3'] },
    ],
    outside: ['192.0.2.0/24'],
    allBut: null,
  });
});

function saidBy({ statements, interfaces, ends }: DiffDocument, differences: readonly Difference[]): Said {
  const said: Said = new Map();
  const named = (place: number, outside: readonly Member[]): readonly string[] => {
    const shared = ends[place];
    assert.ok(shared !== undefined, `no ends at ${place}`);
    const space = shared.outside.map((text) => prefixOf(text));
    const inside = shared.interfaces.flatMap(([first, last]) => interfaces.slice(first, last + 1));
    return [
      ...inside.map(({ eni, addresses }) => `${eni} ${addresses.join(' ')}`),
      ...outside.filter((one) => spaceHas(space, one.sample)).map(nameOf),
    ];
  };
  for (const { effect, certainty, about, parts } of statements)
    for (const { family, boxes, from, to } of parts) {
      const outside = outsideMembers(differences.find((one) => one.family === family));
      const [senders, receivers] = [from, to].map((place) => new Set(named(place, outside)));
      for (const box of boxes)
        for (const [sender, receiver] of pairsOf(named(box.from, outside), named(box.to, outside))) {
          assert.ok(senders?.has(sender) === true && receivers?.has(receiver) === true);
          note(said, `${effect} ${certainty} ${about} ${sender} -> ${receiver}`, portsOf(box.traffic));
        }
    }
  return said;
}

function wanted(differences: readonly Difference[]): Said {
  const said: Said = new Map();
  for (const { classes, rows, statements } of differences) {
    const names = classes.list.map(({ members }) => members.map(nameOf));
    for (const { effect, certainty, about, parts } of statements)
      for (const [{ to, row }, from] of pairsOf(parts, [...names.keys()])) {
        const points = intersectSets(rows.pointsOf(row, from), PORTS);
        for (const [sender, receiver] of pairsOf(names[from] ?? [], names[to] ?? []))
          note(said, `${effect} ${certainty} ${about} ${sender} -> ${receiver}`, points);
      }
  }
  return said;
}

function* pairsOf<A, B>(all: readonly A[], others: readonly B[]): Generator<readonly [A, B], void, undefined> {
  for (const one of all) for (const other of others) yield [one, other];
}

function note(said: Said, key: string, points: IntervalSet): void {
  if (points.length > 0) said.set(key, unionSets(said.get(key) ?? [], points));
}

function portsOf(traffic: TrafficDocument): IntervalSet {
  let points: IntervalSet = [];
  for (const part of ['tcp', 'udp'] as const)
    for (const { destinationPorts } of traffic[part])
      for (const [first, last] of destinationPorts) points = unionSets(points, placeOnAxis([first, last], part));
  return points;
}

/** A prefix, or the one of a single address. */
function prefixOf(text: string): Cidr {
  return expectOk(parseCidr(text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`));
}

function outsideMembers(difference: Difference | undefined): readonly Member[] {
  return (difference?.classes.list ?? []).flatMap(({ members }) => members.filter(({ eniId }) => eniId === undefined));
}

function nameOf({ eniId, space, sample }: Member): string {
  return eniId === undefined ? `outside ${formatAddress(sample)}` : `${eniId} ${spaceTexts(space).join(' ')}`;
}

/** No row stands twice, no list of ends does, and nothing stands there that is not referred to. */
function tablesHold(document: DiffDocument): void {
  for (const table of [document.interfaces, document.ends]) {
    const texts = table.map((one) => JSON.stringify(one));
    assert.equal(new Set(texts).size, texts.length);
  }
  assert.deepEqual(new Set(places(document)), new Set(document.ends.keys()));
  const rows = document.ends.flatMap(({ interfaces }) =>
    interfaces.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at)),
  );
  assert.deepEqual(new Set(rows), new Set(document.interfaces.keys()));
}

function places({ statements }: DiffDocument): readonly number[] {
  return statements.flatMap(({ parts }) =>
    parts.flatMap(({ from, to, boxes }) => [from, to, ...boxes.flatMap((box) => [box.from, box.to])]),
  );
}
