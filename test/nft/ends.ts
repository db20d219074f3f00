// Every interface as a machine of its own: the ends of a packet's way at interfaces, and what the definition says there.
import { formatAddress } from '../../src/core/net/address.ts';
import { type Eni, eniOwns } from '../../src/core/model/eni.ts';
import { listRecords, type World } from '../../src/core/model/world.ts';
import type { GateAnswer } from '../../src/core/policy/evaluate.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Direction } from '../../src/core/model/security-group.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import type { Numbering } from '../../src/nft/plan.ts';
import type { Wiring } from '../../src/nft/wiring.ts';
import type { Leg, Plant } from './legs.ts';

/** The machine's device. */
export const DEVICE = 'eth0';

/** One end of a leg at an interface, with the gates that the machine behind the interface enforces itself. */
export type End = {
  readonly leg: Leg;
  readonly eni: Eni;
  readonly direction: Direction;
  readonly gates: readonly GateAnswer[];
  readonly passes: boolean;
  /** The other end is a middlebox in the interface's own subnet, which the addresses do not tell: no NACL stands between them. */
  readonly isBeside: boolean;
};

/** How the machine of an interface is wired. */
export function localWiring(eni: Eni, mac: string = '02:00:00:00:00:01'): Wiring {
  return {
    mode: 'local',
    enis: new Map([[eni.id, { device: DEVICE, mac }]]),
    fabric: new Set([DEVICE]),
    stateful: new Set(),
    natGateways: new Map(),
  };
}

/** The rules of one interface on its own machine. */
export function localLayout(world: World, eni: Eni, previous?: Numbering): Layout {
  return layout(hostViewOf(world, [eni.id]), localWiring(eni), previous);
}

/** Both ends of every leg of a way, where they are interfaces; a NAT gateway in one's own subnet is not seen by address. */
export function* endsOf(world: World, plant: Plant, legs: readonly Leg[]): Generator<End> {
  const enis = new Map([...listRecords(world, 'enis')].map((eni) => [plant.devices.get(eni.id)?.device, eni]));
  for (const leg of legs.filter(({ oif }) => !oif.startsWith('nat')))
    for (const [direction, device, other] of [
      ['egress', leg.iif, leg.oif],
      ['ingress', leg.oif, leg.iif],
    ] as const) {
      const eni = enis.get(device);
      const gates = eni === undefined ? [] : gatesOf(leg, eni, direction);
      if (eni === undefined || gates.length === 0) continue;
      const passes = gates.every(({ decision }) => decision.outcome === 'pass');
      yield { leg, eni, direction, gates, passes, isBeside: standsBeside(leg, eni, enis.get(other)) };
    }
}

const STAGES: Readonly<Record<Direction, readonly string[]>> = {
  egress: ['source-check', 'group-egress', 'acl-egress'],
  ingress: ['acl-ingress', 'group-ingress', 'destination-check'],
};

function standsBeside({ source, destination }: Leg, eni: Eni, other: Eni | undefined): boolean {
  return other?.subnetId === eni.subnetId && !eniOwns(other, source) && !eniOwns(other, destination);
}

/** The gates of a leg that one end enforces. */
function gatesOf(leg: Leg, eni: Eni, direction: Direction): readonly GateAnswer[] {
  return leg.gates.filter(
    ({ gate }) =>
      STAGES[direction].includes(gate.stage) && (gate.resource === eni.id || gate.resource === eni.subnetId),
  );
}

/**
 * Whether the machine can know what the definition knows of the other end: that it is what its address says, no appliance, no public address
 * of an interface, none that is not known; and that the interface takes only packets of its own.
 */
export function isPlain(world: World, { eni, gates, isBeside }: Pick<End, 'eni' | 'gates' | 'isBeside'>): boolean {
  if (!eni.sourceDestCheck || isBeside) return false;
  return gates.every(({ gate }) => {
    if (gate.kind !== 'groups' || gate.peer.eni !== undefined) return true;
    const text = formatAddress(gate.peer.address);
    const isMember = [...listRecords(world, 'enis')].some(
      (one) => one.addresses.some(({ address }) => formatAddress(address) === text) || one.prefixes.length > 0,
    );
    return gate.peer.end === 'known' && !isMember;
  });
}
