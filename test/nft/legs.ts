// A way through a world, cut into legs: what crosses one router namespace, from device to device, and what the definition says of it there.
import type { Address } from '../../src/core/net/address.ts';
import { asId, type SubnetId, type VpcId } from '../../src/core/model/ids.ts';
import { getRecord, listRecords, type World } from '../../src/core/model/world.ts';
import type { GateAnswer } from '../../src/core/policy/evaluate.ts';
import { hostViewOf } from '../../src/core/policy/host-view.ts';
import type { Gate, Origin, Path } from '../../src/core/policy/path.ts';
import { type Layout, layout } from '../../src/nft/layout.ts';
import type { Numbering } from '../../src/nft/plan.ts';
import type { Attachment, Wiring } from '../../src/nft/wiring.ts';

/** One crossing of a VPC's router. `passes`: no filter and no address check of the crossing refuses or is in doubt. */
export type Leg = {
  readonly vpcId: VpcId;
  readonly iif: string;
  readonly oif: string;
  readonly source: Address;
  readonly destination: Address;
  readonly passes: boolean;
  /** The gates of this leg, for messages. */
  readonly gates: readonly GateAnswer[];
};

/** How the routers of a world are wired: a device for each interface and gateway. */
export type Plant = {
  readonly wirings: ReadonlyMap<VpcId, Wiring>;
  readonly devices: ReadonlyMap<string, Attachment>;
};

export const INTERNET = 'igw0';
/** Devices between which nothing is ever filtered. */
export const BESIDE: readonly [string, string] = ['first0', 'last0'];
/** The device of what is no instance's interface. */
export const NOWHERE = '?';
export const EGRESS_ONLY = 'eigw0';
export const PEERS = 'peer0';
/** Over it no reference matches (PEER:vpc-peering-security-groups). */
export const FAR_PEERS = 'far0';

/** The same wiring for the same world: interfaces and NAT gateways get numbers in the order of their ids. */
export function plantOf(world: World): Plant {
  const devices = new Map<string, Attachment>();
  const enis = [...listRecords(world, 'enis')].filter((eni) => eni.interfaceType !== 'nat_gateway');
  for (const [index, { id }] of enis.toSorted((a, b) => (a.id < b.id ? -1 : 1)).entries())
    devices.set(id, { device: `e${index}`, mac: `02:00:00:00:00:${index.toString(16).padStart(2, '0')}` });
  const nats = [...listRecords(world, 'natGateways')];
  for (const [index, { id }] of nats.entries()) devices.set(id, { device: `nat${index}`, mac: '' });
  const vpcIds = new Set<VpcId>([...enis.map((eni) => eni.vpcId), ...nats.map((nat) => nat.vpcId)]);
  const wirings = new Map(
    [...vpcIds].map((vpcId): [VpcId, Wiring] => {
      const own = nats.filter((nat) => nat.vpcId === vpcId).map((nat) => [nat, deviceOf(devices, nat.id)] as const);
      return [
        vpcId,
        {
          mode: 'forward',
          enis: new Map(
            enis.flatMap((eni) => {
              const attachment = devices.get(eni.id);
              return eni.vpcId === vpcId && attachment !== undefined ? [[eni.id, attachment] as const] : [];
            }),
          ),
          fabric: new Set([PEERS]),
          stateful: new Set([EGRESS_ONLY, ...own.map(([, device]) => device)]),
          natGateways: new Map(own.map(([nat, device]): [string, SubnetId] => [device, nat.subnetId])),
          outside: new Set([INTERNET, FAR_PEERS, ...BESIDE]),
        },
      ];
    }),
  );
  return { wirings, devices };
}

/** The layout of each router. */
export function layoutsOf(
  world: World,
  plant: Plant,
  previous?: ReadonlyMap<VpcId, Numbering>,
): ReadonlyMap<VpcId, Layout> {
  return new Map(
    [...plant.wirings].map(([vpcId, wiring]) => [
      vpcId,
      layout(hostViewOf(world, wiring.enis.keys(), wiring.natGateways.values()), wiring, previous?.get(vpcId)),
    ]),
  );
}

function deviceOf(devices: ReadonlyMap<string, Attachment>, id: string): string {
  return devices.get(id)?.device ?? NOWHERE;
}

type Current = { readonly vpcId: VpcId; readonly iif: string; readonly gates: GateAnswer[]; exit: string | undefined };

/** Cuts a way; legs after a gate that routing refuses are not there, for no packet comes so far. */
export class Legs {
  readonly #world: World;
  readonly #plant: Plant;
  readonly #legs: Leg[] = [];
  #current: Current | undefined;
  #nat: string | undefined;

  constructor(world: World, plant: Plant) {
    this.#world = world;
    this.#plant = plant;
  }

  of(way: {
    readonly origin: Origin | Path['end'];
    readonly gates: readonly GateAnswer[];
    readonly end?: Path['end'];
  }): readonly Leg[] {
    for (const answer of way.gates) if (!this.#take(answer)) return this.#legs;
    const exit = this.#current?.exit;
    if (exit !== undefined && this.#current !== undefined && this.#current.gates.length > 0) this.#end(exit);
    return this.#legs;
  }

  /** Whether a packet may come further. */
  #take(answer: GateAnswer): boolean {
    const { gate, decision } = answer;
    switch (gate.stage) {
      case 'exempt':
        return false;
      case 'source-check':
        this.#current = this.#start(this.#vpcOfEni(gate.resource), deviceOf(this.#plant.devices, gate.resource));
        this.#current.gates.push(answer);
        return true;
      case 'route':
        return decision.outcome === 'pass';
      case 'gateway':
        return decision.outcome === 'pass' && this.#passGateway(gate, decision.by);
      case 'destination-check':
        this.#enter(this.#vpcOfEni(gate.resource), answer);
        this.#end(deviceOf(this.#plant.devices, gate.resource));
        return true;
      case 'group-egress':
      case 'group-ingress':
        this.#enter(this.#vpcOfEni(gate.resource), answer);
        return true;
      case 'acl-egress':
      case 'acl-ingress': {
        const subnet = getRecord(this.#world, 'subnets', gate.resource);
        if (subnet === undefined) return false;
        this.#enter(subnet.vpcId, answer);
        return true;
      }
      default:
        return true;
    }
  }

  #passGateway(gate: Gate, by: string): boolean {
    const nat = getRecord(this.#world, 'natGateways', gate.resource);
    if (nat !== undefined) {
      if (gate.kind !== 'nat-protocols' && by !== 'tracked') return true;
      this.#end(deviceOf(this.#plant.devices, nat.id));
      this.#nat = nat.id;
      return true;
    }
    const peering = getRecord(this.#world, 'peerings', gate.resource);
    if (peering !== undefined) {
      this.#leaveBy(peering.requester.region === peering.accepter.region ? PEERS : FAR_PEERS);
      return true;
    }
    const igw = getRecord(this.#world, 'internetGateways', gate.resource);
    const egressOnly = getRecord(this.#world, 'egressOnlyGateways', gate.resource);
    const device = igw === undefined ? EGRESS_ONLY : INTERNET;
    // The second gateway of a way, or the first of one from outside, lets it in.
    if (this.#current === undefined || this.#current.exit !== undefined) {
      if (this.#current?.exit !== undefined) this.#end(this.#current.exit);
      const vpcId = igw?.vpcId ?? egressOnly?.vpcId;
      if (vpcId === undefined) return false;
      this.#current = this.#start(vpcId, device);
    } else {
      this.#leaveBy(device);
    }
    return true;
  }

  #leaveBy(device: string): void {
    if (this.#current !== undefined) this.#current.exit = device;
  }

  #enter(vpcId: VpcId, answer: GateAnswer): void {
    if (this.#current === undefined) {
      const device = this.#nat === undefined ? INTERNET : deviceOf(this.#plant.devices, this.#nat);
      this.#nat = undefined;
      this.#current = this.#start(vpcId, device);
    } else if (this.#current.vpcId !== vpcId || this.#current.exit !== undefined) {
      // Out by a gateway, and in again by it: into the VPC on its other side, or from the internet gateway back into the same.
      const { exit = PEERS } = this.#current;
      this.#end(exit);
      this.#current = this.#start(vpcId, exit);
    }
    this.#current.gates.push(answer);
  }

  #start(vpcId: VpcId, iif: string): Current {
    return { vpcId, iif, gates: [], exit: undefined };
  }

  #end(oif: string): void {
    const current = this.#current;
    this.#current = undefined;
    const first = current?.gates.at(-1)?.gate;
    if (current === undefined || first === undefined) return;
    const { source, destination } = first;
    const passes = current.gates.every(({ decision }) => decision.outcome === 'pass');
    this.#legs.push({ vpcId: current.vpcId, iif: current.iif, oif, source, destination, passes, gates: current.gates });
  }

  #vpcOfEni(id: string): VpcId {
    return getRecord(this.#world, 'enis', id)?.vpcId ?? asId<VpcId>('');
  }
}
