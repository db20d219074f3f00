import { type Address, formatAddress, sameAddress } from '../net/address.ts';
import { cidrOf, formatCidr } from '../net/cidr.ts';
import type { Packet } from '../net/packet.ts';
import { replyTransport, type Transport } from '../net/traffic.ts';
import { attachedAs } from '../model/eni.ts';
import type { NatGateway } from '../model/gateway.ts';
import type { EniId, VpcId } from '../model/ids.ts';
import { changeBetween, getRecord, indexedId, indexedIds, type World } from '../model/world.ts';
import { decideSeen } from '../policy/decide.ts';
import type { GateAnswer } from '../policy/evaluate.ts';
import type { End, Gate, Origin, Translation } from '../policy/path.ts';
import { FRESH_START, walkWay } from '../policy/plan.ts';
import { combine, type Decision, deny, type Outcome, pass } from '../policy/verdict.ts';
import type { WalkResult, WalkStart } from '../policy/walk.ts';
import type { Sighting } from './conn-key.ts';
import { type Mapping, NatTable } from './nat-table.ts';
import type { TcpFlags } from './tcp.ts';
import { type Met, sightingAt, Tracker, type TrackerOptions } from './tracker.ts';

/** Where a packet may start: at an interface, or at a host of the internet. */
export type Sender = Extract<Origin, { kind: 'eni' | 'internet' }>;

/** One packet at one moment. `flags` are for TCP, `echoId` for ICMP queries. */
export type Sent = {
  readonly atSeconds: number;
  readonly origin: Sender;
  readonly packet: Packet;
  readonly flags?: TcpFlags;
  readonly echoId?: number;
  /** For an ICMP error: the passage of the packet that it is about. */
  readonly about?: Passage;
};

/** What became of a packet. */
export type Passage = {
  readonly sent: Sent;
  /** `deny`: it was dropped at the last of `gates`; `unknown`: that gate waits for something that the world does not hold. */
  readonly outcome: Outcome;
  /** The gates that it met, in order. */
  readonly gates: readonly GateAnswer[];
  /** All gates of its way, whether it came to them or not. */
  readonly way: readonly Gate[];
  /** Where its way ends. */
  readonly end: End;
  /** The packet as it arrives there: addresses, ports and the identifier of ICMP queries may have been translated. */
  readonly arrived: Packet & { readonly echoId: number };
  /** The flow as each interface of its way meets it. */
  readonly met: ReadonlyMap<EniId, readonly Met[]>;
};

export type NetworkOptions = TrackerOptions & {
  /** Connections of all NAT gateways together. */
  readonly maxMappings: number;
};

/** Bounds that no honest scenario meets, and strict AWS behaviour. */
export const DEFAULT_OPTIONS: NetworkOptions = {
  seed: 0,
  maxEntries: 1 << 20,
  maxMappings: 1 << 18,
  admitsRelated: false,
};

/** A device that keeps state, and the walk that it gives a packet. */
type Start = { readonly start: WalkStart; readonly mappings: readonly Mapping[] };
/** A packet on its way: what it carries now, and the mappings that are still to be undone. */
type Journey = { transport: Transport; echoId: number; mappings: readonly Mapping[] };

/** A world with memory: connection tracking at its interfaces, NAT mappings, egress-only gateways. Packets go through it one at a time. */
export class Network {
  #world: World;
  readonly tracker: Tracker;
  readonly #nat: NatTable;
  #nowSeconds = -Infinity;

  constructor(world: World, options: NetworkOptions = DEFAULT_OPTIONS) {
    this.#world = world;
    this.tracker = new Tracker(options);
    this.#nat = new NatTable(options.maxMappings);
  }

  get world(): World {
    return this.#world;
  }

  /** Puts another world in place. Tracked flows live on, but for those of interfaces and gateways that are gone or attached anew. */
  change(world: World): void {
    const { enis, egressOnlyGateways } = changeBetween(this.#world, world);
    const moved = (enis?.updated ?? []).flatMap(([from, to]) => (attachedAs(from) === attachedAs(to) ? [] : [from]));
    for (const { id } of [...(enis?.removed ?? []), ...(egressOnlyGateways?.removed ?? []), ...moved])
      this.tracker.forget(id);
    this.#world = world;
  }

  /** Sends one packet. Time must not go back: that is a fault of the caller, and thrown. */
  send(sent: Sent): Passage {
    if (sent.atSeconds < this.#nowSeconds) throw new RangeError('time goes back');
    this.#nowSeconds = sent.atSeconds;
    const { start, mappings } = this.#startOf(sent);
    const { source, destination } = sent.packet;
    const walk = walkWay(this.#world, { origin: sent.origin, header: { source, destination }, start });
    const passage = this.#pass(sent, walk, mappings);
    if (passage.outcome === 'allow') this.#noteEgressOnly(passage);
    return passage;
  }

  /**
   * Sends the answer to a packet from where it ended, and holds it to come back to where the packet came from. Undefined when nobody is
   * there to answer, or the packet needs no answer.
   */
  answer(first: Passage, sent: { readonly atSeconds: number; readonly flags?: TcpFlags }): Passage | undefined {
    const transport = replyTransport(first.arrived.transport);
    const origin = this.#endAsSender(first.end);
    if (transport === undefined || origin === undefined) return undefined;
    const { family, source, destination } = first.arrived;
    const packet: Packet = { family, source: destination, destination: source, transport };
    return this.#home(first, { ...sent, origin, packet, echoId: first.arrived.echoId });
  }

  /** Sends an ICMP error about a packet back to its sender: from where it ended, or from a router of the internet. */
  error(
    first: Passage,
    sent: { readonly atSeconds: number; readonly transport: Transport; readonly router?: Address },
  ): Passage | undefined {
    const { atSeconds, transport, router } = sent;
    const origin: Sender | undefined = router === undefined ? this.#endAsSender(first.end) : { kind: 'internet' };
    if (origin === undefined) return undefined;
    const { family, source, destination } = first.arrived;
    const packet = { family, source: router ?? destination, destination: source, transport };
    return this.send({ atSeconds, origin, packet, about: first });
  }

  #home(first: Passage, sent: Sent): Passage {
    const passage = this.send(sent);
    return passage.outcome === 'allow' && !isHome(first, passage) ? astray(passage) : passage;
  }

  #pass(sent: Sent, walk: WalkResult, mappings: readonly Mapping[]): Passage {
    const journey: Journey = { transport: sent.packet.transport, echoId: sent.echoId ?? 0, mappings };
    const isAutomatic = isAlwaysTracked(walk);
    const gates: GateAnswer[] = [];
    const met = new Map<EniId, Met[]>();
    let outcome: Outcome = 'allow';
    for (const gate of walk.gates) {
      if (gate.kind === 'groups') {
        const sighting = sightingAt(gate, journey);
        const known = met.get(gate.eni.id) ?? [];
        met.set(gate.eni.id, [...known, { gate, sighting, flags: sent.flags }]);
      }
      if (outcome !== 'allow') continue;
      const decision = this.#decide(gate, { sent, journey, isAutomatic });
      gates.push({ gate, decision });
      outcome = combine([decision]);
    }
    const { end } = walk;
    const last = end.kind === 'eni' || end.kind === 'internet' ? end : sent.packet;
    const { source, destination } = last;
    const { transport, echoId } = journey;
    const arrived = { family: sent.packet.family, source, destination, transport, echoId };
    return { sent, outcome, gates, way: walk.gates, end, arrived, met };
  }

  #decide(gate: Gate, at: { readonly sent: Sent; readonly journey: Journey; readonly isAutomatic: boolean }): Decision {
    const { sent, journey, isAutomatic } = at;
    const { transport, echoId } = journey;
    const { flags } = sent;
    switch (gate.kind) {
      case 'settled':
        undoMapping(gate, journey);
        return gate.decision;
      case 'nat-protocols':
        return this.#translate(gate, at);
      case 'acl':
        return decideSeen(this.#world, gate, transport);
      case 'groups': {
        const about = sent.about?.met.get(gate.eni.id)?.[0];
        const packet = { transport, flags, echoId, isAutomatic, ...(about === undefined ? {} : { about }) };
        return this.tracker.judge(this.#world, { gate, packet }, sent.atSeconds);
      }
    }
  }

  #translate(gate: Gate, { sent, journey }: { readonly sent: Sent; readonly journey: Journey }): Decision {
    const { transport } = journey;
    if (transport.kind === 'protocol') return deny('nat-protocol');
    const nat = getRecord(this.#world, 'natGateways', gate.resource);
    if (nat === undefined) return pass('protocol');
    const { source, destination } = gate;
    const packet = { natId: nat.id, source, destination, transport, flags: sent.flags, echoId: journey.echoId };
    const mapping = this.#nat.outbound(packet, sent.atSeconds);
    if (mapping === 'nat-expired' || mapping === 'nat-full') return deny(mapping);
    if (mapping === undefined) return pass('protocol');
    if ('sourcePort' in transport) journey.transport = { ...transport, sourcePort: mapping.port };
    else journey.echoId = mapping.port;
    return pass('protocol');
  }

  /** What the devices that keep state know of the packet before it goes: it may answer a flow that went out through them. */
  #startOf(sent: Sent): Start {
    const mappings = this.#mappingsBack(sent);
    if (mappings.length > 0) {
      const translations = mappings.map(({ natId, inside }): Translation => ({ natId, inside }));
      return { start: { way: 'reply', passed: new Set(), translations }, mappings };
    }
    const throughEgressOnly = sent.origin.kind === 'internet' && this.#isAnswerToEgressOnly(sent);
    if (!throughEgressOnly) return { start: FRESH_START, mappings };
    return { start: { ...FRESH_START, way: 'reply', returnThrough: 'egress-only-gateway' }, mappings };
  }

  /** The mappings that a packet for a NAT gateway's address answers, the innermost first. */
  #mappingsBack(sent: Sent): readonly Mapping[] {
    const mappings: Mapping[] = [];
    const { remote: sender, ...seen } = answeringFrom(sent);
    let { local, transport, echoId } = seen;
    const inside = sent.origin.kind === 'eni' ? this.#natInside(sent.origin.eni.vpcId, local) : undefined;
    let nat = inside ?? this.#natOutside(local);
    // A packet to a public address goes by the internet gateway, even within a VPC: it comes with the sender's public address.
    const remote = inside === undefined ? publicSide(sent.origin, sender) : sender;
    while (nat !== undefined) {
      const packet = { natId: nat.id, source: remote, destination: local, transport, flags: sent.flags, echoId };
      const mapping = this.#nat.inbound(packet, sent.atSeconds);
      if (mapping === undefined) return [];
      mappings.unshift(mapping);
      local = mapping.inside;
      if ('sourcePort' in transport) transport = { ...transport, destinationPort: mapping.insidePort };
      else echoId = mapping.insidePort;
      nat = this.#natInside(nat.vpcId, local);
    }
    return mappings;
  }

  #natOutside(destination: Address): NatGateway | undefined {
    const id = indexedId(this.#world, 'natGatewaysByAddress', formatAddress(destination));
    return id === undefined ? undefined : getRecord(this.#world, 'natGateways', id);
  }

  /** The NAT gateway with a private address in a VPC or in one that is peered with it. */
  #natInside(vpcId: VpcId, address: Address): NatGateway | undefined {
    const peers = [...indexedIds(this.#world, 'peeringsByVpc', vpcId)].flatMap((id) => {
      const peering = getRecord(this.#world, 'peerings', id);
      return peering === undefined ? [] : [peering.requester.vpcId, peering.accepter.vpcId];
    });
    for (const vpc of [vpcId, ...peers]) {
      const id = indexedId(this.#world, 'natGatewaysByAddress', `${vpc} ${formatAddress(address)}`);
      if (id !== undefined) return getRecord(this.#world, 'natGateways', id);
    }
    return undefined;
  }

  #isAnswerToEgressOnly(sent: Sent): boolean {
    const seen = { ...answeringFrom(sent), direction: 'ingress' } as const;
    if (seen.local.family === 'ipv4') return false;
    const eniId =
      indexedId(this.#world, 'enisByPublicAddress', formatAddress(seen.local)) ??
      indexedId(this.#world, 'enisByPublicAddress', formatCidr(cidrOf(seen.local, 80)));
    const eni = eniId === undefined ? undefined : getRecord(this.#world, 'enis', eniId);
    if (eni === undefined) return false;
    return [...indexedIds(this.#world, 'egressOnlyGatewaysByVpc', eni.vpcId)].some((id) => {
      if (!this.tracker.isTracked(id, seen, sent.atSeconds)) return false;
      this.tracker.remember(id, { ...seen, flags: sent.flags }, sent.atSeconds);
      return true;
    });
  }

  /** An egress-only gateway remembers what leaves by it, so that the answers come in. */
  #noteEgressOnly({ sent, end, gates, arrived }: Passage): void {
    if (end.kind !== 'internet' || end.through !== 'egress-only-gateway') return;
    const gatewayId = gates.findLast(({ gate }) => gate.stage === 'gateway')?.gate.resource ?? '';
    const { source: local, destination: remote, transport, echoId } = arrived;
    const seen: Sighting = { local, remote, transport, direction: 'egress', echoId };
    this.tracker.remember(gatewayId, { ...seen, flags: sent.flags }, sent.atSeconds);
  }

  #endAsSender(end: End): Sender | undefined {
    if (end.kind === 'internet') return { kind: 'internet' };
    const eni = end.kind === 'eni' ? getRecord(this.#world, 'enis', end.eni.id) : undefined;
    return eni === undefined ? undefined : { kind: 'eni', eni };
  }
}

/** A NAT gateway that the packet comes back through puts the hidden port in again. */
function undoMapping(gate: Extract<Gate, { kind: 'settled' }>, journey: Journey): void {
  const last = journey.mappings.at(-1);
  if (last?.natId !== gate.resource || gate.decision.outcome !== 'pass' || gate.decision.by !== 'tracked') return;
  journey.mappings = journey.mappings.slice(0, -1);
  const { transport } = journey;
  if ('sourcePort' in transport) journey.transport = { ...transport, destinationPort: last.insidePort };
  else journey.echoId = last.insidePort;
}

/** The packet as one that comes back from `remote`; for an ICMP error the answer to the packet that it is about. */
function answeringFrom({ packet, echoId = 0, about }: Sent): Omit<Sighting, 'direction'> {
  const transport =
    about === undefined ? packet.transport : (replyTransport(about.arrived.transport) ?? packet.transport);
  const remote = about === undefined ? packet.source : about.arrived.destination;
  return { local: packet.destination, remote, transport, echoId: about?.arrived.echoId ?? echoId };
}

function publicSide(origin: Sender, address: Address): Address {
  if (origin.kind === 'internet') return address;
  return origin.eni.addresses.find((own) => sameAddress(own.address, address))?.public?.address ?? address;
}

/** AWS tracks flows through NAT and egress-only gateways always (E2:conntrack). */
function isAlwaysTracked(walk: WalkResult): boolean {
  return walk.gates.some(
    (gate) =>
      gate.kind === 'nat-protocols' ||
      (gate.stage === 'gateway' && gate.kind === 'settled' && isState(gate.decision)) ||
      (walk.end.kind === 'internet' && walk.end.through === 'egress-only-gateway'),
  );
}

function isState(decision: Decision): boolean {
  return decision.outcome === 'pass' && decision.by === 'tracked';
}

/** Whether an answer ends where the packet came from, under the addresses and ports that its sender knows. */
function isHome(first: Passage, answer: Passage): boolean {
  const { origin, packet } = first.sent;
  const { end, arrived } = answer;
  const isSame = sameAddress(arrived.source, packet.destination) && sameAddress(arrived.destination, packet.source);
  if (origin.kind === 'eni') return isSame && end.kind === 'eni' && end.eni.id === origin.eni.id;
  return isSame && end.kind === 'internet' && end.through === 'internet-gateway';
}

function astray(passage: Passage): Passage {
  const { source, destination } = passage.arrived;
  const resource = passage.end.kind === 'eni' ? passage.end.eni.id : formatAddress(destination);
  const decision = deny('asymmetric-route');
  const gate: Gate = { way: 'reply', stage: 'route', resource, source, destination, kind: 'settled', decision };
  return { ...passage, outcome: 'deny', gates: [...passage.gates, { gate, decision }] };
}
