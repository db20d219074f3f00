// Small worlds in which everything is near an edge of something else: few prefixes, ports and groups, and much of it unknown.
import fc from 'fast-check';
import type { Family } from '../../src/core/net/address.ts';
import { type Cidr, parseCidr } from '../../src/core/net/cidr.ts';
import { expectOk } from '../../src/core/net/result.ts';
import type { Transport } from '../../src/core/net/traffic.ts';
import { recordChange, type Change } from '../../src/core/model/change.ts';
import type { Kind } from '../../src/core/model/records.ts';
import { getRecord, type World } from '../../src/core/model/world.ts';
import { compactWorld } from '../compact.ts';
import type { CompactEni } from '../compact-format.ts';

const CIDRS = [
  '0.0.0.0/0',
  '0.0.0.0/1',
  '128.0.0.0/1',
  '10.0.0.0/8',
  '10.0.0.0/16',
  '10.0.1.0/24',
  '10.0.1.0/25',
  '10.0.1.128/25',
  '10.0.1.10/32',
  '10.0.1.11/32',
  '255.255.255.255/32',
  '::/0',
  '::/1',
  '8000::/1',
  '2001:db8::/32',
  '2001:db8:0:1::/64',
  '2001:db8:0:1:8000::/65',
  '2001:db8:0:1::a/128',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
];
const TRAFFICS = [
  'all',
  'tcp',
  'tcp/0',
  'tcp/22',
  'tcp/22-23',
  'tcp/255-256',
  'tcp/1024-65535',
  'tcp/65535',
  'udp',
  'udp/0',
  'udp/53',
  'icmp',
  'icmp/8',
  'icmp/8/0',
  'icmp/255/255',
  'icmpv6',
  'icmpv6/128',
  'icmpv6/0/0',
  'protocol/0',
  'protocol/50',
  'protocol/255',
];
/** Delegated prefixes; AWS has none of the lengths of the last two, so they own nothing. */
const DELEGATED = [
  '10.0.1.0/28',
  '10.0.1.16/28',
  '2001:db8:0:1::/80',
  '2001:db8:0:1:1::/80',
  '10.0.1.0/27',
  '2001:db8:0:1::/79',
];
const GROUPS = ['A', 'B', 'C', 'D', 'E'];
const LISTS = ['L', 'M', 'N'];
const PORTS = [0, 1, 21, 22, 23, 24, 53, 254, 255, 256, 257, 1023, 1024, 65_534, 65_535];

/** The prefixes that rules and entries of these worlds are made of. */
export const PREFIXES: readonly Cidr[] = CIDRS.map((text) => expectOk(parseCidr(text)));

/** The prefixes that interfaces may hold. */
export const DELEGATED_PREFIXES: readonly Cidr[] = DELEGATED.map((text) => expectOk(parseCidr(text)));

/** Packets on both sides of every edge of a traffic. */
export const TRANSPORTS: Readonly<Record<Family, readonly Transport[]>> = {
  ipv4: [...portTransports(), ...icmpTransports('icmp', 8), ...protocolTransports(58)],
  ipv6: [...portTransports(), ...icmpTransports('icmpv6', 128), ...protocolTransports(1)],
};

function portTransports(): readonly Transport[] {
  return (['tcp', 'udp'] as const).flatMap((kind) =>
    PORTS.map((destinationPort, index): Transport => ({ kind, sourcePort: PORTS.at(-index) ?? 0, destinationPort })),
  );
}

function icmpTransports(kind: 'icmp' | 'icmpv6', echo: number): readonly Transport[] {
  const types: readonly (readonly [number, number])[] = [
    [0, 0],
    [echo - 1, 255],
    [echo, 0],
    [echo, 1],
    [echo + 1, 0],
    [255, 254],
    [255, 255],
  ];
  return types.map(([type, code]): Transport => ({ kind, type, code }));
}

function protocolTransports(foreignIcmp: number): readonly Transport[] {
  return [0, 49, 50, 51, 255, foreignIcmp].map((protocol): Transport => ({ kind: 'protocol', protocol }));
}

const cidr = fc.constantFrom(...CIDRS);
const traffic = fc.constantFrom(...TRAFFICS);
const peer = fc.oneof(
  { weight: 3, arbitrary: cidr },
  { weight: 2, arbitrary: fc.constantFrom(...GROUPS, 'missing').map((name) => `group:${name}`) },
  { weight: 1, arbitrary: fc.constantFrom(...LISTS).map((name) => `list:${name}`) },
);
const rules = fc.array(
  fc.tuple(traffic, peer).map((words) => words.join(' ')),
  { maxLength: 6 },
);
const group = fc.record({ vpc: fc.constant('V'), ingress: rules, egress: rules });
const list = fc.record({
  family: fc.constantFrom('ipv4' as const, 'ipv6' as const),
  entries: fc.option(fc.array(cidr, { maxLength: 3 }), { freq: 4 }),
});
const entries = fc
  .array(fc.tuple(fc.constantFrom('allow', 'deny'), traffic, cidr), { maxLength: 8 })
  .map((lines) => lines.map((words, index) => [index + 1, ...words].join(' ')));
const acl = fc.record({ vpc: fc.constant('V'), ingress: entries, egress: entries });

const eni: fc.Arbitrary<CompactEni> = fc.record({
  subnet: fc.constantFrom('S', 'T', 'U'),
  addresses: fc.subarray(['10.0.1.10', '10.0.1.11', '10.0.1.12', '2001:db8:0:1::a', '2001:db8:0:1::b']),
  prefixes: fc.subarray(DELEGATED),
  groups: fc.subarray([...GROUPS, 'missing']),
  type: fc.constantFrom('interface', 'interface', 'nat_gateway'),
});

/** Drops some keys of a record of all: what the world then refers to without having it is unknown. */
function some<T>(names: readonly string[], value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc
    .tuple(
      fc.subarray([...names], { minLength: 1 }),
      fc.array(value, { minLength: names.length, maxLength: names.length }),
    )
    .map(([kept, values]) => Object.fromEntries(kept.map((name, index) => [name, values[index]!])));
}

/** Worlds with two VPCs whose interfaces may claim the same address, as unsound exports do. */
export const anyWorld: fc.Arbitrary<World> = fc
  .record({
    groups: some(GROUPS, group),
    prefixLists: some(LISTS, list),
    acls: some(['P', 'Q'], acl),
    enis: some(['a', 'b', 'c', 'd'], eni),
  })
  .map((drawn) =>
    compactWorld({
      vpcs: { V: { cidrs: ['10.0.0.0/16', '2001:db8::/56'] }, W: { cidrs: ['10.0.0.0/16'] } },
      subnets: {
        S: { vpc: 'V', cidrs: ['10.0.1.0/24', '2001:db8:0:1::/64'], acl: 'P' },
        T: { vpc: 'V', cidrs: ['10.0.2.0/24'], acl: 'Q' },
        U: { vpc: 'W', cidrs: ['10.0.1.0/24'], acl: null },
      },
      ...drawn,
    }),
  );

/** One record replaced by what another world has under the same name, or has not. */
export type Edit = { readonly kind: Kind; readonly id: string; readonly other: World };

export const anyEdit: fc.Arbitrary<Edit> = fc
  .tuple(
    fc.constantFrom<readonly [Kind, string]>(
      ...GROUPS.map((id) => ['groups', id] as const),
      ...LISTS.map((id) => ['prefixLists', id] as const),
      ...['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd'].map((id) => ['enis', id] as const),
      ['acls', 'P'],
      ['acls', 'Q'],
    ),
    anyWorld,
  )
  .map(([[kind, id], other]) => ({ kind, id, other }));

/** The change of a world that an edit is. */
export function editChange(world: World, { kind, id, other }: Edit): Change {
  return recordChange(kind, getRecord(world, kind, id), getRecord(other, kind, id));
}
