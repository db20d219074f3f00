// Sequence cases as packets at routers: every step with the frames that cross each router on its way, and what the definition says there.
import assert from 'node:assert/strict';
import { ipv4, sameAddress } from '../../src/core/net/address.ts';
import type { Eni } from '../../src/core/model/eni.ts';
import type { EniId, VpcId } from '../../src/core/model/ids.ts';
import { getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Gate } from '../../src/core/policy/path.ts';
import type { Passage } from '../../src/core/track/network.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import type { Numbering } from '../../src/nft/plan.ts';
import type { Case } from '../cases/read-cases.ts';
import { type Played, runSequence } from '../cases/sequence-case.ts';
import { compactWorld } from '../compact.ts';
import { endsOf, isPlain } from '../nft/ends.ts';
import { INTERNET, type Leg, Legs, NOWHERE, type Plant, plantOf } from '../nft/legs.ts';
import { isUnasked, wholeWay } from './flows.ts';
import type { Passing } from './machine.ts';
import { passingOf, type Stop } from './passings.ts';
import { type Probe, reached, sentOf } from './probes.ts';
import type { Sent } from './wire.ts';

const BROADCAST = ipv4(0xffff_ffff);

/** One step of a case at one router: a packet that comes to it, or other rules. */
export type RouterStep = { readonly index: number; readonly atSeconds: number; readonly world: World } & (
  | { readonly kind: 'packet'; readonly probe: Probe; readonly sent: Sent }
  | { readonly kind: 'change' }
);

/** A case as its routers see it. */
export type Play = { readonly world: World; readonly routers: ReadonlyMap<VpcId, readonly RouterStep[]> };

/** What every router of a case meets, in order. Routers that no packet comes to are left out. */
export function playOf(one: Case): Play {
  const world = compactWorld(one.compact);
  const plant = plantOf(world);
  const routers = new Map<VpcId, RouterStep[]>([...plant.wirings.keys()].map((id) => [id, []]));
  for (const [index, played] of runSequence(one).entries()) {
    const { atSeconds, passage } = played;
    if (passage === undefined) {
      for (const steps of routers.values()) steps.push({ index, atSeconds, world: played.world, kind: 'change' });
      continue;
    }
    for (const { probe, sent } of crossings({ ...played, passage }, plant, `${one.name}, step ${index}`))
      routers.get(probe.leg.vpcId)?.push({ index, atSeconds, world: played.world, kind: 'packet', probe, sent });
  }
  const met = [...routers].filter(([, steps]) => steps.some(({ kind }) => kind === 'packet'));
  return { world, routers: new Map(met) };
}

type Crossing = { readonly probe: Probe; readonly sent: Sent };

/** One step of a case at a machine that is itself the instance. */
export type MachineStep = { readonly index: number; readonly atSeconds: number; readonly world: World } & (
  | { readonly kind: 'packet'; readonly stop: Stop; readonly passing: Passing }
  | { readonly kind: 'change' }
);

/** What every machine of a case meets, in order, each interface's own. Machines that no packet comes to are left out. */
export function machinesOf(one: Case): ReadonlyMap<Eni, readonly MachineStep[]> {
  const world = compactWorld(one.compact);
  const plant = plantOf(world);
  const machines = new Map([...listRecords(world, 'enis')].map((eni): [EniId, MachineStep[]] => [eni.id, []]));
  for (const [index, { atSeconds, world: now, passage }] of runSequence(one).entries()) {
    const at = { index, atSeconds, world: now };
    if (passage === undefined) for (const steps of machines.values()) steps.push({ ...at, kind: 'change' });
    else
      for (const { stop, sent } of stopsIn({ ...at, passage }, plant, `${one.name}, step ${index}`)) {
        const passing = { ...passingOf(stop), ...(sent.about === undefined ? {} : { about: sent.about }) };
        machines.get(stop.eni.id)?.push({ ...at, kind: 'packet', stop, passing });
      }
  }
  const met = [...listRecords(world, 'enis')].map((eni) => [eni, machines.get(eni.id) ?? []] as const);
  return new Map(met.filter(([, steps]) => steps.some(({ kind }) => kind === 'packet')));
}

/** Where a packet meets machines that can know what the definition knows. */
function stopsIn(
  played: Played & { readonly passage: Passage },
  plant: Plant,
  about: string,
): readonly { readonly stop: Stop; readonly sent: Sent }[] {
  return crossings(played, plant, about).flatMap(({ probe, sent }) => {
    const { leg, transport, flags, echoId } = probe;
    const ends = [...endsOf(played.world, plant, [seenFrom(leg)])];
    const plain = ends.filter(
      (end) => isPlain(played.world, { ...end, isBeside: false }) && !end.gates.some(isUnasked),
    );
    return plain.map((end) => ({ stop: { ...end, transport, flags, echoId, about }, sent }));
  });
}

/** A machine sends what goes to a NAT gateway to where it is for: in these worlds the gateway is in another subnet than who uses it. */
function seenFrom(leg: Leg): Leg {
  return leg.oif.startsWith('nat') ? { ...leg, oif: INTERNET } : leg;
}

/** Behind a NAT gateway the packet is another. */
function crossings(
  { world, passage }: Played & { readonly passage: Passage },
  plant: Plant,
  about: string,
): readonly Crossing[] {
  const { sent, arrived } = passage;
  const legs = legsOf(world, passage, plant);
  const gateway = legs.findIndex(({ iif }) => iif.startsWith('nat'));
  return legs.map((leg, at) => {
    const isBehind = gateway >= 0 && at >= gateway;
    const { transport } = isBehind ? arrived : sent.packet;
    const echoId = isBehind ? arrived.echoId : (sent.echoId ?? 0);
    const probe: Probe = { leg, transport, flags: sent.flags ?? 'syn', echoId, about };
    return { probe, sent: { ...sentOf(plant, probe), ...quoteOf(passage, leg, isBehind) } };
  });
}

function legsOf(world: World, passage: Passage, plant: Plant): readonly Leg[] {
  const service = passage.way.find(({ stage }) => stage === 'exempt');
  if (service !== undefined) return serviceLegs(world, service, plant);
  return reached(new Legs(world, plant).of({ origin: passage.sent.origin, gates: wholeWay(passage) }));
}

/** To a service of the VPC, wherever it is reached; a broadcast is not routed. */
function serviceLegs(world: World, gate: Gate, plant: Plant): readonly Leg[] {
  const vpcId = getRecord(world, 'enis', gate.resource)?.vpcId;
  const { source, destination } = gate;
  if (vpcId === undefined || sameAddress(destination, BROADCAST)) return [];
  const iif = plant.devices.get(gate.resource)?.device ?? NOWHERE;
  return [{ vpcId, iif, oif: INTERNET, source, destination, passes: true, gates: [] }];
}

/** The packet that an ICMP error is about, as it was where the error passes. */
function quoteOf({ sent }: Passage, leg: Leg, isBehind: boolean): Pick<Sent, 'about'> {
  const { about } = sent;
  if (about === undefined) return {};
  const { transport } = isBehind ? about.sent.packet : about.arrived;
  const quoted = { source: leg.destination, destination: about.arrived.destination, transport };
  return { about: { ...quoted, tcp: about.sent.flags ?? 'syn', echoId: about.arrived.echoId } };
}

/** The rules of a router for a world, on the devices that it has had from the beginning. */
export function layoutAt(play: Play, vpcId: VpcId, world: World, previous?: Numbering): Layout {
  const wiring = plantOf(play.world).wirings.get(vpcId);
  assert.ok(wiring !== undefined);
  const enis = new Map([...wiring.enis].filter(([id]) => getRecord(world, 'enis', id) !== undefined));
  const view = hostViewOf(world, enis.keys(), wiring.natGateways.values());
  return layout(view, { ...wiring, enis }, previous);
}
