import type { Eni, Instance } from './eni.ts';
import type { EgressOnlyGateway, ElasticAddress, InternetGateway, NatGateway, PeeringConnection } from './gateway.ts';
import type { NetworkAcl } from './network-acl.ts';
import type { PrefixList } from './prefix-list.ts';
import type { RouteTable } from './route-table.ts';
import type { GroupAssociation, SecurityGroup } from './security-group.ts';
import type { Subnet, Vpc } from './vpc.ts';

/** The records of a world by kind. Every record has an `id` that is unique within its kind. */
export type Records = {
  readonly vpcs: Vpc;
  readonly subnets: Subnet;
  readonly routeTables: RouteTable;
  readonly internetGateways: InternetGateway;
  readonly egressOnlyGateways: EgressOnlyGateway;
  readonly natGateways: NatGateway;
  readonly elasticAddresses: ElasticAddress;
  readonly peerings: PeeringConnection;
  readonly enis: Eni;
  readonly instances: Instance;
  readonly groups: SecurityGroup;
  readonly groupAssociations: GroupAssociation;
  readonly acls: NetworkAcl;
  readonly prefixLists: PrefixList;
};

export type Kind = keyof Records;

/** Every kind, in the order in which a reader of a world wants them: what others refer to comes first. */
export const KINDS: readonly Kind[] = [
  'vpcs',
  'prefixLists',
  'acls',
  'routeTables',
  'subnets',
  'groups',
  'groupAssociations',
  'internetGateways',
  'egressOnlyGateways',
  'natGateways',
  'elasticAddresses',
  'peerings',
  'instances',
  'enis',
];

/** What a person calls the records of a kind. */
export const KIND_NAMES: Readonly<Record<Kind, string>> = {
  vpcs: 'VPCs',
  prefixLists: 'prefix lists',
  acls: 'network ACLs',
  routeTables: 'route tables',
  subnets: 'subnets',
  groups: 'security groups',
  groupAssociations: 'security group VPC associations',
  internetGateways: 'internet gateways',
  egressOnlyGateways: 'egress-only internet gateways',
  natGateways: 'NAT gateways',
  elasticAddresses: 'Elastic addresses',
  peerings: 'peering connections',
  instances: 'instances',
  enis: 'network interfaces',
};
