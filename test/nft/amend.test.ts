// What follows a change in parts is the layout that makes everything anew, and leads the kernel there by the same commands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../bench/random.ts';
import { generateWorld } from '../../bench/world.ts';
import { ipv4, ipv6 } from '../../src/core/net/address.ts';
import { cidrOf } from '../../src/core/net/cidr.ts';
import { type Change, recordChange } from '../../src/core/model/change.ts';
import { asId, type RuleId } from '../../src/core/model/ids.ts';
import { sortEntries } from '../../src/core/model/network-acl.ts';
import { applyChange, listRecords, type World } from '../../src/core/model/world.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import { layoutAfter } from '../../src/nft/renumber.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import { compactWorld } from '../compact.ts';
import { checks } from '../property/checks.ts';
import { randomWorld } from '../property/generators.ts';
import { MORE_EDITS, withSameRecords } from './edits.ts';
import { isWhole } from './follows.ts';
import { plantOf } from './legs.ts';

test('after any change, what follows it is what is made anew', () => {
  const edits = Object.values(MORE_EDITS);
  const seen = { followed: 0, anew: 0 };
  for (let seed = 1; seed <= checks(24); seed += 1) {
    let compact = randomWorld(seed);
    let world = compactWorld(compact);
    const { wirings } = plantOf(world);
    const laid = new Map<string, Layout>();
    for (let step = 0; step < 6; step += 1) {
      for (const [name, wiring] of wirings) {
        const view = hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());
        const before = laid.get(name);
        if (before !== undefined)
          seen[isWhole(before, view, { wiring, about: `${seed} ${step} ${name}` }) ? 'followed' : 'anew'] += 1;
        laid.set(name, before === undefined ? layout(view, wiring) : layoutAfter(before, view, wiring));
      }
      const edit = edits[(seed * 7 + step * 3) % edits.length] ?? assert.fail('there are edits');
      compact = edit(compact, seed + step);
      world = withSameRecords(world, compactWorld(compact));
    }
  }
  assert.ok(seen.followed > 100 && seen.anew > 20, JSON.stringify(seen));
});

/** Ways in which a host may be wired, with how many interfaces on it. */
const HOSTS: Readonly<Record<string, { readonly count: number; readonly wiring: Partial<Wiring> }>> = {
  'a host of many': { count: 120, wiring: {} },
  'a host of a fabric': { count: 40, wiring: { fabric: new Set(['fab0']), outside: new Set(['wan0']) } },
  'a machine that is the instance': { count: 3, wiring: { mode: 'local' } },
};

for (const [name, { count, wiring: special }] of Object.entries(HOSTS))
  test(`one small change after another is followed, each on top of those before it, on ${name}`, () => {
    let world = generateWorld({ enis: 120, groups: 30, subnets: 6, isDualStack: true });
    const ids = [...listRecords(world, 'enis')].map(({ id }) => id).slice(0, count);
    const enis = new Map(ids.map((id, at) => [id, { device: `d${at}`, mac: macOf(at) }]));
    const wiring: Wiring = { ...PLAIN, enis, ...special };
    let laid = layout(hostViewOf(world, ids), wiring);
    const random = new Random(7);
    const seen = { followed: 0, anew: 0 };
    for (let step = 0; step < checks(60); step += 1) {
      const whats: string[] = [];
      // Two at once, as where calls come fast: an interface may move while rules change.
      while (whats.length === 0 || random.chance(0.4)) {
        const [what, change] = random.pick(Object.entries(SMALL));
        world = applyChange(world, change(world, random));
        whats.push(what);
      }
      const view = hostViewOf(world, ids);
      seen[isWhole(laid, view, { wiring, about: `${step} ${whats.join(', ')}` }) ? 'followed' : 'anew'] += 1;
      laid = layoutAfter(laid, view, wiring);
    }
    // The last interface of a subnet may go, and a subnet with it; and timeouts are not followed.
    assert.ok(seen.followed > 2 * seen.anew, JSON.stringify(seen));
  });

const PLAIN: Omit<Wiring, 'enis'> = { mode: 'forward', fabric: new Set(), stateful: new Set(), natGateways: new Map() };

/** What one call of the API does to a world. */
const SMALL: Readonly<Record<string, (world: World, random: Random) => Change>> = {
  'a rule comes': (world, random) => {
    const group = random.pick([...listRecords(world, 'groups')]);
    const port = random.between(1, 3) * 1000;
    const peer = random.chance(0.5)
      ? ({ kind: 'group', groupId: random.pick([...listRecords(world, 'groups')]).id } as const)
      : group.rules[0]?.peer;
    const rule = {
      id: asId<RuleId>(
        `sgr-${random
          .between(0, 2 ** 30)
          .toString(16)
          .padStart(17, '0')}`,
      ),
      direction: 'ingress',
      traffic: { kind: 'tcp', ports: { from: port, to: port + (random.chance(0.5) ? 0 : 500) } },
      peer: peer ?? { kind: 'group', groupId: group.id },
      tags: [],
    } as const;
    return recordChange('groups', group, { ...group, rules: [...group.rules, rule] });
  },
  'a rule goes': (world, random) => {
    const group = random.pick([...listRecords(world, 'groups')]);
    const at = random.between(0, Math.max(0, group.rules.length - 1));
    return recordChange('groups', group, { ...group, rules: group.rules.toSpliced(at, 1) });
  },
  'an interface joins a group': (world, random) => {
    const eni = random.pick([...listRecords(world, 'enis')]);
    const { id } = random.pick([...listRecords(world, 'groups')]);
    return recordChange('enis', eni, { ...eni, groups: [...new Set([...eni.groups, id])] });
  },
  'an interface leaves a group': (world, random) => {
    const eni = random.pick([...listRecords(world, 'enis')].filter(({ groups }) => groups.length > 1));
    return recordChange('enis', eni, { ...eni, groups: eni.groups.slice(1) });
  },
  'an interface is deleted': (world, random) =>
    recordChange('enis', random.pick([...listRecords(world, 'enis')]), undefined),
  'an interface gets an address, or gives one back': (world, random) => {
    const eni = random.pick([...listRecords(world, 'enis')]);
    const [first, ...others] = eni.addresses;
    const more = first && { ...first, address: ipv4(0x0a00_0000 + random.between(0, 2 ** 16)) };
    const addresses = others.length > 1 ? eni.addresses.slice(0, -1) : [...eni.addresses, ...(more ? [more] : [])];
    return recordChange('enis', eni, { ...eni, addresses });
  },
  'an interface gets a prefix, or gives it back': (world, random) => {
    const eni = random.pick([...listRecords(world, 'enis')]);
    const prefix = random.chance(0.5)
      ? cidrOf(ipv6([0x2001_0db8, 0x0001_0000, random.between(0, 3) * 2 ** 16, 0]), 80)
      : cidrOf(ipv4(0x0a00_0000 + random.between(0, 7) * 16), 28);
    return recordChange('enis', eni, { ...eni, prefixes: eni.prefixes.length > 0 ? [] : [prefix] });
  },
  'an interface gets timeouts of its own': (world, random) => {
    const eni = random.pick([...listRecords(world, 'enis')]);
    return recordChange('enis', eni, { ...eni, timeouts: { udpSeconds: random.between(30, 32) } });
  },
  'an entry of a NACL comes': (world, random) => {
    const acl = random.pick([...listRecords(world, 'acls')]);
    const number = random.between(1, 99);
    const entry = {
      number,
      direction: 'ingress',
      action: random.pick(['allow', 'deny'] as const),
      traffic: { kind: 'tcp', ports: { from: 7000, to: 7999 } },
      cidr: cidrOf(ipv4(0x0a09_0000), 16),
    } as const;
    const others = acl.entries.filter((one) => one.number !== number || one.direction !== 'ingress');
    return recordChange('acls', acl, { ...acl, entries: sortEntries([...others, entry]) });
  },
  'an entry of a NACL goes': (world, random) => {
    const acl = random.pick([...listRecords(world, 'acls')]);
    const at = random.between(0, Math.max(0, acl.entries.length - 1));
    return recordChange('acls', acl, { ...acl, entries: acl.entries.toSpliced(at, 1) });
  },
  'a group is gone that interfaces have': (world, random) => {
    const group = random.pick([...listRecords(world, 'groups')].slice(0, 3));
    return recordChange('groups', group, undefined);
  },
};

function macOf(at: number): string {
  return `02:00:00:00:${[at >> 8, at & 255].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}
