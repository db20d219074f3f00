import { formatCidr } from '../core/net/cidr.ts';
import { type Kind, KINDS, type Records } from '../core/model/records.ts';
import { listRecords, type World } from '../core/model/world.ts';
import {
  describeEgressOnlyGateway,
  describeElasticAddress,
  describeInternetGateway,
  describeNatGateway,
  describePeering,
  describeRouteTable,
  describeSubnet,
  describeVpc,
} from './export-network.ts';
import { describeAcl, describeEni, describeGroup, describeInstance, describeRules } from './export-policy.ts';
import { type Shape, tagShapes } from './shape.ts';

/** The member of AWS's answers for each kind, and the record in AWS's shape. */
const SHAPES: { readonly [K in Kind]: readonly [member: string, shape: (world: World, record: Records[K]) => Shape] } =
  {
    vpcs: ['Vpcs', describeVpc],
    prefixLists: ['PrefixLists', (_, list) => describePrefixList(list)],
    acls: ['NetworkAcls', describeAcl],
    routeTables: ['RouteTables', describeRouteTable],
    subnets: ['Subnets', describeSubnet],
    groups: ['SecurityGroups', (_, group) => describeGroup(group)],
    groupAssociations: [
      'SecurityGroupVpcAssociations',
      (_, { groupId, vpcId, state }) => ({ GroupId: groupId, VpcId: vpcId, State: state }),
    ],
    internetGateways: ['InternetGateways', (_, gateway) => describeInternetGateway(gateway)],
    egressOnlyGateways: ['EgressOnlyInternetGateways', (_, gateway) => describeEgressOnlyGateway(gateway)],
    natGateways: ['NatGateways', (_, nat) => describeNatGateway(nat)],
    elasticAddresses: ['Addresses', (_, address) => describeElasticAddress(address)],
    peerings: ['VpcPeeringConnections', (_, peering) => describePeering(peering)],
    instances: ['Reservations', (_, instance) => ({ Instances: [describeInstance(instance)] })],
    enis: ['NetworkInterfaces', (_, eni) => describeEni(eni)],
  };

/**
 * The world as one document in the shapes of AWS's describe calls, element by element so that a large one need not be held as text: every
 * kind that is not missing has its member, records stand in the order of their ids. What AWS's shapes have no place for stands in members
 * of their own: entries and versions of prefix lists, links to route tables and NACLs that the world does not hold, kinds that it holds in part. Reading it gives the
 * same world, and exporting that the same text.
 */
export function* exportText(world: World): Generator<string, void, undefined> {
  let lead = '{';
  const incomplete = KINDS.filter((kind) => world.missing.has(kind) && world.records[kind].size > 0);
  for (const kind of KINDS.filter((one) => !world.missing.has(one) || incomplete.includes(one))) {
    yield `${lead}\n${JSON.stringify(SHAPES[kind][0])}: [`;
    yield* elements(shapesOf(world, kind));
    yield ']';
    lead = ',';
    if (kind !== 'groups') continue;
    yield ',\n"SecurityGroupRules": [';
    yield* elements(sorted(world, 'groups').flatMap(describeRules));
    yield ']';
  }
  if (incomplete.length > 0) yield `,\n"Incomplete": ${JSON.stringify(incomplete)}`;
  yield lead === '{' ? '{}\n' : '\n}\n';
}

function* elements(shapes: readonly Shape[]): Generator<string, void, undefined> {
  for (const [index, shape] of shapes.entries()) yield `${index === 0 ? '' : ','}\n${JSON.stringify(shape)}`;
}

function shapesOf<K extends Kind>(world: World, kind: K): readonly Shape[] {
  const [, shape] = SHAPES[kind];
  return sorted(world, kind).map((record) => shape(world, record));
}

function sorted<K extends Kind>(world: World, kind: K): readonly Records[K][] {
  return [...listRecords(world, kind)].toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

function describePrefixList(list: Records['prefixLists']): Shape {
  const entries = (all: NonNullable<typeof list.entries>): readonly Shape[] =>
    all.map(({ cidr, description }) => ({ Cidr: formatCidr(cidr), Description: description }));
  return {
    PrefixListId: list.id,
    PrefixListName: list.name,
    AddressFamily: list.family === 'ipv4' ? 'IPv4' : 'IPv6',
    OwnerId: list.ownerId,
    MaxEntries: list.weight,
    Version: list.version,
    State: list.state,
    Entries: list.entries === undefined ? undefined : entries(list.entries),
    Versions: list.versions.map((one) => ({ Version: one.version, Entries: entries(one.entries) })),
    Tags: tagShapes(list.tags),
  };
}
