// Rules as people write them: mostly one well-known port from another group or from a network that they know.
import { ipv4, ipv6 } from '../src/core/net/address.ts';
import { ANY_IPV4, ANY_IPV6, type Cidr, cidrOf } from '../src/core/net/cidr.ts';
import { ALL_TRAFFIC, type Traffic } from '../src/core/net/traffic.ts';
import { asId, type GroupId } from '../src/core/model/ids.ts';
import { type Direction, type Peer, type Rule, ruleIdentity } from '../src/core/model/security-group.ts';
import type { Random } from './random.ts';
import { idOf } from './world-ids.ts';

/** What rules can name: groups, and the networks of the estate. */
export type Surroundings = {
  readonly groups: readonly GroupId[];
  readonly vpcCidrs: readonly Cidr[];
  readonly subnetCidrs: readonly Cidr[];
  readonly isDualStack: boolean;
};

const WELL_KNOWN = [22, 25, 53, 80, 123, 443, 1433, 2049, 3000, 3306, 5000, 5432, 6379, 8080, 8443, 9090, 9092, 9200];
const OFFICES: readonly Cidr[] = [0xc633_6400, 0xc633_6440, 0xcb00_7100, 0xcb00_7180, 0xc000_0200].map((word, index) =>
  cidrOf(ipv4(word), 26 + (index % 3)),
);
const CORPORATE: readonly Cidr[] = [
  cidrOf(ipv4(0xac10_0000), 12),
  cidrOf(ipv4(0xc0a8_0000), 16),
  cidrOf(ipv4(0x6440_0000), 10),
];

/** Different rules of one group in one direction: 40 % references, 60 % prefixes. */
export function generateRules(
  random: Random,
  around: Surroundings,
  wanted: { readonly count: number; readonly direction: Direction; readonly firstNumber: number },
): readonly Rule[] {
  const rules = new Map<string, Rule>();
  // A group that draws a rule twice tries again; the bound only keeps a tiny estate from trying for ever.
  for (let tries = 0; rules.size < wanted.count && tries < wanted.count * 20; tries += 1) {
    const rule: Rule = {
      id: asId(idOf('sgr', wanted.firstNumber + rules.size)),
      direction: wanted.direction,
      traffic: generateTraffic(random),
      peer: generatePeer(random, around),
      tags: [],
    };
    rules.set(ruleIdentity(rule), rules.get(ruleIdentity(rule)) ?? rule);
  }
  return [...rules.values()];
}

/** The rule that every new group has for egress, for each family in use. */
export function openEgress(firstNumber: number, isDualStack: boolean): readonly Rule[] {
  return (isDualStack ? [ANY_IPV4, ANY_IPV6] : [ANY_IPV4]).map((cidr, index) => ({
    id: asId(idOf('sgr', firstNumber + index)),
    direction: 'egress',
    traffic: ALL_TRAFFIC,
    peer: { kind: 'cidr', cidr },
    tags: [],
  }));
}

export function generateTraffic(random: Random): Traffic {
  const port = random.chance(0.9) ? random.pick(WELL_KNOWN) : random.between(1024, 32_767);
  const from = random.between(1024, 60_000);
  return random.weighted<Traffic>([
    [72, { kind: 'tcp', ports: { from: port, to: port } }],
    [10, { kind: 'tcp', ports: { from, to: Math.min(65_535, from + random.pick([9, 99, 999, 5000])) } }],
    [8, { kind: 'udp', ports: { from: port, to: port } }],
    [2, { kind: 'icmp', type: 8, code: 'any' }],
    [3, { kind: 'icmp', type: 'any', code: 'any' }],
    [5, ALL_TRAFFIC],
  ]);
}

function generatePeer(random: Random, around: Surroundings): Peer {
  if (random.chance(0.4)) return { kind: 'group', groupId: random.pick(around.groups) };
  return { kind: 'cidr', cidr: generateCidr(random, around) };
}

/** A prefix as rules name them: the world, the VPC, a subnet, one machine, an office, the company, one machine outside. */
export function generateCidr(random: Random, around: Surroundings): Cidr {
  const isIpv6 = around.isDualStack && random.chance(0.3);
  const fits = (cidr: Cidr): boolean => (cidr.family === 'ipv6') === isIpv6;
  const vpcs = around.vpcCidrs.filter(fits);
  const subnet = random.pick(around.subnetCidrs.filter(fits));
  const outside = isIpv6
    ? cidrOf(ipv6([0x2a00_0000 + random.below(0x10_0000), random.below(2 ** 32), 0, random.below(65_536)]), 128)
    : cidrOf(ipv4(0x3400_0000 + random.below(0x0400_0000)), 32);
  return random.weighted<Cidr>([
    [12, isIpv6 ? ANY_IPV6 : ANY_IPV4],
    [18, random.pick(vpcs)],
    [25, subnet],
    [8, hostIn(random, subnet)],
    [15, isIpv6 ? cidrOf(outside.base, 48) : random.pick(OFFICES)],
    [10, isIpv6 ? cidrOf(outside.base, 32) : random.pick(CORPORATE)],
    [12, outside],
  ]);
}

function hostIn(random: Random, subnet: Cidr): Cidr {
  const { base } = subnet;
  return subnet.family === 'ipv4'
    ? cidrOf(ipv4(base.w0 + random.between(4, 250)), 32)
    : cidrOf(ipv6([base.w0, base.w1, 0, random.between(4, 1000)]), 128);
}
