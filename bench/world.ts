// Estates as large accounts have them, the same for the same seed: services with a group of their own in three subnets each, shared
// groups, sizes by Zipf's law (exponent 0.7), a few restricted egresses, a few subnets with NACLs of their own.
import { type Address, ipv4, ipv6, offsetAddress } from '../src/core/net/address.ts';
import { ANY_IPV4, ANY_IPV6, type Cidr, cidrOf } from '../src/core/net/cidr.ts';
import { ALL_TRAFFIC } from '../src/core/net/traffic.ts';
import type { Eni, EniAddress } from '../src/core/model/eni.ts';
import { type AclId, asId, type GroupId, type RouteTableId, type VpcId } from '../src/core/model/ids.ts';
import { type AclEntry, type NetworkAcl, sortEntries } from '../src/core/model/network-acl.ts';
import type { Route, RouteTable } from '../src/core/model/route-table.ts';
import { DIRECTIONS, type SecurityGroup } from '../src/core/model/security-group.ts';
import type { Subnet, Vpc } from '../src/core/model/vpc.ts';
import { type RecordLists, type World, worldOf } from '../src/core/model/world.ts';
import { Random } from './random.ts';
import { idOf } from './world-ids.ts';
import { generateCidr, generateRules, generateTraffic, openEgress, type Surroundings } from './world-rules.ts';

export type Estate = {
  readonly enis: number;
  readonly groups: number;
  readonly subnets: number;
  readonly isDualStack?: boolean;
  readonly seed?: number;
};

const OWNER = '111122223333';
const SUBNETS_PER_CIDR = 64;
const MAX_RULES = 60;

/** The world of an estate. */
export function generateWorld(estate: Estate): World {
  return worldOf(generateRecords(estate));
}

/** The records of an estate: one VPC with as many /16 prefixes as its /22 subnets need, every tenth subnet public. */
export function generateRecords(estate: Estate): RecordLists {
  const random = new Random(estate.seed ?? 1);
  const isDualStack = estate.isDualStack ?? false;
  const cidrs = Array.from({ length: Math.ceil(estate.subnets / SUBNETS_PER_CIDR) }, (_, index) =>
    cidrOf(ipv4(0x0a00_0000 + index * 65_536), 16),
  );
  const vpc: Vpc = {
    id: asId(idOf('vpc', 0)),
    ownerId: OWNER,
    isDefault: false,
    cidrs: isDualStack ? [...cidrs, cidrOf(ipv6([0x2001_0db8, 0x0001_0000, 0, 0]), 48)] : cidrs,
    mainRouteTable: { associationId: idOf('rtbassoc', 0), routeTableId: asId(idOf('rtb', 0)) },
    tags: [],
  };
  const blocks = Array.from({ length: estate.subnets }, (_, index) => subnetCidrs(index, isDualStack));
  const around: Surroundings = {
    groups: Array.from({ length: estate.groups }, (_, index) => asId<GroupId>(idOf('sg', index))),
    vpcCidrs: vpc.cidrs,
    subnetCidrs: blocks.flat(),
    isDualStack,
  };
  const acls = [defaultAcl(vpc.id), ...customAcls(random, vpc.id, { around, count: Math.ceil(estate.subnets / 10) })];
  const subnets = blocks.map((block, index) => subnetOf(vpc.id, block, { index, acls }));
  return {
    vpcs: [vpc],
    subnets,
    acls,
    routeTables: routeTables(vpc),
    internetGateways: [{ id: asId(idOf('igw', 0)), ownerId: OWNER, vpcId: vpc.id, tags: [] }],
    egressOnlyGateways: isDualStack ? [{ id: asId(idOf('eigw', 0)), vpcId: vpc.id, tags: [] }] : [],
    natGateways: [
      {
        id: asId(idOf('nat', 0)),
        vpcId: vpc.id,
        subnetId: asId(idOf('subnet', 0)),
        connectivity: 'public',
        state: 'available',
        addresses: [{ private: ipv4(0x0a00_03fa), public: ipv4(0xc633_64fe) }],
        tags: [],
      },
    ],
    elasticAddresses: [],
    peerings: [],
    instances: [],
    prefixLists: [],
    groupAssociations: [],
    groups: generateGroups(random, vpc.id, around),
    enis: generateEnis(random, subnets, { estate, groups: around.groups }),
  };
}

function subnetCidrs(index: number, isDualStack: boolean): readonly Cidr[] {
  const block = cidrOf(ipv4(0x0a00_0000 + index * 1024), 22);
  return isDualStack ? [block, cidrOf(ipv6([0x2001_0db8, 0x0001_0000 + index, 0, 0]), 64)] : [block];
}

function subnetOf(
  vpcId: VpcId,
  cidrs: readonly Cidr[],
  { index, acls }: { readonly index: number; readonly acls: readonly NetworkAcl[] },
): Subnet {
  // Every tenth subnet is public, and every tenth, but another, has a NACL of its own.
  const acl = index % 10 === 5 ? acls[1 + ((index / 10) | 0)] : acls[0];
  const isPublic = index % 10 === 0;
  return {
    id: asId(idOf('subnet', index)),
    vpcId,
    cidrs,
    availabilityZone: `eu-west-1${'abc'[index % 3] ?? 'a'}`,
    networkAcl: { associationId: idOf('aclassoc', index), aclId: acl?.id ?? asId<AclId>(idOf('acl', 0)) },
    ...(isPublic
      ? { routeTable: { associationId: idOf('rtbassoc', index + 1), routeTableId: asId<RouteTableId>(idOf('rtb', 1)) } }
      : {}),
    mapPublicIpOnLaunch: isPublic,
    assignIpv6OnCreation: cidrs.length > 1,
    tags: [{ key: 'Name', value: `${isPublic ? 'public' : 'private'}-${index}` }],
  };
}

/** The main table leads out through the NAT gateway, that of the public subnets through the internet gateway. */
function routeTables(vpc: Vpc): readonly RouteTable[] {
  const local = vpc.cidrs.map((cidr): Route => ({
    destination: { kind: 'cidr', cidr },
    target: { kind: 'local' },
    state: 'active',
    origin: 'local',
  }));
  const isDualStack = vpc.cidrs.some((cidr) => cidr.family === 'ipv6');
  const igw: Route['target'] = { kind: 'internet-gateway', id: asId(idOf('igw', 0)) };
  const inside = [staticRoute(ANY_IPV4, { kind: 'nat-gateway', id: asId(idOf('nat', 0)) })];
  const egressOnly = [staticRoute(ANY_IPV6, { kind: 'egress-only-gateway', id: asId(idOf('eigw', 0)) })];
  const table = (number: number, routes: readonly Route[]): RouteTable => ({
    id: asId(idOf('rtb', number)),
    vpcId: vpc.id,
    routes,
    tags: [],
  });
  return [
    table(0, [...local, ...inside, ...(isDualStack ? egressOnly : [])]),
    table(1, [...local, staticRoute(ANY_IPV4, igw), ...(isDualStack ? [staticRoute(ANY_IPV6, igw)] : [])]),
  ];
}

function staticRoute(cidr: Cidr, target: Route['target']): Route {
  return { destination: { kind: 'cidr', cidr }, target, state: 'active', origin: 'static' };
}

function defaultAcl(vpcId: VpcId): NetworkAcl {
  const entries = DIRECTIONS.flatMap((direction): AclEntry[] => [
    { number: 100, direction, action: 'allow', cidr: ANY_IPV4, traffic: ALL_TRAFFIC },
    { number: 101, direction, action: 'allow', cidr: ANY_IPV6, traffic: ALL_TRAFFIC },
  ]);
  return { id: asId(idOf('acl', 0)), vpcId, isDefault: true, entries: sortEntries(entries), tags: [] };
}

/** NACLs as careful people keep them: some denials first, then what is in use, then the ephemeral ports. */
function customAcls(
  random: Random,
  vpcId: VpcId,
  { around, count }: { readonly around: Surroundings; readonly count: number },
): readonly NetworkAcl[] {
  return Array.from({ length: count }, (_, index): NetworkAcl => {
    const entries = DIRECTIONS.flatMap((direction): AclEntry[] => {
      const denials = Array.from({ length: random.between(1, 4) }, () => 'deny' as const);
      const allows = Array.from({ length: random.between(4, 12) }, () => 'allow' as const);
      const drawn = [...denials, ...allows].map((action, position): AclEntry => ({
        number: (position + 1) * 10,
        direction,
        action,
        cidr: generateCidr(random, around),
        traffic: generateTraffic(random),
      }));
      const last = { direction, action: 'allow' } as const;
      const ephemeral = { kind: 'tcp', ports: { from: 1024, to: 65_535 } } as const;
      return [
        ...drawn,
        ...around.vpcCidrs.map((cidr, at): AclEntry => ({ ...last, number: 900 + at, cidr, traffic: ALL_TRAFFIC })),
        { ...last, number: 990, cidr: ANY_IPV4, traffic: ephemeral },
        { ...last, number: 991, cidr: ANY_IPV6, traffic: ephemeral },
      ];
    });
    return { id: asId(idOf('acl', index + 1)), vpcId, isDefault: false, entries: sortEntries(entries), tags: [] };
  });
}

/** 5 to 60 ingress rules each, about 23 on average; 15 % restrict egress. */
function generateGroups(random: Random, vpcId: VpcId, around: Surroundings): readonly SecurityGroup[] {
  return around.groups.map((id, index) => {
    const firstNumber = index * 4 * MAX_RULES;
    const count = 5 + Math.floor((MAX_RULES - 4) * random.next() ** 2);
    const ingress = generateRules(random, around, { count, direction: 'ingress', firstNumber });
    const second = firstNumber + MAX_RULES;
    const egress = random.chance(0.15)
      ? generateRules(random, around, { count: random.between(2, 8), direction: 'egress', firstNumber: second })
      : openEgress(second, around.isDualStack);
    const isShared = index >= serviceCount(around.groups.length);
    return {
      id,
      vpcId,
      ownerId: OWNER,
      name: `${isShared ? 'shared' : 'service'}-${index}`,
      description: 'bench',
      rules: [...ingress, ...egress],
      tags: [],
    };
  });
}

/** One group in ten is shared; the others belong to one service each. */
function serviceCount(groups: number): number {
  return Math.max(1, Math.floor(groups * 0.9));
}

function generateEnis(
  random: Random,
  subnets: readonly Subnet[],
  { estate, groups }: { readonly estate: Estate; readonly groups: readonly GroupId[] },
): readonly Eni[] {
  const services = serviceCount(groups.length);
  const shared = groups.slice(services);
  const used = new Uint16Array(subnets.length);
  const enis: Eni[] = [];
  for (const [service, size] of zipfSizes(services, estate.enis).entries()) {
    const places = random.sample([...subnets.keys()], 3);
    // Members of a service mostly carry the same groups; a few have one more.
    const base = [groups[service] ?? asId<GroupId>(''), ...random.sample(shared, random.between(1, 3))];
    for (let member = 0; member < size; member += 1) {
      const preferred = random.pick(places);
      const place = (used[preferred] ?? 0) < 990 ? preferred : used.findIndex((count) => count < 990);
      const extra = random.chance(0.1) ? shared.filter((id) => !base.includes(id)).slice(0, 1) : [];
      used[place] = (used[place] ?? 0) + 1;
      const subnet = subnets[place];
      if (subnet === undefined) throw new Error('the subnets are too few for the interfaces');
      enis.push(eniOf(subnet, { number: enis.length, offset: 3 + (used[place] ?? 0), groups: [...base, ...extra] }));
    }
  }
  return enis;
}

function eniOf(
  subnet: Subnet,
  drawn: { readonly number: number; readonly offset: number; readonly groups: readonly GroupId[] },
): Eni {
  const at = (cidr: Cidr): Address => offsetAddress(cidr.base, drawn.offset);
  const addresses = subnet.cidrs.map((cidr): EniAddress => {
    const isPublic = cidr.family === 'ipv4' && subnet.mapPublicIpOnLaunch;
    return {
      address: at(cidr),
      isPrimary: true,
      ...(isPublic ? { public: { address: ipv4(0x0d00_0000 + drawn.number) } } : {}),
    };
  });
  return {
    id: asId(idOf('eni', drawn.number)),
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    ownerId: OWNER,
    groups: drawn.groups,
    addresses,
    prefixes: [],
    sourceDestCheck: true,
    interfaceType: 'interface',
    status: 'in-use',
    description: 'Primary network interface',
    attachment: {
      instanceId: asId(idOf('i', drawn.number)),
      deviceIndex: 0,
      attachmentId: idOf('eni-attach', drawn.number),
    },
    timeouts: {},
    tags: [],
  };
}

/** Sizes that fall as 1 / rank^0.7, at least one each, `total` together. */
function zipfSizes(count: number, total: number): readonly number[] {
  const weights = Array.from({ length: count }, (_, index) => (index + 1) ** -0.7);
  const sum = weights.reduce((a, b) => a + b, 0);
  const sizes = weights.map((weight) => Math.max(1, Math.floor((weight / sum) * total)));
  for (let left = total - sizes.reduce((a, b) => a + b, 0), index = 0; left > 0; left -= 1, index += 1)
    sizes[index % count] = (sizes[index % count] ?? 0) + 1;
  return sizes;
}
