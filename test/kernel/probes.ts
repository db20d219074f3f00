// One packet at one router, and what it takes to send it and to say what happened.
import { formatAddress } from '../../src/core/net/address.ts';
import { formatTransport, type Transport } from '../../src/core/net/traffic.ts';
import type { VpcId } from '../../src/core/model/ids.ts';
import type { TcpFlags } from '../../src/core/track/tcp.ts';
import { EGRESS_ONLY, FAR_PEERS, INTERNET, type Leg, NOWHERE, PEERS, type Plant } from '../nft/legs.ts';
import type { Sent } from './wire.ts';

/** All devices that a random world may need. */
export const DEVICES: readonly string[] = [
  ...Array.from({ length: 16 }, (_, index) => `e${index}`),
  ...Array.from({ length: 4 }, (_, index) => `nat${index}`),
  INTERNET,
  EGRESS_ONLY,
  PEERS,
  FAR_PEERS,
];
/** Numbers that IPv6 takes for extension headers, so that no packet carries them as its protocol. */
export const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 44, 50, 51, 59, 60, 135, 139, 140]);

/** One packet at one router. `flags` matter for TCP. */
export type Probe = {
  readonly leg: Leg;
  readonly transport: Transport;
  readonly flags: TcpFlags;
  readonly echoId: number;
  /** The flow that it belongs to, and what to print of it. */
  readonly about: string;
};

/** Legs up to the first that refuses, and only those between devices. */
export function reached(legs: readonly Leg[]): readonly Leg[] {
  const strange = legs.findIndex((leg) => leg.iif === NOWHERE || leg.iif === leg.oif);
  const known = strange < 0 ? legs : legs.slice(0, strange);
  const refused = known.findIndex((leg) => !leg.passes);
  return refused < 0 ? known : known.slice(0, refused + 1);
}

/** Leaves out what an earlier question of the world made the kernel remember. */
export function distinct(probes: readonly Probe[]): readonly Probe[] {
  const owners = new Map<string, string>();
  return probes.filter((probe) => {
    const key = flowKey(probe.leg.vpcId, probe);
    const owner = owners.get(key) ?? probe.about;
    owners.set(key, owner);
    return owner === probe.about;
  });
}

function flowKey(vpcId: VpcId, { leg, transport }: Probe): string {
  const ends = [formatAddress(leg.source), formatAddress(leg.destination)].toSorted();
  const ports =
    'sourcePort' in transport ? [transport.sourcePort, transport.destinationPort].toSorted((a, b) => a - b) : [];
  return [vpcId, transport.kind === 'protocol' ? transport.protocol : transport.kind, ...ends, ...ports].join(' ');
}

/** The frame of a probe. */
export function sentOf(plant: Plant, { leg, transport, flags, echoId }: Probe): Sent {
  const mac = [...plant.devices.values()].find(({ device }) => device === leg.iif)?.mac ?? '';
  return {
    from: leg.iif,
    to: leg.oif,
    source: leg.source,
    destination: leg.destination,
    transport,
    tcp: flags,
    echoId,
    ...(mac === '' ? {} : { sourceMac: mac }),
  };
}

/** What went wrong, for a message. */
export function saidOf({ leg, transport, about }: Probe): string {
  const gates = leg.gates.map(({ gate, decision }) => `${gate.stage} ${gate.resource} ${decision.outcome}`).join(', ');
  return `${about}: ${formatTransport(transport)} ${formatAddress(leg.source)} > ${formatAddress(leg.destination)} ${leg.iif} > ${leg.oif}: ${gates}`;
}
