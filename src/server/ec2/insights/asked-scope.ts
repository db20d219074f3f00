import type {
  AccessScopePath,
  AccessScopePathRequest,
  PacketHeaderStatement,
  PacketHeaderStatementRequest,
  PathStatementRequest,
  ResourceStatement,
  ResourceStatementRequest,
} from '@aws-sdk/client-ec2';
import { parseAddress } from '../../../core/net/address.ts';
import { type Cidr, hostCidr, parseCidr } from '../../../core/net/cidr.ts';
import { interval, type IntervalSet, unionSets } from '../../../core/net/interval-set.ts';
import { fail, ok, type Result } from '../../../core/net/result.ts';
import type { Kind } from '../../../core/model/records.ts';
import type {
  Resources,
  ScopeEnd,
  ScopeHeader,
  ScopePath,
  ScopeQuestion,
} from '../../../analysis/insights/scope-question.ts';
import type {
  AccessScope,
  ScopePacketHeader,
  ScopePathDetail,
  ScopeResources,
  ScopeStatement,
} from '../../control/details/insights-detail.ts';
import type { Realm } from '../../control/env.ts';
import { invalidParameter, missingParameter, type Refusal, unsupported } from '../../control/refusal.ts';
import { clip, resourceId } from './asked-path.ts';

type Read<T> = Result<T, Refusal>;

/** AWS's types of what a path can start or end at, or belong to there. */
const END_TYPES: ReadonlyMap<string, Kind> = new Map([
  ['AWS::EC2::NetworkInterface', 'enis'],
  ['AWS::EC2::Instance', 'instances'],
  ['AWS::EC2::InternetGateway', 'internetGateways'],
  ['AWS::EC2::EgressOnlyInternetGateway', 'egressOnlyGateways'],
  ['AWS::EC2::Subnet', 'subnets'],
  ['AWS::EC2::VPC', 'vpcs'],
  ['AWS::EC2::SecurityGroup', 'groups'],
]);
/** And of what it can run through. */
const THROUGH_TYPES: ReadonlyMap<string, Kind> = new Map([
  ...END_TYPES,
  ['AWS::EC2::NatGateway', 'natGateways'],
  ['AWS::EC2::VPCPeeringConnection', 'peerings'],
  ['AWS::EC2::RouteTable', 'routeTables'],
  ['AWS::EC2::NetworkAcl', 'acls'],
]);
/** Most paths of a scope, and entries of a statement (this server's own). */
const MOST = { paths: 50, entries: 100 } as const;

/** Reads the paths of a scope. Refused: types and resources that the server does not know as such, prefixes and ports that are none. */
export function askedScopePaths(
  name: string,
  given: readonly AccessScopePathRequest[] | undefined,
  realm: Realm,
): Read<readonly ScopePathDetail[]> {
  const paths: ScopePathDetail[] = [];
  if ((given ?? []).length > MOST.paths)
    return invalidParameter(name, given?.length ?? 0, `At most ${MOST.paths} are possible.`);
  for (const { Source: from, Destination: to, ThroughResources: over } of given ?? []) {
    const source = statementOf(`${name}.Source`, from, realm);
    if (!source.ok) return source;
    const destination = statementOf(`${name}.Destination`, to, realm);
    if (!destination.ok) return destination;
    const through: ScopeResources[] = [];
    for (const one of over ?? []) {
      const resources = resourcesOf(`${name}.ThroughResources`, one.ResourceStatement, { realm, types: THROUGH_TYPES });
      if (!resources.ok) return resources;
      if (resources.value === undefined) return missingParameter(`${name}.ThroughResources.ResourceStatement`);
      through.push(resources.value);
    }
    if (source.value === undefined && destination.value === undefined && through.length === 0)
      return missingParameter(`${name}.Source`);
    paths.push({
      ...(source.value === undefined ? {} : { source: source.value }),
      ...(destination.value === undefined ? {} : { destination: destination.value }),
      through,
    });
  }
  return ok(paths);
}

function statementOf(
  name: string,
  given: PathStatementRequest | undefined,
  realm: Realm,
): Read<ScopeStatement | undefined> {
  if (given === undefined) return ok(undefined);
  const resources = resourcesOf(name, given.ResourceStatement, { realm, types: END_TYPES });
  if (!resources.ok) return resources;
  const header = headerOf(name, given.PacketHeaderStatement);
  if (!header.ok) return header;
  return ok({
    ...(resources.value === undefined ? {} : { resources: resources.value }),
    ...(header.value === undefined ? {} : { header: header.value }),
  });
}

function resourcesOf(
  name: string,
  given: ResourceStatementRequest | undefined,
  { realm, types: known }: { readonly realm: Realm; readonly types: ReadonlyMap<string, Kind> },
): Read<ScopeResources | undefined> {
  if (given === undefined) return ok(undefined);
  const [resources, types] = [given.Resources ?? [], given.ResourceTypes ?? []];
  if (resources.length === 0 && types.length === 0) return missingParameter(`${name}.ResourceStatement.Resources`);
  if (resources.length + types.length > MOST.entries)
    return invalidParameter(name, resources.length + types.length, `At most ${MOST.entries} resources are possible.`);
  for (const type of types)
    if (!known.has(type))
      return unsupported(`the type ${clip(type)} in ${name}: it knows ${[...known.keys()].join(', ')}`);
  for (const text of resources) {
    const id = resourceId(name, text, realm);
    if (!id.ok) return id;
    if (!/^(?:eni|i|igw|eigw|subnet|vpc|sg|nat|pcx|rtb|acl)-[0-9a-f]{1,32}$/.test(id.value))
      return unsupported(`the resource ${clip(text)} in ${name}: it knows ${[...known.keys()].join(', ')}`);
  }
  return ok({ resources, types });
}

function headerOf(name: string, given: PacketHeaderStatementRequest | undefined): Read<ScopePacketHeader | undefined> {
  if (given === undefined) return ok(undefined);
  const { SourceAddresses: sources = [], DestinationAddresses: destinations = [], Protocols: asked = [] } = given;
  const { SourcePorts: sourcePorts = [], DestinationPorts: destinationPorts = [] } = given;
  for (const text of [...sources, ...destinations])
    if (!prefixOf(text).ok)
      return invalidParameter(`${name}.PacketHeaderStatement`, clip(text), 'It is neither an address nor a prefix.');
  for (const text of [...sourcePorts, ...destinationPorts])
    if (portsOf(text) === undefined)
      return invalidParameter(`${name}.PacketHeaderStatement`, clip(text), 'Ports are 80 or 80-90, from 0 to 65535.');
  const protocols = asked.map(String).filter((one) => one === 'tcp' || one === 'udp');
  if (protocols.length < asked.length)
    return invalidParameter(`${name}.Protocols`, clip(asked.join()), 'Use tcp and udp.');
  const header = {
    sourceAddresses: sources,
    destinationAddresses: destinations,
    sourcePorts,
    destinationPorts,
    sourcePrefixLists: given.SourcePrefixLists ?? [],
    destinationPrefixLists: given.DestinationPrefixLists ?? [],
    protocols,
  };
  return Object.values(header).flat().length > MOST.entries
    ? invalidParameter(name, Object.values(header).flat().length, `A header has at most ${MOST.entries} values.`)
    : ok(header);
}

function prefixOf(text: string): Result<Cidr> {
  const cidr = parseCidr(text);
  if (cidr.ok) return cidr;
  const address = parseAddress(text);
  return address.ok ? ok(hostCidr(address.value)) : fail('no prefix');
}

function portsOf(text: string): IntervalSet | undefined {
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  return first === '' || from > to || to > 65_535 ? undefined : interval(from, to);
}

/** The question of a scope that was kept. */
export function scopeQuestionOf({ match, exclude }: Pick<AccessScope, 'match' | 'exclude'>): ScopeQuestion {
  return { match: match.map(pathOf), exclude: exclude.map(pathOf) };
}

function pathOf({ source, destination, through }: ScopePathDetail): ScopePath {
  return { source: endOf(source), destination: endOf(destination), through: through.map(resourcesIn) };
}

function endOf(statement: ScopeStatement | undefined): ScopeEnd {
  return {
    ...(statement?.resources === undefined ? {} : { resources: resourcesIn(statement.resources) }),
    ...(statement?.header === undefined ? {} : { header: headerIn(statement.header) }),
  };
}

function resourcesIn({ resources, types }: ScopeResources): Resources {
  return {
    ids: resources.map((text) => text.slice(text.lastIndexOf('/') + 1)),
    kinds: types.flatMap((type) => THROUGH_TYPES.get(type) ?? []),
  };
}

function addressesIn(texts: readonly string[], lists: readonly string[]): ScopeHeader['sources'] {
  if (texts.length + lists.length === 0) return undefined;
  const cidrs = texts.flatMap((text) => {
    const cidr = prefixOf(text);
    return cidr.ok ? [cidr.value] : [];
  });
  return { lists, cidrs };
}

function portsIn(texts: readonly string[]): IntervalSet {
  return texts.flatMap((text) => [portsOf(text) ?? []]).reduce(unionSets, []);
}

function headerIn(header: ScopePacketHeader): ScopeHeader {
  const sources = addressesIn(header.sourceAddresses, header.sourcePrefixLists);
  const destinations = addressesIn(header.destinationAddresses, header.destinationPrefixLists);
  return {
    ...(sources === undefined ? {} : { sources }),
    ...(destinations === undefined ? {} : { destinations }),
    ...(header.sourcePorts.length === 0 ? {} : { sourcePorts: portsIn(header.sourcePorts) }),
    ...(header.destinationPorts.length === 0 ? {} : { destinationPorts: portsIn(header.destinationPorts) }),
    ...(header.protocols.length === 0 ? {} : { protocols: header.protocols }),
  };
}

/** A path of a scope in AWS's shape. */
export function scopePathShape({ source, destination, through }: ScopePathDetail): AccessScopePath {
  return {
    ...(source === undefined ? {} : { Source: statementShape(source) }),
    ...(destination === undefined ? {} : { Destination: statementShape(destination) }),
    ...(through.length === 0
      ? {}
      : { ThroughResources: through.map((one) => ({ ResourceStatement: resourcesShape(one) })) }),
  };
}

function statementShape({ resources, header }: ScopeStatement): NonNullable<AccessScopePath['Source']> {
  return {
    ...(resources === undefined ? {} : { ResourceStatement: resourcesShape(resources) }),
    ...(header === undefined ? {} : { PacketHeaderStatement: headerStatement(header) }),
  };
}

function resourcesShape({ resources, types }: ScopeResources): ResourceStatement {
  return {
    ...(resources.length === 0 ? {} : { Resources: [...resources] }),
    ...(types.length === 0 ? {} : { ResourceTypes: [...types] }),
  };
}

function headerStatement(header: ScopePacketHeader): PacketHeaderStatement {
  return {
    ...(header.sourceAddresses.length === 0 ? {} : { SourceAddresses: [...header.sourceAddresses] }),
    ...(header.destinationAddresses.length === 0 ? {} : { DestinationAddresses: [...header.destinationAddresses] }),
    ...(header.sourcePorts.length === 0 ? {} : { SourcePorts: [...header.sourcePorts] }),
    ...(header.destinationPorts.length === 0 ? {} : { DestinationPorts: [...header.destinationPorts] }),
    ...(header.sourcePrefixLists.length === 0 ? {} : { SourcePrefixLists: [...header.sourcePrefixLists] }),
    ...(header.destinationPrefixLists.length === 0
      ? {}
      : { DestinationPrefixLists: [...header.destinationPrefixLists] }),
    ...(header.protocols.length === 0 ? {} : { Protocols: [...header.protocols] }),
  };
}
