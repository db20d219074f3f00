// Worlds with NACLs as long as they get, of entries whose ports and prefixes lie in one another.
import { Random } from '../../bench/random.ts';
import type { PacketQuestion } from '../cases/packet-question.ts';
import type { Compact } from '../compact-format.ts';

const TRAFFICS = [
  'all',
  'tcp',
  'udp',
  'tcp/80',
  'tcp/81',
  'tcp/80-90',
  'tcp/85-1100',
  'tcp/1024-65535',
  'udp/53',
  'udp/50-60',
  'udp/1024-65535',
  'icmp',
  'icmp/8',
  'icmp/8/0',
  'icmpv6/128',
  'protocol/47',
  'protocol/50',
];
const PACKETS = [
  ...[79, 80, 81, 85, 90, 91, 1023, 1100, 65_535].map((port) => `tcp/${port}`),
  ...[0, 53, 60, 61, 1024, 65_535].map((port) => `udp/${port}`),
  'protocol/47',
  'protocol/50',
  'protocol/132',
];
const ICMP = { ipv4: ['icmp/8/0', 'icmp/8/1', 'icmp/13/0'], ipv6: ['icmpv6/128/0', 'icmpv6/1/0'] } as const;
const LONGEST = 40;
const OPEN = ['all 0.0.0.0/0', 'all ::/0'];
/** Of the VPC itself: only some NACLs tell its addresses apart. */
const HOME = ['10.0.0.0/8', '10.0.2.0/24', '10.0.2.8/29', '10.0.3.0/24', '2001:db8:1::/56', '2001:db8:1:2::/64'];

/** One interface behind a long NACL, open to everybody but for it, and packets to it from the internet and from its VPC. */
export function longAclWorld(seed: number): {
  readonly compact: Compact;
  readonly questions: readonly PacketQuestion[];
} {
  const random = new Random(seed);
  const compact: Compact = {
    vpcs: { V: { cidrs: ['10.0.0.0/16', '2001:db8:1::/56'] } },
    internetGateways: { G: { vpc: 'V' } },
    subnets: {
      S: { vpc: 'V', cidrs: ['10.0.1.0/24', '2001:db8:1:1::/64'], acl: 'N', routeTable: 'R' },
      T: { vpc: 'V', cidrs: ['10.0.2.0/24', '2001:db8:1:2::/64'] },
    },
    routeTables: { R: { vpc: 'V', routes: ['0.0.0.0/0 igw:G', '::/0 igw:G'] } },
    acls: { N: { vpc: 'V', ingress: entriesOf(random), egress: ['100 allow all 0.0.0.0/0', '101 allow all ::/0'] } },
    groups: { A: { vpc: 'V', ingress: OPEN, egress: OPEN } },
    enis: {
      e: {
        subnet: 'S',
        addresses: ['10.0.1.10', '2001:db8:1:1::10'],
        groups: ['A'],
        public: { '10.0.1.10': '198.51.100.10' },
      },
      f: { subnet: 'T', addresses: ['10.0.2.10', '2001:db8:1:2::10'], groups: ['A'] },
    },
  };
  return { compact, questions: Array.from({ length: 40 }, () => questionOf(random)) };
}

function entriesOf(random: Random): readonly string[] {
  const tellsHome = random.chance(0.5);
  const numbers = new Set(Array.from({ length: LONGEST }, () => random.between(1, 2000)));
  const lines = [...numbers].map((number) => {
    const action = random.chance(0.5) ? 'allow' : 'deny';
    return `${number} ${action} ${random.chance(0.3) ? 'all' : random.pick(TRAFFICS)} ${tellsHome && random.chance(0.1) ? random.pick(HOME) : blockOf(random)}`;
  });
  return random.chance(0.7) ? [...lines, '3000 allow all 0.0.0.0/0', '3001 allow all ::/0'] : lines;
}

/** Prefixes of the few addresses that packets come from: most lie in one another. */
function blockOf(random: Random): string {
  if (random.chance(0.1)) return random.pick(['0.0.0.0/0', '::/0']);
  if (random.chance(0.35)) {
    const hextet = random.between(0, 15) << 12;
    const length = random.between(1, 4);
    const base = hextet & (0xffff << (16 - length));
    return `2001:db8:ffff:${base.toString(16)}::/${48 + length}`;
  }
  const length = random.between(24, 32);
  return `203.0.113.${random.between(0, 255) & (0xff << (32 - length))}/${length}`;
}

function questionOf(random: Random): PacketQuestion {
  const family = random.chance(0.35) ? 'ipv6' : 'ipv4';
  const isHome = random.chance(0.3);
  const internet =
    family === 'ipv4'
      ? `internet:203.0.113.${random.between(0, 255)}`
      : `internet:2001:db8:ffff:${(random.between(0, 15) << 12).toString(16)}::9`;
  const from = isHome ? 'f' : internet;
  const to = family === 'ipv4' && !isHome ? '198.51.100.10' : 'e';
  const traffic = random.chance(0.2) ? random.pick(ICMP[family]) : random.pick(PACKETS);
  return { from, to, family, traffic };
}
