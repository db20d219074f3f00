import type { Compact } from '../compact.ts';

/** A world, as a patch of `LINT_BASE`, and everything that lint says about it: `[perhaps] rule resource [subject]`. */
export type LintCase = { readonly name: string; readonly patch: unknown; readonly expect: readonly string[] };

/** A public and a private subnet, one interface each: nothing to say about it. */
export const LINT_BASE: Compact = {
  vpcs: { V: { cidrs: ['10.0.0.0/16', '2001:db8:1::/56'] } },
  subnets: {
    P: { vpc: 'V', cidrs: ['10.0.1.0/24', '2001:db8:1:1::/64'], routeTable: 'RP' },
    Q: { vpc: 'V', cidrs: ['10.0.2.0/24'], acl: 'N' },
  },
  acls: {
    N: {
      vpc: 'V',
      ingress: ['100 allow all 10.0.0.0/16'],
      egress: ['100 allow all 0.0.0.0/0'],
    },
  },
  routeTables: { RP: { vpc: 'V', routes: ['0.0.0.0/0 igw:G', '::/0 igw:G'] } },
  internetGateways: { G: { vpc: 'V' } },
  groups: {
    A: { vpc: 'V', ingress: ['tcp/443 0.0.0.0/0'] },
    B: { vpc: 'V', ingress: ['tcp/5432 group:A'], egress: ['tcp/443 10.0.1.0/24'] },
  },
  enis: {
    a: { subnet: 'P', addresses: ['10.0.1.10'], groups: ['A'], public: { '10.0.1.10': '198.51.100.10' } },
    b: { subnet: 'Q', addresses: ['10.0.2.20'], groups: ['B'] },
  },
};

const group = (name: string, ingress: readonly string[], egress: readonly string[] = ['all 0.0.0.0/0']): unknown => ({
  groups: { [name]: { vpc: 'V', ingress, egress } },
});
const onA = (name: string, more: object = {}): unknown => ({
  ...more,
  enis: { a: { groups: ['A', name] } },
});
const inA = (...ingress: readonly string[]): unknown => group('A', ['tcp/443 0.0.0.0/0', ...ingress]);
const aclOf = (ingress: readonly string[], egress: readonly string[] = ['100 allow all 0.0.0.0/0']): unknown => ({
  acls: { N: { vpc: 'V', ingress, egress } },
});
const many = (count: number, make: (at: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, at) => make(at));

const PEER_VPC = {
  vpcs: { W: { cidrs: ['10.9.0.0/16'] } },
  subnets: { S: { vpc: 'W', cidrs: ['10.9.1.0/24'], routeTable: 'RW' }, P: { routeTable: 'RP' } },
  groups: {
    C: { vpc: 'W', ingress: [] },
    A: { vpc: 'V', ingress: ['tcp/443 0.0.0.0/0', 'tcp/8080 group:C'] },
  },
  enis: { c: { subnet: 'S', addresses: ['10.9.1.5'], groups: ['C'] } },
  routeTables: {
    RW: { vpc: 'W', routes: ['10.0.0.0/16 pcx:X'] },
    RP: { vpc: 'V', routes: ['0.0.0.0/0 igw:G', '::/0 igw:G', '10.9.0.0/16 pcx:X'] },
  },
};

/** Each kind of finding, and next to it what is nearly one. */
export const LINT_CASES: readonly LintCase[] = [
  { name: 'a world without faults', patch: {}, expect: [] },
  { name: 'SSH from everywhere', patch: inA('tcp/22 0.0.0.0/0'), expect: ['reachable-ssh A A.ingress.1'] },
  { name: 'SSH from one network', patch: inA('tcp/22 203.0.113.0/24'), expect: [] },
  {
    name: 'SSH from two halves of the world, each by a rule of its own',
    patch: inA('tcp/22 0.0.0.0/1', 'tcp/22 128.0.0.0/1'),
    expect: ['reachable-ssh A A.ingress.1,A.ingress.2'],
  },
  { name: 'SSH from a quarter of the world', patch: inA('tcp/22 64.0.0.0/2'), expect: [] },
  {
    name: 'SSH by a range of ports',
    patch: inA('tcp/20-30 0.0.0.0/0'),
    expect: ['reachable-ssh A A.ingress.1', 'reachable-admin A A.ingress.1'],
  },
  { name: 'UDP port 22 is not SSH', patch: inA('udp/22 0.0.0.0/0'), expect: [] },
  {
    name: 'SSH from everywhere that a NACL refuses',
    patch: {
      ...(inA('tcp/22 0.0.0.0/0') as object),
      acls: {
        M: {
          vpc: 'V',
          ingress: ['90 deny tcp/22 0.0.0.0/0', '100 allow all 0.0.0.0/0'],
          egress: ['100 allow all 0.0.0.0/0'],
        },
      },
      subnets: { P: { acl: 'M' } },
    },
    expect: ['open-unreachable A A.ingress.1'],
  },
  { name: 'Remote Desktop', patch: inA('udp/3389 0.0.0.0/0'), expect: ['reachable-rdp A A.ingress.1'] },
  { name: 'a database', patch: inA('tcp/5432 0.0.0.0/0'), expect: ['reachable-database A A.ingress.1'] },
  { name: 'remote administration', patch: inA('tcp/5985 0.0.0.0/0'), expect: ['reachable-admin A A.ingress.1'] },
  {
    name: 'every port is one finding',
    patch: group('A', ['all 0.0.0.0/0']),
    expect: ['reachable-everything A A.ingress.0'],
  },
  { name: 'ports that nobody watches', patch: inA('tcp/24-134 0.0.0.0/0', 'tcp/8000-8010 0.0.0.0/0'), expect: [] },
  {
    name: 'a database that is open to the world by rule, without a public address',
    patch: {
      groups: { B: { vpc: 'V', ingress: ['tcp/5432 group:A', 'tcp/3306 0.0.0.0/0'], egress: ['tcp/443 10.0.1.0/24'] } },
    },
    expect: ['open-unreachable B B.ingress.1'],
  },
  {
    name: 'SSH by IPv6 alone',
    patch: { ...(inA('tcp/22 ::/0') as object), enis: { a: { addresses: ['10.0.1.10', '2001:db8:1:1::10'] } } },
    expect: ['reachable-ssh A A.ingress.1'],
  },
  { name: 'SSH by IPv6 where there is none', patch: inA('tcp/22 ::/0'), expect: ['open-unreachable A A.ingress.1'] },
  {
    name: 'one rule that lets nothing out is there for that',
    patch: { groups: { A: { egress: ['icmp/252/86 255.255.255.255/32', 'all ::1/128'] } } },
    // B hears nothing of A any more: its rule is told, A's are not.
    expect: ['rule-cut-off B B.ingress.0'],
  },
  {
    name: 'a rule that lets nothing out beside one that lets something out does nothing',
    patch: { groups: { A: { egress: ['icmp/252/86 255.255.255.255/32', 'tcp/443 0.0.0.0/0'] } } },
    expect: ['rule-cut-off B B.ingress.0', 'rule-without-peer A A.egress.0'],
  },
  {
    name: 'a rule of IPv6 from one network where there is none',
    patch: inA('tcp/22 2001:db8:9::/48'),
    expect: ['rule-without-peer A A.ingress.1'],
  },
  {
    name: 'SSH by a group that the world does not hold is perhaps open',
    patch: { enis: { a: { groups: ['A', 'gone'] } } },
    expect: ['perhaps reachable-everything gone'],
  },
  { name: 'a rule inside another', patch: inA('tcp/443 10.0.0.0/8'), expect: ['rule-implied A A.ingress.1'] },
  {
    name: 'two rules that cover a third together',
    patch: inA('tcp/440-450 10.0.0.0/8', 'tcp/440-445 10.0.0.0/8', 'tcp/444-450 10.0.0.0/8'),
    expect: ['rule-implied A A.ingress.2', 'rule-implied A A.ingress.3'],
  },
  {
    name: 'halves of a prefix cover it',
    patch: inA('tcp/81 203.0.113.0/24', 'tcp/81 203.0.113.0/25', 'tcp/81 203.0.113.128/25'),
    expect: ['rule-implied A A.ingress.2', 'rule-implied A A.ingress.3'],
  },
  {
    name: 'two prefix lists that are not known are not the same one, whatever they are called',
    patch: inA('tcp/80-90 list:later', 'tcp/80 list:later'),
    expect: [],
  },
  { name: 'one half does not', patch: inA('tcp/81 203.0.113.0/24', 'tcp/82 203.0.113.0/25'), expect: [] },
  {
    name: 'a reference beside everything in both families',
    patch: inA('tcp/443 group:B', 'tcp/443 ::/0'),
    expect: ['rule-implied A A.ingress.1', 'open-unreachable A A.ingress.2'],
  },
  { name: 'a reference beside everything in one family', patch: inA('tcp/443 group:B'), expect: [] },
  {
    name: 'a reference of more ports beside one port',
    patch: inA('tcp/443-444 group:B', 'tcp/443 group:B'),
    expect: ['rule-implied A A.ingress.2'],
  },
  {
    name: 'a rule that the other group of every member has, too',
    patch: onA('E', group('E', ['tcp/443 0.0.0.0/0', 'udp/53 203.0.113.0/24'], []) as object),
    expect: ['rule-redundant A A.ingress.0'],
  },
  {
    name: 'a rule that the other group of one member alone has',
    patch: {
      ...(group('E', ['tcp/443 0.0.0.0/0', 'udp/53 203.0.113.0/24'], []) as object),
      enis: {
        a: { groups: ['A', 'E'] },
        z: { subnet: 'P', addresses: ['10.0.1.11'], groups: ['A'], public: { '10.0.1.11': '198.51.100.11' } },
      },
    },
    expect: ['rule-redundant E E.ingress.0'],
  },
  {
    name: 'a rule for addresses that nothing has',
    patch: inA('tcp/80 10.0.77.0/24'),
    expect: ['rule-without-peer A A.ingress.1'],
  },
  {
    name: 'a reference to a group that is not there',
    patch: inA('tcp/80 group:gone'),
    expect: ['reference-stale A A.ingress.1'],
  },
  {
    name: 'a reference to a group, where groups are missing',
    patch: { ...(inA('tcp/80 group:gone') as object), missing: ['securityGroups'] },
    expect: ['perhaps reference-stale A A.ingress.1'],
  },
  {
    name: 'a reference to a group on no interface',
    patch: {
      groups: { A: { vpc: 'V', ingress: ['tcp/443 0.0.0.0/0', 'tcp/80 group:E'] }, E: { vpc: 'V', ingress: [] } },
    },
    expect: ['reference-empty A A.ingress.1', 'group-unattached E'],
  },
  { name: 'a reference of a group to itself, with one member', patch: inA('tcp/80 group:A'), expect: [] },
  {
    name: 'a reference over peering',
    patch: { ...PEER_VPC, peerings: { X: { requester: 'V', accepter: 'W' } } },
    expect: [],
  },
  {
    name: 'a reference over peering of two Regions',
    patch: { ...PEER_VPC, peerings: { X: { requester: 'V', accepter: 'W', regions: ['eu-west-1', 'us-east-1'] } } },
    expect: ['reference-crossing A A.ingress.1'],
  },
  {
    name: 'a reference over peering that is no more',
    patch: { ...PEER_VPC, peerings: { X: { requester: 'V', accepter: 'W', status: 'deleted' } } },
    expect: ['reference-crossing A A.ingress.1', 'rule-cut-off C C.egress.0'],
  },
  {
    name: 'a rule whose packets a NACL refuses',
    patch: aclOf(['90 deny tcp/5432 10.0.0.0/16', '100 allow all 10.0.0.0/16']),
    expect: ['rule-cut-off B B.ingress.0'],
  },
  {
    name: 'a rule of which a NACL refuses a part',
    patch: { ...(aclOf(['90 deny tcp/5000-5431 10.0.0.0/16', '100 allow all 10.0.0.0/16']) as object) },
    expect: [],
  },
  {
    name: 'a shadowed entry that says the same',
    patch: aclOf(['100 allow all 10.0.0.0/16', '110 allow tcp/443 10.0.1.0/24']),
    expect: ['entry-shadowed N ingress 110'],
  },
  {
    name: 'a shadowed entry that says the contrary',
    patch: aclOf(['100 allow all 10.0.0.0/16', '110 deny tcp/22 10.0.1.0/24']),
    expect: ['warning entry-shadowed N ingress 110'],
  },
  {
    name: 'an entry shadowed by two halves',
    patch: aclOf(['90 allow all 10.0.0.0/17', '91 allow all 10.0.128.0/17', '100 deny all 10.0.0.0/16']),
    expect: ['warning entry-shadowed N ingress 100'],
  },
  {
    name: 'an entry of which a part is left',
    patch: aclOf(['90 deny all 10.0.128.0/17', '100 allow all 10.0.0.0/16']),
    expect: [],
  },
  {
    name: 'a denial that the final one would make anyway',
    patch: aclOf(['100 allow all 10.0.0.0/16', '110 deny tcp/22 203.0.113.0/24']),
    expect: ['entry-redundant N ingress 110'],
  },
  {
    name: 'an allowance before a wider one, with a denial between that does not meet it',
    patch: aclOf(['90 allow tcp/443 10.0.1.0/24', '95 deny udp 10.0.1.0/24', '100 allow all 10.0.0.0/16']),
    expect: ['entry-redundant N ingress 90'],
  },
  {
    name: 'an allowance before a wider one, with a denial between that meets it',
    patch: aclOf(['90 allow tcp/5432 10.0.1.0/24', '95 deny tcp 10.0.1.0/25', '100 allow all 10.0.0.0/16']),
    expect: ['replies-blocked-in-part N'],
  },
  {
    name: 'answers that a NACL has no entry for',
    patch: aclOf(['100 allow all 10.0.0.0/16'], ['100 allow tcp/443 10.0.1.0/24']),
    expect: ['warning replies-blocked N'],
  },
  {
    name: 'answers that a NACL denies by an entry',
    patch: aclOf(['100 allow all 10.0.0.0/16'], ['90 deny tcp/1024-65535 10.0.1.10/32', '100 allow all 0.0.0.0/0']),
    expect: ['note replies-blocked N'],
  },
  {
    name: 'answers to the ports of clients alone',
    patch: aclOf(
      ['100 allow all 10.0.0.0/16'],
      ['100 allow tcp/443 10.0.1.0/24', '110 allow tcp/1024-65535 10.0.1.0/24'],
    ),
    expect: [],
  },
  {
    name: 'answers to the ports of common clients alone',
    patch: aclOf(
      ['100 allow all 10.0.0.0/16'],
      ['100 allow tcp/443 10.0.1.0/24', '110 allow tcp/32768-65535 10.0.1.0/24'],
    ),
    expect: ['note replies-blocked-in-part N'],
  },
  {
    name: 'answers to a half of the ports of common clients',
    patch: aclOf(
      ['100 allow all 10.0.0.0/16'],
      ['100 allow tcp/443 10.0.1.0/24', '110 allow tcp/1024-40000 10.0.1.0/24'],
    ),
    expect: ['warning replies-blocked-in-part N'],
  },
  {
    name: 'answers of which two NACLs each let a part pass, and together none',
    patch: {
      acls: {
        N: { vpc: 'V', ingress: ['100 allow all 10.0.0.0/16'], egress: ['100 allow tcp/1024-40000 10.0.1.0/24'] },
        M: {
          vpc: 'V',
          ingress: ['90 allow tcp/443 0.0.0.0/0', '100 allow tcp/40001-65535 10.0.2.0/24'],
          egress: ['100 allow all 0.0.0.0/0'],
        },
      },
      subnets: { P: { acl: 'M' } },
      groups: { B: { vpc: 'V', ingress: ['tcp/5432 group:A'], egress: [] } },
    },
    expect: ['warning replies-blocked M', 'warning replies-blocked N', 'warning rule-cut-off B B.ingress.0'],
  },
  { name: 'a group on no interface', patch: group('E', ['tcp/80 10.0.0.0/8']), expect: ['group-unattached E'] },
  {
    name: 'a group on no interface, where interfaces are missing',
    patch: { ...(group('E', ['tcp/80 10.0.0.0/8']) as object), missing: ['networkInterfaces'] },
    expect: ['perhaps group-unattached E'],
  },
  {
    name: 'an unattached group that is open to the world',
    patch: group('E', ['tcp/22 0.0.0.0/0']),
    expect: ['open-unreachable E E.ingress.0', 'group-unattached E'],
  },
  {
    name: 'a default group with rules',
    patch: { groups: { D: { vpc: 'V', name: 'default', ingress: ['all group:D'] } } },
    expect: ['default-group-rules D D.ingress.0,D.egress.0'],
  },
  {
    name: 'a default group without rules',
    patch: { groups: { D: { vpc: 'V', name: 'default', ingress: [], egress: [] } } },
    expect: [],
  },
  {
    name: 'groups that say the same in other words',
    patch: {
      groups: {
        E: { vpc: 'V', ingress: ['tcp/80 10.0.1.0/24', 'tcp/81 10.0.1.0/24', 'udp/9 group:E'] },
        F: { vpc: 'V', ingress: ['tcp/80-81 10.0.1.0/24', 'udp/9 group:F'] },
      },
    },
    expect: ['group-unattached E', 'group-unattached F', 'group-duplicate E'],
  },
  {
    name: 'groups that nearly say the same',
    patch: {
      groups: {
        E: { vpc: 'V', ingress: ['tcp/80 10.0.1.0/24', 'tcp/82 10.0.1.0/24'] },
        F: { vpc: 'V', ingress: ['tcp/80-82 10.0.1.0/24'] },
      },
    },
    expect: ['group-unattached E', 'group-unattached F'],
  },
  {
    name: '54 of 60 rules',
    patch: inA(...many(53, (at) => `tcp/${1000 + at} 203.0.113.0/24`)),
    expect: ['warning quota-rules A'],
  },
  { name: '53 of 60 rules', patch: inA(...many(52, (at) => `tcp/${1000 + at} 203.0.113.0/24`)), expect: [] },
  {
    name: '61 of 60 rules',
    patch: inA(...many(60, (at) => `tcp/${1000 + at} 203.0.113.0/24`)),
    expect: ['error quota-rules A'],
  },
  {
    name: 'a prefix list counts what it may hold',
    patch: {
      ...(inA('tcp/80 list:L') as object),
      prefixLists: { L: { family: 'ipv4', max: 58, entries: ['203.0.113.0/24'] } },
    },
    expect: ['warning quota-rules A'],
  },
  {
    name: 'the groups of an interface weigh together',
    patch: {
      prefixLists: { L: { family: 'ipv4', max: 500, entries: ['203.0.113.0/24'] } },
      ...(onA('E', group('E', ['tcp/80 list:L', 'tcp/81 list:L'], []) as object) as object),
    },
    expect: ['error quota-rules E', 'error quota-interface A+E'],
  },
  {
    name: '18 entries of 20',
    patch: aclOf(many(18, (at) => `${at + 1} allow tcp/${5432 + at} 10.0.0.0/16`)),
    expect: ['warning quota-entries N', 'warning replies-blocked-in-part N'],
  },
];
