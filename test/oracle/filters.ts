// Security groups and network ACLs of a compact world, rule by rule.
import type { Compact, CompactEni } from '../compact-format.ts';
import { block, ip, type Ip, within } from './ip.ts';
import { carries, type Load } from './traffic.ts';

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

/** The union of the rules of all groups on an interface. */
export function groupsSay(
  world: Compact,
  name: string,
  at: { readonly direction: 'ingress' | 'egress'; readonly other: Other; readonly packet: Load },
): Say {
  const eni = world.enis?.[name];
  const groups = eni?.groups ?? [];
  if (groups.length === 0) return WITHOUT_GROUPS.has(eni?.type ?? 'interface') ? 'pass' : 'unknown';
  const said = new Set(groups.map((group) => groupSays(world, group, at)));
  return said.has('pass') ? 'pass' : said.has('unknown') ? 'unknown' : 'deny';
}

function groupSays(
  world: Compact,
  name: string,
  at: { readonly direction: 'ingress' | 'egress'; readonly other: Other; readonly packet: Load },
): Say {
  const group = world.groups?.[name];
  if (group === undefined) return 'unknown';
  const rules = at.direction === 'ingress' ? (group.ingress ?? []) : (group.egress ?? ['all 0.0.0.0/0']);
  let said: Say = 'deny';
  for (const rule of rules) {
    const [traffic = '', peer = ''] = rule.split(' ');
    if (!carries(traffic, at.packet, at.other.address.bits)) continue;
    const match = peerSays(world, peer, at.other);
    if (match === 'pass') return 'pass';
    if (match === 'unknown') said = 'unknown';
  }
  return said;
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

/** The numbered entries of a subnet's NACL, lowest first, then the final deny. */
export function aclSays(
  world: Compact,
  subnetName: string,
  at: { readonly direction: 'ingress' | 'egress'; readonly address: Ip; readonly packet: Load },
): Say {
  const subnet = world.subnets?.[subnetName];
  if (subnet === undefined || subnet.acl === null) return 'unknown';
  if (subnet.acl === undefined) return 'pass';
  const acl = world.acls?.[subnet.acl];
  if (acl === undefined) return 'unknown';
  const lines = (acl[at.direction] ?? []).map((line) => line.split(' '));
  lines.sort((a, b) => Number(a[0]) - Number(b[0]));
  for (const [, action, traffic = '', cidr = ''] of lines)
    if (within(block(cidr), at.address) && carries(traffic, at.packet, at.address.bits))
      return action === 'allow' ? 'pass' : 'deny';
  return 'deny';
}
