// Worlds as plans, as Terraform 1.11 with AWS's provider 5 writes them: of what is there already, or of what is made anew.
import { Random } from '../../bench/random.ts';
import { formatAddress } from '../../src/core/net/address.ts';
import { formatCidr } from '../../src/core/net/cidr.ts';
import { protocolName } from '../../src/core/net/protocol.ts';
import { type Traffic, trafficProtocol } from '../../src/core/net/traffic.ts';
import type { AclEntry } from '../../src/core/model/network-acl.ts';
import type { Route } from '../../src/core/model/route-table.ts';
import type { Rule, SecurityGroup } from '../../src/core/model/security-group.ts';
import { getRecord, listRecords, type World } from '../../src/core/model/world.ts';

/** A value that is the id of another resource, where the world has one. */
type Ref = { readonly id: string };
type Field = unknown;
/** A resource before it is written: ids of others stand as `Ref`, alone or in lists. */
type Resource = {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly fields: Readonly<Record<string, Field>>;
};

/** The resources of a world. `isNew`: as they are written in a configuration, else as a state shows them. */
export function resourcesOf(world: World, seed: number, isNew: boolean): readonly Resource[] {
  const random = new Random(seed);
  const found: Resource[] = [];
  let count = 0;
  const add = (type: string, id: string, fields: Resource['fields']): void => {
    count += 1;
    found.push({ type, name: `r${count}`, id, fields });
  };
  for (const vpc of listRecords(world, 'vpcs')) {
    const [primary, ...more] = vpc.cidrs.filter(({ family }) => family === 'ipv4');
    const ipv6 = vpc.cidrs.find(({ family }) => family === 'ipv6');
    const mainId = vpc.mainRouteTable?.routeTableId ?? '';
    add('aws_vpc', vpc.id, {
      cidr_block: primary === undefined ? undefined : formatCidr(primary),
      ipv6_cidr_block: ipv6 === undefined ? '' : formatCidr(ipv6),
      default_network_acl_id: { brings: `default-acl-of-${vpc.id}` },
      default_route_table_id: { brings: mainId },
      main_route_table_id: { brings: mainId },
    });
    for (const cidr of more)
      add('aws_vpc_ipv4_cidr_block_association', `${vpc.id}-${formatCidr(cidr)}`, {
        vpc_id: { id: vpc.id },
        cidr_block: formatCidr(cidr),
      });
  }
  const mains = new Set([...listRecords(world, 'vpcs')].map((vpc) => vpc.mainRouteTable?.routeTableId as string));
  for (const subnet of listRecords(world, 'subnets')) {
    const [ipv4, ipv6] = ['ipv4', 'ipv6'].map((family) => subnet.cidrs.find((cidr) => cidr.family === family));
    add('aws_subnet', subnet.id, {
      vpc_id: { id: subnet.vpcId },
      cidr_block: ipv4 === undefined ? '' : formatCidr(ipv4),
      ipv6_cidr_block: ipv6 === undefined ? '' : formatCidr(ipv6),
      ipv6_native: ipv4 === undefined,
      assign_ipv6_address_on_creation: false,
    });
    if (subnet.routeTable !== undefined)
      add('aws_route_table_association', `rta-${subnet.id}`, {
        subnet_id: { id: subnet.id },
        route_table_id: { id: subnet.routeTable.routeTableId },
      });
    const aclId = subnet.networkAcl?.aclId ?? '';
    if (!aclId.startsWith('default-acl-of-'))
      add('aws_network_acl_association', `acla-${subnet.id}`, {
        subnet_id: { id: subnet.id },
        network_acl_id: { id: aclId },
      });
  }
  for (const table of listRecords(world, 'routeTables')) {
    const isMain = mains.has(table.id);
    const routes = table.routes.filter(({ target }) => target.kind !== 'local');
    const inline = !isNew || random.chance(0.3);
    add(isMain ? 'aws_default_route_table' : 'aws_route_table', table.id, {
      ...(isMain ? { default_route_table_id: { id: table.id } } : {}),
      vpc_id: { id: table.vpcId },
      ...(inline && !(isNew && routes.length > 1) ? { route: routes.map((route) => routeFields(route, '')) } : {}),
    });
    if (!inline || (isNew && routes.length > 1))
      for (const [at, route] of routes.entries())
        add('aws_route', `${table.id}-${at}`, {
          route_table_id: { id: table.id },
          ...routeFields(route, 'destination_'),
        });
  }
  for (const [kind, type] of [
    ['internetGateways', 'aws_internet_gateway'],
    ['egressOnlyGateways', 'aws_egress_only_internet_gateway'],
  ] as const)
    for (const gateway of listRecords(world, kind))
      add(type, gateway.id, { vpc_id: gateway.vpcId === undefined ? '' : { id: gateway.vpcId } });
  for (const nat of listRecords(world, 'natGateways')) {
    const [own] = nat.addresses;
    add('aws_nat_gateway', nat.id, {
      subnet_id: { id: nat.subnetId },
      connectivity_type: nat.connectivity,
      private_ip: own === undefined ? '' : formatAddress(own.private),
      public_ip: own?.public === undefined ? '' : formatAddress(own.public),
    });
  }
  for (const peering of listRecords(world, 'peerings')) {
    const isFar = peering.requester.region !== peering.accepter.region;
    add('aws_vpc_peering_connection', peering.id, {
      vpc_id: { id: peering.requester.vpcId },
      peer_vpc_id: { id: peering.accepter.vpcId },
      ...(isFar ? { peer_region: peering.accepter.region } : {}),
      ...(isNew ? { auto_accept: peering.status === 'active' } : { accept_status: peering.status }),
    });
  }
  for (const list of listRecords(world, 'prefixLists'))
    if (list.entries !== undefined)
      add('aws_ec2_managed_prefix_list', list.id, {
        address_family: list.family === 'ipv4' ? 'IPv4' : 'IPv6',
        entry: list.entries.map(({ cidr }) => ({ cidr: formatCidr(cidr) })),
      });
  for (const acl of listRecords(world, 'acls')) {
    const isDefault = acl.id.startsWith('default-acl-of-');
    if (isDefault) continue;
    const inline = random.chance(0.5);
    const of = (direction: string): object[] =>
      acl.entries.filter((entry) => entry.direction === direction).map((entry) => entryFields(entry, ''));
    add('aws_network_acl', acl.id, {
      vpc_id: { id: acl.vpcId },
      ...(inline || !isNew ? { ingress: of('ingress'), egress: of('egress') } : {}),
    });
    if (!inline)
      for (const [at, entry] of acl.entries.entries())
        add('aws_network_acl_rule', `${acl.id}-${at}`, {
          network_acl_id: { id: acl.id },
          egress: entry.direction === 'egress',
          ...entryFields(entry, 'rule_'),
        });
  }
  for (const group of listRecords(world, 'groups')) addGroup(add, group, { random, isNew });
  for (const eni of listRecords(world, 'enis')) {
    if (eni.interfaceType === 'nat_gateway') continue;
    add('aws_network_interface', eni.id, {
      subnet_id: { id: eni.subnetId },
      private_ips: eni.addresses
        .filter(({ address }) => address.family === 'ipv4')
        .map((own) => formatAddress(own.address)),
      ipv6_addresses: eni.addresses
        .filter(({ address }) => address.family === 'ipv6')
        .map((own) => formatAddress(own.address)),
      ipv4_prefixes: eni.prefixes.filter(({ family }) => family === 'ipv4').map(formatCidr),
      ipv6_prefixes: eni.prefixes.filter(({ family }) => family === 'ipv6').map(formatCidr),
      security_groups: eni.groups.map((id) => ({ id })),
      source_dest_check: eni.sourceDestCheck,
      interface_type: eni.interfaceType,
    });
    for (const own of eni.addresses)
      if (own.public !== undefined)
        add('aws_eip', `eip-${eni.id}-${formatAddress(own.address)}`, {
          public_ip: formatAddress(own.public.address),
          network_interface: { id: eni.id },
          associate_with_private_ip: formatAddress(own.address),
        });
  }
  return found;
}

function addGroup(
  add: (type: string, id: string, fields: Resource['fields']) => void,
  group: SecurityGroup,
  { random, isNew }: { readonly random: Random; readonly isNew: boolean },
): void {
  const form = random.pick(['inline', 'rule', 'single'] as const);
  const hasReferences = group.rules.some(({ peer }) => peer.kind !== 'cidr');
  const inline = form === 'inline' && !(isNew && hasReferences);
  const of = (direction: string): object[] =>
    group.rules.filter((rule) => rule.direction === direction).map(blockFields);
  const isShown = !isNew || inline;
  add('aws_security_group', group.id, {
    vpc_id: { id: group.vpcId },
    name: group.name,
    ...(isShown ? { ingress: of('ingress'), egress: of('egress') } : {}),
    written: inline,
  });
  if (inline) return;
  for (const [at, rule] of group.rules.entries()) {
    const id = `${group.id}-${at}`;
    if (form === 'single')
      add(`aws_vpc_security_group_${rule.direction}_rule`, id, {
        security_group_id: { id: group.id },
        ...singleFields(rule),
      });
    else
      add('aws_security_group_rule', id, {
        security_group_id: { id: group.id },
        type: rule.direction,
        ...ruleFields(rule),
      });
  }
}

function anyOf(value: number | 'any'): number {
  return value === 'any' ? -1 : value;
}

function ports(traffic: Traffic): { readonly protocol: string; readonly from: number; readonly to: number } {
  const number = trafficProtocol(traffic);
  const protocol = number === undefined ? '-1' : protocolName(number);
  if (traffic.kind === 'tcp' || traffic.kind === 'udp')
    return { protocol, from: traffic.ports.from, to: traffic.ports.to };
  if (traffic.kind === 'icmp' || traffic.kind === 'icmpv6')
    return { protocol, from: anyOf(traffic.type), to: anyOf(traffic.code) };
  return { protocol, from: 0, to: 0 };
}

function peersOf({ peer }: Rule): {
  readonly ipv4: string[];
  readonly ipv6: string[];
  readonly lists: Ref[];
  readonly groups: Ref[];
} {
  const cidr = peer.kind === 'cidr' ? formatCidr(peer.cidr) : undefined;
  return {
    ipv4: cidr !== undefined && !cidr.includes(':') ? [cidr] : [],
    ipv6: cidr?.includes(':') === true ? [cidr] : [],
    lists: peer.kind === 'prefix-list' ? [{ id: peer.prefixListId }] : [],
    groups: peer.kind === 'group' ? [{ id: peer.groupId }] : [],
  };
}

function blockFields(rule: Rule): object {
  const { protocol, from, to } = ports(rule.traffic);
  const { ipv4, ipv6, lists, groups } = peersOf(rule);
  return {
    protocol,
    from_port: from,
    to_port: to,
    cidr_blocks: ipv4,
    ipv6_cidr_blocks: ipv6,
    prefix_list_ids: lists,
    security_groups: groups,
    self: false,
    description: '',
  };
}

function ruleFields(rule: Rule): object {
  const { protocol, from, to } = ports(rule.traffic);
  const { ipv4, ipv6, lists, groups } = peersOf(rule);
  return {
    protocol,
    from_port: from,
    to_port: to,
    self: false,
    ...(ipv4.length > 0 ? { cidr_blocks: ipv4 } : {}),
    ...(ipv6.length > 0 ? { ipv6_cidr_blocks: ipv6 } : {}),
    ...(lists.length > 0 ? { prefix_list_ids: lists } : {}),
    ...(groups[0] === undefined ? {} : { source_security_group_id: groups[0] }),
  };
}

function singleFields(rule: Rule): object {
  const { protocol, from, to } = ports(rule.traffic);
  const { ipv4, ipv6, lists, groups } = peersOf(rule);
  return {
    ip_protocol: protocol,
    ...(protocol === '-1' ? {} : { from_port: from, to_port: to }),
    ...(ipv4[0] === undefined ? {} : { cidr_ipv4: ipv4[0] }),
    ...(ipv6[0] === undefined ? {} : { cidr_ipv6: ipv6[0] }),
    ...(lists[0] === undefined ? {} : { prefix_list_id: lists[0] }),
    ...(groups[0] === undefined ? {} : { referenced_security_group_id: groups[0] }),
  };
}

function entryFields(entry: AclEntry, prefix: '' | 'rule_'): object {
  const { protocol, from, to } = ports(entry.traffic);
  const isIcmp = entry.traffic.kind === 'icmp' || entry.traffic.kind === 'icmpv6';
  const text = formatCidr(entry.cidr);
  return {
    [prefix === '' ? 'rule_no' : 'rule_number']: entry.number,
    [`${prefix}action`]: entry.action,
    protocol: String(trafficProtocol(entry.traffic) ?? -1),
    from_port: isIcmp ? 0 : protocol === '-1' ? 0 : from,
    to_port: isIcmp ? 0 : protocol === '-1' ? 0 : to,
    icmp_type: isIcmp ? from : 0,
    icmp_code: isIcmp ? to : 0,
    cidr_block: text.includes(':') ? '' : text,
    ipv6_cidr_block: text.includes(':') ? text : '',
  };
}

function routeFields(route: Route, prefix: '' | 'destination_'): object {
  const { destination, target } = route;
  const text = destination.kind === 'cidr' ? formatCidr(destination.cidr) : undefined;
  const to =
    text === undefined
      ? { destination_prefix_list_id: { id: destination.kind === 'cidr' ? '' : destination.prefixListId } }
      : { [`${prefix}${text.includes(':') ? 'ipv6_' : ''}cidr_block`]: text };
  switch (target.kind) {
    case 'local':
    case 'unmodelled':
      return { ...to, transit_gateway_id: target.kind === 'local' ? 'local' : target.id };
    case 'internet-gateway':
      return { ...to, gateway_id: { id: target.id } };
    case 'egress-only-gateway':
      return { ...to, egress_only_gateway_id: { id: target.id } };
    case 'nat-gateway':
      return { ...to, nat_gateway_id: { id: target.id } };
    case 'peering':
      return { ...to, vpc_peering_connection_id: { id: target.id } };
    case 'eni':
      return { ...to, network_interface_id: { id: target.id } };
  }
}

/** A plan of these resources. `isNew`: each is created, so that ids are not known and stand as references in the configuration. */
export function planOf(resources: readonly Resource[], isNew: boolean): object {
  const byId = new Map(resources.map((one) => [one.id, one]));
  const brought = new Map<string, string>();
  for (const one of resources)
    for (const [name, value] of Object.entries(one.fields))
      if (isBrings(value)) brought.set(value.brings, `${one.type}.${one.name}.${name}`);
  const targetOf = (id: string): string | undefined => {
    const other = byId.get(id);
    const isAdopted = other?.type === 'aws_default_route_table';
    return other === undefined || isAdopted ? brought.get(id) : `${other.type}.${other.name}.id`;
  };
  const rows = resources.map((one) => {
    const values: Record<string, unknown> = {};
    const unknown: Record<string, unknown> = {};
    const expressions: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(one.fields)) {
      if (name === 'written' || value === undefined) continue;
      const isDeclared =
        !(one.fields['written'] === false && (name === 'ingress' || name === 'egress')) && !isBrings(value);
      const rendered = render(value, isNew ? targetOf : () => undefined);
      if (rendered.unknown === true) unknown[name] = true;
      else {
        values[name] = rendered.value;
        if (rendered.unknown !== false) unknown[name] = rendered.unknown;
      }
      if (isDeclared)
        expressions[name] =
          rendered.references.length === 0 ? { constant_value: rendered.value } : { references: rendered.references };
    }
    if (isNew) unknown['id'] = true;
    else values['id'] = one.id;
    const address = `${one.type}.${one.name}`;
    return {
      change: {
        address,
        mode: 'managed',
        type: one.type,
        name: one.name,
        change: {
          actions: [isNew ? 'create' : 'no-op'],
          before: isNew ? null : values,
          after: values,
          after_unknown: unknown,
        },
      },
      resource: { address, mode: 'managed', type: one.type, name: one.name, expressions },
    };
  });
  return {
    format_version: '1.2',
    terraform_version: '1.11.4',
    resource_changes: rows.map(({ change }) => change),
    configuration: { root_module: { resources: rows.map(({ resource }) => resource) } },
  };
}

/** Stands in references for what is not another resource. */
export const ELSEWHERE = 'local.elsewhere';

type Rendered = { readonly value: unknown; readonly unknown: unknown; readonly references: readonly string[] };

function render(value: unknown, targetOf: (id: string) => string | undefined): Rendered {
  if (isBrings(value)) {
    // Ids of what comes with a VPC are AWS's to give.
    return targetOf('') === undefined && targetOf(value.brings) === undefined
      ? { value: value.brings, unknown: false, references: [] }
      : { value: undefined, unknown: true, references: [] };
  }
  if (isRef(value)) {
    const target = targetOf(value.id);
    return target === undefined
      ? { value: value.id, unknown: false, references: [] }
      : { value: undefined, unknown: true, references: [target, target.replace(/\.[^.]*$/, '')] };
  }
  if (Array.isArray(value)) {
    const all = value.map((one: unknown) => render(one, targetOf));
    const references = all.flatMap((one) => one.references);
    const isSet = value.some((one: unknown) => isRef(one));
    // Ids from elsewhere beside references: by a local value, as people write it.
    const isMixed = all.some((one) => one.references.length === 0);
    if (isSet && references.length > 0)
      return { value: undefined, unknown: true, references: isMixed ? [...references, ELSEWHERE] : references };
    return { value: all.map((one) => one.value), unknown: all.map((one) => one.unknown), references };
  }
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(([name, one]) => [name, render(one, targetOf)] as const);
    return {
      value: Object.fromEntries(
        parts.filter(([, one]) => one.unknown !== true).map(([name, one]) => [name, one.value]),
      ),
      unknown: Object.fromEntries(
        parts.filter(([, one]) => one.unknown !== false).map(([name, one]) => [name, one.unknown]),
      ),
      references: parts.flatMap(([, one]) => one.references),
    };
  }
  return { value, unknown: false, references: [] };
}

function isRef(value: unknown): value is Ref {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === 'id';
}

function isBrings(value: unknown): value is { readonly brings: string } {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === 'brings';
}

/** The id that a record of the world has in a plan in which everything is made anew. */
export function addressIn(resources: readonly Resource[], id: string): string {
  const one = resources.find((resource) => resource.id === id);
  return one === undefined ? id : `${one.type}.${one.name}`;
}

/** Whether a world is one that resources can say. */
export function isSayable(world: World): boolean {
  return [...listRecords(world, 'natGateways')].every(
    (nat) =>
      nat.addresses.length === 1 &&
      nat.state === 'available' &&
      getRecord(world, 'subnets', nat.subnetId) !== undefined,
  );
}
