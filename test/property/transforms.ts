// Worlds made from worlds, for laws that compare the two.
import type { PacketQuestion } from '../cases/packet-question.ts';
import type { Compact } from '../compact-format.ts';

/** The world with ingress and egress exchanged in all groups. */
export function swapDirections(compact: Compact): Compact {
  const groups = Object.entries(compact.groups ?? {}).map(
    ([name, group]) =>
      [name, { ...group, ingress: group.egress ?? ['all 0.0.0.0/0'], egress: group.ingress ?? [] }] as const,
  );
  return { ...compact, groups: Object.fromEntries(groups) };
}

/** A question on the IPv4 part of a world, and the same on an IPv6 world of the same shape. */
export type Embedded = { readonly original: Compact; readonly compact: Compact; readonly question: PacketQuestion };

/**
 * The IPv4 part of a world by itself, and carried over to IPv6: 10.x.y.z becomes 2600:ax:yz…, prefixes keep what they hold. Undefined for
 * questions that have no twin: of IPv6 already, ICMP other than echo, services and protocol numbers that mean something else there.
 */
export function embedIpv4(compact: Compact, question: PacketQuestion): Embedded | undefined {
  if (question.family === 'ipv6') return undefined;
  if (!/^(?:tcp|udp)\/|^protocol\/(?!1$|58$)|^icmp\/8\/0$/.test(question.traffic)) return undefined;
  const ends = [question.from, question.to];
  // NAT, public addresses and exempt services differ between the families by design.
  if (ends.some((end) => compact.enis?.[end] === undefined) || question.source !== undefined) return undefined;
  const original = onlyIpv4(compact);
  const moved = JSON.parse(JSON.stringify(original), (key: string, value: unknown) =>
    typeof value === 'string' ? movedText(key, value) : value,
  ) as Compact;
  const traffic = question.traffic.replace('icmp/8/0', 'icmpv6/128/0');
  return { original, compact: moved, question: { ...question, traffic, family: 'ipv6' } };
}

/** Without IPv6, NAT gateways, public addresses and gateways: what is left has a twin in IPv6. */
function onlyIpv4(compact: Compact): Compact {
  return {
    ...compact,
    internetGateways: {},
    egressOnlyGateways: {},
    natGateways: {},
    missing: [],
    vpcs: mapped(compact.vpcs, (vpc) => ({ ...vpc, cidrs: ipv4Only(vpc.cidrs) })),
    subnets: mapped(compact.subnets, (subnet) => ({ ...subnet, cidrs: ipv4Only(subnet.cidrs) })),
    routeTables: mapped(compact.routeTables, (table) => ({
      ...table,
      routes: (table.routes ?? []).filter(isTwinRoute),
    })),
    prefixLists: mapped(compact.prefixLists, (list) =>
      list.family === 'ipv4' ? list : { ...list, family: 'ipv4', entries: [] },
    ),
    acls: mapped(compact.acls, (acl) => ({ ...acl, ...filtersOf(acl) })),
    groups: mapped(compact.groups, (group) => ({
      ...group,
      ...filtersOf({ ...group, egress: group.egress ?? ['all 0.0.0.0/0'] }),
    })),
    enis: mapped(compact.enis, (eni) => ({ ...eni, public: {}, prefixes: [], addresses: ipv4Only(eni.addresses) })),
  };
}

type Filters = { readonly ingress?: readonly string[]; readonly egress?: readonly string[] };

function filtersOf(rules: Filters): Filters {
  return { ingress: twins(rules.ingress), egress: twins(rules.egress) };
}

function mapped<T>(section: Readonly<Record<string, T>> | undefined, edit: (one: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(section ?? {}).map(([name, one]) => [name, edit(one)]));
}

function ipv4Only(texts: readonly string[] | undefined): readonly string[] {
  return (texts ?? []).filter((text) => !text.includes(':'));
}

function isTwinRoute(line: string): boolean {
  const [destination = '', target = ''] = line.split(' ');
  return destination.startsWith('10.') && !/^(?:igw|eigw|nat|tgw|vgw):/.test(target);
}

/** Rules and entries that have a twin: of IPv4, a group or a list, and of ICMP echo alone, for errors have other types in IPv6. */
function twins(lines: readonly string[] | undefined): readonly string[] {
  return (lines ?? []).filter((line) => {
    const peer = line.split(' ').at(-1) ?? '';
    const isIpv6 = peer.includes(':') && !/^(?:group|list):/.test(peer);
    return !isIpv6 && !/\bicmp\/(?!8)\d|\bicmpv6/.test(line);
  });
}

function movedText(key: string, text: string): string {
  if (key === 'family') return text === 'ipv4' ? 'ipv6' : text;
  return text
    .replaceAll(/\d+(?:\.\d+){3}(?:\/\d+)?/g, movedAddress)
    .replaceAll(/\bicmp\/8(?:\/0)?\b/g, (match) => match.replace('icmp/8', 'icmpv6/128'))
    .replaceAll(/\bicmp\b/g, 'icmpv6');
}

/** The 32 bits of the address stand behind 2600:0, so that a prefix of n bits becomes one of 32 + n. */
function movedAddress(text: string): string {
  const [address = '', length] = text.split('/');
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const moved = `2600:0:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}::`;
  if (length === undefined) return `${moved}1`;
  if (length === '32') return `${moved}1/128`;
  return length === '0' ? '::/0' : `${moved}/${Number(length) + 32}`;
}
