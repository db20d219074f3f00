// Changes of worlds that leave every interface on its device: what one call of the API may do, and more at once.
import { Random } from '../../bench/random.ts';
import { type Change, changeOf, stepsOf } from '../../src/core/model/change.ts';
import { KINDS } from '../../src/core/model/records.ts';
import { applyChange, changeBetween, type World } from '../../src/core/model/world.ts';
import type { Compact } from '../compact.ts';
import type { CompactEni } from '../compact-format.ts';
import { type Edit, EDITS } from '../kernel/flows.ts';
import { editAcls, editGroups } from '../property/asked.ts';

/** Every peer that a rule may name, and traffic for few ports and for many, so that rules move between the layers of a layout. */
const TRAFFICS = [
  'all',
  'tcp/22',
  'tcp/22-443',
  'tcp/443',
  'tcp',
  'udp/443',
  'udp/1024-65535',
  'icmp',
  'icmp/8',
  'protocol/50',
];
const PEERS = ['0.0.0.0/0', '::/0', '10.0.0.0/8', '10.0.1.0/24', '2001:db8::/32', '203.0.113.0/24'];

/** Edits by what they do. */
export const MORE_EDITS: Readonly<Record<string, Edit>> = {
  ...Object.fromEntries(EDITS),
  'rules are drawn anew': (compact, seed) => {
    const names = Object.keys(compact.groups ?? {});
    const peer = (random: Random): string => (random.chance(0.5) ? random.pick(PEERS) : `group:${random.pick(names)}`);
    return drawRules(compact, seed, (random) => `${random.pick(TRAFFICS)} ${peer(random)}`);
  },
  'rules become wider or narrower': (compact, seed) =>
    editGroups(compact, ({ ingress, egress }) => ({
      ingress: ingress.map((text, at) => other(text, at + seed)),
      egress: egress.map((text, at) => other(text, at + seed)),
    })),
  'one interface changes its groups': moveOne,
  'one interface changes its addresses': (compact, seed) => {
    const [name, eni] = new Random(seed).pick(Object.entries(compact.enis ?? {}));
    const [first = '10.0.0.1', ...others] = eni.addresses ?? [];
    const addresses = others.length > 0 ? [first] : [first, first.replace(/\d+$/u, '77')];
    return { ...compact, enis: { ...compact.enis, [name]: { ...eni, addresses } } };
  },
  'interfaces are attached anew, or keep half of their addresses': (compact, seed) => {
    const enis = Object.entries(compact.enis ?? {}).map(([name, eni], at): [string, CompactEni] => {
      const addresses = eni.addresses ?? [];
      if ((at + seed) % 3 === 0) return [name, { ...eni, instance: 'i-anew' }];
      return [name, { ...eni, addresses: (at + seed) % 3 === 1 ? addresses.slice(0, 1) : addresses }];
    });
    return { ...compact, instances: { ...compact.instances, 'i-anew': {} }, enis: Object.fromEntries(enis) };
  },
  'prefix lists hold something else': (compact) => ({
    ...compact,
    prefixLists: {
      L4: { family: 'ipv4', max: 10, entries: ['10.0.0.0/23', '203.0.113.12/32'] },
      L6: { family: 'ipv6', max: 10, entries: ['2001:db8:2::/56'] },
    },
  }),
  'NACLs are drawn anew': (compact, seed) => {
    const random = new Random(seed);
    return editAcls(compact, (entries) =>
      random.chance(0.3)
        ? ['100 allow all 0.0.0.0/0', '101 allow all ::/0']
        : [
            `${random.between(1, 99)} ${random.pick(['allow', 'deny'])} ${random.pick(TRAFFICS)} 10.0.0.0/16`,
            ...entries.slice(1),
          ],
    );
  },
  'an appliance becomes a machine, and the other way round': (compact, seed) => {
    const enis = Object.entries(compact.enis ?? {}).map(
      ([name, eni], at) =>
        [name, (at + seed) % 2 === 0 ? { ...eni, sourceDestCheck: eni.sourceDestCheck === false } : eni] as const,
    );
    return { ...compact, enis: Object.fromEntries(enis) };
  },
};

/** Rules of prefixes for a port each: whoever is in which group makes no difference to them, and no wide rule does to a packet. */
export function drawPrefixRules(compact: Compact, seed: number): Compact {
  return drawRules(compact, seed, (random) => `${random.pick(NARROW)} ${random.pick(PEERS)}`);
}

const NARROW = ['tcp/22', 'tcp/80', 'tcp/443', 'tcp/3306', 'udp/443'];

function drawRules(compact: Compact, seed: number, draw: (random: Random) => string): Compact {
  const random = new Random(seed);
  const rules = (): readonly string[] => Array.from({ length: random.between(0, 4) }, () => draw(random));
  return editGroups(compact, ({ egress }) => ({ ingress: rules(), egress: random.chance(0.5) ? egress : rules() }));
}

/** An interface gets one other group, or the same. */
export function moveOne(compact: Compact, seed: number): Compact {
  const random = new Random(seed);
  const [name, eni] = random.pick(Object.entries(compact.enis ?? {}));
  const vpc = compact.subnets?.[eni.subnet]?.vpc ?? '';
  const groups = [random.pick([`A${vpc}`, `B${vpc}`, `C${vpc}`])];
  return { ...compact, enis: { ...compact.enis, [name]: { ...eni, groups } } };
}

/** All interfaces of a VPC get the same group. */
export function sameGroups(compact: Compact): Compact {
  const enis = Object.entries(compact.enis ?? {}).map(
    ([name, eni]) => [name, { ...eni, groups: [`A${compact.subnets?.[eni.subnet]?.vpc ?? ''}`] }] as const,
  );
  return { ...compact, enis: Object.fromEntries(enis) };
}

/** The same rule for other ports: all of its ports become a few, a few become many. */
function other(text: string, turn: number): string {
  const [traffic = '', peer = ''] = text.split(' ');
  if (turn % 3 === 0) return text;
  const turned: Readonly<Record<string, string>> = {
    'tcp/22': 'tcp/22-443',
    'tcp/22-443': 'tcp/443',
    'tcp/443': 'tcp',
    tcp: 'tcp/22',
    all: 'udp/443',
    'udp/443': 'all',
  };
  return `${turned[traffic] ?? traffic} ${peer}`;
}

/** A world in which what another one says too is the same record as there, as in an agent's view. */
export function withSameRecords(before: World, after: World): World {
  return applyChange(before, realChange(changeBetween(before, after)));
}

/** Without records that were made anew and say the same. */
function realChange(change: Change): Change {
  return changeOf(
    new Map(
      KINDS.map((kind) => [
        kind,
        new Map([...stepsOf(change, kind)].filter(([, { from, to }]) => JSON.stringify(from) !== JSON.stringify(to))),
      ]),
    ),
  );
}
