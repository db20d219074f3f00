import type { CreateNetworkInsightsPathRequest, PathRequestFilter, RequestFilterPortRange } from '@aws-sdk/client-ec2';
import { type Address, parseAddress } from '../../../core/net/address.ts';
import { fail, ok, type Result } from '../../../core/net/result.ts';
import type { PathQuestion } from '../../../analysis/insights/path-question.ts';
import type { InsightsAnalysis, InsightsFilter, InsightsPath } from '../../control/details/insights-detail.ts';
import type { Draft } from '../../control/draft.ts';
import type { Realm } from '../../control/env.ts';
import {
  invalidCombination,
  invalidParameter,
  missingParameter,
  refuse,
  type Refusal,
  unsupported,
} from '../../control/refusal.ts';

/** What a path asks for, without what the server adds. */
export type AskedPath = Omit<InsightsPath, 'id' | 'createTime' | 'tags'>;

type Read<T> = Result<T, Refusal>;
type Refused = { readonly ok: false; readonly error: Refusal };

/** The kinds of record that a path can start or end at, by the prefix of their ids. */
const ENDS = { i: 'instances', eni: 'enis', igw: 'internetGateways', pcx: 'peerings' } as const;
/** What AWS has as ends beside them, in words. */
const UNKNOWN_ENDS: readonly (readonly [prefix: string, words: string])[] = [
  ['tgw-', 'transit gateways and their attachments'],
  ['vpce-', 'VPC endpoints'],
  ['vgw-', 'virtual private gateways'],
  ['com.amazonaws.', 'VPC endpoint services'],
];

/** Reads what a path asks for. Refused: ends that are not there or of other kinds, addresses and ports that are none, parameters that exclude each other. */
export function askedPath(
  input: CreateNetworkInsightsPathRequest,
  { draft, realm }: { readonly draft: Draft; readonly realm: Realm },
): Read<AskedPath> {
  const apart = combinationFault(input);
  if (apart !== undefined) return apart;
  const source = endOf('Source', input.Source, { draft, realm });
  if (!source.ok) return source;
  if (source.value === undefined) return missingParameter('Source');
  const destination = endOf('Destination', input.Destination, { draft, realm });
  if (!destination.ok) return destination;
  const protocol = String(input.Protocol);
  if (protocol !== 'tcp' && protocol !== 'udp') return invalidParameter('Protocol', clip(protocol), 'Use tcp or udp.');
  const atSource = filterOf('FilterAtSource', input.FilterAtSource);
  if (!atSource.ok) return atSource;
  const atDestination = filterOf('FilterAtDestination', input.FilterAtDestination);
  if (!atDestination.ok) return atDestination;
  const { SourceIp: sourceIp, DestinationIp: destinationIp, DestinationPort: destinationPort } = input;
  const fault =
    addressFault('SourceIp', sourceIp) ??
    addressFault('DestinationIp', destinationIp) ??
    portFault('DestinationPort', destinationPort);
  if (fault !== undefined) return fault;
  const asked: AskedPath = {
    source: source.value,
    protocol,
    ...present({ destination: destination.value, sourceIp, destinationIp, destinationPort }),
    ...present({ atSource: atSource.value, atDestination: atDestination.value }),
  };
  return endsFault(asked) ?? ok(asked);
}

function combinationFault({
  FilterAtSource: near,
  FilterAtDestination: far,
  SourceIp: sourceIp,
  DestinationIp: destinationIp,
  DestinationPort: port,
}: CreateNetworkInsightsPathRequest): Refused | undefined {
  if (near !== undefined && (sourceIp !== undefined || port !== undefined))
    return invalidCombination('FilterAtSource cannot be used with SourceIp or DestinationPort');
  if (far !== undefined && destinationIp !== undefined)
    return invalidCombination('FilterAtDestination cannot be used with DestinationIp');
  return undefined;
}

/** Paths lead from or to an interface: between two gateways there is nothing of which groups could say anything. */
function endsFault({ source, destination, destinationIp, atSource, atDestination }: AskedPath): Refused | undefined {
  const address = destinationIp ?? atSource?.destinationAddress ?? atDestination?.destinationAddress;
  if (destination === undefined && address === undefined) return missingParameter('Destination');
  if (isGateway(source) && isGateway(destination))
    return unsupported('paths between two gateways: one end is to be an instance or a network interface');
  if (source.startsWith('pcx-') && destination === undefined)
    return unsupported('paths from a peering connection to an address alone: name an instance or a network interface');
  return undefined;
}

function isGateway(id: string | undefined): boolean {
  return id !== undefined && /^(?:igw|pcx)-/.test(id);
}

type Place = { readonly draft: Draft; readonly realm: Realm };

/** The id that an end names, by itself or at the end of an ARN of this account and Region. */
function endOf(
  name: 'Source' | 'Destination',
  text: string | undefined,
  { draft, realm }: Place,
): Read<string | undefined> {
  if (text === undefined) return ok(undefined);
  const id = resourceId(name, text, realm);
  if (!id.ok) return id;
  const strange = UNKNOWN_ENDS.find(([prefix]) => id.value.startsWith(prefix));
  if (strange !== undefined) return unsupported(`paths from or to ${strange[1]} (${clip(id.value)})`);
  // Worlds that were imported may have longer ids than AWS makes.
  const prefix = /^(i|eni|igw|pcx)-[0-9a-f]{1,32}$/.exec(id.value)?.[1];
  if (prefix !== 'i' && prefix !== 'eni' && prefix !== 'igw' && prefix !== 'pcx')
    return invalidParameter(
      name,
      clip(id.value),
      'Expecting an instance, a network interface, an internet gateway or a VPC peering connection.',
    );
  // Codes [E].
  return draft.get(ENDS[prefix], id.value) === undefined
    ? refuse(`NetworkInsights${name}.NotFound`, `The ${name.toLowerCase()} '${id.value}' does not exist`)
    : ok(id.value);
}

/** An id, or the id at the end of an ARN of this account and Region. */
export function resourceId(name: string, text: string, { accountId, region }: Realm): Read<string> {
  if (!text.startsWith('arn:')) return ok(text);
  const [, , , ofRegion = '', ofAccount = '', ...rest] = text.split(':');
  const id = /^[a-z-]+\/(.+)$/.exec(rest.join(':'))?.[1];
  if (id === undefined) return invalidParameter(name, clip(text), 'It is no ARN of a resource.');
  if (ofRegion !== region || ofAccount !== accountId)
    return unsupported(`resources of other accounts or Regions (${name} ${clip(text)})`);
  return ok(id);
}

function filterOf(name: string, filter: PathRequestFilter | undefined): Read<InsightsFilter | undefined> {
  if (filter === undefined) return ok(undefined);
  const { SourceAddress: sourceAddress, DestinationAddress: destinationAddress } = filter;
  const fault =
    addressFault(`${name}.SourceAddress`, sourceAddress) ??
    addressFault(`${name}.DestinationAddress`, destinationAddress);
  if (fault !== undefined) return fault;
  const sourcePorts = rangeOf(`${name}.SourcePortRange`, filter.SourcePortRange);
  if (!sourcePorts.ok) return sourcePorts;
  const destinationPorts = rangeOf(`${name}.DestinationPortRange`, filter.DestinationPortRange);
  if (!destinationPorts.ok) return destinationPorts;
  return ok(
    present({
      sourceAddress,
      destinationAddress,
      sourcePorts: sourcePorts.value,
      destinationPorts: destinationPorts.value,
    }),
  );
}

function rangeOf(
  name: string,
  range: RequestFilterPortRange | undefined,
): Read<{ from: number; to: number } | undefined> {
  if (range === undefined) return ok(undefined);
  const { FromPort: from, ToPort: to } = range;
  if (from === undefined || to === undefined)
    return missingParameter(`${name}.${from === undefined ? 'FromPort' : 'ToPort'}`);
  const fault = portFault(`${name}.FromPort`, from) ?? portFault(`${name}.ToPort`, to);
  if (fault !== undefined) return fault;
  return from > to ? invalidParameter(name, `${from}-${to}`, 'Its first port is after its last.') : ok({ from, to });
}

function portFault(name: string, port: number | undefined): Refused | undefined {
  return port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535)
    ? undefined
    : invalidParameter(name, port, 'A port must be in range 0..65535.');
}

function addressFault(name: string, text: string | undefined): Refused | undefined {
  return text === undefined || parseAddress(text).ok
    ? undefined
    : invalidParameter(name, clip(text), 'It is no IP address.');
}

/** The question of a path that was kept, with what one of its analyses adds. */
export function questionOf(
  { source, destination, sourceIp, destinationIp, protocol, destinationPort, atSource, atDestination }: InsightsPath,
  { filterIn, filterOut }: Pick<InsightsAnalysis, 'filterIn' | 'filterOut'>,
): PathQuestion {
  const ports = destinationPort === undefined ? undefined : { from: destinationPort, to: destinationPort };
  return {
    source,
    protocol,
    ...present({ destination, destinationIp: addressOf(destinationIp) }),
    atSource: {
      ...headerFilter(atSource ?? {}),
      ...present({ sourceAddress: addressOf(sourceIp ?? atSource?.sourceAddress) }),
      ...present({ destinationPorts: ports ?? atSource?.destinationPorts }),
    },
    atDestination: headerFilter(atDestination ?? {}),
    through: filterIn.map(lastPart),
    around: filterOut.map(lastPart),
  };
}

function headerFilter({
  sourceAddress,
  destinationAddress,
  sourcePorts,
  destinationPorts,
}: InsightsFilter): PathQuestion['atSource'] {
  return present({
    sourceAddress: addressOf(sourceAddress),
    destinationAddress: addressOf(destinationAddress),
    sourcePorts,
    destinationPorts,
  });
}

function addressOf(text: string | undefined): Address | undefined {
  const address = text === undefined ? fail('') : parseAddress(text);
  return address.ok ? address.value : undefined;
}

function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** The members that are there. */
function present<T extends object>(members: T): Present<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is left has no undefined member
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}

/** So much of a text that is not ours as a message shows. */
export function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
