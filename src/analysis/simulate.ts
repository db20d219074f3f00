import { type Address, type Family, formatAddress, parseAddress } from '../core/net/address.ts';
import { type Packet, packetOf } from '../core/net/packet.ts';
import { fail, ok, type Result } from '../core/net/result.ts';
import type { Transport } from '../core/net/traffic.ts';
import { type Eni, eniOwns } from '../core/model/eni.ts';
import { getRecord, type World } from '../core/model/world.ts';
import { FlowLog, type FlowRecord } from '../core/track/flow-log.ts';
import { DEFAULT_OPTIONS, Network, type Passage, type Sender, type Sent } from '../core/track/network.ts';
import type { Fate, PacketStep, Scenario, ScenarioStep } from '../core/track/scenario.ts';
import type { TcpFlags } from '../core/track/tcp.ts';
import { resolveEndpoint } from './endpoint.ts';
import { findEni } from './lookup.ts';
import { applyScenarioChange, type ScenarioFault } from './scenario-change.ts';

/** What became of one step. */
export type StepReport = { readonly step: ScenarioStep; readonly world: World } & (
  | { readonly kind: 'done' }
  | {
      readonly kind: 'packet';
      readonly passage: Passage;
      readonly fate: Fate;
      /** Interfaces on the packet's way that hold an entry for its flow afterwards. */
      readonly tracking: readonly string[];
      /** Whether it came as the step expects; true where it expects nothing. */
      readonly isExpected: boolean;
    }
);

/** A scenario played to its end. */
export type Simulation = {
  readonly scenario: Scenario;
  readonly steps: readonly StepReport[];
  readonly records: readonly FlowRecord[];
};

/** A scenario that cannot be played: the step at fault, counted from 0. */
export type SimulationFault = ScenarioFault & { readonly step: number };

const FATES: Readonly<Record<Passage['outcome'], Fate>> = { allow: 'deliver', deny: 'drop', unknown: 'unknown' };
/** Headers of IP and TCP without anything behind them, for packets that a scenario gives no size. */
const USUAL_BYTES: Readonly<Record<Family, number>> = { ipv4: 40, ipv6: 60 };

/** Plays a scenario on a world: every packet through connection tracking, every change in its place. */
export function simulate(world: World, scenario: Scenario): Result<Simulation, SimulationFault> {
  const player = new Player(world, scenario);
  const steps: StepReport[] = [];
  for (const [index, step] of scenario.steps.entries()) {
    const played = player.play(step);
    if (!played.ok) return fail({ ...played.error, step: index });
    steps.push(played.value);
  }
  return ok({ scenario, steps, records: player.records });
}

type Played<T> = Result<T, ScenarioFault>;

class Player {
  readonly #network: Network;
  readonly #scenario: Scenario;
  readonly #log: FlowLog;
  readonly #passages: Map<string, Passage> = new Map();
  /** A SYN is answered by one SYN-ACK; what follows are plain segments. */
  readonly #answered: Set<Passage> = new Set();

  constructor(world: World, scenario: Scenario) {
    this.#scenario = scenario;
    this.#network = new Network(world, { ...DEFAULT_OPTIONS, admitsRelated: scenario.admitsRelated });
    this.#log = new FlowLog(scenario.windowSeconds);
  }

  get records(): readonly FlowRecord[] {
    return this.#log.records();
  }

  play(step: ScenarioStep): Played<StepReport> {
    const { world } = this.#network;
    if (step.kind === 'change') {
      const changed = applyScenarioChange(world, step.change);
      if (!changed.ok) return changed;
      this.#network.change(changed.value);
      return ok({ kind: 'done', step, world: changed.value });
    }
    if (step.kind === 'limit') {
      const eni = findEni(world, step.interface);
      if (!eni.ok) return eni;
      this.#network.tracker.setCapacity(eni.value, step.connections);
      return ok({ kind: 'done', step, world });
    }
    const atSeconds = this.#scenario.startSeconds + step.atSeconds;
    const passage = this.#send(step, atSeconds);
    if (!passage.ok) return passage;
    if (step.as !== undefined) this.#passages.set(step.as, passage.value);
    this.#log.observe(passage.value, step.bytes ?? USUAL_BYTES[passage.value.sent.packet.family]);
    const fate = FATES[passage.value.outcome];
    const isExpected = step.expect === undefined || step.expect === fate;
    const tracking = this.#tracking(passage.value, atSeconds);
    return ok({ kind: 'packet', step, world, passage: passage.value, fate, tracking, isExpected });
  }

  #send(step: PacketStep, atSeconds: number): Played<Passage> {
    if (step.kind === 'send') {
      const sent = sentPacket(this.#network.world, step, atSeconds);
      return sent.ok ? ok(this.#network.send(sent.value)) : sent;
    }
    // The reader of scenarios let only known names through.
    const first = this.#passages.get(step.of);
    if (first === undefined) return fault(`no earlier step is called ${JSON.stringify(step.of)}`);
    switch (step.kind) {
      case 'again':
        return this.#again(first, atSeconds, step.flags ?? 'ack');
      case 'reply': {
        const flags = step.flags ?? (first.sent.flags === 'syn' && !this.#answered.has(first) ? 'syn-ack' : 'ack');
        this.#answered.add(first);
        const reply = this.#network.answer(first, { atSeconds, flags });
        return reply === undefined ? fault(`nothing can answer ${step.of}: ${whyUnanswered(first)}`) : ok(reply);
      }
      case 'icmp-error': {
        const kind = first.arrived.family === 'ipv4' ? 'icmp' : 'icmpv6';
        const { type, code } = step;
        const passage = this.#network.error(first, { atSeconds, transport: { kind, type, code } });
        return passage === undefined ? fault(`no one is at the end of ${step.of} to send an error`) : ok(passage);
      }
    }
  }

  #again(first: Passage, atSeconds: number, flags: TcpFlags): Played<Passage> {
    const { sent } = first;
    if (sent.origin.kind === 'internet') return ok(this.#network.send({ ...sent, atSeconds, flags }));
    const eni = getRecord(this.#network.world, 'enis', sent.origin.eni.id);
    if (eni === undefined) return fault(`${sent.origin.eni.id}, which sent it, is gone`);
    return ok(this.#network.send({ ...sent, origin: { kind: 'eni', eni }, atSeconds, flags }));
  }

  #tracking(passage: Passage, atSeconds: number): readonly string[] {
    const holding = [...passage.met].filter(([id, met]) =>
      met.some(({ sighting }) => this.#network.tracker.isTracked(id, sighting, atSeconds)),
    );
    return holding.map(([id]) => id);
  }
}

type Send = Extract<PacketStep, { kind: 'send' }>;

function sentPacket(world: World, step: Send, atSeconds: number): Played<Sent> {
  const family = familyOf(world, step);
  const from = senderOf(world, step.from, family);
  if (!from.ok) return from;
  const destination = destinationOf(world, { text: step.to, family, sender: from.value.origin });
  if (!destination.ok) return destination;
  const packet = packetOf(from.value.address, destination.value, step.transport);
  if (!packet.ok) return fault(`${step.from} to ${step.to}: ${packet.error}`);
  return ok(withMarks({ atSeconds, origin: from.value.origin, packet: packet.value }, step));
}

function withMarks(
  base: { readonly atSeconds: number; readonly origin: Sender; readonly packet: Packet },
  step: Send,
): Sent {
  const { flags, echoId, transport } = step;
  return {
    ...base,
    ...(transport.kind === 'tcp' ? { flags: flags ?? 'syn' } : {}),
    ...(echoId === undefined ? {} : { echoId }),
  };
}

/** The family that the step says, or its addresses do, or its protocol; else the first that both of its interfaces have. */
function familyOf(world: World, { family, from, to, transport }: Send): Family {
  const literal = [from, to].map(parseAddress).find((parsed) => parsed.ok)?.value.family;
  const implied = family ?? literal ?? familyOfTransport(transport);
  if (implied !== undefined) return implied;
  const enis = [from, to].flatMap((text) => {
    const eni = findEni(world, text);
    return eni.ok ? [eni.value] : [];
  });
  return enis.every((eni) => firstAddress(eni, 'ipv4') !== undefined) ? 'ipv4' : 'ipv6';
}

function familyOfTransport(transport: Transport): Family | undefined {
  return transport.kind === 'icmp' ? 'ipv4' : transport.kind === 'icmpv6' ? 'ipv6' : undefined;
}

function senderOf(
  world: World,
  text: string,
  family: Family,
): Played<{ readonly origin: Sender; readonly address: Address }> {
  const literal = parseAddress(text);
  if (literal.ok) return hostAt(world, text, literal.value);
  if (text === 'internet') return fault('the internet is many: give one address of it, as 203.0.113.12');
  const eni = findEni(world, text);
  if (!eni.ok) return eni;
  const address = firstAddress(eni.value, family);
  if (address === undefined) return fault(`${text} has no ${family} address`);
  return ok({ origin: { kind: 'eni', eni: eni.value }, address });
}

/** Who sends from an address: the interface that has it, or a host of the internet. */
function hostAt(world: World, text: string, address: Address): ReturnType<typeof senderOf> {
  const endpoint = resolveEndpoint(world, text);
  if (!endpoint.ok) return endpoint;
  const [place] = endpoint.value.places;
  if (place?.kind === 'internet') return ok({ origin: { kind: 'internet' }, address });
  if (place?.kind !== 'eni') return fault(`no interface has the address ${text}, and it is not of the internet`);
  return eniOwns(place.eni, address)
    ? ok({ origin: { kind: 'eni', eni: place.eni }, address })
    : fault(`${text} is the public address of ${place.eni.id}: let it send from ${ownAddress(place.eni)}`);
}

function ownAddress(eni: Eni): string {
  const address = firstAddress(eni, 'ipv4') ?? firstAddress(eni, 'ipv6');
  return address === undefined ? eni.id : formatAddress(address);
}

function destinationOf(
  world: World,
  { text, family, sender }: { readonly text: string; readonly family: Family; readonly sender: Sender },
): Played<Address> {
  const literal = parseAddress(text);
  if (literal.ok) return literal;
  if (text === 'internet') return fault('the internet is many: give one address of it, as 203.0.113.12');
  const eni = findEni(world, text);
  if (!eni.ok) return eni;
  const own = firstAddress(eni.value, family);
  if (own === undefined) return fault(`${text} has no ${family} address`);
  if (sender.kind === 'eni' || family === 'ipv6') return ok(own);
  const seen = eni.value.addresses.find((one) => one.public !== undefined)?.public?.address;
  return seen === undefined
    ? fault(`${text} has no public address that a packet from the internet could carry`)
    : ok(seen);
}

function firstAddress(eni: Eni, family: Family): Address | undefined {
  return eni.addresses.find((own) => own.address.family === family)?.address;
}

function whyUnanswered({ end, arrived }: Passage): string {
  if (end.kind === 'service') return 'it went to a service of the VPC, whose answers nothing filters';
  return end.kind === 'lost' ? 'it came to no one' : `no one answers ${arrived.transport.kind} of this kind`;
}

function fault(message: string): { readonly ok: false; readonly error: ScenarioFault } {
  return fail({ message, suggestions: [] });
}
