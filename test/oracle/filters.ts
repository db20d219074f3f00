// Security groups and network ACLs of a compact world, rule by rule.
import type { Compact, CompactEni } from '../compact-format.ts';
import { block, ip, type Ip, within } from './ip.ts';
import { carries, hasPorts, type Load } from './traffic.ts';

/** What one filter says. */
export type Say = 'pass' | 'deny' | 'unknown';

/** The other side as a group sees it: its address, the interface that a reference may match, and whether there may be one unseen. */
export type Other = { readonly address: Ip; readonly eni: string | undefined; readonly mayHide: boolean };

const WITHOUT_GROUPS: ReadonlySet<string> = new Set([
  'nat_gateway',
  'network_load_balancer',
  'gateway_load_balancer',
  'gateway_load_balancer_endpoint',
  'transit_gateway',
]);

/** Whether an interface owns an address: assigned or in a delegated prefix. */
export function owns(eni: CompactEni, address: Ip): boolean {
  const { addresses = [], prefixes = [] } = eni;
  return (
    addresses.some((text) => ip(text).bits === address.bits && ip(text).value === address.value) ||
    prefixes.some((text) => within(block(text), address))
  );
}

/** A rule that may admit: its traffic, and whether its peer is the other side. */
export type Admitting = { readonly traffic: string; readonly peer: Say };

/** A filter with the addresses put in already: what is left to ask is the packet's traffic. */
export type Filter =
  | { readonly kind: 'settled'; readonly say: Say }
  /** Any rule admits; without one it is `otherwise`. */
  | { readonly kind: 'groups'; readonly rules: readonly Admitting[]; readonly otherwise: Say }
  /** The first entry that matches decides; without one it is denied. */
  | { readonly kind: 'acl'; readonly entries: readonly { readonly traffic: string; readonly say: Say }[] }
  | { readonly kind: 'nat' };

/** What a filter says to a packet of the family. */
export function says(filter: Filter, packet: Load, bits: 32 | 128): Say {
  switch (filter.kind) {
    case 'settled':
      return filter.say;
    case 'groups': {
      const said = new Set(filter.rules.filter((rule) => carries(rule.traffic, packet, bits)).map((rule) => rule.peer));
      if (said.has('pass')) return 'pass';
      return said.has('unknown') || filter.otherwise === 'unknown' ? 'unknown' : 'deny';
    }
    case 'acl':
      return filter.entries.find((entry) => carries(entry.traffic, packet, bits))?.say ?? 'deny';
    case 'nat':
      return hasPorts(packet) || packet.number === 1 ? 'pass' : 'deny';
  }
}

/** The union of the rules of all groups on an interface. */
export function groupsFilter(
  world: Compact,
  name: string,
  at: { readonly direction: 'ingress' | 'egress'; readonly other: Other },
): Filter {
  const eni = world.enis?.[name];
  const names = eni?.groups ?? [];
  if (names.length === 0)
    return { kind: 'settled', say: WITHOUT_GROUPS.has(eni?.type ?? 'interface') ? 'pass' : 'unknown' };
  const groups = names.map((group) => world.groups?.[group]);
  const rules = groups.flatMap((group): readonly Admitting[] => {
    const lines = at.direction === 'ingress' ? group?.ingress : (group?.egress ?? ['all 0.0.0.0/0']);
    return (group === undefined ? [] : (lines ?? [])).map((line) => {
      const [traffic = '', peer = ''] = line.split(' ');
      return { traffic, peer: peerSays(world, peer, at.other) };
    });
  });
  return { kind: 'groups', rules, otherwise: groups.includes(undefined) ? 'unknown' : 'deny' };
}

function peerSays(world: Compact, peer: string, other: Other): Say {
  if (peer.startsWith('group:')) {
    if (other.eni !== undefined)
      return (world.enis?.[other.eni]?.groups ?? []).includes(peer.slice(6)) ? 'pass' : 'deny';
    return other.mayHide ? 'unknown' : 'deny';
  }
  if (!peer.startsWith('list:')) return within(block(peer), other.address) ? 'pass' : 'deny';
  const list = world.prefixLists?.[peer.slice(5)];
  if (list === undefined) return 'unknown';
  if ((list.family === 'ipv4' ? 32 : 128) !== other.address.bits) return 'deny';
  if (list.entries === null || list.entries === undefined) return 'unknown';
  return list.entries.some((entry) => within(block(entry), other.address)) ? 'pass' : 'deny';
}

/** The numbered entries of a subnet's NACL that hold an address, lowest first. */
export function aclFilter(
  world: Compact,
  subnetName: string,
  at: { readonly direction: 'ingress' | 'egress'; readonly address: Ip },
): Filter {
  const subnet = world.subnets?.[subnetName];
  if (subnet === undefined || subnet.acl === null) return { kind: 'settled', say: 'unknown' };
  // A fresh VPC's default NACL; of a VPC that the world does not hold nobody knows it.
  if (subnet.acl === undefined)
    return { kind: 'settled', say: world.vpcs?.[subnet.vpc] === undefined ? 'unknown' : 'pass' };
  const acl = world.acls?.[subnet.acl];
  if (acl === undefined) return { kind: 'settled', say: 'unknown' };
  const lines = (acl[at.direction] ?? []).map((line) => line.split(' '));
  lines.sort((a, b) => Number(a[0]) - Number(b[0]));
  const entries = lines
    .filter(([, , , cidr = '']) => within(block(cidr), at.address))
    .map(([, action, traffic = '']) => ({ traffic, say: action === 'allow' ? ('pass' as const) : ('deny' as const) }));
  return { kind: 'acl', entries };
}
