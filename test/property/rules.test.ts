// What an edit of rules, entries, groups and references may do to a verdict.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Random } from '../../bench/random.ts';
import type { Outcome } from '../../src/core/policy/verdict.ts';
import { type Compact, compactWorld } from '../compact.ts';
import { about, asked, editAcls, editGroups, judge, legOf } from './asked.ts';

const OPENNESS: Readonly<Record<Outcome, number>> = { deny: 0, unknown: 1, allow: 2 };
const SIDES = ['ingress', 'egress'] as const;

describe('rules', () => {
  test('a rule more never closes, a rule less never opens', () => {
    for (const one of asked({ worlds: 250, questions: 16, first: 700 })) {
      const random = new Random(one.seed);
      const [more, less] = [
        compactWorld(withRule(random, one.compact)),
        compactWorld(withoutRule(random, one.compact)),
      ];
      for (const question of one.questions) {
        const now = OPENNESS[judge(one.world, question).outcome];
        assert.ok(OPENNESS[judge(more, question).outcome] >= now, `more: ${about(one, question)}`);
        assert.ok(OPENNESS[judge(less, question).outcome] <= now, `less: ${about(one, question)}`);
      }
    }
  });

  test('an entry that allows behind all others never closes, one that denies before all never opens', () => {
    for (const one of asked({ worlds: 200, questions: 12, first: 1000 })) {
      const random = new Random(one.seed);
      const line = `${random.pick(ADDED_TRAFFICS)} ${random.pick(['0.0.0.0/0', '10.0.1.0/24', '::/0', '203.0.113.0/24'])}`;
      const side = random.pick(SIDES);
      const edit = (entry: string): Compact =>
        editAcls(one.compact, (entries, direction) => (direction === side ? [...entries, entry] : entries));
      // Entries of random worlds and traps have the numbers from 1 to 32766.
      const [more, less] = [compactWorld(edit(`32767 allow ${line}`)), compactWorld(edit(`0 deny ${line}`))];
      for (const question of one.questions) {
        const now = OPENNESS[judge(one.world, question).outcome];
        assert.ok(OPENNESS[judge(more, question).outcome] >= now, `more: ${about(one, question)}`);
        assert.ok(OPENNESS[judge(less, question).outcome] <= now, `less: ${about(one, question)}`);
      }
    }
  });

  test('order and repetition of rules, groups and routes say nothing; entries go by number alone', () => {
    for (const one of asked({ worlds: 250, questions: 12, first: 900 })) {
      const random = new Random(one.seed);
      const shuffled = (lines: readonly string[]): readonly string[] => random.sample(lines, lines.length);
      const turned = editGroups(one.compact, ({ ingress, egress }) => ({
        ingress: shuffled([...ingress, ...ingress]),
        egress: shuffled([...egress, ...egress]),
      }));
      const enis = Object.entries(one.compact.enis ?? {}).map(
        ([name, eni]) => [name, { ...eni, groups: shuffled(eni.groups ?? []) }] as const,
      );
      const routeTables = Object.entries(one.compact.routeTables ?? {}).map(
        ([name, table]) => [name, { ...table, routes: shuffled(table.routes ?? []) }] as const,
      );
      const moved = { ...turned, enis: Object.fromEntries(enis), routeTables: Object.fromEntries(routeTables) };
      const other = compactWorld(editAcls(moved, shuffled));
      for (const question of one.questions)
        assert.equal(judge(other, question).outcome, judge(one.world, question).outcome, about(one, question));
    }
  });

  test('NACLs say nothing within a subnet', () => {
    let seen = 0;
    for (const one of asked({ worlds: 250, questions: 16, first: 2500 })) {
      const closed = compactWorld(editAcls(one.compact, () => []));
      for (const question of one.questions) {
        const before = judge(one.world, question);
        const [from, to] = [question.from, question.to].map((name) => one.compact.enis?.[name]?.subnet);
        const isInside = from !== undefined && from === to && question.source === undefined;
        if (!isInside || legOf(one.compact, before) !== 'direct') continue;
        seen += 1;
        assert.equal(judge(closed, question).outcome, before.outcome, about(one, question));
      }
    }
    assert.ok(seen > 100, String(seen));
  });
});

describe('references', () => {
  test('a reference is its members written out, on direct legs', () => {
    let seen = 0;
    for (const one of asked({ worlds: 300, questions: 16, first: 1100 })) {
      const written = compactWorld(
        editGroups(one.compact, ({ ingress, egress }) => ({
          ingress: ingress.flatMap((rule) => writtenOut(one.compact, rule)),
          egress: egress.flatMap((rule) => writtenOut(one.compact, rule)),
        })),
      );
      for (const question of one.questions) {
        const before = judge(one.world, question);
        if (legOf(one.compact, before) !== 'direct') continue;
        seen += 1;
        assert.equal(judge(written, question).outcome, before.outcome, about(one, question));
      }
    }
    assert.ok(seen > 300, String(seen));
  });

  test('a reference says nothing through NAT, the internet and across Regions', () => {
    let seen = 0;
    for (const one of asked({ worlds: 400, questions: 16, first: 3000 })) {
      const without = compactWorld(
        editGroups(one.compact, ({ ingress, egress }) => ({
          ingress: ingress.filter((rule) => !isReference(rule)),
          egress: egress.filter((rule) => !isReference(rule)),
        })),
      );
      for (const question of one.questions) {
        const before = judge(one.world, question);
        if (legOf(one.compact, before) !== 'indirect') continue;
        seen += 1;
        assert.equal(judge(without, question).outcome, before.outcome, about(one, question));
      }
    }
    assert.ok(seen > 100, String(seen));
  });
});

const ADDED_TRAFFICS = ['all', 'tcp/22-443', 'icmp', 'udp/1024-65535', 'tcp'];

function withRule(random: Random, compact: Compact): Compact {
  const names = Object.keys(compact.groups ?? {});
  const edited = random.pick(names);
  const side = random.pick(SIDES);
  const peer = random.pick(['0.0.0.0/0', '10.0.0.0/8', '::/0', `group:${random.pick(names)}`, 'list:L4', 'group:gone']);
  const rule = `${random.pick(ADDED_TRAFFICS)} ${peer}`;
  return editGroups(compact, (group, name) => (name === edited ? { [side]: [...group[side], rule] } : {}));
}

/** One rule of one group taken away; the world as it is where there is none at all. */
function withoutRule(random: Random, compact: Compact): Compact {
  const places = Object.entries(compact.groups ?? {}).flatMap(([name, group]) =>
    SIDES.flatMap((side) => (group[side] ?? []).map((_, index) => ({ name, side, index }))),
  );
  if (places.length === 0) return compact;
  const { name: edited, side, index } = random.pick(places);
  return editGroups(compact, (group, name) => (name === edited ? { [side]: group[side].toSpliced(index, 1) } : {}));
}

function isReference(rule: string): boolean {
  return rule.includes(' group:');
}

function writtenOut(compact: Compact, rule: string): readonly string[] {
  if (!isReference(rule)) return [rule];
  const [traffic = '', peer = ''] = rule.split(' ');
  const members = Object.values(compact.enis ?? {}).filter((eni) => (eni.groups ?? []).includes(peer.slice(6)));
  return members.flatMap((eni) => [
    ...(eni.addresses ?? []).map((address) => `${traffic} ${address}/${address.includes(':') ? 128 : 32}`),
    ...(eni.prefixes ?? []).map((prefix) => `${traffic} ${prefix}`),
  ]);
}
