import { type Address, sameAddress } from '../../core/net/address.ts';
import { interval, intersectSets } from '../../core/net/interval-set.ts';
import type { World } from '../../core/model/world.ts';
import type { Path } from '../../core/policy/path.ts';
import type { Missed, PathQuestion } from './path-question.ts';
import { traversed } from './traversed.ts';

/** The ports that a NAT gateway sends from (V:nat-gateway-basics). */
const NAT_PORTS = interval(1024, 65_535);

type Header = { readonly source: Address; readonly destination: Address };
type Asked = { readonly question: PathQuestion; readonly gateways: readonly string[] };

/**
 * The filters of a question that a path does not meet. Of a path that ends on its way it is not said what it would carry further on: only what is seen
 * up to there counts.
 */
export function missedOn(world: World, path: Path, { question, gateways }: Asked): readonly Missed[] {
  const [sent] = path.forward;
  if (sent === undefined) throw new Error('a path has a gate');
  const ids = traversed(world, path);
  const around = question.around.filter((id) => ids.has(id)).map((id): Missed => ({ kind: 'around', id }));
  const arrived = headerAtEnd(path);
  const early = [...missedHeader(question, 'source', sent), ...around];
  if (arrived === undefined) return early;
  const reached = new Set(path.forward.flatMap((gate) => (gate.stage === 'gateway' ? [gate.resource] : [])));
  return [
    ...early,
    ...missedHeader(question, 'destination', arrived),
    ...missedAddress(question, [sent, arrived]),
    ...missedPorts(question, path),
    ...gateways.filter((id) => !reached.has(id)).map((id): Missed => ({ kind: 'end', id })),
    ...question.through.filter((id) => !ids.has(id)).map((id): Missed => ({ kind: 'through', id })),
  ];
}

/** The addresses with which packets arrive; undefined where they get lost, or go on in thought behind a refusal. */
export function headerAtEnd({ end, forward }: Path): Header | undefined {
  const last = forward.at(-1);
  const isRefused = forward.some((gate) => gate.kind === 'settled' && gate.decision.outcome === 'deny');
  if (end.kind === 'lost' || last === undefined || isRefused) return undefined;
  // A path that is cut at a peering connection ends there; in a VPC and at its services nothing is translated behind the last gate.
  return end.kind === 'internet' ? end : last;
}

function missedHeader(question: PathQuestion, at: 'source' | 'destination', header: Header): readonly Missed[] {
  const filter = at === 'source' ? question.atSource : question.atDestination;
  return [
    ...(isMet(filter.sourceAddress, header.source) ? [] : [missedField(at, 'source-address')]),
    ...(isMet(filter.destinationAddress, header.destination) ? [] : [missedField(at, 'destination-address')]),
  ];
}

function missedField(at: 'source' | 'destination', field: 'source-address' | 'destination-address'): Missed {
  return { kind: 'filter', at, field };
}

function missedAddress({ destinationIp }: PathQuestion, headers: readonly Header[]): readonly Missed[] {
  return headers.some((header) => isMet(destinationIp, header.destination))
    ? []
    : [missedField('destination', 'destination-address')];
}

function missedPorts({ atDestination }: PathQuestion, { translations }: Path): readonly Missed[] {
  const { sourcePorts: ports } = atDestination;
  if (ports === undefined || translations.length === 0) return [];
  return intersectSets(interval(ports.from, ports.to), NAT_PORTS).length > 0
    ? []
    : [{ kind: 'filter', at: 'destination', field: 'source-ports' }];
}

function isMet(wanted: Address | undefined, address: Address): boolean {
  return wanted === undefined || sameAddress(wanted, address);
}
