import type { Address } from '../../core/net/address.ts';
import { placeOnAxis, WHOLE_AXIS } from '../../core/net/axis.ts';
import { type Cidr, cidrContains } from '../../core/net/cidr.ts';
import {
  EMPTY_SET,
  interval,
  intersectSets,
  type IntervalSet,
  sameSet,
  subtractSets,
  unionSets,
} from '../../core/net/interval-set.ts';
import type { Kind } from '../../core/model/records.ts';
import { getRecord, type World } from '../../core/model/world.ts';
import type { Path } from '../../core/policy/path.ts';
import { headerAtEnd } from './path-filters.ts';
import type { Resources, ScopeEnd, ScopeHeader, ScopePath, ScopeQuestion } from './scope-question.ts';
import { traversed } from './traversed.ts';

const NAT_PORTS: IntervalSet = interval(1024, 65_535);
const ALL_PORTS: IntervalSet = interval(0, 65_535);

/** A path between two addresses, as statements look at it. Ids of ends: an interface with what it belongs to, or the gateway to the internet. */
export type Sighted = {
  readonly sent: { readonly source: Address; readonly destination: Address };
  /** Undefined where it is not known how it goes on. */
  readonly arrived: { readonly source: Address; readonly destination: Address } | undefined;
  readonly from: ReadonlySet<string>;
  readonly to: ReadonlySet<string>;
  readonly between: ReadonlySet<string>;
  readonly isNatted: boolean;
};

/** What statements see of a path. An end outside is the internet or egress-only gateway that the path runs over. */
export function sightOf(
  world: World,
  path: Path,
  ends: { readonly from: string | undefined; readonly to: string | undefined },
): Sighted {
  const [sent] = path.forward;
  if (sent === undefined) throw new Error('a path has a gate');
  const gateways = path.forward.flatMap(({ stage, resource }) =>
    stage === 'gateway' &&
    (getRecord(world, 'internetGateways', resource) ?? getRecord(world, 'egressOnlyGateways', resource)) !== undefined
      ? [resource]
      : [],
  );
  const idsOf = (end: string | undefined, gateway: string | undefined): ReadonlySet<string> =>
    new Set(end === undefined ? (gateway === undefined ? [] : [gateway]) : idsOfEni(world, end));
  const own = new Set([ends.from, ends.to].flatMap((end) => (end === undefined ? [] : [end, instanceOf(world, end)])));
  return {
    sent,
    arrived: headerAtEnd(path),
    from: idsOf(ends.from, gateways[0]),
    to: idsOf(ends.to, gateways.at(-1)),
    between: new Set([...traversed(world, path)].filter((id) => !own.has(id))),
    isNatted: path.translations.length > 0,
  };
}

/** An interface with what it belongs to. */
export function idsOfEni(world: World, id: string): readonly string[] {
  const eni = getRecord(world, 'enis', id);
  if (eni === undefined) return [id];
  const instance = instanceOf(world, id);
  return [id, ...(instance === undefined ? [] : [instance]), eni.subnetId, eni.vpcId, ...eni.groups];
}

function instanceOf(world: World, id: string): string | undefined {
  return getRecord(world, 'enis', id)?.attachment?.instanceId;
}

/** Whether some of these ids is one of the resources. */
export function isAmong(world: World, ids: Iterable<string>, { ids: wanted, kinds }: Resources): boolean {
  for (const id of ids)
    if (wanted.includes(id) || kinds.some((kind: Kind) => getRecord(world, kind, id) !== undefined)) return true;
  return false;
}

/** The cuts of source ports that the headers of a question make: within each, every statement says the same. */
export function sourcePortParts({ match, exclude }: ScopeQuestion): readonly IntervalSet[] {
  let parts: readonly IntervalSet[] = [ALL_PORTS];
  for (const { source, destination } of [...match, ...exclude])
    for (const ports of [source.header?.sourcePorts, destination.header?.sourcePorts])
      if (ports !== undefined)
        parts = parts
          .flatMap((part) => [intersectSets(part, ports), subtractSets(part, ports)])
          .filter((part) => part.length > 0);
  return parts;
}

/** The points that a question means on a path, for packets from one part of the source ports. Packets without ports: `part` is undefined. */
export function meantPoints(
  world: World,
  question: ScopeQuestion,
  { sight, part }: { readonly sight: Sighted; readonly part: IntervalSet | undefined },
): IntervalSet {
  const of = (paths: readonly ScopePath[], mode: 'match' | 'exclude'): IntervalSet =>
    paths.reduce((points, path) => unionSets(points, pointsOf(world, path, { sight, part, mode })), EMPTY_SET);
  const matched = of(question.match, 'match');
  return matched.length === 0 ? matched : subtractSets(matched, of(question.exclude, 'exclude'));
}

type Look = {
  readonly sight: Sighted;
  readonly part: IntervalSet | undefined;
  /** What is not known of a path counts for what is to be found, and not for what is to be left out. */
  readonly mode: 'match' | 'exclude';
};

function pointsOf(world: World, path: ScopePath, look: Look): IntervalSet {
  const { sight, mode } = look;
  const isLost = sight.arrived === undefined;
  if (!endHolds(world, path.source, sight.from, isLost && mode === 'match')) return EMPTY_SET;
  if (!endHolds(world, path.destination, sight.to, isLost && mode === 'match')) return EMPTY_SET;
  const runsThrough = path.through.every((one) => isAmong(world, sight.between, one));
  if (!runsThrough && !(isLost && mode === 'match')) return EMPTY_SET;
  const near = headerPoints(path.source.header, sight.sent, { ...look, isBehind: false });
  if (near.length === 0) return near;
  if (sight.arrived === undefined) return mode === 'match' || path.destination.header === undefined ? near : EMPTY_SET;
  return intersectSets(
    near,
    headerPoints(path.destination.header, sight.arrived, { ...look, isBehind: sight.isNatted }),
  );
}

/** Ends that are interfaces are known whatever becomes of the path; which gateway an end outside is may not be. */
function endHolds(world: World, { resources }: ScopeEnd, ids: ReadonlySet<string>, isLenient: boolean): boolean {
  if (resources === undefined || isAmong(world, ids, resources)) return true;
  return isLenient && ids.size === 0 && mayBeGateway(resources);
}

/** Whether one of the resources may be a gateway to the internet, which is what ends outside are. */
export function mayBeGateway({ ids, kinds }: Resources): boolean {
  return (
    kinds.some((kind) => kind === 'internetGateways' || kind === 'egressOnlyGateways') ||
    ids.some((id) => /^(?:igw|eigw)-/.test(id) || !/^[a-z]+-/.test(id))
  );
}

function headerPoints(
  header: ScopeHeader | undefined,
  addresses: { readonly source: Address; readonly destination: Address },
  { part, mode, isBehind }: Look & { readonly isBehind: boolean },
): IntervalSet {
  if (header === undefined) return WHOLE_AXIS;
  const { sources, destinations, sourcePorts, destinationPorts, protocols } = header;
  if (!isWithin(sources?.cidrs, addresses.source) || !isWithin(destinations?.cidrs, addresses.destination))
    return EMPTY_SET;
  if (sourcePorts !== undefined && !portsMeet(sourcePorts, part, { mode, isBehind })) return EMPTY_SET;
  if (sourcePorts === undefined && destinationPorts === undefined && protocols === undefined) return WHOLE_AXIS;
  const ports = destinationPorts ?? ALL_PORTS;
  return (protocols ?? (['tcp', 'udp'] as const)).reduce<IntervalSet>(
    (points, protocol) => unionSets(points, placeOnAxis(ports, protocol)),
    EMPTY_SET,
  );
}

function isWithin(cidrs: readonly Cidr[] | undefined, address: Address): boolean {
  return cidrs === undefined || cidrs.some((cidr) => cidr.family === address.family && cidrContains(cidr, address));
}

/** Behind a NAT gateway packets come from any of its ports: some of them can be found, and only all of them left out. */
function portsMeet(
  wanted: IntervalSet,
  part: IntervalSet | undefined,
  { mode, isBehind }: { readonly mode: Look['mode']; readonly isBehind: boolean },
): boolean {
  if (part === undefined) return false;
  if (!isBehind) return intersectSets(wanted, part).length > 0;
  const shared = intersectSets(wanted, NAT_PORTS);
  return mode === 'match' ? shared.length > 0 : sameSet(shared, NAT_PORTS);
}
