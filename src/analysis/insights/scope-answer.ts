import { FAMILIES, formatAddress } from '../../core/net/address.ts';
import type { AxisPart } from '../../core/net/axis.ts';
import { placeOnAxis } from '../../core/net/axis.ts';
import { intervalsOf, setHas } from '../../core/net/interval-set.ts';
import type { World } from '../../core/model/world.ts';
import { decideGate } from '../../core/policy/decide.ts';
import { judgePath } from '../../core/policy/evaluate.ts';
import { hopDocument } from '../answer-document.ts';
import { spaceOf } from '../address-space.ts';
import { transportAt } from '../pairs/blame.ts';
import { spaceTexts } from '../pairs/ends.ts';
import type { Member } from '../pairs/members.ts';
import { stopOf } from '../pairs/spots.ts';
import { packetDocument, type PlaceDocument, placeDocument } from '../part-documents.ts';
import { ordinaryEnis } from '../place.ts';
import { planTrip } from '../trip.ts';
import type { FoundWay } from './path-answer.ts';
import { headerAtEnd } from './path-filters.ts';
import { type ScopeQuestion, withEntries } from './scope-question.ts';
import { type Found, ScopeSearch } from './scope-search.ts';

/** Paths between two ends with one protocol, exactly: all addresses and ports of them, and the way of one packet. */
export type ScopeFinding = {
  readonly way: FoundWay;
  readonly protocol: AxisPart;
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  /** There are more sources or destinations than are listed. */
  readonly hasMore: boolean;
};

/** What a scope finds at one revision. `version` grows when a field changes its meaning or goes. */
export type ScopeAnswer = { readonly version: 1; readonly kind: 'insights-scope'; readonly revision: number } & (
  | {
      readonly outcome: 'done';
      /** Those from and to the internet first; each is complete. */
      readonly findings: readonly ScopeFinding[];
      /** There are more findings than are listed. */
      readonly isCut: boolean;
      /** What would have to be known to say whether there are others; not all of it where findings are cut. */
      readonly unknowns: readonly string[];
      readonly interfaces: number;
    }
  | { readonly outcome: 'missing'; readonly id: string }
);

/** Most findings that are listed, and prefixes of each end. */
export type ScopeLimits = { readonly findings: number; readonly prefixes: number };

/** Finds every path that a scope means, from the matrix of all pairs. */
export function answerScope(world: World, asked: ScopeQuestion, limits: ScopeLimits): ScopeAnswer {
  const base = { version: 1, kind: 'insights-scope', revision: world.revision } as const;
  const question = withEntries(world, asked);
  if ('missing' in question) return { ...base, outcome: 'missing', id: question.missing };
  const unknowns = new Set<string>();
  const found: Found[] = [];
  const searches = FAMILIES.map((family) => new ScopeSearch(world, question, { family, unknowns }));
  // What is outside first: it is what most scopes are about.
  for (const search of searches) found.push(...search.outside());
  for (const search of searches) {
    if (found.length > limits.findings) break;
    for (const one of search.inside()) {
      found.push(one);
      if (found.length > limits.findings) break;
    }
  }
  const textsOf = rememberedTexts();
  return {
    ...base,
    outcome: 'done',
    findings: found.slice(0, limits.findings).map((one) => findingOf(world, one, { textsOf, most: limits.prefixes })),
    isCut: found.length > limits.findings,
    unknowns: [...unknowns].slice(0, 50),
    interfaces: ordinaryEnis(world).length,
  };
}

type Texts = (members: readonly Member[]) => readonly string[];

/** Many findings have the same addresses outside, which are many. */
function rememberedTexts(): Texts {
  const known = new Map<readonly Member[], readonly string[]>();
  return (members) => {
    const made = known.get(members) ?? spaceTexts(spaceOf(members.flatMap(({ space }) => space)));
    known.set(members, made);
    return made;
  };
}

function shortened(place: PlaceDocument, most: number): PlaceDocument {
  return 'addresses' in place ? { ...place, addresses: place.addresses.slice(0, most) } : place;
}

function findingOf(
  world: World,
  { box: { protocol, points, sourcePorts }, from, to }: Found,
  { textsOf, most }: { readonly textsOf: Texts; readonly most: number },
): ScopeFinding {
  const [sources, destinations] = [textsOf(from), textsOf(to)];
  const [sender] = from;
  const [receiver] = to;
  if (sender === undefined || receiver === undefined) throw new Error('what is found has two ends');
  const trip = planTrip(world, stopOf(world, sender), stopOf(world, receiver));
  const { path } = trip;
  const sourcePort = setHas(sourcePorts, 50_000) ? 50_000 : (sourcePorts[0] ?? 0);
  const transport = transportAt(placeOnAxis(points, protocol)[0] ?? 0, sourcePort, path.family);
  const verdict = judgePath(decideGate, world, { path, transport });
  const [first] = path.forward;
  const arrival = headerAtEnd(path);
  if (first === undefined || arrival === undefined) throw new Error('what is found for certain arrives');
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  return {
    protocol,
    sources: sources.slice(0, most),
    destinations: destinations.slice(0, most),
    hasMore: sources.length > most || destinations.length > most,
    way: {
      family: path.family,
      source: shortened(placeDocument(world, trip.from.place), most),
      destination: shortened(placeDocument(world, trip.to.place), most),
      packet: packetDocument(first, transport),
      arrival: { source: formatAddress(arrival.source), destination: formatAddress(arrival.destination) },
      hops: [...verdict.forward.gates, ...verdict.reply.gates].map(hopDocument),
      destinationPorts: hasPorts ? intervalsOf(points) : [],
      sourcePorts: hasPorts ? intervalsOf(sourcePorts) : [],
    },
  };
}
