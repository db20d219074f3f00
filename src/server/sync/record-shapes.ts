import { type Address, FAMILIES, familyBits } from '../../core/net/address.ts';
import { type Cidr, cidrOf, sameCidr } from '../../core/net/cidr.ts';
import type { PortRange, Traffic } from '../../core/net/traffic.ts';
import type { ConnectionTimeouts, Eni, EniAddress } from '../../core/model/eni.ts';
import type { AclEntry, NetworkAcl } from '../../core/model/network-acl.ts';
import type { PrefixList, PrefixListEntry } from '../../core/model/prefix-list.ts';
import type { Records } from '../../core/model/records.ts';
import { DIRECTIONS, type Peer, type Rule, type SecurityGroup } from '../../core/model/security-group.ts';
import type { Tag } from '../../core/model/tag.ts';
import type { Subnet, Vpc } from '../../core/model/vpc.ts';
import {
  either,
  FLAG,
  holding,
  integer,
  list,
  named,
  object,
  optional,
  type Shape,
  text,
  variant,
  word,
} from './shape.ts';

/** The kinds of record that a host is told of, in the order in which they refer to each other: what others name comes first. */
export const HOST_KINDS = ['vpcs', 'prefixLists', 'acls', 'subnets', 'groups', 'enis'] as const;
export type HostKind = (typeof HOST_KINDS)[number];

/** More than any quota of AWS's allows, and few enough to read at once. */
const MANY = 100_000;
const LONG = 65_536;

// What is not known of a record (`within`, `doubt`, `groupDoubt`) is of plans: a server has none of it, and a host refuses it.
const WORD: Shape<number> = integer(0, 0xffff_ffff);
const ADDRESS: Shape<Address> = holding(
  object<Omit<Address, 'within'>>({ family: word(FAMILIES), w0: WORD, w1: WORD, w2: WORD, w3: WORD }),
  ({ family, w1, w2, w3 }) => family === 'ipv6' || (w1 === 0 && w2 === 0 && w3 === 0),
  'is no address of its family',
);
const CIDR: Shape<Cidr> = holding(
  object<Cidr>({ family: word(FAMILIES), base: ADDRESS, length: integer(0, 128) }),
  (cidr) =>
    cidr.base.family === cidr.family &&
    cidr.length <= familyBits(cidr.family) &&
    sameCidr(cidr, cidrOf(cidr.base, cidr.length)),
  'is no prefix',
);
const TAGS: Shape<readonly Tag[]> = list(object<Tag>({ key: text(LONG), value: text(LONG) }), MANY);

const PORTS: Shape<PortRange> = holding(
  object<PortRange>({ from: integer(0, 65_535), to: integer(0, 65_535) }),
  ({ from, to }) => from <= to,
  'is no range',
);
type Ported = Extract<Traffic, { readonly ports: unknown }>;
type Icmp = Extract<Traffic, { readonly code: unknown }>;
type Other = Extract<Traffic, { readonly protocol: unknown }>;
const NUMBER_OR_ANY: Shape<number | 'any'> = either(integer(0, 255), word<'any'>(['any']));
const ICMP: Shape<Icmp> = holding(
  object<Icmp>({ kind: word(['icmp', 'icmpv6']), type: NUMBER_OR_ANY, code: NUMBER_OR_ANY }),
  ({ type, code }) => type !== 'any' || code === 'any',
  'has a code without a type',
);
const PORTED: Shape<Ported> = object<Ported>({ kind: word(['tcp', 'udp']), ports: PORTS });
const TRAFFIC: Shape<Traffic> = variant<Traffic>('kind', {
  all: object<Extract<Traffic, { readonly kind: 'all' }>>({ kind: word(['all']) }),
  tcp: PORTED,
  udp: PORTED,
  icmp: ICMP,
  icmpv6: ICMP,
  protocol: holding(
    object<Other>({ kind: word(['protocol']), protocol: integer(0, 255) }),
    ({ protocol }) => ![1, 6, 17, 58].includes(protocol),
    'has a kind of its own',
  ),
});

type PeerOf<K extends Peer['kind']> = Extract<Peer, { readonly kind: K }>;
const PEER: Shape<Peer> = variant<Peer>('kind', {
  cidr: object<PeerOf<'cidr'>>({ kind: word(['cidr']), cidr: CIDR }),
  'prefix-list': object<PeerOf<'prefix-list'>>({ kind: word(['prefix-list']), prefixListId: named() }),
  group: object<PeerOf<'group'>>({
    kind: word(['group']),
    groupId: named(),
    ownerId: optional(text(LONG)),
    vpcId: optional(named()),
    peeringId: optional(named()),
  }),
});
const RULE: Shape<Rule> = object<Omit<Rule, 'doubt'>>({
  id: named(),
  direction: word(DIRECTIONS),
  traffic: TRAFFIC,
  peer: PEER,
  description: optional(text(LONG)),
  tags: TAGS,
});
const GROUP: Shape<SecurityGroup> = object<SecurityGroup>({
  id: named(),
  vpcId: named(),
  ownerId: text(LONG),
  name: text(LONG),
  description: text(LONG),
  rules: list(RULE, MANY),
  tags: TAGS,
});

const ENTRY: Shape<AclEntry> = object<Omit<AclEntry, 'doubt'>>({
  number: integer(0, 65_535),
  direction: word(DIRECTIONS),
  action: word(['allow', 'deny']),
  cidr: CIDR,
  traffic: TRAFFIC,
});
const ACL: Shape<NetworkAcl> = object<NetworkAcl>({
  id: named(),
  vpcId: named(),
  ownerId: optional(text(LONG)),
  isDefault: FLAG,
  entries: list(ENTRY, MANY),
  tags: TAGS,
});

const LIST_ENTRIES: Shape<readonly PrefixListEntry[]> = list(
  object<PrefixListEntry>({ cidr: CIDR, description: optional(text(LONG)) }),
  MANY,
);
const PREFIX_LIST: Shape<PrefixList> = object<PrefixList>({
  id: named(),
  name: text(LONG),
  ownerId: text(LONG),
  family: word(FAMILIES),
  entries: optional(LIST_ENTRIES),
  versions: list(object({ version: integer(0, Number.MAX_SAFE_INTEGER), entries: LIST_ENTRIES }), MANY),
  version: optional(integer(0, Number.MAX_SAFE_INTEGER)),
  weight: optional(integer(0, Number.MAX_SAFE_INTEGER)),
  state: text(LONG),
  tags: TAGS,
});

const VPC: Shape<Vpc> = object<Vpc>({
  id: named(),
  ownerId: text(LONG),
  isDefault: FLAG,
  cidrs: list(CIDR, MANY),
  mainRouteTable: optional(object({ associationId: text(LONG), routeTableId: named() })),
  tags: TAGS,
});
const SUBNET: Shape<Subnet> = object<Subnet>({
  id: named(),
  vpcId: named(),
  cidrs: list(CIDR, MANY),
  availabilityZone: optional(text(LONG)),
  networkAcl: optional(object({ associationId: text(LONG), aclId: named() })),
  routeTable: optional(object({ associationId: text(LONG), routeTableId: named() })),
  mapPublicIpOnLaunch: FLAG,
  assignIpv6OnCreation: FLAG,
  tags: TAGS,
});

const ENI_ADDRESS: Shape<EniAddress> = object<EniAddress>({
  address: ADDRESS,
  isPrimary: FLAG,
  public: optional(
    object<Omit<NonNullable<EniAddress['public']>, 'doubt'>>({
      address: ADDRESS,
      allocationId: optional(named()),
      associationId: optional(text(LONG)),
    }),
  ),
});
const SECONDS: Shape<number> = integer(0, 0x7fff_ffff);
const ENI: Shape<Eni> = object<Omit<Eni, 'groupDoubt'>>({
  id: named(),
  vpcId: named(),
  subnetId: named(),
  ownerId: text(LONG),
  groups: list(named(), MANY),
  addresses: list(ENI_ADDRESS, MANY),
  prefixes: list(CIDR, MANY),
  sourceDestCheck: FLAG,
  interfaceType: text(LONG),
  status: text(LONG),
  description: text(LONG),
  attachment: optional(
    object<NonNullable<Eni['attachment']>>({
      instanceId: optional(named()),
      deviceIndex: integer(0, 0x7fff_ffff),
      attachmentId: optional(text(LONG)),
    }),
  ),
  timeouts: object<ConnectionTimeouts>({
    tcpEstablishedSeconds: optional(SECONDS),
    udpStreamSeconds: optional(SECONDS),
    udpSeconds: optional(SECONDS),
  }),
  tags: TAGS,
});

/** What a record of each kind looks like in a message: as the model has it, with nothing more and nothing less. */
export const RECORD_SHAPES: { readonly [K in HostKind]: Shape<Records[K]> } = {
  vpcs: VPC,
  prefixLists: PREFIX_LIST,
  acls: ACL,
  subnets: SUBNET,
  groups: GROUP,
  enis: ENI,
};
