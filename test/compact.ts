import { parseAddress, type Address, type Family } from '../src/core/net/address.ts';
import { ANY_IPV4, ANY_IPV6, type Cidr, formatCidr, parseCidr } from '../src/core/net/cidr.ts';
import { expectOk } from '../src/core/net/result.ts';
import { ALL_TRAFFIC, parseTraffic } from '../src/core/net/traffic.ts';
import type { Eni } from '../src/core/model/eni.ts';
import type { PeeringSide } from '../src/core/model/gateway.ts';
import { asId, type VpcId } from '../src/core/model/ids.ts';
import { type AclEntry, type NetworkAcl, sortEntries } from '../src/core/model/network-acl.ts';
import { type Kind, KINDS, type Records } from '../src/core/model/records.ts';
import type { Route, RouteTable, RouteTarget } from '../src/core/model/route-table.ts';
import type { Direction, Peer, Rule } from '../src/core/model/security-group.ts';
import { type World, worldOf } from '../src/core/model/world.ts';
import type { Compact, CompactAcl, CompactEni, CompactGateway, CompactTable } from './compact-format.ts';

export type { Compact } from './compact-format.ts';

const OWNER = '111111111111';

/** Kinds by the words that `missing` uses. */
const KIND_WORDS: Readonly<Record<string, Kind>> = {
  networkInterfaces: 'enis',
  securityGroups: 'groups',
  networkAcls: 'acls',
};

/** A model world from a compact one; names are the ids. Throws on anything that it does not understand: cases are our own. */
export function compactWorld(compact: Compact): World {
  const vpcs = entries(compact, 'vpcs');
  const records: { [K in Kind]?: readonly Records[K][] } = {
    vpcs: vpcs.map(([id, vpc]) => ({
      id: asId(id),
      ownerId: vpc.owner ?? OWNER,
      isDefault: vpc.default ?? false,
      cidrs: cidrs(vpc.cidrs),
      mainRouteTable: { associationId: `rtbassoc-${id}`, routeTableId: asId(mainTableOf(compact, id)) },
      tags: [],
    })),
    subnets: entries(compact, 'subnets').map(([id, subnet]) => ({
      id: asId(id),
      vpcId: asId(subnet.vpc),
      cidrs: cidrs(subnet.cidrs),
      networkAcl: {
        associationId: `aclassoc-${id}`,
        aclId: asId(subnet.acl === null ? `unknown-acl-of-${id}` : (subnet.acl ?? `default-acl-of-${subnet.vpc}`)),
      },
      ...(subnet.routeTable === undefined
        ? {}
        : {
            routeTable: {
              associationId: `rtbassoc-${id}`,
              routeTableId: asId(subnet.routeTable ?? `unknown-table-of-${id}`),
            },
          }),
      mapPublicIpOnLaunch: false,
      assignIpv6OnCreation: false,
      tags: [],
    })),
    acls: [...entries(compact, 'acls').map(([id, acl]) => compactAcl(id, acl)), ...vpcs.map(([id]) => defaultAcl(id))],
    routeTables: compactTables(compact),
    internetGateways: entries(compact, 'internetGateways').map(([id, gateway]) => ({
      id: asId(id),
      ...attached(gateway),
      tags: [],
    })),
    egressOnlyGateways: entries(compact, 'egressOnlyGateways').map(([id, gateway]) => ({
      id: asId(id),
      ...attached(gateway),
      tags: [],
    })),
    natGateways: entries(compact, 'natGateways').map(([id, nat]) => ({
      id: asId(id),
      vpcId: asId(compact.subnets?.[nat.subnet]?.vpc ?? ''),
      subnetId: asId(nat.subnet),
      connectivity: nat.public === undefined ? 'private' : 'public',
      state: nat.state ?? 'available',
      addresses: [
        { private: address(nat.private), ...(nat.public === undefined ? {} : { public: address(nat.public) }) },
        ...(nat.more ?? []).map((text) => {
          const [own = '', seen] = text.split(' ');
          return { private: address(own), ...(seen === undefined ? {} : { public: address(seen) }) };
        }),
      ],
      tags: [],
    })),
    peerings: entries(compact, 'peerings').map(([id, peering]) => ({
      id: asId(id),
      status: peering.status ?? 'active',
      requester: side(compact, peering.requester, peering.regions?.[0]),
      accepter: side(compact, peering.accepter, peering.regions?.[1]),
      tags: [],
    })),
    prefixLists: entries(compact, 'prefixLists').map(([id, list]) => ({
      id: asId(id),
      name: id,
      ownerId: OWNER,
      family: list.family,
      ...(list.entries === null || list.entries === undefined
        ? {}
        : { entries: list.entries.map((text) => ({ cidr: cidr(text) })) }),
      versions: [],
      version: 1,
      ...(list.max === undefined ? {} : { weight: list.max }),
      state: 'create-complete',
      tags: [],
    })),
    groups: entries(compact, 'groups').map(([id, group]) => ({
      id: asId(id),
      vpcId: asId(group.vpc),
      ownerId: OWNER,
      name: group.name ?? id,
      description: id,
      rules: [...rules(id, 'ingress', group.ingress ?? []), ...rules(id, 'egress', group.egress ?? ['all 0.0.0.0/0'])],
      tags: [],
    })),
    groupAssociations: (compact.groupVpcs ?? []).map((one) => ({
      id: `${one.group}/${one.vpc}`,
      groupId: asId(one.group),
      vpcId: asId(one.vpc),
      state: one.state ?? 'associated',
    })),
    enis: entries(compact, 'enis').map(([id, eni]) => compactEni(compact, id, eni)),
    instances: entries(compact, 'instances').map(([id, instance]) => ({
      id: asId(id),
      state: instance.state ?? 'running',
      tags: [],
    })),
  };
  return worldOf(records, (compact.missing ?? []).map(kindOf));
}

/** RFC 7396: objects merge, everything else replaces, null deletes. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null && !KEEPS_NULL.has(key)) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

/** Fields whose null says "not known" or "not attached": a patch can set them, so it cannot delete them. */
const KEEPS_NULL: ReadonlySet<string> = new Set(['acl', 'routeTable', 'entries', 'vpc']);

/** The first address of a family on an ENI of a compact world. */
export function firstAddress(eni: Eni, family: Family): Address {
  const found = eni.addresses.find((own) => own.address.family === family);
  if (found === undefined) throw new Error(`${eni.id} has no ${family} address`);
  return found.address;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entries<K extends Exclude<keyof Compact, 'groupVpcs' | 'missing'>>(
  compact: Compact,
  section: K,
): [string, NonNullable<Compact[K]>[string]][] {
  return Object.entries(compact[section] ?? {}) as [string, NonNullable<Compact[K]>[string]][];
}

function kindOf(word: string): Kind {
  const kind = KIND_WORDS[word] ?? KINDS.find((one) => one === word);
  if (kind === undefined) throw new Error(`no kind of records is called ${JSON.stringify(word)}`);
  return kind;
}

function cidr(text: string): Cidr {
  return expectOk(parseCidr(text));
}

function cidrs(texts: readonly string[] | undefined): readonly Cidr[] {
  return (texts ?? []).map(cidr);
}

function address(text: string): Address {
  return expectOk(parseAddress(text));
}

function attached(gateway: CompactGateway): { readonly vpcId?: VpcId } {
  return gateway.vpc === null ? {} : { vpcId: asId(gateway.vpc) };
}

function side(compact: Compact, vpc: string, region: string | undefined): PeeringSide {
  const record = compact.vpcs?.[vpc];
  return {
    vpcId: asId(vpc),
    ownerId: record?.owner ?? OWNER,
    region: region ?? 'eu-west-1',
    cidrs: cidrs(record?.cidrs),
  };
}

function compactEni(compact: Compact, id: string, eni: CompactEni): Eni {
  const timeouts = eni.timeouts ?? {};
  return {
    id: asId(id),
    vpcId: asId(compact.subnets?.[eni.subnet]?.vpc ?? `unknown-vpc-of-${id}`),
    subnetId: asId(eni.subnet),
    ownerId: OWNER,
    groups: (eni.groups ?? []).map((name) => asId(name)),
    addresses: (eni.addresses ?? []).map((text, index) => ({
      address: address(text),
      isPrimary: index === 0,
      ...(eni.public?.[text] === undefined ? {} : { public: { address: address(eni.public[text]) } }),
    })),
    prefixes: cidrs(eni.prefixes),
    sourceDestCheck: eni.sourceDestCheck ?? true,
    interfaceType: eni.type ?? 'interface',
    status: 'in-use',
    description: '',
    ...(eni.instance === undefined
      ? {}
      : { attachment: { instanceId: asId(eni.instance), deviceIndex: eni.device ?? 0 } }),
    timeouts: {
      ...(timeouts.tcpEstablished === undefined ? {} : { tcpEstablishedSeconds: timeouts.tcpEstablished }),
      ...(timeouts.udpStream === undefined ? {} : { udpStreamSeconds: timeouts.udpStream }),
      ...(timeouts.udp === undefined ? {} : { udpSeconds: timeouts.udp }),
    },
    tags: [],
  };
}

function rules(group: string, direction: Direction, lines: readonly string[]): readonly Rule[] {
  return lines.map((line, index) => {
    const [traffic = '', peer = ''] = line.split(' ');
    return {
      id: asId(`${group}.${direction}.${index}`),
      direction,
      traffic: expectOk(parseTraffic(traffic)),
      peer: compactPeer(peer),
      tags: [],
    };
  });
}

function compactPeer(text: string): Peer {
  const [word, name = ''] = text.split(/:(.*)/s);
  if (word === 'group') return { kind: 'group', groupId: asId(name) };
  if (word === 'list') return { kind: 'prefix-list', prefixListId: asId(name) };
  return { kind: 'cidr', cidr: cidr(text) };
}

function compactAcl(id: string, acl: CompactAcl): NetworkAcl {
  const lines = (direction: Direction): AclEntry[] =>
    (acl[direction] ?? []).map((line): AclEntry => {
      const [number = '', action = '', traffic = '', block = ''] = line.split(' ');
      if (action !== 'allow' && action !== 'deny')
        throw new Error(`NACL line ${JSON.stringify(line)} is neither allow nor deny`);
      return { number: Number(number), direction, action, cidr: cidr(block), traffic: expectOk(parseTraffic(traffic)) };
    });
  return {
    id: asId(id),
    vpcId: asId(acl.vpc),
    isDefault: acl.default ?? false,
    entries: sortEntries([...lines('ingress'), ...lines('egress')]),
    tags: [],
  };
}

function defaultAcl(vpc: string): NetworkAcl {
  const both = sortEntries([...allowAllEntries('ingress'), ...allowAllEntries('egress')]);
  return {
    id: asId(`default-acl-of-${vpc}`),
    vpcId: asId(vpc),
    isDefault: true,
    entries: both,
    tags: [],
  };
}

function allowAllEntries(direction: Direction): readonly AclEntry[] {
  return [
    { number: 100, direction, action: 'allow', cidr: ANY_IPV4, traffic: ALL_TRAFFIC },
    { number: 101, direction, action: 'allow', cidr: ANY_IPV6, traffic: ALL_TRAFFIC },
  ];
}

function mainTableOf(compact: Compact, vpc: string): string {
  const main = entries(compact, 'routeTables').find(([, table]) => table.vpc === vpc && table.main === true);
  return main?.[0] ?? `main-table-of-${vpc}`;
}

function compactTables(compact: Compact): readonly RouteTable[] {
  const named = entries(compact, 'routeTables').map(([id, table]) => compactTable(compact, id, table));
  const implied = entries(compact, 'vpcs')
    .map(([vpc]) => ({ vpc, id: mainTableOf(compact, vpc) }))
    .filter(({ id }) => compact.routeTables?.[id] === undefined)
    .map(({ vpc, id }) => compactTable(compact, id, { vpc, routes: [] }));
  return [...named, ...implied];
}

function compactTable(compact: Compact, id: string, table: CompactTable): RouteTable {
  const own = (table.routes ?? []).map(compactRoute);
  const replaced = new Set(
    own.map((route) => (route.destination.kind === 'cidr' ? formatCidr(route.destination.cidr) : '')),
  );
  const local = cidrs(compact.vpcs?.[table.vpc]?.cidrs)
    .filter((block) => !replaced.has(formatCidr(block)))
    .map((block): Route => ({
      destination: { kind: 'cidr', cidr: block },
      target: { kind: 'local' },
      state: 'active',
      origin: 'local',
    }));
  return { id: asId(id), vpcId: asId(table.vpc), routes: [...local, ...own], tags: [] };
}

function compactRoute(line: string): Route {
  const [destination = '', target = '', ...flags] = line.split(' ');
  return {
    destination: destination.startsWith('list:')
      ? { kind: 'prefix-list', prefixListId: asId(destination.slice(5)) }
      : { kind: 'cidr', cidr: cidr(destination) },
    target: compactTarget(target),
    state: flags.includes('blackhole') ? 'blackhole' : 'active',
    origin: flags.includes('propagated') ? 'propagated' : 'static',
  };
}

function compactTarget(text: string): RouteTarget {
  const [word = '', id = ''] = text.split(/:(.*)/s);
  switch (word) {
    case 'local':
      return { kind: 'local' };
    case 'igw':
      return { kind: 'internet-gateway', id: asId(id) };
    case 'eigw':
      return { kind: 'egress-only-gateway', id: asId(id) };
    case 'nat':
      return { kind: 'nat-gateway', id: asId(id) };
    case 'pcx':
      return { kind: 'peering', id: asId(id) };
    case 'eni':
      return { kind: 'eni', id: asId(id) };
    case 'tgw':
    case 'vgw':
    case 'vpce':
      return { kind: 'unmodelled', id: `${word}-${id}` };
    default:
      throw new Error(`route target ${JSON.stringify(text)} is not one of the case format`);
  }
}
