import type { Family } from '../net/address.ts';
import type { Transport } from '../net/traffic.ts';
import { type Eni, isUnfiltered } from '../model/eni.ts';
import type { World } from '../model/world.ts';
import { decideSeen } from '../policy/decide.ts';
import { groupsOf } from '../policy/match.ts';
import type { Gate } from '../policy/path.ts';
import { type Decision, deny, pass, unknown } from '../policy/verdict.ts';
import { AUTOMATIC_TYPES } from './automatic-types.ts';
import { isOpening, type Sighting, writeConnKey } from './conn-key.ts';
import { type ConnKey, ConnTable, KEY_WORDS } from './conn-table.ts';
import { advanceEntry, idleSeconds, openEntry, packEntry, type Segment, unpackEntry } from './entry.ts';
import type { TcpFlags } from './tcp.ts';
import { isUntracked } from './untracked.ts';

/** A gate of security groups. */
export type GroupGate = Extract<Gate, { kind: 'groups' }>;

/** A packet at a gate of security groups. */
export type SeenPacket = {
  readonly transport: Transport;
  readonly flags: TcpFlags | undefined;
  readonly echoId: number;
  /** The flow passes something that makes AWS track it always: a NAT or an egress-only internet gateway (E2:conntrack). */
  readonly isAutomatic: boolean;
  /** For an ICMP error: where this interface met the packet that it is about. */
  readonly about?: Met;
};

/** A gate of security groups with what it saw there. */
export type Met = { readonly gate: GroupGate; readonly sighting: Sighting; readonly flags: TcpFlags | undefined };

export type TrackerOptions = {
  readonly seed: number;
  /** Entries of all interfaces together, in each family. */
  readonly maxEntries: number;
  /**
   * Whether an ICMP error about any tracked flow passes. AWS's text promises that for automatically tracked and for untracked flows only
   * (E2:network_mtu), so off unless asked for.
   */
  readonly admitsRelated: boolean;
};

/** Security groups with memory: what an interface says to a packet, given the flows that it knows. */
export class Tracker {
  readonly #tables: Readonly<Record<Family, ConnTable>>;
  /** Written anew for every packet; the table copies what it keeps. */
  readonly #key: ConnKey = new Int32Array(KEY_WORDS.ipv6);
  readonly #admitsRelated: boolean;
  readonly #owners: Map<string, number> = new Map();
  /** Interfaces by the machine whose allowance they share. */
  readonly #machines: Map<string, Set<number>> = new Map();
  readonly #capacities: Map<string, number> = new Map();
  readonly #exceeded: Map<string, number> = new Map();

  constructor(options: TrackerOptions) {
    const { seed, maxEntries } = options;
    this.#tables = {
      ipv4: new ConnTable({ family: 'ipv4', seed, maxEntries }),
      ipv6: new ConnTable({ family: 'ipv6', seed, maxEntries }),
    };
    this.#admitsRelated = options.admitsRelated;
  }

  /** Entries of all owners, expired ones perhaps included. */
  get size(): number {
    return this.#tables.ipv4.size + this.#tables.ipv6.size;
  }

  /** Sets how many entries the interfaces of a machine may hold together; AWS publishes no number, so there is none by default. */
  setCapacity(eni: Eni, entries: number): void {
    this.#capacities.set(machineOf(eni), entries);
  }

  /** Packets that found no room at the interface's machine (AWS's conntrack_allowance_exceeded). */
  exceededAt(eni: Eni): number {
    return this.#exceeded.get(machineOf(eni)) ?? 0;
  }

  /** What the interface's groups say to the packet; what they admit is remembered where it has to be. */
  judge(
    world: World,
    { gate, packet }: { readonly gate: GroupGate; readonly packet: SeenPacket },
    nowSeconds: number,
  ): Decision {
    const { eni } = gate;
    if (isUnfiltered(eni)) return pass('unfiltered');
    const { unknownGroups } = groupsOf(world, eni);
    // A rule that is not known may be what leaves the flow untracked, so even a packet that passes has an unknown future.
    if (unknownGroups.length > 0) return unknown('unknown-group', unknownGroups);
    if (packet.about !== undefined) return this.#judgeError(world, { gate, packet, about: packet.about }, nowSeconds);
    const key = this.#keyOf(gate, packet);
    if (key !== undefined && this.#follow(gate, { key, packet }, nowSeconds)) return pass('tracked');
    const decision = decideSeen(world, gate, packet.transport);
    if (decision.outcome !== 'pass' || key === undefined || !this.#needsEntry(world, gate, packet)) return decision;
    return this.#open(gate, { key, packet }, nowSeconds) ? decision : deny('conntrack-full');
  }

  /** Whether an interface or gateway holds a live entry for the flow. */
  isTracked(owner: string, sighting: Sighting, nowSeconds: number): boolean {
    const key = writeConnKey(this.#key, this.#ownerOf(owner), sighting);
    return key !== undefined && this.#tables[sighting.local.family].find(key, nowSeconds) >= 0;
  }

  /** A gateway that keeps state sees an outbound packet: it remembers the flow whatever its segment says. */
  remember(gatewayId: string, seen: Sighting & { readonly flags: TcpFlags | undefined }, nowSeconds: number): boolean {
    const key = writeConnKey(this.#key, this.#ownerOf(gatewayId), seen);
    if (key === undefined) return true;
    const table = this.#tables[seen.local.family];
    const slot = table.find(key, nowSeconds);
    const before = slot < 0 ? undefined : unpackEntry(table.stateOf(slot));
    const entry =
      (before === undefined ? undefined : advanceEntry(before, seen)) ??
      openEntry(seen, { isAutomatic: true, isBalanced: false });
    const expiresSeconds = nowSeconds + idleSeconds(entry, seen.transport, undefined);
    if (slot < 0) return table.insert(key, { state: packEntry(entry), expiresSeconds }, nowSeconds);
    table.update(slot, packEntry(entry), expiresSeconds);
    return true;
  }

  /** Forgets all flows of an interface or gateway that is gone. */
  forget(owner: string): void {
    const index = this.#owners.get(owner);
    if (index === undefined) return;
    for (const table of Object.values(this.#tables)) table.removeOwner(index);
  }

  /** A packet of a flow that has an entry: the entry moves on. False when there is none, or the packet opens a flow in its place. */
  #follow(
    gate: GroupGate,
    { key, packet }: { readonly key: ConnKey; readonly packet: SeenPacket },
    nowSeconds: number,
  ): boolean {
    const table = this.#tables[gate.source.family];
    const slot = table.find(key, nowSeconds);
    if (slot < 0) return false;
    const segment = segmentOf(gate, packet);
    const entry = advanceEntry(unpackEntry(table.stateOf(slot)), segment);
    if (entry === undefined) {
      table.remove(slot);
      return false;
    }
    table.update(slot, packEntry(entry), nowSeconds + idleSeconds(entry, packet.transport, gate.eni));
    return true;
  }

  #open(
    gate: GroupGate,
    { key, packet }: { readonly key: ConnKey; readonly packet: SeenPacket },
    nowSeconds: number,
  ): boolean {
    const entry = openEntry(segmentOf(gate, packet), {
      isAutomatic: isAutomatic(gate, packet),
      isBalanced: typesAt(gate).includes('network_load_balancer'),
    });
    const expiresSeconds = nowSeconds + idleSeconds(entry, packet.transport, gate.eni);
    const isIn =
      this.#hasRoom(gate.eni, nowSeconds) &&
      this.#tables[gate.source.family].insert(key, { state: packEntry(entry), expiresSeconds }, nowSeconds);
    const machine = machineOf(gate.eni);
    if (!isIn) this.#exceeded.set(machine, (this.#exceeded.get(machine) ?? 0) + 1);
    return isIn;
  }

  /**
   * Whether an admitted packet makes an entry. A TCP segment that opens nothing does not: if it did, one packet of the other side would
   * revive an untracked flow whose rule is gone, which AWS says is interrupted at once (E2:conntrack).
   */
  #needsEntry(world: World, gate: GroupGate, packet: SeenPacket): boolean {
    if (packet.transport.kind === 'tcp' && packet.flags !== 'syn') return false;
    if (!isOpening(packet.transport)) return false;
    return isAutomatic(gate, packet) || !isUntracked(world, admittedAt(gate, packet));
  }

  /** An ICMP error passes by a rule, or because of what the interface knows of the flow that it is about (E2:network_mtu). */
  #judgeError(
    world: World,
    error: { readonly gate: GroupGate; readonly packet: SeenPacket; readonly about: Met },
    nowSeconds: number,
  ): Decision {
    const decision = decideSeen(world, error.gate, error.packet.transport);
    if (decision.outcome === 'pass') return decision;
    const { gate, sighting, flags } = error.about;
    const key = writeConnKey(this.#key, this.#ownerOf(gate.eni.id), sighting);
    const table = this.#tables[gate.source.family];
    const slot = key === undefined ? -1 : table.find(key, nowSeconds);
    if (slot >= 0) {
      const passes = this.#admitsRelated || unpackEntry(table.stateOf(slot)).isAutomatic;
      return passes ? pass('related') : decision;
    }
    const isOpen =
      decideSeen(world, gate, sighting.transport).outcome === 'pass' &&
      isUntracked(world, admittedAt(gate, { transport: sighting.transport, flags }));
    return isOpen ? pass('related') : decision;
  }

  #hasRoom(eni: Eni, nowSeconds: number): boolean {
    const capacity = this.#capacities.get(machineOf(eni));
    if (capacity === undefined || this.#heldBy(machineOf(eni)) < capacity) return true;
    for (const table of Object.values(this.#tables)) table.sweep(nowSeconds);
    return this.#heldBy(machineOf(eni)) < capacity;
  }

  #heldBy(machine: string): number {
    let held = 0;
    for (const owner of this.#machines.get(machine) ?? [])
      held += this.#tables.ipv4.countOf(owner) + this.#tables.ipv6.countOf(owner);
    return held;
  }

  #keyOf(gate: GroupGate, packet: SeenPacket): ConnKey | undefined {
    const owner = this.#ownerOf(gate.eni.id);
    const machine = machineOf(gate.eni);
    const siblings = this.#machines.get(machine);
    if (siblings === undefined) this.#machines.set(machine, new Set([owner]));
    else siblings.add(owner);
    return writeConnKey(this.#key, owner, sightingAt(gate, packet));
  }

  #ownerOf(name: string): number {
    const known = this.#owners.get(name);
    if (known !== undefined) return known;
    const index = this.#owners.size;
    this.#owners.set(name, index);
    return index;
  }
}

/** The packet as the gate's interface sees it. */
export function sightingAt(gate: GroupGate, packet: Pick<SeenPacket, 'transport' | 'echoId'>): Sighting {
  const { source, destination, direction } = gate;
  const [local, remote] = direction === 'egress' ? [source, destination] : [destination, source];
  return { local, remote, transport: packet.transport, direction, echoId: packet.echoId };
}

/** Interfaces of one instance share an allowance (E2:conntrack). */
function machineOf(eni: Eni): string {
  return eni.attachment?.instanceId ?? eni.id;
}

function typesAt(gate: GroupGate): readonly (string | undefined)[] {
  return [gate.eni.interfaceType, gate.peer.eni?.interfaceType];
}

function isAutomatic(gate: GroupGate, packet: SeenPacket): boolean {
  return packet.isAutomatic || typesAt(gate).some((type) => type !== undefined && AUTOMATIC_TYPES.has(type));
}

function segmentOf(gate: GroupGate, packet: SeenPacket): Segment {
  return { transport: packet.transport, flags: packet.flags, direction: gate.direction };
}

function admittedAt(
  gate: GroupGate,
  packet: Pick<SeenPacket, 'transport' | 'flags'>,
): Parameters<typeof isUntracked>[1] {
  const { eni, direction, source } = gate;
  return { eni, direction, family: source.family, transport: packet.transport, flags: packet.flags };
}
