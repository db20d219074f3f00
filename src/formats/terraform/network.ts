import { type Address, FAMILIES, type Family } from '../../core/net/address.ts';
import { anyCidr, type Cidr } from '../../core/net/cidr.ts';
import type { NatAddress, PeeringSide } from '../../core/model/gateway.ts';
import { type AclId, asId, type RouteTableId, type SubnetId, type VpcId } from '../../core/model/ids.ts';
import { DIRECTIONS, type Rule } from '../../core/model/security-group.ts';
import { ALL_TRAFFIC } from '../../core/net/traffic.ts';
import type { Attributes } from './attributes.ts';
import { anything } from './rules.ts';
import type { Side } from './side.ts';

/** VPCs with what AWS makes with each: the main route table, the default NACL and the default group. */
export function readVpcs(side: Side): void {
  const { draft, resources } = side;
  for (const vpc of resources.of('aws_vpc', 'aws_default_vpc')) {
    const id = resources.idOf(vpc.instance);
    const primary = vpc.cidr('cidr_block');
    if (primary === undefined) {
      draft.note('warning', 'IPv4 prefixes are not known yet, so what depends on them is unknown: %', id);
      continue;
    }
    const cidrs = [primary, ...ipv6Of(side, vpc), ...moreCidrs(side, id)];
    draft.put<'vpcs'>('vpcs', {
      id: asId(id),
      ownerId: vpc.text('owner_id') ?? '',
      isDefault: vpc.instance.type === 'aws_default_vpc',
      cidrs,
      mainRouteTable: { associationId: '', routeTableId: asId(resources.ofVpc(vpc, 'default_route_table_id')) },
      tags: vpc.tags(),
    });
    if (!vpc.instance.isNew) draft.note('note', ASSUMED, id);
    putBrought(side, vpc, asId<VpcId>(id), cidrs);
  }
  for (const link of resources.of('aws_main_route_table_association')) {
    const vpc = draft.get('vpcs', link.id('vpc_id'));
    if (vpc !== undefined)
      vpc.mainRouteTable = {
        associationId: '',
        routeTableId: asId(link.id('route_table_id') ?? link.label('route_table_id')),
      };
  }
}

/** How a remark ends that does not hold of a plan laid over a live world. */
export const OVER_SAYS = 'a live export says how they are (--over)';

const ASSUMED = `of % the main route table and default network ACL are taken to be as AWS makes them where Terraform does not manage them, and the rules of its default group are unknown; ${OVER_SAYS}`;

/** A prefix that Amazon gives is not known before: one that nobody has stands for it (0100::/8 is reserved, RFC 4291). */
function ipv6Of(side: Side, vpc: Attributes): readonly Cidr[] {
  const known = vpc.cidr('ipv6_cidr_block');
  if (known !== undefined) return [known];
  if (vpc.flag('assign_generated_ipv6_cidr_block') === false) return [];
  side.draft.note(
    'note',
    'IPv6 prefixes are not known yet: ones that nobody has stand for them, and what names other IPv6 prefixes is taken not to mean them: %',
    side.resources.idOf(vpc.instance),
  );
  return [side.ipv6.vpcPrefix(side.resources.idOf(vpc.instance))];
}

function moreCidrs(side: Side, vpcId: string): readonly Cidr[] {
  return side.resources
    .of('aws_vpc_ipv4_cidr_block_association', 'aws_vpc_ipv6_cidr_block_association')
    .filter((one) => one.id('vpc_id') === vpcId)
    .flatMap((one) => one.cidr('cidr_block') ?? one.cidr('ipv6_cidr_block') ?? []);
}

function putBrought(side: Side, vpc: Attributes, vpcId: VpcId, cidrs: readonly Cidr[]): void {
  const { draft, resources } = side;
  const families = FAMILIES.filter((family) => cidrs.some((cidr) => cidr.family === family));
  const base = { vpcId, ownerId: vpc.text('owner_id') ?? '', tags: [] };
  draft.put<'routeTables'>('routeTables', {
    ...base,
    id: asId(resources.ofVpc(vpc, 'default_route_table_id')),
    routes: [],
  });
  draft.put<'acls'>('acls', {
    ...base,
    id: asId(resources.ofVpc(vpc, 'default_network_acl_id')),
    isDefault: true,
    entries: (['egress', 'ingress'] as const).flatMap((direction) =>
      families.map((family) => ({
        number: family === 'ipv4' ? 100 : 101,
        direction,
        action: 'allow' as const,
        cidr: anyCidr(family),
        traffic: { kind: 'all' as const },
      })),
    ),
  });
  const groupId = resources.ofVpc(vpc, 'default_security_group_id');
  const rules = vpc.instance.isNew ? broughtRules(groupId, families) : changedRules(groupId);
  if (vpc.instance.isNew) side.broughtRules.set(groupId, rules);
  draft.put<'groups'>('groups', {
    ...base,
    id: asId(groupId),
    name: 'default',
    description: 'default VPC security group',
    rules,
  });
}

/** What AWS writes into the default group of a new VPC: its members reach each other, and everything outside. */
function broughtRules(groupId: string, families: readonly Family[]): readonly Rule[] {
  const rule = { traffic: ALL_TRAFFIC, tags: [] };
  return [
    { ...rule, id: asId(`${groupId}:ingress`), direction: 'ingress', peer: { kind: 'group', groupId: asId(groupId) } },
    ...families.map((family): Rule => ({
      ...rule,
      id: asId(`${groupId}:egress:${family}`),
      direction: 'egress',
      peer: { kind: 'cidr', cidr: anyCidr(family) },
    })),
  ];
}

/** Of a VPC that is there already, anybody may have written rules into the default group. */
function changedRules(groupId: string): readonly Rule[] {
  return DIRECTIONS.map((direction) => ({
    ...anything(direction, `${groupId}.${direction}`),
    doubt: `${groupId}.${direction}`,
    id: asId(`${groupId}:${direction}`),
    tags: [],
  }));
}

/** Subnets: of a VPC that is read here, with its default NACL and main table where nothing says otherwise. */
export function readSubnets(side: Side): void {
  const { draft, resources } = side;
  for (const subnet of resources.of('aws_subnet', 'aws_default_subnet')) {
    const id = resources.idOf(subnet.instance);
    const vpcId = subnet.id('vpc_id') ?? subnet.label('vpc_id');
    if (!side.isVpc(vpcId)) {
      draft.note('warning', 'the VPC cannot be told of these, so what depends on it is unknown: %', id);
      continue;
    }
    const cidr = subnet.cidr('cidr_block');
    if (cidr === undefined && subnet.flag('ipv6_native') !== true) {
      draft.note('warning', 'IPv4 prefixes are not known yet, so what depends on them is unknown: %', id);
      continue;
    }
    const vpc = side.vpcs.get(vpcId);
    draft.put<'subnets'>('subnets', {
      id: asId(id),
      vpcId: asId(vpcId),
      cidrs: [...(cidr === undefined ? [] : [cidr]), ...subnetIpv6(side, subnet, vpcId)],
      ...zoneOf(subnet),
      ...(vpc === undefined
        ? { routeTable: tableLink(`${id}/route-table`) }
        : { networkAcl: aclLink(resources.ofVpc(vpc, 'default_network_acl_id')) }),
      mapPublicIpOnLaunch: subnet.flag('map_public_ip_on_launch') ?? subnet.instance.type === 'aws_default_subnet',
      assignIpv6OnCreation: subnet.flag('assign_ipv6_address_on_creation') ?? false,
      tags: subnet.tags(),
    });
    if (vpc === undefined) draft.note('warning', NO_VPC, id);
  }
}

const NO_VPC =
  'the VPC of % is not in the document: its network ACL and route table are unknown where nothing names them';

function zoneOf(subnet: Attributes): { readonly availabilityZone?: string } {
  const zone = subnet.text('availability_zone');
  return zone === undefined ? {} : { availabilityZone: zone };
}

/** The link of a subnet to a route table; which number it has does not matter. */
export function tableLink(tableId: string): { readonly associationId: string; readonly routeTableId: RouteTableId } {
  return { associationId: '', routeTableId: asId(tableId) };
}

function aclLink(aclId: string): { readonly associationId: string; readonly aclId: AclId } {
  return { associationId: '', aclId: asId(aclId) };
}

function subnetIpv6(side: Side, subnet: Attributes, vpcId: string): readonly Cidr[] {
  const known = subnet.cidr('ipv6_cidr_block');
  if (known !== undefined) return [known];
  if (!subnet.isUnknown('ipv6_cidr_block') || subnet.isDeclared('ipv6_cidr_block') === false) return [];
  return [side.ipv6.subnetPrefix(vpcId, side.resources.idOf(subnet.instance))];
}

/** Internet gateways, egress-only ones, NAT gateways and peering connections. */
export function readGateways(side: Side): void {
  const { draft, resources } = side;
  const attachments = resources.of('aws_internet_gateway_attachment');
  const attached = new Map(
    attachments.map((one) => [one.id('internet_gateway_id'), one.id('vpc_id') ?? one.label('vpc_id')] as const),
  );
  // It may be any gateway that is attached.
  const isLoose = attachments.some((one) => !one.ids('internet_gateway_id').isExact);
  for (const kind of ['internetGateways', 'egressOnlyGateways'] as const) {
    const type = kind === 'internetGateways' ? 'aws_internet_gateway' : 'aws_egress_only_internet_gateway';
    for (const gateway of resources.of(type)) {
      const id = resources.idOf(gateway.instance);
      const isOpen = gateway.isUnknown('vpc_id') && gateway.isDeclared('vpc_id') !== false;
      const vpcId =
        attached.get(id) ?? (isOpen ? (gateway.id('vpc_id') ?? gateway.label('vpc_id')) : gateway.text('vpc_id'));
      // Of one that may be attached to any VPC, nothing is said: it is not there, and others may be.
      const mayBeAttached = vpcId === undefined && kind === 'internetGateways' && isLoose;
      if (mayBeAttached || (vpcId !== undefined && !side.isVpc(vpcId))) draft.missing.add(kind);
      else
        draft.put(kind, {
          id: asId<never>(id),
          ...(vpcId === undefined ? {} : { vpcId: asId<VpcId>(vpcId) }),
          tags: gateway.tags(),
        });
    }
  }
  if (resources.of('aws_vpc_block_public_access_options').length > 0) draft.records.internetGateways.clear();
  for (const nat of resources.of('aws_nat_gateway')) readNat(side, nat);
  for (const peering of resources.of('aws_vpc_peering_connection')) readPeering(side, peering);
}

function readNat(side: Side, nat: Attributes): void {
  const { draft, resources } = side;
  const id = resources.idOf(nat.instance);
  const subnet = draft.get('subnets', nat.id('subnet_id'));
  // Of one of which it is not known whether it is public, nothing is said.
  if (subnet === undefined || (nat.isUnknown('connectivity_type') && nat.isDeclared('connectivity_type') !== false))
    return;
  const connectivity = nat.text('connectivity_type') === 'private' ? 'private' : 'public';
  const more = nat.ids('secondary_allocation_ids').ids;
  const addresses: NatAddress[] = [undefined, ...more].map((allocation, at) => {
    const within = subnet.cidrs.find((cidr) => cidr.family === 'ipv4');
    const known = at === 0 ? nat.address('private_ip') : undefined;
    const own: Address = known ?? draft.numbers.address(within ?? side.any('ipv4'), `${id} ${at}`);
    const given = allocation ?? (connectivity === 'public' ? nat.id('allocation_id') : undefined);
    const seen = at === 0 ? nat.address('public_ip') : undefined;
    return {
      private: own,
      ...(connectivity === 'private' ? {} : { public: seen ?? side.publicAddress(given, `${id} ${at}`) }),
      ...(given === undefined ? {} : { allocationId: asId(given) }),
    };
  });
  draft.put<'natGateways'>('natGateways', {
    id: asId(id),
    vpcId: subnet.vpcId,
    subnetId: asId<SubnetId>(subnet.id),
    connectivity,
    state: 'available',
    addresses,
    tags: nat.tags(),
  });
}

function readPeering(side: Side, peering: Attributes): void {
  const { draft, resources } = side;
  const id = resources.idOf(peering.instance);
  const accepters = resources
    .of('aws_vpc_peering_connection_accepter')
    .filter((one) => one.id('vpc_peering_connection_id') === id);
  const accepts = new Set([peering, ...accepters].map((one) => one.flag('auto_accept')));
  const status = peering.text('accept_status') ?? (accepts.has(true) ? 'active' : undefined);
  const isOpen = accepts.has(undefined) || (peering.isUnknown('accept_status') && !peering.instance.isNew);
  if (status === undefined && isOpen) return;
  if (['vpc_id', 'peer_vpc_id'].some((name) => !side.isVpc(peering.id(name) ?? ''))) return;
  const region = peering.text('peer_region');
  const isFar =
    region !== undefined && (peering.isUnknown('accept_status') || side.region === undefined || side.region !== region);
  const sideOf = (name: string, far: string | undefined): PeeringSide => {
    const vpcId = peering.id(name) ?? peering.label(name);
    return {
      vpcId: asId(vpcId),
      ownerId: '',
      ...(far === undefined ? { region: 'here' } : { region: far }),
      cidrs: draft.get('vpcs', vpcId)?.cidrs ?? [],
    };
  };
  draft.put<'peerings'>('peerings', {
    id: asId(id),
    status: status ?? 'pending-acceptance',
    requester: sideOf('vpc_id', undefined),
    accepter: sideOf('peer_vpc_id', isFar ? region : undefined),
    tags: peering.tags(),
  });
}
