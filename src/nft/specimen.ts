import { parseAddress } from '../core/net/address.ts';
import { type Cidr, parseCidr } from '../core/net/cidr.ts';
import { expectOk } from '../core/net/result.ts';
import type { Traffic } from '../core/net/traffic.ts';
import type { Eni } from '../core/model/eni.ts';
import { asId, type EniId, type SubnetId } from '../core/model/ids.ts';
import type { AclEntry } from '../core/model/network-acl.ts';
import type { Direction, Peer, Rule, SecurityGroup } from '../core/model/security-group.ts';
import { type World, worldOf } from '../core/model/world.ts';
import { hostViewOf } from '../core/policy/host-view.ts';
import { layout } from './layout.ts';
import { NO_PAST, type Past } from './past.ts';
import { NO_NUMBERS } from './plan.ts';
import { renderAll } from './render.ts';
import type { Ruleset } from './ruleset.ts';
import { TABLES } from './tables.ts';
import type { Wiring } from './wiring.ts';

/**
 * Lines of `nft -f` that make one of everything that rules are made of, in tables of its own: for `nft --check`, which has the kernel look at
 * them and changes nothing. A kernel that takes these takes every layout.
 */
export function specimenLines(mode: Wiring['mode']): readonly string[] {
  const tables = Object.values(TABLES);
  return [...renderAll(specimenRuleset(mode))].map((line) => {
    const table = tables.find((one) => line.includes(` table ${one}`) || line.includes(` ${one} `)) ?? '';
    return line.replace(` ${table}`, ` ${table}-specimen`);
  });
}

/** The ruleset of the specimen: of two interfaces that have, between them, all that interfaces can have. */
export function specimenRuleset(mode: Wiring['mode']): Ruleset {
  const world = specimenWorld();
  const all: ReadonlyMap<EniId, { readonly device: string; readonly mac: string }> = new Map([
    [asId('eni-1'), { device: 'specimen1', mac: '02:00:00:00:00:01' }],
    [asId('eni-2'), { device: 'specimen2', mac: '02:00:00:00:00:02' }],
  ]);
  const wiring: Wiring = {
    mode,
    enis: mode === 'forward' ? all : new Map([...all].slice(0, 1)),
    fabric: new Set(mode === 'forward' ? ['specimen3'] : ['specimen1']),
    stateful: new Set(mode === 'forward' ? ['specimen4'] : []),
    natGateways: new Map<string, SubnetId>(mode === 'forward' ? [['specimen5', asId('subnet-1')]] : []),
    ...(mode === 'forward' ? { outside: new Set(['specimen6']) } : {}),
  };
  const view = hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values());
  return layout(view, wiring, { ...NO_NUMBERS, past: { ...NO_PAST, holders: GONE } }).ruleset;
}

/** Addresses of each kind that lose their holder. */
const GONE: Past['holders'] = new Map([
  ['at4 10.0.1.200', 1],
  ['at6 2001:db8:0:1::c8', 1],
  ['at6p 2001:db8:0:1:c8::/80', 1],
]);

const IPV4 = cidr('10.0.0.0/16');
const IPV6 = cidr('2001:db8::/56');
const ANY: readonly Cidr[] = [cidr('0.0.0.0/0'), cidr('::/0')];

function specimenWorld(): World {
  return worldOf({
    vpcs: [{ id: asId('vpc-1'), ownerId: '', isDefault: false, cidrs: [IPV4, IPV6], tags: [] }],
    acls: [{ id: asId('acl-1'), vpcId: asId('vpc-1'), isDefault: false, entries: entries(), tags: [] }],
    subnets: [
      {
        id: asId('subnet-1'),
        vpcId: asId('vpc-1'),
        cidrs: [cidr('10.0.1.0/24'), cidr('2001:db8:0:1::/64')],
        networkAcl: { associationId: '', aclId: asId('acl-1') },
        mapPublicIpOnLaunch: false,
        assignIpv6OnCreation: false,
        tags: [],
      },
    ],
    prefixLists: ['10.7.0.0/20', '2001:db8:7::/48'].map((text, index) => ({
      id: asId(`pl-${index}`),
      name: '',
      ownerId: '',
      family: index === 0 ? 'ipv4' : 'ipv6',
      entries: [{ cidr: cidr(text) }],
      versions: [],
      state: '',
      tags: [],
    })),
    groups: [group('sg-1', rules()), group('sg-2', openRules()), group('sg-3', [...rules(), ...openRules()])],
    enis: [
      eni(1, { groups: ['sg-1', 'sg-2'], prefixes: ['10.0.1.16/28', '2001:db8:0:1:1::/80'] }),
      eni(2, { groups: ['sg-3'], sourceDestCheck: false }),
    ],
  });
}

function group(id: string, own: readonly Rule[]): SecurityGroup {
  return { id: asId(id), vpcId: asId('vpc-1'), ownerId: '', name: id, description: '', rules: own, tags: [] };
}

function eni(
  number: number,
  of: { readonly groups: readonly string[]; readonly prefixes?: readonly string[]; readonly sourceDestCheck?: boolean },
): Eni {
  const addresses = [`10.0.1.${3 + number}`, `2001:db8:0:1::${3 + number}`];
  return {
    id: asId(`eni-${number}`),
    vpcId: asId('vpc-1'),
    subnetId: asId('subnet-1'),
    ownerId: '',
    groups: of.groups.map((id) => asId(id)),
    addresses: addresses.map((text) => ({ address: expectOk(parseAddress(text)), isPrimary: true })),
    prefixes: (of.prefixes ?? []).map(cidr),
    sourceDestCheck: of.sourceDestCheck ?? true,
    interfaceType: 'interface',
    status: '',
    description: '',
    attachment: { deviceIndex: 0 },
    timeouts: { tcpEstablishedSeconds: 3600, udpStreamSeconds: 90, udpSeconds: 45 },
    tags: [],
  };
}

const TRAFFICS: readonly Traffic[] = [
  { kind: 'tcp', ports: { from: 80, to: 80 } },
  { kind: 'tcp', ports: { from: 1000, to: 2000 } },
  { kind: 'udp', ports: { from: 53, to: 54 } },
  { kind: 'udp', ports: { from: 3000, to: 4000 } },
  { kind: 'icmp', type: 8, code: 'any' },
  { kind: 'icmp', type: 3, code: 4 },
  { kind: 'icmpv6', type: 1, code: 4 },
  { kind: 'protocol', protocol: 47 },
];

/** Every traffic with every kind of peer, one port with many prefixes, and more wide rules than are compared one after another. */
function rules(): readonly Rule[] {
  const peers: readonly Peer[] = [
    ...[IPV4, IPV6].map((one): Peer => ({ kind: 'cidr', cidr: one })),
    ...[0, 1].map((index): Peer => ({ kind: 'prefix-list', prefixListId: asId(`pl-${index}`) })),
    { kind: 'group', groupId: asId('sg-1') },
  ];
  const many = Array.from({ length: 6 }, (_, index) => index + 1);
  const wide = Array.from({ length: 14 }, (_, index): Traffic => ({
    kind: 'tcp',
    ports: { from: 10_000 + 100 * index, to: 10_050 + 100 * index },
  }));
  return (['ingress', 'egress'] as const).flatMap((direction) => [
    ...TRAFFICS.flatMap((traffic) => peers.map((peer) => rule(direction, traffic, peer))),
    ...many.flatMap((number) =>
      [`10.8.${number}.0/24`, `2001:db8:8:${number}::/64`].map((text) =>
        rule(direction, SSH, { kind: 'cidr', cidr: cidr(text) }),
      ),
    ),
    ...wide.map((traffic) => rule(direction, traffic, { kind: 'cidr', cidr: IPV4 })),
  ]);
}

/** What everybody may send: here tracked, there not, there only what answers. */
function openRules(): readonly Rule[] {
  const open: readonly (readonly [Direction, Traffic])[] = [
    ['ingress', { kind: 'tcp', ports: { from: 443, to: 443 } }],
    ['ingress', { kind: 'udp', ports: { from: 0, to: 65_535 } }],
    ['egress', { kind: 'udp', ports: { from: 53, to: 53 } }],
    ['egress', { kind: 'tcp', ports: { from: 0, to: 65_535 } }],
    ['ingress', { kind: 'protocol', protocol: 50 }],
  ];
  return open.flatMap(([direction, traffic]) =>
    ANY.map((one) => rule(direction, traffic, { kind: 'cidr', cidr: one })),
  );
}

const SSH: Traffic = { kind: 'tcp', ports: { from: 22, to: 22 } };

function rule(direction: Direction, traffic: Traffic, peer: Peer): Rule {
  return { id: asId(`sgr-${direction}`), direction, traffic, peer, tags: [] };
}

function entries(): readonly AclEntry[] {
  const own = (['egress', 'ingress'] as const).flatMap((direction) =>
    [IPV4, IPV6, ...ANY].flatMap((one) =>
      [...TRAFFICS, { kind: 'all' } as const].map((traffic) => ({ direction, traffic, cidr: one })),
    ),
  );
  return own.map((one, index) => ({ ...one, number: index + 1, action: index % 5 === 0 ? 'deny' : 'allow' }));
}

function cidr(text: string): Cidr {
  return expectOk(parseCidr(text));
}
