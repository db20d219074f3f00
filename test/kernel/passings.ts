// Packets at the machines of a world, each machine an interface's own: what to send there, and what the definition says of it.
import { type Address, formatAddress } from '../../src/core/net/address.ts';
import { formatTransport, type Transport } from '../../src/core/net/traffic.ts';
import type { World } from '../../src/core/model/world.ts';
import type { GateAnswer } from '../../src/core/policy/evaluate.ts';
import type { Origin, Path } from '../../src/core/policy/path.ts';
import { type End, endsOf, isPlain } from '../nft/ends.ts';
import { Legs, NOWHERE, type Plant } from '../nft/legs.ts';
import type { Passing } from './machine.ts';
import { EXTENSIONS, type Probe } from './probes.ts';

/** One packet at one machine. */
export type Stop = End & Pick<Probe, 'transport' | 'flags' | 'echoId' | 'about'>;

/** One way of a packet through a world. */
export type Way = Pick<Stop, 'transport' | 'flags' | 'echoId' | 'about'> & {
  readonly origin: Origin | Path['end'];
  readonly gates: readonly GateAnswer[];
};

/** Where a way meets machines that can know what the definition knows. */
export function stopsOf(world: World, plant: Plant, way: Way): readonly Stop[] {
  const { origin, gates, ...of } = way;
  const legs = new Legs(world, plant).of({ origin, gates }).filter(({ iif, oif }) => iif !== oif && iif !== NOWHERE);
  if (isExtension(legs[0]?.source, of.transport)) return [];
  return [...endsOf(world, plant, legs)].filter((end) => isPlain(world, end)).map((end): Stop => ({ ...end, ...of }));
}

function isExtension(source: Address | undefined, transport: Transport): boolean {
  return source?.family === 'ipv6' && transport.kind === 'protocol' && EXTENSIONS.has(transport.protocol);
}

/** The packet of a stop. */
export function passingOf({ direction, leg, transport, flags, echoId }: Stop): Passing {
  const { source, destination } = leg;
  return { way: direction === 'egress' ? 'out' : 'in', source, destination, transport, tcp: flags, echoId };
}

/** The flow that a stop is of: at one machine only the first question that begins it counts. */
export function flowOf({ eni, leg, transport }: Stop): string {
  const ends = [formatAddress(leg.source), formatAddress(leg.destination)].toSorted();
  const ports =
    'sourcePort' in transport ? [transport.sourcePort, transport.destinationPort].toSorted((a, b) => a - b) : [];
  return [eni.id, transport.kind === 'protocol' ? transport.protocol : transport.kind, ...ends, ...ports].join(' ');
}

/** Leaves out what an earlier question made the machine remember. */
export function firstOfFlow(stops: readonly Stop[]): readonly Stop[] {
  const owners = new Map<string, string>();
  return stops.filter((stop) => {
    const owner = owners.get(flowOf(stop)) ?? stop.about;
    owners.set(flowOf(stop), owner);
    return owner === stop.about;
  });
}

/** What went wrong, for a message. */
export function saidOf({ eni, direction, leg, transport, flags, gates, about }: Stop): string {
  const said = gates.map(({ gate, decision }) => `${gate.stage} ${gate.resource} ${decision.outcome}`).join(', ');
  const ends = `${formatAddress(leg.source)} > ${formatAddress(leg.destination)}`;
  return `${about}: ${formatTransport(transport)} ${flags} ${ends} at ${eni.id} ${direction}: ${said}`;
}
